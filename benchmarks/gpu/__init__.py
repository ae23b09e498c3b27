"""What a graphics card gives: training, shared weights, feeding and searching, in eight minutes."""

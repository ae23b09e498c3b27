"""What is predicted: targets, how they are read and checked, and their scale."""

"""Files to text and lines, whatever the format."""

"""The cheap, honest rival of each shape."""

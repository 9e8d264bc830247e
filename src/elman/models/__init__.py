"""Models, one file a shape."""

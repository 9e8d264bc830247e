"""The sources that need no file: what other installed packages ship."""

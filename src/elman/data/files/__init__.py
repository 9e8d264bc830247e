"""From the bytes of files to lines, rows, pixels and samples, under limits."""

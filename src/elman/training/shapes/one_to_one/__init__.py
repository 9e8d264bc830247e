"""One to one: a vector or an image in, a label or a number out."""

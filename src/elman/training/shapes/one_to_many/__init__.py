"""One to many: a vector or an image in, a text out."""

"""Language model: running text in, the next token out."""

"""From files of one kind to a dataset, one module a kind."""

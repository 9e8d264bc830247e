"""From files and built-in sources to examples, vocabularies and batches."""

"""Many to one: a text in, one label out."""

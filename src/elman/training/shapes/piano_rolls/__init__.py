"""The language model over piano rolls: the keys that are down, and those that will be."""

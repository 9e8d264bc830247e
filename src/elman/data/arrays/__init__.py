"""Numbers, images, sounds and music: vectors, and sequences of frames."""

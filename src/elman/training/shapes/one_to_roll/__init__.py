"""One to many in music: a vector in, a piece out."""

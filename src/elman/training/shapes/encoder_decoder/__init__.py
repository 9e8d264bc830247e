"""Encoder and decoder: a text in, another of any length out."""

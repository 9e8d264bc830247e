"""Elman: recurrent neural networks, from the equations to a trained, measured, saved model."""

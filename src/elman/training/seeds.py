"""The randomness of an update as a function of (seed, number), so that no generator is saved."""

from __future__ import annotations


def step_seed(seed: int, step: int) -> int:
    """The seed of one update's randomness: 32 bits, mixed from the run's seed and the number.

    Torch's generator on the CPU reads the lower 32 bits of a seed and no others, so each of them
    must depend on both numbers.
    """
    return _mixed(_mixed(seed) + step) >> 32


def _mixed(number: int) -> int:
    """64 bits that look drawn at random, by SplitMix64 with the constants of Stafford's variant 13.

    Source: Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators".
    """
    mixed = (number + 0x9E3779B97F4A7C15) % 2**64
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % 2**64
    return mixed ^ mixed >> 31

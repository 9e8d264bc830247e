"""`python -m elman`: the same command line as `elman`."""

from __future__ import annotations

from elman.cli import main

if __name__ == "__main__":
    main()

"""The report of a run: what it tells, and how it is drawn."""

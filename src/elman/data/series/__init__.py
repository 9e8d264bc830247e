"""Time series: their clocks, parts in time, scales and windows."""

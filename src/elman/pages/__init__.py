"""Building blocks of one-file HTML pages: escaped text, tables, inline SVG curves."""

"""The equations of the recurrent cells, one file a cell, in the letters of the papers."""

"""What the shapes that read numbers have in common."""

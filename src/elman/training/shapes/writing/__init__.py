"""What the shapes that write texts share: options, loss, search, metrics, answers, report."""

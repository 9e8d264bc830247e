"""What happens inside a network: its gradients through time, its costs, and its lessons."""

"""From a trained model and what a user typed to the `Example` that is explained."""

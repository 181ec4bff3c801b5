"""The stage `filtering`: from stored scores to a verdict on every attempt."""

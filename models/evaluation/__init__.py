"""What is made of score maps beside numbers: the maps themselves, curves for plots, refinement."""

LEARNED = "learned"
"""The network's own OOD score, beside the baselines of `models.scores`."""

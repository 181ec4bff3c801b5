"""OOD scores that need no training: read from the class logits of any network."""

from models.scores.baselines import BASELINES, Baseline, baseline_score

__all__ = ["BASELINES", "Baseline", "baseline_score"]

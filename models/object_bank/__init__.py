"""The object bank: measure an object, judge it, cut it out, find its doubles."""

from models.object_bank.crops import appearance_hash, cut_crop
from models.object_bank.doubles import find_doubles, reject_doubles
from models.object_bank.geometry import ObjectGeometry, measure_object
from models.object_bank.quality import QualityRules, Reason, judge_object

__all__ = [
    "ObjectGeometry",
    "QualityRules",
    "Reason",
    "appearance_hash",
    "cut_crop",
    "find_doubles",
    "judge_object",
    "measure_object",
    "reject_doubles",
]

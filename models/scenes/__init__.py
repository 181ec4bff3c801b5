"""Scene requests: words, objects and places of a scene, decided before any pixel is drawn."""

from models.scenes.choosing import Choice, ObjectGroups, choose_objects, group_objects
from models.scenes.composing import PastedObject, label_after_layout, scene_layout
from models.scenes.pasting import Box, paste_mask, resize_mask, resize_nearest
from models.scenes.perspective import CAMERAS, Camera, PerspectiveRule, object_heights
from models.scenes.placement import Placed, PlacementRules, PublishedRule, Subject, place_object
from models.scenes.prompts import (
    NEGATIVE_PROMPT,
    Condition,
    PromptMix,
    draw_condition,
    without_objects,
    write_prompt,
)
from models.scenes.surroundings import surroundings
from models.scenes.words import (
    WordLists,
    miniature_training_words,
    miniature_words,
    published_training_words,
    published_words,
    reserved_names,
)

__all__ = [
    "CAMERAS",
    "NEGATIVE_PROMPT",
    "Box",
    "Camera",
    "Choice",
    "Condition",
    "ObjectGroups",
    "PastedObject",
    "PerspectiveRule",
    "Placed",
    "PlacementRules",
    "PromptMix",
    "PublishedRule",
    "Subject",
    "WordLists",
    "choose_objects",
    "draw_condition",
    "group_objects",
    "label_after_layout",
    "miniature_training_words",
    "miniature_words",
    "object_heights",
    "paste_mask",
    "place_object",
    "published_training_words",
    "published_words",
    "reserved_names",
    "resize_mask",
    "resize_nearest",
    "scene_layout",
    "surroundings",
    "without_objects",
    "write_prompt",
]

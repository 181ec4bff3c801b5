"""The miniature world: street scenes and rooms, drawn small, seeded and fully labeled."""

from models.miniature.annotation import PlacedObject
from models.miniature.indoor import IndoorScene, render_indoor
from models.miniature.scene import Scene, render_scene
from models.miniature.world import (
    HEIGHT,
    OBJECT_KINDS,
    PLACES,
    TIMES,
    WEATHERS,
    WIDTH,
    WORLD_VERSION,
    IndoorSpec,
    ObjectKind,
    Place,
    SceneSpec,
)

__all__ = [
    "HEIGHT",
    "OBJECT_KINDS",
    "PLACES",
    "TIMES",
    "WEATHERS",
    "WIDTH",
    "WORLD_VERSION",
    "IndoorScene",
    "IndoorSpec",
    "ObjectKind",
    "Place",
    "PlacedObject",
    "Scene",
    "SceneSpec",
    "render_indoor",
    "render_scene",
]

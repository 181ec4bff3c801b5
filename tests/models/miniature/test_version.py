"""The world stays what its version says: its plan, and the labels and pictures of pinned scenes.

Plan and labels are pinned exactly. Pictures are pinned row by row, and a few rows may differ: on
another processor a value in 75,000 moves by one gray level. After a change that is meant, raise
WORLD_VERSION, then write new pins: `python tests/models/miniature/test_version.py`.
"""

import hashlib
import json
import sys
from dataclasses import asdict
from itertools import chain, product
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
import pytest

from models.miniature.indoor import render_indoor
from models.miniature.plan import plan_world
from models.miniature.scene import render_scene
from models.miniature.world import (
    KIND_NAMES,
    PLACE_NAMES,
    TIMES,
    WEATHERS,
    WORLD_VERSION,
    IndoorSpec,
    SceneSpec,
)

PINS = Path(__file__).with_name("version_pins.json")
COMMAND = "python tests/models/miniature/test_version.py"
CHANGED = (
    f"this is no longer world {WORLD_VERSION}: undo the change, or, if it is meant, raise "
    f"WORLD_VERSION in models/miniature/world.py and write new pins with: {COMMAND}"
)
MAX_OTHER_ROWS = 16
"""Of 128; without the vector instructions of numpy and OpenCV, at most 4 rows of a scene differ."""

pytestmark = pytest.mark.skipif(
    tuple(map(int, cv2.__version__.split(".")[:2])) < (4, 11),
    reason="OpenCV before 4.11 fills polygons with other edges, so the world has other bytes",
)


def pinned_specs() -> dict[str, SceneSpec | IndoorSpec]:
    """Every place, condition and kind at least once on streets, every kind once in rooms."""
    conditions = list(product(WEATHERS, TIMES))
    specs: dict[str, SceneSpec | IndoorSpec] = {}
    for k, place in enumerate(PLACE_NAMES):
        weather, time = conditions[k % len(conditions)]
        kinds = tuple(KIND_NAMES[(3 * k + j) % len(KIND_NAMES)] for j in range(3))
        specs[f"{place}, {weather} {time}"] = SceneSpec(100 + k, weather, time, place, kinds)
    for k in range(0, len(KIND_NAMES), 8):
        specs[f"room {k // 8}"] = IndoorSpec(200 + k, KIND_NAMES[k : k + 8])
    return specs


def pin_of(spec: SceneSpec | IndoorSpec) -> dict[str, object]:
    digest = hashlib.sha256()
    if isinstance(spec, SceneSpec):
        scene = render_scene(spec)
        digest.update(scene.label_ids.tobytes() + scene.instance_ids.tobytes())
        named = []
    else:
        scene = render_indoor(spec)
        named = list(scene.regions)
    for placed in scene.objects:
        digest.update(f"{placed.is_occluded} {placed.is_cropped}".encode())
        named += [(placed.kind, placed.mask), *placed.parts]
    for name, mask in named:
        digest.update(name.encode() + np.packbits(mask).tobytes())
    return {"labels": digest.hexdigest(), "rows": rows_of(scene.image)}


def rows_of(image: np.ndarray) -> str:
    """Four hexadecimal digits for each row of a picture."""
    return " ".join(f"{crc32(row.tobytes()) & 0xFFFF:04x}" for row in image)


def plan_digest() -> str:
    frames = [asdict(frame) for frame in plan_world()]
    return hashlib.sha256(json.dumps(frames).encode()).hexdigest()


def read_pins() -> dict:
    return json.loads(PINS.read_text())


def test_the_pins_are_of_this_version():
    assert read_pins()["world_version"] == WORLD_VERSION, f"write new pins with: {COMMAND}"


def test_the_plan_is_that_of_this_version():
    assert plan_digest() == read_pins()["plan"], CHANGED


@pytest.mark.parametrize(("name", "spec"), pinned_specs().items())
def test_scenes_are_those_of_this_version(name, spec):
    pin, now = read_pins()["scenes"][name], pin_of(spec)
    assert now["labels"] == pin["labels"], CHANGED
    rows = zip(now["rows"].split(), pin["rows"].split(), strict=True)
    assert sum(row != pinned for row, pinned in rows) <= MAX_OTHER_ROWS, CHANGED


def test_pinned_scenes_show_the_whole_world():
    streets = [spec for spec in pinned_specs().values() if isinstance(spec, SceneSpec)]
    rooms = [spec for spec in pinned_specs().values() if isinstance(spec, IndoorSpec)]
    assert {spec.place for spec in streets} == set(PLACE_NAMES)
    assert {(spec.weather, spec.time) for spec in streets} == set(product(WEATHERS, TIMES))
    for specs in (streets, rooms):
        assert set(chain.from_iterable(s.object_kinds for s in specs)) == set(KIND_NAMES)


def write_pins() -> None:
    """Refuses to cover up a change that raised no version."""
    pins = {
        "world_version": WORLD_VERSION,
        "plan": plan_digest(),
        "scenes": {name: pin_of(spec) for name, spec in pinned_specs().items()},
    }
    if PINS.exists() and read_pins()["world_version"] == WORLD_VERSION and read_pins() != pins:
        sys.exit(CHANGED)
    PINS.write_text(json.dumps(pins, indent=1) + "\n")


if __name__ == "__main__":
    write_pins()

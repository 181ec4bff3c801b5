"""Draw the pictures of the README: `python docs/draw_pictures.py`, after `make demo`.

The asset graph is a screenshot of a browser test: `MULTISHIFT_SHOTS=docs/pictures
python -m pytest tests/pipelines/test_ui.py -k lineage`.
"""

from pathlib import Path

from draw_grid import Picture, table_sheet
from PIL import Image

from assets.object_bank.report import SHEET
from models.miniature import SceneSpec, render_scene
from pipelines.settings import STATE_ROOT

PICTURES = Path(__file__).parent / "pictures"
STREETS = (
    ("lisbon", 57, "bathtub"),
    ("oslo", 64, "boat"),
    ("miami", 31, "sofa"),
    ("boston", 22, "tent"),
)
CONDITIONS = (
    ("clear", "day"),
    ("rainy", "day"),
    ("snowy", "day"),
    ("foggy", "day"),
    ("clear", "night"),
)


def street(place: str, seed: int, kind: str, *, weather: str, time: str) -> Picture:
    """A street with an object under a condition."""
    return render_scene(SceneSpec(seed, weather, time, place, (kind,))).image


def streets_sheet() -> Image.Image:
    """A few streets of the miniature, each with an object, under a few conditions."""
    rows = [
        [street(*which, weather=weather, time=time) for weather, time in CONDITIONS]
        for which in STREETS
    ]
    heads = [f"{weather} {time}" for weather, time in CONDITIONS]
    return table_sheet(rows, heads=heads, sides=[place for place, _, _ in STREETS])


def main() -> None:
    """Write the gallery of the miniature and the demo's contact sheet."""
    PICTURES.mkdir(exist_ok=True)
    _save(streets_sheet(), "miniature")
    _save(Image.open(STATE_ROOT / "store" / "reports" / SHEET), "object_bank")


def _save(picture: Image.Image, name: str) -> None:
    picture.convert("RGB").save(PICTURES / f"{name}.webp", quality=86, method=6)


if __name__ == "__main__":
    main()

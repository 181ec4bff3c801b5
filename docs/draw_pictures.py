"""Draw the pictures of the README: `python docs/draw_pictures.py`, after `make demo`.

The asset graph is a screenshot of a browser test: `MULTISHIFT_SCREENSHOT=docs/pictures/dag.png
python -m pytest tests/pipelines/test_ui.py -k lineage`.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from assets.object_bank.report import SHEET
from models.miniature import PLACES, TIMES, WEATHERS, SceneSpec, render_scene
from pipelines.settings import STATE_ROOT

PICTURES = Path(__file__).parent / "pictures"
N_STREETS = 5


def street(number: int, weather: str, time: str) -> np.ndarray:
    """One of a few streets under a condition, each in another place with another object."""
    kinds = (("bathtub",), ("sofa",), ("tent",), ("animal",), ("boat",))
    places = [place.name for place in PLACES if not place.is_reserved]
    spec = SceneSpec(
        seed=20 + number,
        weather=weather,
        time=time,
        place=places[number],
        object_kinds=kinds[number],
    )
    return render_scene(spec).image


def main() -> None:
    """Write the gallery of the miniature and the demo's contact sheet."""
    PICTURES.mkdir(exist_ok=True)
    columns = [
        np.concatenate([street(number, weather, time) for number in range(N_STREETS)])
        for time in TIMES
        for weather in WEATHERS
        if (weather, time) not in (("cloudy", "night"), ("foggy", "night"))
    ]
    _save(Image.fromarray(np.concatenate(columns, axis=1)), "miniature")
    _save(Image.open(STATE_ROOT / "store" / "reports" / SHEET), "object_bank")


def _save(picture: Image.Image, name: str) -> None:
    picture.convert("RGB").save(PICTURES / f"{name}.webp", quality=88, method=6)


if __name__ == "__main__":
    main()

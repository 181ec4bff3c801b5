"""Draw the galleries of `docs/miniature.md`: `python docs/draw_miniature.py`."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from draw_grid import PLAIN, RESERVED, TRAINED, Card, Picture, card_sheet, table_sheet
from PIL import Image

from models.miniature import (
    OBJECT_KINDS,
    PLACES,
    TIMES,
    WEATHERS,
    IndoorScene,
    IndoorSpec,
    ObjectKind,
    Place,
    Scene,
    SceneSpec,
    render_indoor,
    render_scene,
)
from models.miniature.plan import RECIPES
from storage.label_space import ADE_CLASSES, CITYSCAPES_LABELS

PICTURES = Path(__file__).parent / "pictures"

_STREET = SceneSpec(31, "clear", "day", "boston", ("bathtub", "chair"))
_ROOM = IndoorSpec(2, ("sofa", "table", "pot", "bag"))
_CONDITIONS = (("hamburg", 22, ("tent",)), ("boston", 31, ("bathtub",)))
_PLACE_STREETS = ((64, "clear"), (62, "cloudy"))
_TILE_PX, _LEAST_PX = 104, 30
_CARDS_A_LINE = 4
_OTHER = (226, 224, 218)
_UNKNOWN = (214, 40, 40)


def labels_sheet() -> Image.Image:
    """A street and a room: the picture, its classes, its instances and its unknown objects."""
    street, room = render_scene(_STREET), render_indoor(_ROOM)
    rows = [
        [street.image, _street_classes(street), _street_instances(street), _objects(street)],
        [room.image, _room_classes(room), _room_instances(room), _objects(room)],
    ]
    heads = ("picture", "classes", "instances", "objects")
    return table_sheet(rows, heads=heads, sides=("street", "room"))


def conditions_sheet() -> Image.Image:
    """Two streets under all weathers, by day and night; what Cityscapes trains on is framed."""
    trained = {
        pair for recipe in RECIPES if recipe.dataset == "cityscapes" for pair in recipe.conditions
    }
    lines = [(street, time) for street in _CONDITIONS for time in TIMES]
    rows = [[_street(street, weather, time) for weather in WEATHERS] for street, time in lines]
    framed = [
        (row, column)
        for row, (_, time) in enumerate(lines)
        for column, weather in enumerate(WEATHERS)
        if (weather, time) in trained
    ]
    return table_sheet(rows, heads=WEATHERS, sides=[time for _, time in lines], trained=framed)


def places_sheet() -> Image.Image:
    """Two streets in every place: those that train, that only widen, and that are reserved."""
    return card_sheet(_in_lines([_place_card(place) for place in PLACES]))


def kinds_sheet() -> Image.Image:
    """Three objects of every kind, two on streets and one in a room; reserved kinds are last."""
    kinds = sorted(OBJECT_KINDS, key=lambda kind: kind.is_reserved)
    return card_sheet(_in_lines([_kind_card(kind) for kind in kinds]))


def _in_lines(cards: list[Card]) -> list[list[Card]]:
    return [cards[start : start + _CARDS_A_LINE] for start in range(0, len(cards), _CARDS_A_LINE)]


def _street(street: tuple[str, int, tuple[str, ...]], weather: str, time: str) -> Picture:
    place, seed, kinds = street
    return render_scene(SceneSpec(seed, weather, time, place, kinds)).image


def _place_card(place: Place) -> Card:
    note, color = "object photos only", PLAIN
    if place.is_training:
        note, color = "training", TRAINED
    if place.is_reserved:
        note, color = "reserved", RESERVED
    streets = [
        render_scene(SceneSpec(seed, weather, "day", place.name)).image
        for seed, weather in _PLACE_STREETS
    ]
    return Card(place.name, note, color, [np.concatenate(streets)])


def _kind_card(kind: ObjectKind) -> Card:
    on_streets = _crops(
        render_scene(SceneSpec(seed, "clear", "day", "zurich", (kind.name,))) for seed in range(400)
    )
    in_rooms = _crops(render_indoor(IndoorSpec(seed, (kind.name,))) for seed in range(400))
    crops = [next(on_streets), next(on_streets), next(in_rooms)]
    color = RESERVED if kind.is_reserved else PLAIN
    return Card(kind.name, "reserved" if kind.is_reserved else "", color, crops)


def _crops(scenes: Iterator[Scene] | Iterator[IndoorScene]) -> Iterator[Picture]:
    """Squares around the first objects that are large and whole."""
    for scene in scenes:
        (placed,) = scene.objects
        rows, columns = np.nonzero(placed.mask)
        side = max(np.ptp(rows), np.ptp(columns)) + 1
        if side < _LEAST_PX or placed.is_cropped or placed.is_occluded:
            continue
        half = 0.62 * side
        x, y = (float(axis.min() + axis.max() + 1) / 2 for axis in (columns, rows))
        box = (x - half, y - half, x + half, y + half)
        if min(box) >= 0 and box[2] <= placed.mask.shape[1] and box[3] <= placed.mask.shape[0]:
            size = (_TILE_PX, _TILE_PX)
            picture = Image.fromarray(scene.image)
            yield np.asarray(picture.resize(size, Image.Resampling.LANCZOS, box=box))


def _street_classes(scene: Scene) -> Picture:
    table = np.zeros((256, 3), np.uint8)
    for label in CITYSCAPES_LABELS:
        table[label.label_id] = label.color
    return table[scene.label_ids]


def _street_instances(scene: Scene) -> Picture:
    masks = [scene.instance_ids == k for k in np.unique(scene.instance_ids) if k >= 1000]
    return _in_colors(masks)


def _room_classes(scene: IndoorScene) -> Picture:
    colors = {entry.name: entry.color for entry in ADE_CLASSES}
    picture = np.zeros_like(scene.image)
    for name, mask in (*scene.regions, *((placed.kind, placed.mask) for placed in scene.objects)):
        picture[mask] = colors[name]
    return picture


def _room_instances(scene: IndoorScene) -> Picture:
    return _in_colors([placed.mask for placed in scene.objects])


def _in_colors(masks: list[np.ndarray]) -> Picture:
    """Each mask in a color of its own on a pale ground."""
    picture = np.full((*masks[0].shape, 3), _OTHER, np.uint8)
    for number, mask in enumerate(masks):
        hue = np.array([[[number * 47 % 180, 170, 205]]], np.uint8)
        picture[mask] = np.asarray(Image.fromarray(hue, "HSV").convert("RGB"))[0, 0]
    return picture


def _objects(scene: Scene | IndoorScene) -> Picture:
    picture = np.full_like(scene.image, _OTHER)
    for placed in scene.objects:
        picture[placed.mask] = _UNKNOWN
    return picture


def main() -> None:
    """Write the four galleries."""
    PICTURES.mkdir(exist_ok=True)
    for name, sheet in (
        ("labels", labels_sheet()),
        ("conditions", conditions_sheet()),
        ("places", places_sheet()),
        ("kinds", kinds_sheet()),
    ):
        sheet.save(PICTURES / f"miniature_{name}.webp", quality=86, method=6)


if __name__ == "__main__":
    main()

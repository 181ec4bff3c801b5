import numpy as np
import pytest

from models.layout import layout_color_table, layout_colors
from storage.label_space import CITYSCAPES_LABELS, OOD_CLASS_LISTS, ade_class, read_table

PUBLISHED = {
    "road": ("road", "ground", "ego vehicle"),
    "sidewalk": ("sidewalk",),
    "building": ("building",),
    "wall": ("wall",),
    "fence": ("fence", "guard rail"),
    "bridge": ("bridge",),
    "pole": ("pole", "polegroup"),
    "traffic light": ("traffic light",),
    "signboard": ("traffic sign",),
    "tree": ("vegetation",),
    "grass": ("terrain",),
    "sky": ("sky",),
    "person": ("person", "rider"),
    "car": ("car", "caravan"),
    "truck": ("truck", "trailer"),
    "bus": ("bus", "train"),
    "bicycle": ("motorcycle", "bicycle"),
    "railing": ("rail track",),
}


def color_by_masks(label_ids):
    colors = np.zeros((*label_ids.shape, 3), np.uint8)
    for row in read_table("cityscapes_to_ade20k"):
        if int(row["class_id"]):
            colors[label_ids == int(row["label_id"])] = ade_class(int(row["class_id"])).color
    return colors


def test_the_table_is_the_published_one():
    rows = read_table("cityscapes_to_ade20k")
    names = [(label.label_id, label.name) for label in CITYSCAPES_LABELS]
    assert [(int(row["label_id"]), row["name"]) for row in rows] == names
    expected = {name: ade for ade, found in PUBLISHED.items() for name in found}
    for row in rows:
        class_id = int(row["class_id"])
        assert (ade_class(class_id).name if class_id else None) == expected.get(row["name"])


def test_colors_equal_one_mask_per_class():
    label_ids = np.random.default_rng(0).integers(0, 256, (37, 53), dtype=np.uint8)
    assert np.array_equal(layout_colors(label_ids), color_by_masks(label_ids))


def test_order_is_rgb():
    assert layout_colors(np.full((1, 1), 7, np.uint8)).tolist() == [[[140, 140, 140]]]
    assert layout_colors(np.full((1, 1), 26, np.uint8)).tolist() == [[list(ade_class(21).color)]]


@pytest.mark.parametrize("name", ["unlabeled", "static", "dynamic", "out of roi", "parking"])
def test_void_stays_black_beside_the_ego_vehicle(name):
    label_id = next(label.label_id for label in CITYSCAPES_LABELS if label.name == name)
    colors = layout_colors(np.array([[label_id, 1]], np.uint8))
    assert colors[0, 0].tolist() == [0, 0, 0]
    assert colors[0, 1].tolist() == list(ade_class(7).color)


def test_no_class_of_the_layout_is_an_unknown_object():
    known = {int(row["class_id"]) for row in read_table("cityscapes_to_ade20k")}
    assert not known & set(OOD_CLASS_LISTS["published_train"])
    unknown = {ade_class(class_id).color for class_id in OOD_CLASS_LISTS["published_train"]}
    assert not unknown & {tuple(color) for color in layout_color_table().tolist()}


def test_transposed_maps_are_colored_alike():
    label_ids = np.random.default_rng(1).integers(0, 34, (9, 5), dtype=np.uint8)
    assert np.array_equal(layout_colors(label_ids.T), color_by_masks(label_ids.T))

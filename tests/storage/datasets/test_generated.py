import numpy as np
import pytest

from storage.datasets.cityscapes import CITYSCAPES, write_cityscapes_frame
from storage.datasets.generated import (
    GENERATED,
    GeneratedName,
    format_name,
    parse_name,
    write_generated_frame,
)
from storage.datasets.registry import complete_frames, read_target

SOURCE = "aachen_000003_000019"
IMAGE = np.zeros((8, 16, 3), np.uint8)
TRAIN_IDS = np.resize(np.array([0, 13, 18, 254, 255], np.uint8), (8, 16))


def facts(weather, time, place, ood_class, sam_iou):
    return GeneratedName(
        source_frame_id=SOURCE,
        weather=weather,
        time=time,
        place=place,
        ood_class=ood_class,
        sam_iou=sam_iou,
    )


NAMES = [
    (f"{SOURCE}_chair_0.94", facts(None, None, None, "chair", 0.94)),
    (f"{SOURCE}_chest of drawers_0.71", facts(None, None, None, "chest of drawers", 0.71)),
    (f"{SOURCE}_pool_table_1.00", facts(None, None, None, "pool table", 1.0)),
    (f"{SOURCE}_rainy_night_Oslo_boat_0.80", facts("rainy", "night", "Oslo", "boat", 0.8)),
    (
        f"{SOURCE}_foggy_day_New_York_City_pool table_0.85",
        facts("foggy", "day", "New York City", "pool table", 0.85),
    ),
    (
        f"{SOURCE}_clear_day_Walvis_Bay_crt_screen_0.99",
        facts("clear", "day", "Walvis Bay", "crt screen", 0.99),
    ),
    (
        f"{SOURCE}_snowy_day_Washington_D.C._bag_0.75",
        facts("snowy", "day", "Washington D.C.", "bag", 0.75),
    ),
    (
        f"{SOURCE}_cloudy_day_Trinidad_&amp;_Tobago_unheard-of_0.75",
        facts("cloudy", "day", "Trinidad & Tobago", "unheard-of", 0.75),
    ),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_names_are_understood(name, expected):
    assert parse_name(name) == expected


@pytest.mark.parametrize(
    "name", [SOURCE, f"{SOURCE}_chair", f"{SOURCE}_0.90", f"{SOURCE}_chair_2.00", "chair_0.90"]
)
def test_other_names_are_not(name):
    assert parse_name(name) is None


@pytest.mark.parametrize("expected", [expected for _, expected in NAMES])
def test_names_round_trip(expected):
    assert parse_name(format_name(expected)) == expected


@pytest.mark.parametrize(
    "bad",
    [
        facts("rainy", None, None, "boat", 0.8),
        facts("hail", "day", "Oslo", "boat", 0.8),
        facts(None, None, None, "a/b", 0.8),
        facts(None, None, None, "", 0.8),
        facts(None, None, None, "boat", 1.8),
    ],
)
def test_names_that_would_not_read_back_are_refused(bad):
    with pytest.raises(ValueError, match="need"):
        format_name(bad)


def test_round_trip_beside_cityscapes(tmp_path):
    folder = tmp_path / "DTWP_ADE_final"
    for _, one in NAMES:
        write_generated_frame(folder, split="train", facts=one, image=IMAGE, train_ids=TRAIN_IDS)
    write_cityscapes_frame(
        tmp_path / "cityscapes",
        split="train",
        name=SOURCE,
        image=IMAGE,
        label_ids=np.zeros((8, 16), np.uint8),
    )
    assert CITYSCAPES.locate(tmp_path) == tmp_path / "cityscapes"
    assert GENERATED.locate(tmp_path) == folder

    frames = complete_frames(tmp_path, GENERATED)
    assert len(frames) == len(NAMES)
    by_class = {frame.ood_class: frame for frame in frames}
    boat = by_class["boat"]
    assert (boat.weather, boat.time, boat.place, boat.sam_iou) == ("rainy", "night", "Oslo", 0.8)
    assert (boat.domain, boat.group, boat.source_frame_id) == ("rainy", "aachen", SOURCE)
    assert by_class["chair"].domain == ""
    target = read_target(tmp_path, boat)
    assert np.array_equal(target.ood == 1, TRAIN_IDS == 254)
    assert not list(GENERATED.findings(tmp_path, folder))


def test_findings(tmp_path):
    folder = tmp_path / "multishift_cityscapes"
    for _, one in NAMES[:3]:
        write_generated_frame(folder, split="train", facts=one, image=IMAGE, train_ids=TRAIN_IDS)
    image = folder / "leftImg8bit/train/aachen" / f"{NAMES[0][0]}_leftImg8bit.png"
    label = folder / "gtFine/train/aachen" / f"{NAMES[1][0]}_gtFine_labelTrainIds.png"
    other = folder / "leftImg8bit/train/aachen" / f"{SOURCE}_pool table_1.00_leftImg8bit.png"
    image.unlink()
    label.unlink()
    other.rename(other.with_name("aachen_strange_leftImg8bit.png"))
    facts = sorted((f.path.rsplit("/", 1)[1], f.fact) for f in GENERATED.findings(tmp_path, folder))
    assert len(facts) == 5
    assert next(fact for name, fact in facts if name == image.name).startswith("image is missing")
    assert next(fact for name, fact in facts if name == label.name).startswith("label is missing")
    assert "file name" in " ".join(fact for name, fact in facts if "strange" in name)
    assert len(complete_frames(tmp_path, GENERATED)) == 0


def test_writer_refuses(tmp_path):
    with pytest.raises(ValueError, match="value 30"):
        write_generated_frame(
            tmp_path,
            split="train",
            facts=NAMES[0][1],
            image=IMAGE,
            train_ids=np.full((8, 16), 30, np.uint8),
        )
    assert not list(tmp_path.iterdir())

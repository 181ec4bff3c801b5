import numpy as np
import pytest

from storage.datasets.codings import CODINGS, decode_target
from storage.datasets.dataset import BadFileError
from storage.label_space import CITYSCAPES_LABELS


def decode(name, values, dtype=np.uint8):
    return decode_target(CODINGS[name], np.array([values], dtype))


def test_cityscapes_label_ids_by_the_official_table():
    target = decode("cityscapes_label_ids", [label.label_id for label in CITYSCAPES_LABELS])
    assert target.train_ids[0].tolist() == [label.train_id for label in CITYSCAPES_LABELS]
    assert target.ood[0].tolist() == [
        255 if label.train_id == 255 else 0 for label in CITYSCAPES_LABELS
    ]


def test_instance_ids_fall_back_to_their_class():
    target = decode("cityscapes_instance_ids", [7, 24, 26_003, 33_999, 4], np.int32)
    assert target.train_ids[0].tolist() == [0, 11, 13, 18, 255]


def test_train_ids_with_and_without_ood():
    assert decode("cityscapes_train_ids", [0, 18, 255]).ood[0].tolist() == [0, 0, 255]
    target = decode("train_ids_with_ood", [0, 18, 254, 255])
    assert target.train_ids[0].tolist() == [0, 18, 255, 255]
    assert target.ood[0].tolist() == [0, 0, 1, 255]
    with pytest.raises(BadFileError, match="254"):
        decode("cityscapes_train_ids", [254])


def test_muad_values_above_its_ood_ids_are_void():
    target = decode("muad", [0, 18, 19, 20, 21, 100, 255])
    assert target.train_ids[0].tolist() == [0, 18, 255, 255, 255, 255, 255]
    assert target.ood[0].tolist() == [0, 0, 1, 1, 255, 255, 255]


def test_acdc_poc_void_ids_are_ignored():
    target = decode("acdc_poc", [0, 1, 6, 7, 33, 9, 34, 100, 124, 254, 255])
    assert target.ood[0].tolist() == [255, 255, 255, 0, 0, 255, 1, 1, 1, 1, 255]
    assert target.train_ids[0].tolist() == [255] * 3 + [0, 18] + [255] * 6


@pytest.mark.parametrize(
    ("name", "values", "ood"),
    [
        ("road_anomaly_original", [0, 2], [0, 1]),
        ("road_anomaly_processed", [0, 1], [0, 1]),
        ("ood_with_void", [0, 1, 255], [0, 1, 255]),
    ],
)
def test_ood_only_codings(name, values, ood):
    target = decode(name, values)
    assert target.train_ids is None
    assert target.ood[0].tolist() == ood


@pytest.mark.parametrize(
    ("name", "values", "shown"),
    [
        ("road_anomaly_processed", [0, 2], "value 2 outside.*occur in .*road_anomaly_original"),
        ("road_anomaly_original", [0, 1], "value 1 outside.*occur in .*road_anomaly_processed"),
        ("road_anomaly_original", [0, 2, 255], "value 255"),
        ("ood_with_void", [0, 2, 255], "value 2"),
        ("cityscapes_label_ids", [0, 255], "value 255.*cityscapes_train_ids"),
        ("cityscapes_train_ids", [19, 33], "value 19, 33.*cityscapes_label_ids"),
        ("cityscapes_train_ids", list(range(160, 180)), "160, .*, 167, \\.\\.\\..*damaged"),
    ],
)
def test_mixed_up_codings_are_caught(name, values, shown):
    with pytest.raises(BadFileError, match=shown):
        decode(name, values)


@pytest.mark.parametrize("value", [-1, 256, 26_001])
def test_wide_values_are_foreign_to_byte_codings(value):
    for name in ("muad", "acdc_poc", "cityscapes_label_ids"):
        with pytest.raises(BadFileError, match=str(value)):
            decode(name, [0, value], np.int32)


def test_error_names_the_file():
    with pytest.raises(BadFileError, match=r"x/y\.png") as caught:
        decode_target(CODINGS["muad"], np.array([[999]], np.int32), path="x/y.png")
    assert caught.value.path == "x/y.png"


@pytest.mark.parametrize("coding", CODINGS.values(), ids=CODINGS)
def test_every_allowed_value_decodes_inside_the_target(coding):
    values = np.array([sorted(coding.allowed)], np.uint8)
    target = decode_target(coding, values)
    assert set(np.unique(target.ood)) <= {0, 1, 255}
    if target.train_ids is not None:
        assert set(np.unique(target.train_ids)) <= {*range(19), 255}
        assert not (target.ood[target.train_ids < 19] != 0).any()

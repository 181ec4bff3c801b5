import json
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storage.datasets.ade20k_write import DrawnObject, write_ade20k_image
from storage.datasets.check import check_root
from storage.datasets.cityscapes import write_cityscapes_frame
from storage.datasets.fishyscapes import write_fishyscapes_frame
from storage.datasets.muad import write_muad_frame
from storage.datasets.registry import DATASETS, dataset_named, find_folders
from storage.datasets.road_anomaly import write_road_anomaly_frame
from storage.datasets.smiyc import write_smiyc_frame
from storage.datasets.source_classes import fine_name_of
from storage.images import write_png

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs ../shared/samples")

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (24, 48, 3), dtype=np.uint8)
LABEL = RNG.integers(0, 34, (24, 48), dtype=np.uint8)
OOD = RNG.integers(0, 2, (24, 48), dtype=np.uint8)
LABELS = "cityscapes/gtFine/train/aachen/aachen_000000_000019_gtFine_"
PHOTO = "cityscapes/leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png"


@pytest.fixture
def root(tmp_path):
    """Three clean frames of Cityscapes."""
    for number in range(3):
        write_cityscapes_frame(
            tmp_path / "cityscapes",
            split="train",
            name=f"aachen_{number:06d}_000019",
            image=IMAGE,
            label_ids=LABEL,
        )
    return tmp_path


def only_finding(root):
    report = check_root(root)
    assert report.exit_code == 1
    (finding,) = report.findings
    (row,) = report.rows
    assert row.n_gaps == 1
    assert finding.cure
    return finding


def test_clean_root(root):
    report = check_root(root)
    (row,) = report.rows
    assert (row.dataset, row.folder, row.split) == ("cityscapes", "cityscapes", "train")
    assert (row.n_pairs, row.n_hidden, row.n_gaps) == (3, 0, 0)
    assert (report.findings, report.unrecognized, report.exit_code) == ((), (), 0)


def test_no_folder_and_empty_folder(tmp_path):
    with pytest.raises(NotADirectoryError, match="none"):
        check_root(tmp_path / "none")
    report = check_root(tmp_path)
    assert (report.rows, report.findings, report.exit_code) == ((), (), 0)


def test_missing_partner(root):
    (root / PHOTO).unlink()
    finding = only_finding(root)
    assert finding.path == PHOTO
    assert finding.fact.startswith("image is missing")


@pytest.mark.parametrize("suffix", ["labelIds.png", "instanceIds.png"])
def test_size_mismatch(root, suffix):
    dtype = np.uint8 if "label" in suffix else np.uint16
    write_png(root / f"{LABELS}{suffix}", np.zeros((24, 24), dtype))
    finding = only_finding(root)
    assert finding.path == f"{LABELS}{suffix}"
    assert "24x24 differs from 48x24" in finding.fact


def test_value_outside_the_coding(root):
    write_png(root / f"{LABELS}labelIds.png", np.full((24, 48), 77, np.uint8))
    finding = only_finding(root)
    assert finding.path == f"{LABELS}labelIds.png"
    assert "77" in finding.fact
    assert "cityscapes_label_ids" in finding.fact


def test_instance_of_an_unknown_class(root):
    write_png(root / f"{LABELS}instanceIds.png", np.full((24, 48), 34_001, np.uint16))
    assert "value 34" in only_finding(root).fact


@pytest.mark.parametrize("path", [PHOTO, f"{LABELS}labelIds.png", f"{LABELS}instanceIds.png"])
def test_truncated_file(root, path):
    content = (root / path).read_bytes()
    (root / path).write_bytes(content[: len(content) // 2])
    finding = only_finding(root)
    assert finding.path == path
    assert "cannot be decoded" in finding.fact


def test_palette_label(root):
    palette = Image.fromarray(LABEL)
    palette.putpalette([0] * 768)
    palette.save(root / f"{LABELS}labelIds.png")
    finding = only_finding(root)
    assert "palette image" in finding.fact


def test_label_in_colors(root):
    write_png(root / f"{LABELS}labelIds.png", IMAGE)
    assert "mode RGB" in only_finding(root).fact


def test_mixed_up_coding(tmp_path):
    write_road_anomaly_frame(
        tmp_path / "road_anomaly", name="0", image=IMAGE, ood=OOD, is_original=False
    )
    write_png(tmp_path / "road_anomaly" / "labels" / "0.png", OOD * 2)
    finding = only_finding(tmp_path)
    assert finding.path == "road_anomaly/labels/0.png"
    assert "value 2" in finding.fact
    assert "road_anomaly_original" in finding.cure


def test_one_bad_file_hides_no_other(root):
    (root / PHOTO).write_bytes(b"not an image")
    (root / f"{LABELS}labelIds.png").write_bytes(b"")
    (root / PHOTO.replace("000000_", "000001_")).unlink()
    (root / PHOTO.replace("000000_", "000002_")).write_bytes(b"\x89PNG")
    paths = [finding.path for finding in check_root(root).findings]
    assert len(paths) == 4
    assert paths == sorted(paths)


def test_derivable_and_foreign_files_are_no_gap(root):
    for path in root.rglob("*_color.png"):
        path.unlink()
    for path in root.rglob("*_instanceIds.png"):
        path.unlink()
    (root / "cityscapes/gtFine/train/aachen/.DS_Store").write_bytes(b"x")
    (root / "cityscapes/README").write_text("x")
    assert check_root(root).findings == ()


def test_unrecognized_folders_are_listed_not_counted(root):
    for name in ("notes", "ade/other/deep", ".hidden"):
        (root / name).mkdir(parents=True)
    muad = root / "MUAD_challenge/test_sets/test_OOD"
    write_muad_frame(muad, name="1", image=IMAGE, label=OOD)
    (root / "MUAD_challenge/test_sets/test_sets_normal").mkdir()
    write_fishyscapes_frame(root / "mystery", name="1", image=IMAGE, ood=OOD)
    report = check_root(root)
    assert report.unrecognized == (
        "MUAD_challenge/test_sets/test_sets_normal",
        "ade",
        "mystery",
        "notes",
    )
    assert report.exit_code == 0
    assert [row.dataset for row in report.rows] == ["cityscapes", "muad"]


def test_root_may_be_one_data_set(root):
    report = check_root(root / "cityscapes")
    assert [row.folder for row in report.rows] == ["."]
    assert report.unrecognized == ()


def test_second_copies_are_listed_with_their_folder(root):
    write_cityscapes_frame(
        root / "small", split="val", name="ulm_000000_000019", image=IMAGE, label_ids=LABEL
    )
    rows = [(row.folder, row.split, row.n_pairs) for row in check_root(root).rows]
    assert rows == [("cityscapes", "train", 3), ("small", "val", 1)]


def test_hidden_images_are_counted_apart_and_still_decoded(tmp_path):
    folder = tmp_path / "dataset_AnomalyTrack"
    for name, ood in (("validation0", OOD), ("cow1", None), ("cow2", None)):
        write_smiyc_frame(folder, track="road_anomaly_21", name=name, image=IMAGE, ood=ood)
    rows = {row.split: row for row in check_root(tmp_path).rows}
    assert (rows["val"].n_pairs, rows["val"].n_hidden) == (1, 0)
    assert (rows["test"].n_pairs, rows["test"].n_hidden, rows["test"].n_gaps) == (0, 2, 0)
    (folder / "images" / "cow2.jpg").write_bytes(b"\xff\xd8\xff")
    (finding,) = check_root(tmp_path).findings
    assert finding.path == "dataset_AnomalyTrack/images/cow2.jpg"


def test_report_is_json_and_does_not_depend_on_the_workers(root):
    (root / PHOTO).write_bytes(b"")
    one, many = check_root(root, workers=1), check_root(root, workers=4)
    assert one == many
    back = json.loads(json.dumps(one.to_json()))
    assert back["findings"][0]["path"] == PHOTO
    assert back["rows"][0]["n_gaps"] == 1


def test_progress_counts_up(root):
    calls = []
    check_root(root, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_nothing_is_written(root):
    before = sorted((str(path), path.stat().st_mtime_ns) for path in root.rglob("*"))
    check_root(root)
    assert before == sorted((str(path), path.stat().st_mtime_ns) for path in root.rglob("*"))


def test_registry_names_are_unique():
    names = [dataset.name for dataset in DATASETS]
    assert len(set(names)) == len(names) == 13
    assert dataset_named("muad").title.startswith("MUAD")
    with pytest.raises(ValueError, match="cityscapes"):
        dataset_named("kitti")


@needs_samples
def test_samples_have_exactly_the_gaps_that_their_readme_names():
    started = time.monotonic()
    report = check_root(SAMPLES)
    assert time.monotonic() - started < 45
    assert report.exit_code == 1
    assert len(report.findings) == 16
    images = [f for f in report.findings if f.fact.startswith("image is missing")]
    labels = {f.path.rsplit("/", 1)[1]: f for f in report.findings if f not in images}
    assert len(images) == 14
    assert all(f.path.startswith("cityscapes/leftImg8bit/val/frankfurt/") for f in images)
    assert sorted(labels) == [
        "frankfurt_000000_000294_gtFine_labelIds.png",
        "frankfurt_000001_058914_gtFine_labelIds.png",
    ]
    assert "no label at all" in labels["frankfurt_000000_000294_gtFine_labelIds.png"].fact
    assert "only the color map" in labels["frankfurt_000001_058914_gtFine_labelIds.png"].fact
    assert report.unrecognized == ("MUAD",)
    pairs = {(row.folder, row.split): row.n_pairs for row in report.rows}
    assert pairs[("cityscapes", "train")] == 8
    assert pairs[("cityscapes", "val")] == 1
    assert pairs[("cityscapes_small", "val")] == 1
    assert pairs[("road_anomaly", "test")] == 20
    assert pairs[("dataset_ObstacleTrack", "val")] == 10
    folders = [(dataset.name, folder.name) for dataset, folder in find_folders(SAMPLES)]
    assert ("cityscapes", "cityscapes") in folders
    assert ("coco", "coco") in folders


def test_a_file_that_breaks_a_rule_of_its_data_set_is_found(tmp_path):
    image, mask = np.zeros((40, 60, 3), np.uint8), np.zeros((40, 60), bool)
    mask[5:20, 5:20] = True
    write_ade20k_image(
        tmp_path / "ADE20K_2021_17_01",
        split="train",
        scene="urban/street",
        image_id="ADE_train_00000001",
        image=image,
        objects=[DrawnObject(name=fine_name_of(20), mask=mask)],
    )
    assert not check_root(tmp_path).findings
    coded = next(tmp_path.rglob("*_seg.png"))
    write_png(coded, np.zeros((40, 60, 3), np.uint8))
    (finding,) = check_root(tmp_path).findings
    assert finding.path.endswith("_seg.png")

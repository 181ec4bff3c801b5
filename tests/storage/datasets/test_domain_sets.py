"""MUAD, ACDC and ACDC-POC: labels that tell classes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storage.datasets.acdc import ACDC, write_acdc_frame
from storage.datasets.acdc_poc import ACDC_POC, restore_image, write_acdc_poc_frame
from storage.datasets.codings import CODINGS, decode_target
from storage.datasets.dataset import BadFileError
from storage.datasets.muad import MUAD, write_muad_frame
from storage.datasets.registry import complete_frames, read_target
from storage.images import read_image, read_label, write_npz_array, write_png

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs ../shared/samples")

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (12, 20, 3), dtype=np.uint8)
LABEL_IDS = RNG.integers(0, 34, (12, 20), dtype=np.uint8)
POC_IDS = np.resize(np.array([0, 3, 7, 26, 100, 124, 255], np.uint8), (12, 20))
MUAD_IDS = np.resize(np.array([0, 18, 19, 20, 21, 255], np.uint8), (12, 20))
DOMAINS = ("fog", "night", "rain", "snow")
PAINTED = "GOPR0475_frame_000041_rgb_anon_A-good-photo-of-a-llama_124"


def test_muad_round_trip_and_gaps(tmp_path):
    folder = tmp_path / "MUAD_challenge" / "test_sets" / "test_OOD"
    for name in ("2", "10", "1"):
        write_muad_frame(folder, name=name, image=IMAGE, label=MUAD_IDS)
    assert MUAD.locate(tmp_path) == folder
    assert MUAD.locate(tmp_path / "MUAD_challenge") == folder
    frames = complete_frames(tmp_path, MUAD)
    assert [frame.frame_id for frame in frames] == ["1", "2", "10"]
    target = read_target(tmp_path, frames[0])
    assert np.array_equal(target.ood == 1, (MUAD_IDS == 19) | (MUAD_IDS == 20))
    assert np.array_equal(target.ood == 0, MUAD_IDS <= 18)
    (folder / "leftLabel" / "2_leftLabel.png").unlink()
    (folder / "leftImg8bit" / "1_leftImg8bit.png").unlink()
    assert sorted(f.path.rsplit("/", 1)[1] for f in MUAD.findings(tmp_path, folder)) == [
        "1_leftImg8bit.png",
        "2_leftLabel.png",
    ]


@needs_samples
def test_muad_sample_labels_have_the_form_we_write(tmp_path):
    real = SAMPLES / "MUAD" / "decoded" / "55_leftLabel.png"
    label = read_label(real)
    write_muad_frame(tmp_path, name="55", image=np.zeros((*label.shape, 3), np.uint8), label=label)
    written = tmp_path / "leftLabel" / real.name
    with Image.open(written) as ours, Image.open(real) as theirs:
        assert (ours.format, ours.mode, ours.size) == (theirs.format, theirs.mode, theirs.size)
    assert np.array_equal(read_label(written), label)
    assert decode_target(CODINGS["muad"], label).train_ids.max() == 255


@pytest.mark.parametrize("nesting", ["plain", "zips"])
def test_acdc_round_trip(tmp_path, nesting):
    folder = tmp_path / "acdc"
    for domain in DOMAINS:
        for split in ("train", "val", "test"):
            write_acdc_frame(
                folder,
                domain=domain,
                split=split,
                name="GOPR0475_frame_000041",
                image=IMAGE,
                label_ids=LABEL_IDS,
            )
    if nesting == "zips":
        for inner, outer in (("rgb_anon", "rgb_anon_trainvaltest"), ("gt", "gt_trainval")):
            (folder / outer).mkdir()
            (folder / inner).rename(folder / outer / inner)
    frames = list(ACDC.frames(tmp_path, ACDC.locate(tmp_path)))
    assert len({(frame.split, frame.frame_id) for frame in frames}) == len(frames) == 12
    assert {frame.domain for frame in frames} == set(DOMAINS)
    assert all(frame.is_scored == (frame.split != "test") for frame in frames)
    assert all((frame.label is None) == (frame.split == "test") for frame in frames)
    one = complete_frames(tmp_path, ACDC)[0]
    assert (one.coding, one.group) == ("cityscapes_train_ids", "GOPR0475")
    train_ids = read_target(tmp_path, one).train_ids
    assert np.array_equal(
        train_ids, decode_target(CODINGS["cityscapes_label_ids"], LABEL_IDS).train_ids
    )
    assert not list(ACDC.findings(tmp_path, folder))
    assert ACDC_POC.locate(tmp_path) is None

    for path in folder.rglob("fog/val/*/*_gt_labelTrainIds.png"):
        path.unlink()
    fog = [f for f in complete_frames(tmp_path, ACDC) if (f.domain, f.split) == ("fog", "val")]
    assert [frame.coding for frame in fog] == ["cityscapes_label_ids"]


def test_acdc_gaps_do_not_count_hidden_or_reference_images(tmp_path):
    folder = tmp_path / "acdc"
    for split in ("train", "test"):
        write_acdc_frame(
            folder,
            domain="snow",
            split=split,
            name="G_frame_000001",
            image=IMAGE,
            label_ids=LABEL_IDS,
        )
        for path in (folder / "gt/snow" / split / "G").iterdir():
            path.unlink()
    write_png(folder / "rgb_anon/snow/train_ref/G/G_frame_000001_rgb_ref_anon.png", IMAGE)
    (finding,) = ACDC.findings(tmp_path, folder)
    assert finding.path == "acdc/gt/snow/train/G/G_frame_000001_gt_labelTrainIds.png"
    assert "gt_trainval.zip" in finding.cure


@pytest.mark.parametrize("is_npz", [True, False])
def test_acdc_poc_round_trip(tmp_path, is_npz):
    for domain in DOMAINS:
        write_acdc_poc_frame(
            tmp_path / "acdc_ood",
            domain=domain,
            name=PAINTED,
            image=IMAGE,
            label_ids=POC_IDS,
            is_npz=is_npz,
        )
    assert ACDC_POC.locate(tmp_path) == tmp_path / "acdc_ood"
    assert ACDC.locate(tmp_path) is None
    frames = complete_frames(tmp_path, ACDC_POC)
    assert [frame.domain for frame in frames] == list(DOMAINS)
    assert {(frame.split, frame.group) for frame in frames} == {("val", "GOPR0475")}
    target = read_target(tmp_path, frames[0])
    assert np.array_equal(target.ood == 1, (POC_IDS >= 34) & (POC_IDS < 255))
    assert np.array_equal(target.ood == 255, (POC_IDS < 7) | (POC_IDS == 255))
    assert not list(ACDC_POC.findings(tmp_path, tmp_path / "acdc_ood"))


def test_acdc_poc_differences_are_named_and_restored(tmp_path):
    folder = tmp_path / "acdc_poc"
    write_acdc_poc_frame(folder, domain="rain", name=PAINTED, image=IMAGE, label_ids=POC_IDS)
    original = RNG.integers(0, 256, IMAGE.shape, dtype=np.uint8)
    write_png(tmp_path / "original.png", original)
    image = folder / "rgb_anon_trainvaltest/rgb_anon/rain/val/GOPR0475" / f"{PAINTED}.png"
    image.unlink()
    write_npz_array(image.with_suffix(".npz"), IMAGE - original, name="img")

    (finding,) = ACDC_POC.findings(tmp_path, ACDC_POC.locate(tmp_path))
    assert finding.path.endswith(f"{PAINTED}.png")
    assert "difference" in finding.fact
    restored = restore_image(image.with_suffix(".npz"), tmp_path / "original.png")
    assert np.array_equal(restored, IMAGE)
    write_png(image, restored)
    assert np.array_equal(read_image(image), IMAGE)
    assert not list(ACDC_POC.findings(tmp_path, folder))

    write_png(tmp_path / "small.png", original[1:])
    with pytest.raises(BadFileError, match="need uint8 of"):
        restore_image(image.with_suffix(".npz"), tmp_path / "small.png")


def test_writers_refuse(tmp_path):
    wide = np.full((12, 20), 40, np.uint8)
    with pytest.raises(ValueError, match="value 40"):
        write_acdc_frame(
            tmp_path, domain="fog", split="val", name="G_frame_000001", image=IMAGE, label_ids=wide
        )
    with pytest.raises(ValueError, match="domain"):
        write_acdc_frame(
            tmp_path, domain="sun", split="val", name="G", image=IMAGE, label_ids=LABEL_IDS
        )
    with pytest.raises(ValueError, match="_rgb_anon_"):
        write_acdc_poc_frame(tmp_path, domain="fog", name="G", image=IMAGE, label_ids=POC_IDS)
    assert not list(tmp_path.iterdir())

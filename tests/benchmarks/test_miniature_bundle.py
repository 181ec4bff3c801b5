"""The benchmark reads what the training writes, and refuses what it did not write."""

import json

import pytest
import torch

from benchmarks import miniature_bundle
from benchmarks.miniature_bundle import is_met, load_set, main, numbers_of, scene
from models.filtering import load_sam
from models.generation import save_bundle
from models.generation.miniature import MiniatureSizes, build_miniature_bundle
from models.segmentation import load_segmenter
from storage.label_space import OOD_ID
from storage.weights import write_weights

SIZES = MiniatureSizes(
    vae_widths=(8, 8, 16),
    unet_widths=(32, 64),
    norm_groups=4,
    hint_widths=(4, 8, 16),
    text_width=32,
    text_layers=1,
    text_heads=2,
)


@pytest.fixture(autouse=True)
def same_threads():
    """The benchmark sets the threads of its process; other tests run in this one."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def quality(miou=0.9, agreement=0.9, passed=0.7, ood=0.9):
    figures = {
        "generated": {
            "faithfulness": {"condition_agreement": agreement},
            "filter": {"passed_frac": passed},
        },
        "ratios": {"miou": miou, "ood_iou": ood},
    }
    return {"known": figures, "reserved": figures}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A set of random weights whose quality is written by hand."""
    folder = tmp_path_factory.mktemp("benchmark") / "set"
    save_bundle(build_miniature_bundle(0, SIZES), folder / "generator")
    sam, detector = load_sam("sam_miniature"), load_segmenter("deeplab_miniature")
    for name, state in (("sam", sam.sam.state_dict()), ("detector", detector.published_state())):
        arrays = {key: value.numpy() for key, value in state.items()}
        write_weights(folder / f"{name}.safetensors", arrays, {})
    settings = {"sampler": "ddim", "n_steps": 1, "guidance": 1.0}
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "quality.json").write_text(json.dumps(quality()))
    return folder


def test_a_good_set_passes_and_its_numbers_are_kept(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(miniature_bundle.BARS, "seconds", (0.0, 600.0))
    words = [str(folder), "--repeats", "1", "--threads", "1", "--json", str(tmp_path / "n.json")]
    assert main(words) == 0
    numbers = json.loads((tmp_path / "n.json").read_text())
    assert numbers["known"]["miou_ratio"] == 0.9
    assert numbers["known"]["seconds"] == numbers["seconds_each"][0] > 0
    assert "passed_frac" in capsys.readouterr().out


def test_a_missed_bar_is_told_by_the_exit_code(folder, monkeypatch):
    monkeypatch.setattr(miniature_bundle, "seconds_a_picture", lambda *_, **__: [9.0])
    assert main([str(folder)]) == 1


@pytest.mark.parametrize(
    ("changes", "is_good"), [({}, True), ({"miou": 0.8}, False), ({"ood": None}, False)]
)
def test_every_number_has_its_bar(changes, is_good):
    numbers = numbers_of(quality(**changes), "known")
    assert all(is_met(name, value) for name, value in numbers.items()) == is_good


def test_scenes_show_what_the_filter_is_asked_for():
    drawing, wanted = scene(0)
    assert drawing.layout.shape[:2] == wanted.label_train_ids.shape
    assert wanted.pasted_masks.any((1, 2)).all()
    assert OOD_ID not in wanted.label_train_ids


def test_the_setting_is_that_of_the_set(folder):
    assert load_set(folder).settings.n_steps == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "need the folder of a trained set, found no nowhere/settings.json"),
        (["--repeats", "0"], "need --repeats of 1 or more, got 0"),
    ],
)
def test_bad_options_end_with_code_2(words, told, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert told in " ".join(capsys.readouterr().err.split())

"""A training in its work folder: killed and started again it ends in the very same weights."""

import io
import os
import random
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from assets.segmenters import keeping
from assets.segmenters.curve import CURVE, read_steps
from assets.segmenters.item import item_from_json, item_to_json
from assets.segmenters.launching import ITEM, command
from assets.segmenters.running import run_training
from assets.segmenters.states import STATE, read_state
from assets.segmenters.weights import best_path, checkpoint_facts, last_path
from models.segmentation import load_segmenter
from storage.images import file_sha256
from tests.assets.segmenters.conftest import make_item, toy_config

ROOT = Path(__file__).resolve().parents[3]


class KilledError(BaseException):
    """Stands for whatever ends a process."""


@pytest.fixture(scope="module")
def whole(made, tmp_path_factory):
    """The work folder of a training that was left alone."""
    item = make_item(made, tmp_path_factory.mktemp("whole") / "work")
    run_training(item)
    return item


def outcome(item):
    """Everything that a training leaves, but for durations."""
    paths = (*item.folder.glob("*.safetensors"), *item.folder.glob("*.png"))
    files = {path.name: file_sha256(path) for path in paths}
    steps = [vars(step) | {"seconds": 0} for step in read_steps(item.folder, "")]
    return files, steps, shown(item)


def shown(item):
    """What TensorBoard shows, but for times: numbers and pictures by tag."""
    sizes = {"scalars": 0, "images": 0}
    found = EventAccumulator(item.tensorboard, size_guidance=sizes).Reload()
    tags = found.Tags()
    numbers = {
        tag: [(one.step, one.value) for one in found.Scalars(tag)] for tag in tags["scalars"]
    }
    del numbers["progress/images_per_second"]
    pictures = {
        tag: [(one.step, one.encoded_image_string) for one in found.Images(tag)]
        for tag in tags["images"]
    }
    return numbers, pictures


def test_tensorboard_shows_the_curve_and_a_picture_of_each_score(whole):
    steps = read_steps(whole.folder, "")
    numbers, pictures = shown(whole)
    for tag, values in {
        "loss/total": [(step.step, step.loss) for step in steps],
        "optimizer/gradient_norm": [(step.step, step.gradient_norm) for step in steps],
        "optimizer/rate": [(step.step, step.rate) for step in steps],
        "progress/stage": [(step.step, step.stage + 1) for step in steps],
        "held_out/average_precision": [
            (step.step, step.average_precision) for step in steps if step.mean_iou is not None
        ],
    }.items():
        assert [step for step, _ in numbers[tag]] == [step for step, _ in values]
        assert np.allclose([v for _, v in numbers[tag]], [v for _, v in values], rtol=1e-6)
    scored = [step.step for step in steps if step.mean_iou is not None]
    assert [step for step, _ in pictures["held_out/ood_score"]] == scored
    with Image.open(io.BytesIO(pictures["held_out/ood_score"][0][1])) as picture:
        assert picture.size == (3 * 324, 164)


def test_without_a_folder_nothing_is_shown(made, tmp_path):
    item = make_item(made, tmp_path / "work", tensorboard="")
    run_training(item)
    assert [path.name for path in tmp_path.iterdir()] == ["work"]
    assert not list(item.folder.glob("*.png"))


def test_a_training_leaves_its_best_and_its_last_checkpoint(whole):
    training = whole.wish.training
    state, kept = read_state(whole.folder, training)
    assert state.progress.epoch == 2
    steps = read_steps(whole.folder, training)
    scored = {step.step: step.average_precision for step in steps if step.mean_iou is not None}
    n_a_epoch = state.progress.n_steps // 3
    assert list(scored) == [n_a_epoch * n for n in (1, 2, 3)]
    assert kept.best.average_precision == max(scored.values())
    assert scored[kept.best.step] == kept.best.average_precision
    path = best_path(whole.folder, kept.best.step)
    assert [file.name for file in whole.folder.glob("best-*")] == [path.name]
    facts = checkpoint_facts(path)
    assert facts["training"] == training
    assert facts["configuration"] == whole.wish.configuration
    assert facts["n_pairs"] + sum(1 for _ in facts["held_out_frame_ids"]) <= 7
    load_segmenter("deeplab_miniature", path)
    last = load_segmenter("deeplab_miniature", last_path(whole.folder)).published_state()
    learned = load_file(whole.folder / STATE)
    assert all((learned[f"network/{name}"] == value.numpy()).all() for name, value in last.items())


def killed_at(step, see):
    def kill(self, report):
        if report.step == step:
            raise KilledError
        see(self, report)

    return kill


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_a_random_step_it_ends_in_the_same_weights(
    made, whole, tmp_path, monkeypatch, seed
):
    item = make_item(made, tmp_path / "work")
    n_steps = read_state(whole.folder, whole.wish.training)[0].progress.n_steps
    step = random.Random(seed).randrange(2, n_steps)
    with monkeypatch.context() as patch:
        patch.setattr(keeping.Keeper, "see", killed_at(step, keeping.Keeper.see))
        with pytest.raises(KilledError):
            run_training(item)
    run_training(item)
    assert outcome(item) == outcome(whole)


@pytest.mark.parametrize("name", ["write_state", "write_checkpoint"])
def test_killed_while_it_writes_it_ends_in_the_same_weights(
    made, whole, tmp_path, monkeypatch, name
):
    item = make_item(made, tmp_path / "work")
    write, calls = getattr(keeping, name), []

    def killed(*args, **keywords):
        calls.append(name)
        if len(calls) == 2:
            raise KilledError
        return write(*args, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(keeping, name, killed)
        with pytest.raises(KilledError):
            run_training(item)
    run_training(item)
    assert outcome(item) == outcome(whole)


def test_a_finished_training_is_not_done_again(whole, monkeypatch):
    before = outcome(whole)
    monkeypatch.setattr(keeping.Keeper, "see", killed_at(None, lambda *_: pytest.fail("a step")))
    run_training(whole)
    assert outcome(whole) == before


@pytest.mark.slow
def test_loader_processes_change_nothing(made, whole, tmp_path):
    item = make_item(made, tmp_path / "work", n_loader_workers=1)
    run_training(item)
    assert outcome(item) == outcome(whole)


def test_a_line_that_was_cut_off_is_passed_over(whole, made, tmp_path):
    path = tmp_path / CURVE
    path.write_text((whole.folder / CURVE).read_text() + '{"step": 9')
    assert read_steps(tmp_path, "") == read_steps(whole.folder, "")


def test_another_training_or_a_damaged_state_is_refused(made, whole, tmp_path):
    other = make_item(made, whole.work, config=toy_config(seed=1))
    with pytest.raises(ValueError, match=r"state.safetensors: need the state of the training"):
        run_training(other)
    item = make_item(made, tmp_path / "work")
    item.folder.mkdir()
    (item.folder / STATE).write_bytes((whole.folder / STATE).read_bytes()[:200])
    with pytest.raises(ValueError, match=r"state.safetensors: need the state of a training, got"):
        run_training(item)


def test_an_item_survives_json(whole):
    again = item_from_json(item_to_json(whole))
    assert again == whole
    assert again.wish.training == whole.wish.training


@pytest.mark.slow
def test_a_process_that_was_killed_is_continued(made, whole, tmp_path):
    item = make_item(made, tmp_path / "work")
    item.folder.mkdir()
    (item.folder / ITEM).write_text(item_to_json(item))
    first, curve = started(item), item.folder / CURVE
    wait_for_lines(curve, 3, first)
    first.kill()
    first.communicate()
    assert 3 <= len(curve.read_text().splitlines()) < len(read_steps(whole.folder, ""))
    second = started(item)
    assert second.wait(60) == 0
    second.communicate()
    assert outcome(item) == outcome(whole)


def started(item):
    return subprocess.Popen(
        command(item, item.folder),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def wait_for_lines(path, n_lines, process):
    while not path.is_file() or len(path.read_text().splitlines()) < n_lines:
        assert process.poll() is None
        time.sleep(0.01)

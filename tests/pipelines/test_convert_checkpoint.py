"""`multishift convert-checkpoint`: what it writes, prints and refuses."""

import errno
import hashlib
import os
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
import torch
from safetensors import safe_open
from typer.testing import CliRunner

from models.segmentation import ARCHITECTURES, load_segmenter
from pipelines.cli import Architecture, app
from storage import atomic

NAME = "deeplab_miniature"


@pytest.fixture
def state():
    return load_segmenter(NAME, seed=1).published_state()


@pytest.fixture
def convert(tmp_path):
    """Run the command on files of ``tmp_path``; its output with the folder left out."""

    def run(source, out, *words, architecture=NAME):
        command = ["convert-checkpoint", str(tmp_path / source), str(tmp_path / out)]
        answer = CliRunner().invoke(app, [*command, "--architecture", architecture, *words])
        return answer.exit_code, answer.output.replace(f"{tmp_path}/", "")

    return run


@pytest.fixture
def source(tmp_path, state):
    content = {"epoch": 1, "best": np.float64(0.5)}
    content["state_dict"] = {f"module.{key}": tensor.half() for key, tensor in state.items()}
    for key in [key for key in state if key.endswith("num_batches_tracked")]:
        del content["state_dict"][f"module.{key}"]
    torch.save(content, tmp_path / "old.pth")
    return tmp_path / "old.pth"


def test_the_converted_file_gives_equal_weights(tmp_path, source, convert, state):
    code, output = convert("old.pth", "new.safetensors")
    assert code == 0, output
    n_values = sum(tensor.numel() for tensor in state.values()) / 1e6
    assert (
        f"wrote new.safetensors: {NAME}, {n_values:.1f} million values in {len(state)} tensors, "
        f"{(tmp_path / 'new.safetensors').stat().st_size / 1e6:.1f} MB" in output
    )
    converted = load_segmenter(NAME, tmp_path / "new.safetensors").published_state()
    original = load_segmenter(NAME, source).published_state()
    assert list(converted) == list(original)
    assert all(torch.equal(converted[key], original[key]) for key in original)


def test_the_file_says_where_it_comes_from(tmp_path, source, convert):
    convert("old.pth", "new.safetensors")
    with safe_open(tmp_path / "new.safetensors", framework="numpy") as file:
        assert file.metadata() == {
            "architecture": NAME,
            "source": "old.pth",
            "source_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
            "multishift_version": version("multishift"),
        }


def test_equal_sources_give_equal_files(tmp_path, source, convert):
    for out in ("one.safetensors", "two.safetensors"):
        assert convert("old.pth", out)[0] == 0
    one, two = (tmp_path / f"{name}.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_a_missing_ood_layer_is_written_and_told(tmp_path, convert, state):
    torch.save({k: t for k, t in state.items() if k != "ood_head.weight"}, tmp_path / "old.pth")
    code, output = convert("old.pth", "new.safetensors")
    assert code == 1
    assert "1 missing (ood_head.weight); name ood_head as expected (--expect ood_head)" in output
    assert not (tmp_path / "new.safetensors").exists()
    code, output = convert("old.pth", "new.safetensors", "--expect", "ood_head")
    assert code == 0, output
    assert "ood_head.weight: copied from the class layer" in output
    converted = load_segmenter(NAME, tmp_path / "new.safetensors").published_state()
    assert torch.equal(converted["ood_head.weight"], state["final.6.weight"])


def test_what_is_drawn_and_left_out_is_told(tmp_path, convert, state):
    changed = {key: tensor for key, tensor in state.items() if not key.startswith("aspp.")}
    torch.save({**changed, "auxiliary.weight": torch.ones(2)}, tmp_path / "old.pth")
    code, output = convert(
        "old.pth", "new.safetensors", "--expect", "aspp", "--expect", "auxiliary"
    )
    assert code == 0, output
    assert "not in the file, drawn at random" in output
    assert "auxiliary.weight: in the file, not written" in output


def test_a_file_that_exists_is_replaced_only_on_demand(tmp_path, source, convert):
    (tmp_path / "new.safetensors").write_text("mine")
    code, output = convert("old.pth", "new.safetensors")
    assert code == 1
    assert "new.safetensors exists" in output
    assert "--overwrite" in output
    assert (tmp_path / "new.safetensors").read_text() == "mine"
    assert convert("old.pth", "new.safetensors", "--overwrite")[0] == 0
    load_segmenter(NAME, tmp_path / "new.safetensors")


def test_a_file_may_replace_its_own_source(tmp_path, source, convert):
    assert convert("old.pth", "new.safetensors")[0] == 0
    before = load_segmenter(NAME, tmp_path / "new.safetensors").published_state()
    assert convert("new.safetensors", "new.safetensors", "--overwrite")[0] == 0
    after = load_segmenter(NAME, tmp_path / "new.safetensors").published_state()
    assert all(torch.equal(before[key], after[key]) for key in before)


@pytest.mark.parametrize(
    ("out", "told"), [("new.pth", "ends in .safetensors"), ("folder.safetensors", "got the folder")]
)
def test_other_targets_are_refused(tmp_path, source, convert, out, told):
    (tmp_path / "folder.safetensors").mkdir()
    before = sorted(tmp_path.iterdir())
    code, output = convert("old.pth", out)
    assert code == 1
    assert told in output
    assert sorted(tmp_path.iterdir()) == before


def test_a_bad_source_is_one_line_and_nothing_is_written(tmp_path, source, convert):
    source.write_bytes(source.read_bytes()[:-100])
    code, output = convert("old.pth", "new.safetensors")
    assert code == 1
    assert "error CheckpointError: old.pth: is damaged or cut off" in output
    assert "Traceback" not in output
    assert [path.name for path in tmp_path.iterdir()] == ["old.pth"]


def test_an_unknown_architecture_lists_the_known_ones(source, convert):
    code, output = convert("old.pth", "new.safetensors", architecture="resnet")
    assert code == 2
    assert all(f"'{name}'" in output for name in ARCHITECTURES)


def test_the_command_knows_all_architectures():
    assert list(Architecture) == list(ARCHITECTURES)


def test_help_names_the_command_and_the_architectures():
    assert "convert-checkpoint" in CliRunner().invoke(app, ["--help"]).output
    output = CliRunner().invoke(app, ["convert-checkpoint", "--help"]).output
    assert all(name in output for name in ARCHITECTURES)


@pytest.mark.parametrize("words", [["--help"], ["a", "b", "--architecture", "resnet"]])
def test_help_and_misuse_do_not_wait_for_torch(words):
    code = (
        "import sys; from typer.testing import CliRunner; from pipelines.cli import app\n"
        f"CliRunner().invoke(app, ['convert-checkpoint', *{words}])\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def one_line(answer):
    """The error of a command that wrote nothing, and left nothing behind."""
    code, output = answer
    assert code == 1
    assert ".tmp-" not in output
    assert "Traceback" not in output
    return output


def test_batch_counters_are_not_said_to_be_drawn(source, convert):
    code, output = convert("old.pth", "new.safetensors")  # whose counters are missing
    assert code == 0
    assert "drawn" not in output


@pytest.mark.parametrize("out", ["closed/new.safetensors", "closed/below/new.safetensors"])
def test_a_folder_that_cannot_be_written_is_told_before_reading(
    tmp_path, convert, monkeypatch, out
):
    (tmp_path / "closed").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: "closed" not in str(path))  # as root, too
    output = one_line(convert("none.pth", out))
    assert f"PermissionError: need leave to write to closed for {out}" in output


def test_a_file_in_place_of_a_folder_is_told_before_reading(source, convert):
    output = one_line(convert("none.pth", "old.pth/new.safetensors"))
    assert "need a folder to write old.pth/new.safetensors to, got the file old.pth" in output


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EROFS, "cannot be written (Read-only file system); nothing there was changed"),
        (errno.ENOSPC, "no room for about "),
        (errno.EDQUOT, "or name a file on another disk"),
    ],
)
def test_a_failing_disk_is_told_of_the_target(tmp_path, source, convert, monkeypatch, number, told):
    def fail(descriptor):
        raise OSError(number, os.strerror(number), f"{tmp_path}/.tmp-123")

    monkeypatch.setattr(atomic.os, "fsync", fail)
    output = one_line(convert("old.pth", "new.safetensors"))
    assert told in output
    assert "'new.safetensors'" in output
    assert "vacuum" not in output
    assert [path.name for path in tmp_path.iterdir()] == ["old.pth"]


def test_too_little_memory_is_one_line(source, convert, monkeypatch):
    def fail(*words, **options):
        raise MemoryError

    monkeypatch.setattr(torch, "load", fail)
    output = one_line(convert("old.pth", "new.safetensors"))
    assert "error MemoryError: old.pth: need memory for" in output


def test_a_pipe_is_not_waited_for(tmp_path, convert):
    os.mkfifo(tmp_path / "pipe.pth")
    assert "got a pipe, socket or device" in one_line(convert("pipe.pth", "new.safetensors"))

"""`multishift fetch`: what it prints, refuses and leaves behind, against a hub on this machine."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants
from rich.console import Console
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands import fetch as command
from pipelines.settings import STATE_ROOT, read_settings
from storage.fetching import FetchedSet, sources, transfer
from tests.storage.fetching.hub import FakeHub, Repository, content, serving

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).parent / "multishift"
WEIGHTS = content(700_000)
SAM = f"sam_vit_h_{hashlib.md5(b'sam').hexdigest()[:6]}.pth"


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(transfer, "time", SimpleNamespace(sleep=lambda seconds: None))
    with serving(FakeHub()) as running:
        running.repositories = {
            "lllyasviel/ControlNet": Repository({"models/control_sd15_seg.pth": WEIGHTS}),
            "Cuttle-fish-my/MultiShiftSeg": Repository(
                {"DeepLab_best.pth": b"deeplab", "M2F_best.pth": b"m2f"}, license="apache-2.0"
            ),
        }
        running.addresses[SAM] = b"sam"
        monkeypatch.setattr(constants, "ENDPOINT", running.endpoint)
        yield running


@pytest.fixture
def run(tmp_path):
    """Run the command in ``tmp_path``; its output with the folder left out."""

    def run(*words, to="models"):
        place = ["--to", str(tmp_path / to)] if to else []
        answer = CliRunner().invoke(app, ["fetch", *map(str, words), *place])
        return answer.exit_code, answer.output.replace(f"{tmp_path}/", "")

    return run


@pytest.fixture
def sam_here(hub, monkeypatch):
    """The table, with Segment Anything at this machine's address."""
    rows = sources.read_table(sources.TABLE)
    here = {"repository": hub.endpoint, "path": SAM, "target": f"filter/{SAM}"}
    changed = [{**row, **here} if row["kind"] == "https" else row for row in rows]
    monkeypatch.setattr(sources, "read_table", lambda name: changed)


def test_source_license_and_size_come_before_the_bytes(run, hub, tmp_path):
    code, output = run("generator")
    assert code == 0, output
    told, fetching, done = (
        output.index(text)
        for text in (
            f"generator/control_sd15_seg.pth: 700.00 kB; license openrail; "
            f"{hub.endpoint}/lllyasviel/ControlNet at {'1' * 40}\n700.00 kB to fetch into models\n",
            "fetching generator/control_sd15_seg.pth: 700.00 kB\n",
            "here and checked: 1 file; models/fetch.lock.json names them\n",
        )
    )
    assert told < fetching < done
    assert (tmp_path / "models/generator/control_sd15_seg.pth").read_bytes() == WEIGHTS


def test_again_nothing_is_fetched(run, hub):
    run("segmenters")
    code, output = run("segmenters")
    assert code == 0, output
    assert "segmenters/M2F_best.pth: 3 bytes, is here; license apache-2.0" in output
    assert "to fetch into" not in output
    assert len(hub.requests) == 2


def test_a_plain_address_says_what_was_compared(run, hub, sam_here):
    code, output = run("filter")
    assert code == 0, output
    assert "no SHA-256 is published there; compared are size and 6 digits of the MD5" in output
    assert "bt-f-xl.pth cannot be fetched; license: MIT (of its project)" in output
    assert "download it from https://drive.google.com/" in output
    assert "then run multishift fetch filter --from ITS_FOLDER" in output


def test_a_file_brought_by_hand_is_no_longer_asked_for(run, hub, sam_here, tmp_path):
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "bt-f-xl.pth").write_bytes(b"detector")
    code, output = run("filter", "--from", tmp_path / "downloads")
    assert code == 0, output
    assert f"SHA-256 {hashlib.sha256(b'detector').hexdigest()}" in output
    assert "compared: nothing; license: MIT" in output
    assert "taken in: 1 file; models/fetch.lock.json names them" in output
    code, output = run("filter")
    assert code == 0, output
    assert "cannot be fetched" not in output


def test_a_broken_transfer_is_resumed_by_the_next_command(run, hub):
    hub.cuts["models/control_sd15_seg.pth"] = [300_000, *[0] * 6]
    code, output = run("generator")
    assert code == 1
    assert "300.00 kB of 700.00 kB are here and stay: run the same command again" in output
    code, output = run("generator")
    assert code == 0, output
    assert "400.00 kB to fetch into models" in output
    assert "300.00 kB of them are here" in output
    assert hub.ranges("models/control_sd15_seg.pth")[-1] == "bytes=300000-"


def test_a_moved_revision_is_refused_until_update(run, hub):
    run("generator")
    hub.repositories["lllyasviel/ControlNet"].revision = "2" * 40
    code, output = run("generator")
    assert code == 1
    assert output.count("error FetchError: models/fetch.lock.json: pins lllyasviel/Contr") == 1
    assert "Run with --update" in output
    assert run("generator", "--update")[0] == 0
    assert run("generator")[0] == 0


def test_wrong_bytes_are_one_error_and_no_file(run, hub, tmp_path):
    repository = hub.repositories["lllyasviel/ControlNet"]
    repository.served["models/control_sd15_seg.pth"] = content(700_000, seed=1)
    code, output = run("generator")
    assert code == 1
    assert "the bytes were removed" in output
    assert "Traceback" not in output
    assert list((tmp_path / "models/generator").iterdir()) == []


def test_without_a_network_it_says_what_to_bring(run, hub, monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    code, output = run("generator")
    assert code == 1
    assert "error FetchError: http://127.0.0.1:9/api/models/lllyasviel/ControlNet/" in output
    assert "cannot be reached" in output
    assert (
        "\n  generator/control_sd15_seg.pth: models/control_sd15_seg.pth of "
        "http://127.0.0.1:9/lllyasviel/ControlNet\n" in output
    )
    assert "multishift fetch generator --from FOLDER" in output
    assert list(tmp_path.iterdir()) == []
    output = run("generator", "--choice", "sd15_seg")[1]
    assert "multishift fetch generator --choice sd15_seg --from FOLDER" in output
    assert "\n  generator/sd15_seg/vae/config.json: vae/config.json of " in output


def test_without_a_network_what_is_here_is_enough(run, hub, monkeypatch):
    run("generator")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    code, output = run("generator")
    assert code == 0, output
    assert "cannot be reached" in output
    assert "1 file in models, as fetch.lock.json says" in output


def test_a_folder_fetched_elsewhere_is_taken_in(run, hub, monkeypatch, tmp_path):
    run("segmenters", to="stick")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    code, output = run("segmenters", "--from", tmp_path / "stick")
    assert code == 0, output
    assert output.count("compared: SHA-256; license: apache-2.0") == 2
    assert run("segmenters", "--verify") == (
        0,
        "reading segmenters/DeepLab_best.pth: 7 bytes\nreading segmenters/M2F_best.pth: 3 bytes\n"
        "as models/fetch.lock.json says: 2 files\n",
    )


def test_verify_uses_no_network_and_names_what_is_damaged(run, hub, tmp_path):
    code, output = run("segmenters", "--verify")
    assert code == 1
    assert "models/fetch.lock.json: names none of these files; fetch them first" in output
    run("segmenters")
    (tmp_path / "models/segmenters/M2F_best.pth").write_bytes(b"f2m")
    code, output = run("segmenters", "--verify")
    assert code == 1
    assert "1 of 2 files are not as it says (segmenters/M2F_best.pth: need SHA-256" in output


def test_a_bundle_is_one_folder(run, hub, tmp_path):
    files = {file.path: file for file in sources.source_files(FetchedSet.GENERATOR, ["sd15_seg"])}
    small = {path for path in files if not path.endswith(".safetensors")}
    for name in {file.repository for file in files.values()}:
        own = {path: path.encode() for path, file in files.items() if file.repository == name}
        hub.repositories[name] = Repository(own, small=small, license=None)
    code, output = run("generator", "--choice", "sd15_seg")
    assert code == 0, output
    bundle = tmp_path / "models/generator/sd15_seg"
    assert (bundle / "controlnet/config.json").is_file()
    assert (bundle / "unet/diffusion_pytorch_model.safetensors").is_file()
    assert "license creativeml-openrail-m" in output
    code, output = run("generator", "--verify")
    assert code == 0, output
    assert "as models/fetch.lock.json says: 13 files" in output


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["everything"], 2, "everything"),
        (["filter", "--choice", "sam"], 1, "need a choice of filter: sam_vit_h, mobile_sam"),
        (["filter", "--from", "/no/such/folder"], 2, "does not exist"),
    ],
)
def test_misuse(run, hub, words, code, told):
    answer = run(*words)
    assert answer[0] == code
    assert told in answer[1]


def test_the_setting_names_the_folder(run, hub, monkeypatch, tmp_path):
    read_settings.cache_clear()
    assert command.models_root() == STATE_ROOT / "models"
    monkeypatch.setenv("MULTISHIFT_MODELS_ROOT", str(tmp_path / "mine"))
    read_settings.cache_clear()
    assert run("segmenters", to=None)[0] == 0
    assert (tmp_path / "mine/segmenters/M2F_best.pth").is_file()
    monkeypatch.setenv("MULTISHIFT_MODELS_ROOT", "s3://lab/models")
    read_settings.cache_clear()
    code, output = run("segmenters", to=None)
    read_settings.cache_clear()
    assert code == 1
    assert "MULTISHIFT_MODELS_ROOT: need a folder of this machine" in output


def test_a_terminal_gets_a_bar(run, hub, monkeypatch, tmp_path):
    monkeypatch.setattr(command, "err", Console(stderr=True, force_terminal=True, width=120))
    code, output = run("generator")
    assert code == 0, output
    assert "fetching generator/control" not in output
    assert "generator/control_sd15_seg.pth" in output


def test_the_token_of_the_hubs_library_is_used(run, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    code, output = run("generator")
    assert code == 0, output
    assert hub.requests[0][2] == "Bearer hf_secret"
    assert "hf_secret" not in output


def test_ctrl_c_leaves_what_the_next_command_goes_on_with(hub, tmp_path):
    path = "models/control_sd15_seg.pth"
    hub.stalls[path] = 600_000
    environment = {**os.environ, "HF_ENDPOINT": hub.endpoint}
    words = [COMMAND, "fetch", "generator", "--to", tmp_path]
    with subprocess.Popen(
        words,
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        wait_for(lambda: any((tmp_path / "generator").glob("*.partial")))
        # Both whole pieces that come before the stall, however slow the machine is.
        wait_for(lambda: next((tmp_path / "generator").iterdir()).stat().st_size >= 524_288)
        running.send_signal(signal.SIGINT)
        output = running.communicate(timeout=30)[0]
    assert running.returncode == 130, output
    assert "interrupted; run the same command again" in output
    assert "Traceback" not in output
    assert not (tmp_path / "fetch.lock.json").exists()
    hub.stalls.clear()
    again = subprocess.run(
        words, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert hub.ranges(path)[-1] == "bytes=524288-"
    assert (tmp_path / "generator/control_sd15_seg.pth").read_bytes() == WEIGHTS
    assert list(json.loads((tmp_path / "fetch.lock.json").read_text())["files"]) == [
        "generator/control_sd15_seg.pth"
    ]


def wait_for(is_so, timeout_s=30):
    end = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_nothing_heavy_is_imported():
    code = (
        "import sys, pipelines.commands.fetch\n"
        "from pipelines.commands.fetch import _connection; _connection()\n"
        "print(sorted({'torch', 'diffusers', 'transformers', 'dagster'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"

"""Scores that left memory: with which errors, and how they reach another process."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from models.metrics import PixelMetrics, sorted_scores
from tests.models.metrics.pixel_cases import assert_exact, counted, tied_case


def test_counts_go_to_another_process_with_the_folder_that_both_see(tmp_path):
    rng = np.random.default_rng(6)
    score, label = tied_case(rng, 200)
    metrics = PixelMetrics(folder=tmp_path, n_held=20)
    metrics.update(score, label)
    program = (
        "import pickle, sys; import numpy as np; m = pickle.load(sys.stdin.buffer);"
        "m.update(np.linspace(-1, 1, 90, dtype='f4'), np.tile(np.uint8([0, 1, 1]), 30));"
        "sys.stdout.buffer.write(pickle.dumps(m))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps(metrics),
        stdout=subprocess.PIPE,
        check=True,
    )
    returned = pickle.loads(answer.stdout)
    ours = metrics.compute()
    assert (ours.n_in, ours.n_ood) == ((label == 0).sum(), (label == 1).sum())
    more = np.linspace(-1, 1, 90, dtype=np.float32), np.tile(np.uint8([0, 1, 1]), 30)
    assert_exact(
        returned.compute(), np.concatenate([score, more[0]]), np.concatenate([label, more[1]])
    )


def test_unnamed_files_stay_in_their_process_and_lost_ones_are_named(tmp_path):
    unnamed, named = PixelMetrics(n_held=4), PixelMetrics(folder=tmp_path, n_held=4)
    score, label = np.arange(20, dtype=np.float32), np.tile(np.uint8([0, 1]), 10)
    unnamed.update(score, label)
    named.update(score, label)
    with pytest.raises(ValueError, match="give PixelMetrics a folder"):
        pickle.dumps(unnamed)
    returned = pickle.loads(pickle.dumps(named))
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(FileNotFoundError, match=r"scores-.*keep the folder"):
        returned.compute()
    with pytest.raises(OSError, match="no scores written: need a folder that is there"):
        PixelMetrics(folder=tmp_path / "none", n_held=4).update(score, label)


def test_a_file_that_was_cut_short_is_named(tmp_path):
    metrics = PixelMetrics(folder=tmp_path, n_held=4)
    metrics.update(np.arange(20, dtype=np.float32), np.tile(np.uint8([0, 1]), 10))
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:8])
    with pytest.raises(OSError, match=r"scores-.*was cut short"):
        metrics.compute()


def test_a_full_disk_is_one_clear_error(monkeypatch):
    class Full:
        def __getattr__(self, name):
            return getattr(stream, name)

        def fileno(self):
            raise OSError(28, "No space left on device")

    stream = sorted_scores._created(None)
    monkeypatch.setattr(sorted_scores, "_created", lambda path: Full())
    with pytest.raises(OSError, match="No space left on device; free space, or give PixelMetrics"):
        counted(np.arange(20), np.tile([0, 1], 10), n_held=4)

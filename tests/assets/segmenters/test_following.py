"""Progress that is told while a training runs elsewhere."""

import json
import time

from assets.segmenters import following as module
from assets.segmenters.curve import CURVE
from assets.segmenters.following import following
from assets.segmenters.observing import left_s


def line(step, score=None):
    facts = {"step": step, "stage": 0, "epoch": 1, "loss": 2.5, "seconds": 0.25}
    return json.dumps({**facts, "average_precision": score, "mean_iou": score}) + "\n"


def test_scores_and_the_newest_step_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)
    curve, said = tmp_path / CURVE, []
    curve.write_text(line(2))
    with following(tmp_path, said.append):
        with curve.open("a") as file:
            file.write(line(4) + line(6, 0.5) + line(8))
        wait_until(lambda: said)
    assert said == [
        "step 6, stage 1, epoch 2: loss 2.5000, 0.25 s/step; held out: AP 0.5000, mIoU 0.5000",
        "step 8, stage 1, epoch 2: loss 2.5000, 0.25 s/step",
    ]


def test_the_first_step_is_observed_at_once_and_scores_always(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)
    curve, seen = tmp_path / CURVE, []

    def observe(facts):
        seen.append(facts["step"])

    with following(tmp_path, None, observe):
        for step, score in ((2, None), (4, None), (6, 0.5), (8, None)):
            with curve.open("a") as file:
                file.write(line(step, score))
            wait_until(lambda: seen or step > 2)  # noqa: B023
        wait_until(lambda: 6 in seen)
    assert seen == [2, 6, 8]


def test_a_database_that_is_busy_ends_nothing(tmp_path, monkeypatch, caplog):
    def busy(_):
        raise OSError("database is locked")

    with following(tmp_path, busy, busy):
        (tmp_path / CURVE).write_text(line(2))
    assert [record.exc_info[1].args for record in caplog.records] == [("database is locked",)] * 2


def test_the_pace_counts_from_the_first_step_seen():
    def facts(step, unix_s):
        return {"step": step, "unix_s": unix_s, "n_all_steps": 110, "seconds": 2.0}

    assert left_s(facts(10, 1000.0), facts(10, 1000.0)) == 200.0
    assert left_s(facts(30, 1100.0), facts(10, 1000.0)) == 400.0


def wait_until(truth):
    end = time.monotonic() + 5
    while not truth():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_without_a_log_nothing_is_followed(tmp_path):
    with following(tmp_path, None):
        pass

"""Progress that is told while a training runs elsewhere."""

import json
import time

from assets.segmenters import following as module
from assets.segmenters.curve import CURVE
from assets.segmenters.following import following


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
        end = time.monotonic() + 5
        while not said and time.monotonic() < end:
            time.sleep(0.01)
    assert said == [
        "step 6, stage 1, epoch 2: loss 2.5000, 0.25 s/step; held out: AP 0.5000, mIoU 0.5000",
        "step 8, stage 1, epoch 2: loss 2.5000, 0.25 s/step",
    ]


def test_without_a_log_nothing_is_followed(tmp_path):
    with following(tmp_path, None):
        pass

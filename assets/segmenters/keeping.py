"""What is kept of a training while it runs: its state, its curve, its best and last weights."""

from dataclasses import replace
from time import perf_counter, time

from assets.segmenters.curve import Curve, Score
from assets.segmenters.item import TrainingItem
from assets.segmenters.scoring import HeldOutFrames
from assets.segmenters.showing import Shown
from assets.segmenters.states import Kept, write_state
from assets.segmenters.weights import best_path, last_path, write_checkpoint
from models.training.state import TrainingState
from models.training.trainer import StepReport, Trainer


class Keeper:
    """Looks at every step of the first process and writes what is due.

    The state is written last: what it names is there, and what was written after the former state
    is written again by whoever continues from that.
    """

    def __init__(
        self,
        item: TrainingItem,
        trainer: Trainer,
        scored: HeldOutFrames,
        kept: Kept | None,
        *,
        n_steps_a_epoch: int,
    ) -> None:
        """Go on with what a former life kept, if there is any."""
        self._item, self._trainer, self._scored = item, trainer, scored
        self._kept = kept or Kept(training=item.wish.training)
        self._n_steps_a_epoch = n_steps_a_epoch
        self._curve = Curve(item.folder, n_steps=trainer.progress.n_steps)
        self._shown = Shown(item, self._curve.former)
        self._logged = (trainer.progress.n_steps, perf_counter())

    def see(self, report: StepReport) -> None:
        """Score, log and keep what is due after a step.

        Raises:
            DivergedError: if something is to be kept and a step was not finite.
            StoreFullError: if there is no room.
        """
        now, is_scored = perf_counter(), self._ends_scored_epoch(report)
        is_kept = is_scored or report.step % self._item.n_between_checkpoints == 0
        state = self._trainer.state_dict() if is_kept else None  # refuses what is not finite
        score = self._score(report) if is_scored else None
        if is_scored or report.step % self._item.n_between_logs == 0:
            self._log(report, score, now)
        if state is not None:
            self._keep(state, score)

    def finish(self) -> None:
        """Write the weights that the training ended with.

        Raises:
            ValueError: if no epoch was scored.
        """
        if self._kept.last is None:
            raise ValueError(f"{self._item.work}: need a score of the last epoch, got none")
        path = last_path(self._item.folder)
        network, wish = self._scored.network.published_state(), self._item.wish
        write_checkpoint(path, network, wish, score=self._kept.last, split=self._scored.split)

    def _ends_scored_epoch(self, report: StepReport) -> bool:
        if report.step % self._n_steps_a_epoch:
            return False
        n_done, every = report.epoch + 1, self._item.wish.held_out.every_n_epochs
        return n_done % every == 0 or n_done == self._trainer.config.n_epochs

    def _score(self, report: StepReport) -> Score:
        score = self._scored.score(report)
        if self._shown.has_viewer:
            self._shown.keep_picture(report.step, self._scored.sheet())
        return score

    def _keep(self, state: TrainingState, score: Score | None) -> None:
        folder, former = self._item.folder, self._kept.best
        if score is not None:
            self._kept = replace(self._kept, last=score)
            if former is None or score.average_precision > former.average_precision:
                self._kept = replace(self._kept, best=score)
                write_checkpoint(
                    best_path(folder, score.step),
                    state.network,
                    self._item.wish,
                    score=score,
                    split=self._scored.split,
                )
        write_state(folder, state, self._kept)
        if self._kept.best is not None:
            named = best_path(folder, self._kept.best.step)
            for path in folder.glob("best-*.safetensors"):
                if path != named:
                    path.unlink()

    def _log(self, report: StepReport, score: Score | None, now: float) -> None:
        """Append a step that ended ``now``; reading its numbers waits for the device."""
        step, began = self._logged
        config, n_processes = self._trainer.config, self._item.wish.n_processes
        facts = {
            "step": report.step,
            "stage": report.stage,
            "epoch": report.epoch,
            "loss": float(report.terms["total"]),
            "terms": {name: float(term) for name, term in report.terms.items()},
            "gradient_norm": float(report.gradient_norm),
            "rate": report.rate,
            "seconds": (now - began) / (report.step - step),
            "average_precision": score and score.average_precision,
            "mean_iou": score and score.mean_iou,
            "unix_s": time(),
            "n_all_steps": self._n_steps_a_epoch * config.n_epochs,
            "n_images_a_step": 2 * config.batch_size * config.n_accumulated * n_processes,
        }
        self._curve.add(facts)
        self._shown.add(facts)
        self._logged = (report.step, perf_counter())  # a score is no part of the next step

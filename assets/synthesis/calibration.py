"""What the OOD detector says of known pixels: photographs of training frames, score by score.

The filter's quantile refers to these counts, so thresholds can change without looking at a pixel.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.recipes import recipe_of
from assets.synthesis.loading import load_detector, settled
from assets.synthesis.networks import Compute, NetworkSources
from assets.synthesis.preparing import picture_size
from models.filtering import ScoreHistogram, histogram_of, known_scores, rows_of
from models.scenes import resize_nearest
from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.fingerprint import fingerprint_files
from storage.datasets.label_ids import read_label_ids
from storage.datasets.registry import complete_frames
from storage.images import read_image
from storage.label_space import train_id_table
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.records import Frame
from storage.scene_records import KnownScoreCount
from storage.store import Store

ASSET = "detector_calibration"
CODE_VERSION = "1"
STRIDE_PX = 16
"""Sizes of photographs are rounded to it, as those of pictures are to their generator's."""


@dataclass(frozen=True, kw_only=True)
class CalibrationItem:
    """One frame to score."""

    frame: Frame
    data_root: str
    sources: NetworkSources
    compute: Compute
    short_side_px: int


@dataclass(frozen=True, kw_only=True)
class CalibrationOrder:
    """Frames to score, and a digest of all that decides."""

    items: tuple[CalibrationItem, ...]
    detector: str
    short_side_px: int
    provenance: dict[str, str]

    @property
    def recipe(self) -> str:
        """Digest of code version, detector, size and frames."""
        facts = {
            "code_version": CODE_VERSION,
            "detector": self.detector,
            "short_side_px": self.short_side_px,
            "frames": [item.frame.frame_id for item in self.items],
            "provenance": self.provenance,
        }
        return recipe_of(facts)


def plan_calibration(
    data_root: Path,
    sources: NetworkSources,
    compute: Compute,
    *,
    short_side_px: int,
    n_frames: int,
) -> CalibrationOrder:
    """Frames of the training split, spread evenly over it.

    Raises:
        FileNotFoundError: if Cityscapes is not below the data root.
        ValueError: if it has no complete training frame, or the detector is not there.
    """
    frames = [f for f in complete_frames(data_root, CITYSCAPES) if f.split == "train"]
    if not frames:
        raise ValueError(
            f"{data_root}: need training frames of Cityscapes to calibrate the detector on, got "
            f"none; run `multishift check-data {data_root}` to see what is missing"
        )
    picked = np.unique(np.linspace(0, len(frames) - 1, min(n_frames, len(frames))).round())
    folder = CITYSCAPES.locate(data_root)
    return CalibrationOrder(
        items=tuple(
            CalibrationItem(
                frame=frames[int(index)],
                data_root=str(data_root),
                sources=sources,
                compute=compute,
                short_side_px=short_side_px,
            )
            for index in picked
        ),
        detector=sources.digests()["detector"],
        short_side_px=short_side_px,
        provenance={"source/cityscapes": fingerprint_files(folder) if folder else ""},
    )


def calibrate(
    order: CalibrationOrder, store: Store, engine: Engine, *, run_id: str, log: Log | None = None
) -> ManifestVersion:
    """The version that holds the scores of an order; a sound one that is there is returned.

    Raises:
        RuntimeError: if a frame fails; nothing is committed then.
    """
    done = store.manifests.latest(ASSET)
    if done is not None and done.recipe == order.recipe and _is_sound(done, store):
        return done
    total = ScoreHistogram.of(np.empty(0, np.float32))
    gpus = engine.gpus_for(order.items[0].compute.device)
    for outcome in engine.map(
        score_frame, order.items, key=_key, log=log, label=ASSET, resources=gpus
    ):
        if outcome.error is not None:
            raise RuntimeError(f"{outcome.key}: {outcome.error.reason}")
        total += histogram_of(outcome.value or [])
    return store.manifests.commit(
        ASSET,
        {"known_scores": rows_of(total)},
        base=done.version if done else 0,
        recipe=order.recipe,
        code_version=CODE_VERSION,
        run_id=run_id,
        provenance={
            **order.provenance,
            "detector": order.detector,
            "short_side_px": str(order.short_side_px),
            "frames": str(len(order.items)),
        },
    )


def score_frame(item: CalibrationItem) -> list[KnownScoreCount]:
    """Counts of the scores of known pixels of one photograph, at the size of the pictures.

    Raises:
        BadFileError: if photograph or label cannot be used.
    """
    from models.execution import computing_with
    from models.filtering import detect

    root = Path(item.data_root)
    photo, label_ids = read_image(root / item.frame.image), read_label_ids(root, item.frame)
    height, width = picture_size(label_ids.shape, item.short_side_px, STRIDE_PX)
    small: UInt8[np.ndarray, "height width 3"] = cv2.resize(
        photo, (width, height), interpolation=cv2.INTER_AREA
    ).astype(np.uint8)
    label = train_id_table()[resize_nearest(label_ids, height_px=height, width_px=width)]
    compute = settled(item.compute)
    with computing_with(compute.n_threads):
        maps = detect(load_detector(item.sources, compute.device), small[None])
    return rows_of(ScoreHistogram.of(known_scores(maps.ood_score[0], label)))


def calibrated_histogram(store: Store, *, detector: str | None = None) -> ScoreHistogram:
    """Scores of known pixels, of the latest calibration.

    Raises:
        ValueError: if there is none, or it is of another detector than the one named.
    """
    version = store.manifests.latest(ASSET)
    if version is None:
        raise ValueError(
            f"{store.root}: need scores of known pixels for a quantile, got none; materialize "
            f"{ASSET} first, or give min_ood_score as a number"
        )
    if detector is not None and version.provenance["detector"] != detector:
        raise ValueError(
            f"{ASSET}, version {version.version}: need scores of the detector {detector}, got "
            f"those of {version.provenance['detector']}; materialize {ASSET} again"
        )
    return histogram_of(store.manifests.read_records(ASSET, "known_scores", KnownScoreCount))


def _is_sound(version: ManifestVersion, store: Store) -> bool:
    try:
        store.manifests.rows(version, "known_scores")
    except DamagedPartError:
        return False
    return True


def _key(item: CalibrationItem) -> str:
    return item.frame.frame_id

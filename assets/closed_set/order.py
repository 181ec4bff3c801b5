"""What to train on the known classes, on which frames; no picture is opened here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assets.closed_set.config import ClosedSetTrainingConfig
from assets.closed_set.names import ASSET, CODE_VERSION
from assets.recipes import recipe_of
from assets.segmenters.item import HeldOut
from assets.segmenters.splitting import held_out_frames
from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.fingerprint import fingerprint_files
from storage.datasets.registry import complete_frames
from storage.records import Frame

_TRAIN_SPLIT = "train"


@dataclass(frozen=True, kw_only=True)
class ClosedSetOrder:
    """A training on the known classes.

    Attributes:
        architecture: of the network.
        learned: frames that are learned from.
        scored: frames that are held out.
        data_root: folder of the data sets.
        config: what people chose.
        source_version: data version of Cityscapes.
        device: that torch trains on.
    """

    architecture: str
    learned: tuple[Frame, ...]
    scored: tuple[Frame, ...]
    data_root: Path
    config: ClosedSetTrainingConfig
    source_version: str
    device: str

    @property
    def training(self) -> str:
        """Digest of all that decides on the weights; the device is not part of it."""
        return recipe_of(
            {
                "code_version": CODE_VERSION,
                "architecture": self.architecture,
                "configuration": self.configuration_text,
                "learned": [frame.frame_id for frame in self.learned],
                "scored": self.held_out_frame_ids,
                "source_version": self.source_version,
            }
        )

    @property
    def configuration_text(self) -> str:
        """The configuration as one text, the same for equal configurations."""
        return json.dumps(self.config.model_dump(mode="json"), sort_keys=True)

    @property
    def held_out_frame_ids(self) -> tuple[str, ...]:
        """Frames that are scored and never learned from."""
        return tuple(frame.frame_id for frame in self.scored)

    @property
    def provenance(self) -> dict[str, str]:
        """What the weights are made from, in words."""
        return {
            "source/cityscapes": self.source_version,
            "architecture": self.architecture,
            "configuration": self.configuration_text,
            "frames": str(len(self.learned)),
        }


def plan_closed_set(
    architecture: str, config: ClosedSetTrainingConfig, data_root: Path, *, device: str
) -> ClosedSetOrder:
    """A training on frames of the split train, of which a share is held out by frame.

    Frames are held out as `segmenter_checkpoint` does: those with the smallest digests of their
    names. So most of what that one holds out was not learned from here either.

    Raises:
        FileNotFoundError: if Cityscapes is not below the data root.
        ValueError: if it has fewer than two complete training frames.
    """
    there = [f for f in complete_frames(data_root, CITYSCAPES) if f.split == _TRAIN_SPLIT]
    frames = _spread(there, config.max_frames)
    held_out = HeldOut(
        frac=config.held_out_frac, max_frames=config.max_held_out_frames, every_n_epochs=1
    )
    try:
        away = set(held_out_frames((frame.frame_id for frame in frames), held_out))
    except ValueError as error:
        raise ValueError(
            f"{data_root}: need two complete training frames of Cityscapes or more for {ASSET}, "
            f"got {len(frames)}; run `multishift check-data {data_root}` to see what is missing"
        ) from error
    folder = CITYSCAPES.locate(data_root)
    return ClosedSetOrder(
        architecture=architecture,
        learned=tuple(frame for frame in frames if frame.frame_id not in away),
        scored=tuple(frame for frame in frames if frame.frame_id in away),
        data_root=data_root,
        config=config,
        source_version=fingerprint_files(folder) if folder else "",
        device=device,
    )


def _spread(frames: Sequence[Frame], n_wanted: int) -> list[Frame]:
    """So many of the frames, evenly over their order, which goes city by city."""
    places = np.linspace(0, len(frames) - 1, min(n_wanted, len(frames))).round()
    return [frames[int(place)] for place in np.unique(places)]

"""Draw and examine prepared attempts with the networks of this worker, a fixed batch at a time."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import UInt8

from assets.engine.warm import give_memory_back, warm_models
from assets.synthesis.loading import LoadedNetworks, load_networks, settled, warm_keys
from assets.synthesis.networks import Compute, NetworkSources
from assets.synthesis.preparing import Prepared, picture_size
from storage.scene_records import ExecutionProfile

if TYPE_CHECKING:
    from models.filtering.examining import Examined
    from models.generation.sampling import SamplerSettings

_fitting: dict[tuple[object, ...], int] = {}
"""Batches that fit the memory of this process, found by running out of it."""


MARGIN_PX = 32.0
"""How far the surroundings of an object reach by default, at a height of 1024."""


@dataclass(frozen=True, kw_only=True)
class DrawingSettings:
    """How pictures are drawn, whichever networks draw them.

    ``margin_px`` is how far the surroundings of an object reach where it is drawn in a second step,
    in pixels of a picture 1024 high.
    """

    sampler: str
    n_steps: int
    guidance: float
    short_side_px: int
    control_scale: float = 1.0
    edge_scale: float = 1.0
    with_edges: bool = False
    order: Literal["one_step", "two_step"] = "one_step"
    margin_px: float = MARGIN_PX

    @property
    def facts(self) -> dict[str, Any]:
        """Name -> value; of the steps nothing is said where there is one only."""
        later = ("order", "margin_px") if self.order == "one_step" else ()
        return {name: value for name, value in asdict(self).items() if name not in later}

    @property
    def second_step_px(self) -> float | None:
        """``margin_px`` where objects are drawn in a second step, else None."""
        return self.margin_px if self.order == "two_step" else None

    @property
    def for_sampler(self) -> "SamplerSettings":
        """Those that the sampler takes."""
        from models.generation.sampling import SamplerSettings

        return SamplerSettings(
            sampler=self.sampler,
            n_steps=self.n_steps,
            guidance=self.guidance,
            control_scale=self.control_scale,
            edge_scale=self.edge_scale,
        )


@dataclass(frozen=True, eq=False)
class Drawn:
    """One attempt as it came out."""

    prepared: Prepared
    picture: UInt8[np.ndarray, "height width 3"]
    examined: "Examined"
    profile: ExecutionProfile

    @property
    def pixels_sha256(self) -> str:
        """Digest of the picture's RGB bytes, row by row."""
        return sha256(np.ascontiguousarray(self.picture).tobytes()).hexdigest()


class Drawer:
    """Networks of this worker with settings: prepared attempts in, examined pictures out."""

    def __init__(
        self, sources: NetworkSources, compute: Compute, settings: DrawingSettings
    ) -> None:
        """Load the networks, unless this process holds them already.

        Raises:
            CheckpointError: if a network cannot be used.
            ValueError: if the device is not there.
        """
        self.compute = settled(compute)
        self.settings = settings
        self.networks: LoadedNetworks = load_networks(
            sources, self.compute.device, self.compute.dtype
        )
        self._key = (sources, self.compute, settings)
        self._warm_keys = warm_keys(sources, self.compute.device, self.compute.dtype)

    @property
    def batch_size(self) -> int:
        """Pictures of a pass."""
        return _fitting.get(self._key, self.compute.batch_size)

    def size_for(self, frame_size: tuple[int, int]) -> tuple[int, int]:
        """Height and width of pictures of a frame."""
        stride = self.networks.bundle.stride
        return picture_size(frame_size, self.settings.short_side_px, stride)

    def draw(self, attempts: Sequence[Prepared]) -> list[Drawn]:
        """Pictures of attempts of one size, in their order.

        Where a batch does not fit the memory of the device, it is tried without the models of
        others, then half of it, and so on; the profile of each picture tells what it was drawn
        with, for that decides its bytes.
        """
        import torch

        done: list[Drawn] = []
        while len(done) < len(attempts):
            size = self.batch_size
            try:
                done += self._one_pass(attempts[len(done) : len(done) + size], size)
                continue
            except torch.OutOfMemoryError:
                if size == 1:
                    raise
            # Here, because the error holds on to what the failed pass had computed.
            if not warm_models().keep_only(*self._warm_keys):
                _fitting[self._key] = size // 2
                give_memory_back()
        return done

    def _one_pass(self, attempts: Sequence[Prepared], batch_size: int) -> list[Drawn]:
        from models.execution import computing_with, execution_profile
        from models.filtering.examining import examine
        from models.generation.sampling import draw

        networks, n_threads = self.networks, self.compute.n_threads
        with computing_with(n_threads):
            pictures = draw(
                networks.bundle,
                [attempt.drawing for attempt in attempts],
                self.settings.for_sampler,
                batch_size=batch_size,
            )
            examined = examine(
                pictures,
                [attempt.wanted for attempt in attempts],
                sam=networks.sam,
                detector=networks.detector,
                batch_size=batch_size,
            )
        profile = execution_profile(
            networks.device,
            networks.dtype,
            batch_size=batch_size,
            size=(pictures.shape[1], pictures.shape[2]),
            n_threads=n_threads,
        )
        return [
            Drawn(attempt, picture, found, profile)
            for attempt, picture, found in zip(attempts, pictures, examined, strict=True)
        ]

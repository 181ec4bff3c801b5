"""Samplers by name: schedulers of diffusers that draw no noise of their own.

All of them follow the noise schedule of the bundle, also one that ends in pure noise: those of
diffusers that cannot (Heun, DEIS, PNDM, LMS) are left out.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    UniPCMultistepScheduler,
)

from models.generation.bundle import Bundle
from models.generation.quiet import quiet
from models.generation.single_file import published_schedule

SAMPLERS: Mapping[str, type[Any]] = MappingProxyType(
    {
        "ddim": DDIMScheduler,
        "dpm++": DPMSolverMultistepScheduler,
        "unipc": UniPCMultistepScheduler,
        "euler": EulerDiscreteScheduler,
    }
)
"""Name -> scheduler.

Reference: Song et al. 2021 (DDIM); Lu et al. 2022 (DPM-Solver++, second order, multistep); Zhao et
al. 2023 (UniPC, second order); Karras et al. 2022 (Euler).
"""

_ALWAYS = {
    "clip_sample": False,  # DDIM's default cuts off at 1, where images end; latents do not
    "algorithm_type": "dpmsolver++",  # a bundle may name a variant that draws noise
}


@dataclass(frozen=True, kw_only=True)
class SamplerSettings:
    """How noise becomes a picture; by default as published (Gao et al. 2024, CGAug).

    Attributes:
        sampler: a name in `SAMPLERS`.
        n_steps: of the sampler.
        guidance: scale of classifier-free guidance, 1 or more; at 1 there is none, and the negative
            prompt has no effect.
        control_scale: how much the layout steers, 0 or more.
        edge_scale: how much edges steer, where there are some, 0 or more.

    Raises:
        ValueError: if a value is out of its range.
    """

    sampler: str = "ddim"
    n_steps: int = 50
    guidance: float = 9.0
    control_scale: float = 1.0
    edge_scale: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be sampled with."""
        if self.sampler not in SAMPLERS:
            raise ValueError(f"need a sampler of {', '.join(SAMPLERS)}, got {self.sampler!r}")
        if self.n_steps < 1:
            raise ValueError(f"need n_steps of 1 or more, got {self.n_steps}")
        for name, least in (("guidance", 1), ("control_scale", 0), ("edge_scale", 0)):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= least):
                raise ValueError(f"need a finite {name} of {least} or more, got {value}")


def build_scheduler(bundle: Bundle, settings: SamplerSettings) -> Any:
    """The sampler on the bundle's noise schedule, for want of one on that of Stable Diffusion 1.5.

    Raises:
        ValueError: if the schedule has no room for so many steps.
    """
    config = bundle.scheduler_config or published_schedule()
    with quiet():
        scheduler = SAMPLERS[settings.sampler].from_config({**config, **_ALWAYS})
        if not _has_room(scheduler, settings.n_steps):
            raise ValueError(
                f"need fewer steps of {settings.sampler} on a schedule of "
                f"{scheduler.config.num_train_timesteps}, got n_steps {settings.n_steps}"
            )
    return scheduler


def _has_room(scheduler: Any, n_steps: int) -> bool:
    """Whether so many steps come to different times, all of them within the schedule."""
    n_trained: int = scheduler.config.num_train_timesteps
    if n_steps > n_trained:
        return False
    scheduler.set_timesteps(n_steps)
    times = {float(time) for time in scheduler.timesteps}
    return len(times) == n_steps and max(times) < n_trained

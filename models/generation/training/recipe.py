"""All numbers that decide what the miniature set becomes, in one value."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from models.filtering.sam.training import SamTrainingConfig
from models.generation.miniature import MiniatureSizes
from models.generation.training.autoencoder import AutoencoderConfig
from models.generation.training.diffusion import DiffusionConfig
from models.generation.training.fit import FitConfig


@dataclass(frozen=True, kw_only=True)
class SceneCounts:
    """How many scenes are rendered.

    Attributes:
        n_training: to learn from.
        n_measured: to measure on, of known places and object kinds, and as many reserved ones; the
            same number again is rendered as the floor of the distance.
        n_a_chunk: rendered by one worker at a time and stored as one file.
    """

    n_training: int
    n_measured: int
    n_a_chunk: int = 250

    def __post_init__(self) -> None:
        """Refuse counts that nothing can be learned from or measured on."""
        least = {"n_training": 1, "n_measured": 2, "n_a_chunk": 1}
        for name, number in least.items():
            if getattr(self, name) < number:
                raise ValueError(f"need {name} of {number} or more, got {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class DrawConfig:
    """How pictures are drawn: the setting that the set recommends, and that is measured.

    Attributes:
        sampler: name of `models.generation.sampling.SAMPLERS`.
        n_steps: of the sampler.
        guidance: 1 is none.
        ood_quantile: of the detector's scores on known pixels, the filter's threshold.
        min_iou: of SAM's mask and the pasted one.
        batch_size: pictures drawn at once while measuring.
        others: further (sampler, steps, guidance) to measure beside, on a part of the scenes.
    """

    sampler: str = "ddim"
    n_steps: int = 8
    guidance: float = 1.0
    ood_quantile: float = 0.95
    min_iou: float = 0.7
    batch_size: int = 64
    others: tuple[tuple[str, int, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class BundleRecipe:
    """What to train and how long; stages are redone when the numbers that they depend on change.

    Attributes:
        name: of the recipe.
        seed: of the weights that every network begins with.
        sizes: of the generator.
        scenes: to render.
        feature_segmenter: training of the segmenter that the autoencoder listens to.
        detector: training of the filter's detector.
        sam: training of the filter's SAM.
        judge: training of the segmenter that only measures.
        classifier: training of the classifier of conditions, which only measures.
        autoencoder: training of the VAE.
        diffusion: training of UNet, ControlNet and text encoder.
        drawing: the recommended setting.
        is_compiled: whether autoencoder and diffusion are compiled; minutes, and faster then.
        n_between_checkpoints: steps.
    """

    name: str
    seed: int = 0
    sizes: MiniatureSizes
    scenes: SceneCounts
    feature_segmenter: FitConfig
    detector: FitConfig
    sam: SamTrainingConfig
    judge: FitConfig
    classifier: FitConfig
    autoencoder: AutoencoderConfig
    diffusion: DiffusionConfig
    drawing: DrawConfig = DrawConfig()
    is_compiled: bool = False
    n_between_checkpoints: int = 1500


def _fit(n_steps: int, batch_size: int, learning_rate: float, *, seed: int) -> FitConfig:
    return FitConfig(
        n_steps=n_steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        is_mixed=True,
    )


FULL = BundleRecipe(
    name="full",
    # One layer of text less than the default, so that all files stay below 40 MiB.
    sizes=MiniatureSizes(latent_channels=8, text_layers=2),
    scenes=SceneCounts(n_training=40_000, n_measured=512),
    feature_segmenter=_fit(1500, 32, 2e-3, seed=1),
    detector=_fit(2500, 32, 2e-3, seed=2),
    # The filter asks with the very box of the mask, so that boxes need little noise.
    sam=SamTrainingConfig(
        n_steps=6000, batch_size=32, n_boxes=8, jitter_frac=0.03, seed=3, is_mixed=True
    ),
    judge=_fit(4000, 32, 2e-3, seed=4),
    classifier=_fit(1500, 64, 2e-3, seed=5),
    autoencoder=AutoencoderConfig(fit=_fit(2200, 48, 1.2e-3, seed=6)),
    diffusion=DiffusionConfig(
        fit=FitConfig(
            n_steps=20_000,
            batch_size=128,
            learning_rate=1e-3,
            n_warm_up=300,
            average_decay=0.9995,
            seed=7,
            is_mixed=True,
        )
    ),
    drawing=DrawConfig(
        others=(
            ("ddim", 6, 1.0),
            ("ddim", 8, 1.5),
            ("ddim", 20, 1.0),
            ("dpm++", 6, 1.0),
            ("dpm++", 8, 1.0),
            ("dpm++", 8, 1.5),
        )
    ),
    is_compiled=True,
)
"""For one H200 with 16 cores.

Steps a second there, not compiled: autoencoder 14, judge 80, detector 80, SAM 21 at 4 boxes,
diffusion 11 at a batch of 256, where its loss still fell with the number of steps alone: hence 128.
"""

PROBE = replace(
    FULL,
    name="probe",
    scenes=SceneCounts(n_training=1600, n_measured=64, n_a_chunk=50),
    feature_segmenter=replace(FULL.feature_segmenter, n_steps=60, n_warm_up=10),
    detector=replace(FULL.detector, n_steps=60, n_warm_up=10),
    sam=replace(FULL.sam, n_steps=40),
    judge=replace(FULL.judge, n_steps=60, n_warm_up=10),
    classifier=replace(FULL.classifier, n_steps=60, n_warm_up=10),
    autoencoder=replace(FULL.autoencoder, fit=replace(FULL.autoencoder.fit, n_steps=60)),
    diffusion=replace(FULL.diffusion, fit=replace(FULL.diffusion.fit, n_steps=60)),
    is_compiled=False,
    n_between_checkpoints=40,
)
"""`FULL` at its sizes for a minute or two: whether everything runs there, and how fast."""


def _short(seed: int, *, average_decay: float | None = None) -> FitConfig:
    return FitConfig(
        n_steps=2,
        batch_size=2,
        learning_rate=1e-3,
        n_warm_up=1,
        average_decay=average_decay,
        seed=seed,
    )


TINY = BundleRecipe(
    name="tiny",
    sizes=MiniatureSizes(
        vae_widths=(8, 8, 16),
        latent_channels=4,
        unet_widths=(32, 64),
        norm_groups=4,
        hint_widths=(4, 8, 16),
        text_width=32,
        text_layers=1,
        text_heads=2,
    ),
    scenes=SceneCounts(n_training=4, n_measured=2, n_a_chunk=2),
    feature_segmenter=_short(1),
    detector=_short(2),
    sam=SamTrainingConfig(n_steps=1, batch_size=2, n_boxes=2, seed=3),
    judge=_short(4),
    classifier=_short(5),
    autoencoder=AutoencoderConfig(fit=_short(6)),
    diffusion=DiffusionConfig(fit=_short(7, average_decay=0.9)),
    drawing=DrawConfig(n_steps=1, batch_size=2),
    n_between_checkpoints=1,
)
"""A few seconds on a CPU: whether everything runs; what comes out is noise."""

RECIPES: Mapping[str, BundleRecipe] = MappingProxyType(
    {recipe.name: recipe for recipe in (FULL, PROBE, TINY)}
)
"""Name -> recipe."""

"""Settings of the pair transform, and their values for each architecture.

Numbers are those of the first implementation (method of Gao et al. 2024, training-time mixing),
unless a line says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal


def _require_frac(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"need {name} in [0, 1], got {value}")


def _require_range(name: str, value: tuple[float, float]) -> None:
    if not 0 <= value[0] <= value[1]:
        raise ValueError(f"need {name} from low to high, none negative, got {value}")


def _require_scales(scales: tuple[float, ...]) -> None:
    if not scales or min(scales) <= 0:
        raise ValueError(f"need one or more scales above 0, got {scales}")


@dataclass(frozen=True, kw_only=True)
class MixConfig:
    """Mixup of the original into the generated scene, which keeps the generated label.

    The share of the original is min(U(0, 1), ``max_original_share``), so that most pairs have the
    largest share.
    """

    max_original_share: float = 0.3

    def __post_init__(self) -> None:
        """Refuse a share outside [0, 1]."""
        _require_frac("max_original_share", self.max_original_share)


@dataclass(frozen=True, kw_only=True)
class PhotometryConfig:
    """Changes of color and sharpness, each with the same probability, in the order of the fields.

    Brightness, contrast and saturation are multiplied by a factor in [1 - x, 1 + x], hue is turned
    by [-hue, hue] of a full turn; these four come together, in random order. Factors are the same
    for both pictures of a pair.

    Attributes:
        probability: of the four colors together, of blur, of sharpness, of automatic contrast, of
            equalization, each by itself.
        blur_px: side of the Gaussian kernel.
        blur_sigma_px: range of its deviation.
        sharpness: range of the factor; 0 smooths, 1 keeps, 2 sharpens.
    """

    probability: float = 0.5
    brightness: float = 0.8
    contrast: float = 0.8
    saturation: float = 0.8
    hue: float = 0.2
    blur_px: int = 9
    blur_sigma_px: tuple[float, float] = (0.1, 5.0)
    sharpness: tuple[float, float] = (0.0, 2.0)

    def __post_init__(self) -> None:
        """Refuse what no transform can use."""
        for name in ("probability", "brightness", "contrast", "saturation"):
            _require_frac(name, getattr(self, name))
        if not 0 <= self.hue <= 0.5:
            raise ValueError(f"need hue in [0, 0.5], got {self.hue}")
        if self.blur_px < 1 or self.blur_px % 2 == 0:
            raise ValueError(f"need an odd blur_px, got {self.blur_px}")
        _require_range("blur_sigma_px", self.blur_sigma_px)
        if self.blur_sigma_px[0] == 0:
            raise ValueError(f"need blur_sigma_px above 0, got {self.blur_sigma_px}")
        _require_range("sharpness", self.sharpness)


@dataclass(frozen=True, kw_only=True)
class GeometryConfig:
    """Resize, rotation and flips, each with its own probability, and a crop at the end.

    Attributes:
        crop: (height, width) of what comes out; smaller frames are padded.
        scales: one of them is drawn, each as likely.
        max_angle: degrees to either side.
        vertical_flip_probability: upside-down streets teach a network that the sky may lie below.
            The first implementation has 0.5 for Mask2Former; ours is 0.
    """

    crop: tuple[int, int] = (700, 700)
    resize_probability: float = 0.0
    scales: tuple[float, ...] = (0.7, 0.8, 0.9, 1.0)
    rotate_probability: float = 0.0
    max_angle: float = 10.0
    horizontal_flip_probability: float = 0.0
    vertical_flip_probability: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no transform can use."""
        for name in ("resize", "rotate", "horizontal_flip", "vertical_flip"):
            _require_frac(f"{name}_probability", getattr(self, f"{name}_probability"))
        if min(self.crop) < 1:
            raise ValueError(f"need a crop of at least one pixel, got {self.crop}")
        _require_scales(self.scales)
        if not 0 <= self.max_angle <= 180:
            raise ValueError(f"need max_angle in [0, 180], got {self.max_angle}")


@dataclass(frozen=True, kw_only=True)
class PasteConfig:
    """One object of another data set, pasted hard into the original after the crop (AnomalyMix).

    Attributes:
        scales: one of them is drawn, each as likely.
        into: the original alone, as published, or both pictures of a pair: each then gets an object
            of its own, at its own place.
    """

    scales: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    into: Literal["original", "both"] = "original"

    def __post_init__(self) -> None:
        """Refuse what no transform can use."""
        _require_scales(self.scales)


@dataclass(frozen=True, kw_only=True)
class WeatherConfig:
    """Weather laid by rules over the generated picture of a pair, before anything else.

    No part of the published method: it is the field's usual way to new conditions, for comparison.

    Attributes:
        fog: probability; of fog, rain and snow there is one at most.
        rain: probability.
        snow: probability.
        night: probability, whatever the weather.
        strength: range, in [0, 1].
        horizon: range of its row, as a share of the frame's height.
    """

    fog: float = 0.2
    rain: float = 0.2
    snow: float = 0.2
    night: float = 0.25
    strength: tuple[float, float] = (0.3, 1.0)
    horizon: tuple[float, float] = (0.4, 0.5)

    def __post_init__(self) -> None:
        """Refuse what no transform can use."""
        for name in ("fog", "rain", "snow", "night"):
            _require_frac(name, getattr(self, name))
        if self.fog + self.rain + self.snow > 1 + 1e-9:
            raise ValueError(
                "need fog, rain and snow that together have a probability of 1 at most, got "
                f"{self.fog}, {self.rain} and {self.snow}"
            )
        for name in ("strength", "horizon"):
            _require_range(name, getattr(self, name))
            _require_frac(name, getattr(self, name)[1])


@dataclass(frozen=True, kw_only=True)
class PairTransformConfig:
    """Everything that happens to a pair; a part that is None is left out."""

    geometry: GeometryConfig = GeometryConfig()
    mix: MixConfig | None = MixConfig()
    photometry: PhotometryConfig | None = None
    paste: PasteConfig | None = PasteConfig()
    weather: WeatherConfig | None = None


_VARIED = GeometryConfig(
    resize_probability=0.5,
    rotate_probability=0.5,
    horizontal_flip_probability=0.5,
)

_MINIATURE_CROP = (96, 192)

PUBLISHED_TRANSFORMS: Mapping[str, PairTransformConfig] = MappingProxyType(
    {
        "deeplab": PairTransformConfig(),
        "mask2former": PairTransformConfig(
            geometry=replace(_VARIED, vertical_flip_probability=0.5),
            photometry=PhotometryConfig(),
        ),
    }
)
"""Values of the first implementation, vertical flips included."""

PAIR_TRANSFORMS: Mapping[str, PairTransformConfig] = MappingProxyType(
    {
        "deeplab": PUBLISHED_TRANSFORMS["deeplab"],
        "mask2former": replace(PUBLISHED_TRANSFORMS["mask2former"], geometry=_VARIED),
        "deeplab_miniature": PairTransformConfig(geometry=GeometryConfig(crop=_MINIATURE_CROP)),
        "mask2former_miniature": PairTransformConfig(
            geometry=replace(_VARIED, crop=_MINIATURE_CROP, scales=(0.8, 0.9, 1.0)),
            photometry=PhotometryConfig(blur_px=3, blur_sigma_px=(0.1, 0.7)),
        ),
    }
)
"""Ours: the published values without vertical flips, and two editions for frames of 128 x 256.

The miniature's kernel is an eighth of the published one, as its frames are, and no scale makes them
smaller than the crop.
"""

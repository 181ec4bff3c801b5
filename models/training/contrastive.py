"""The settings of the relative contrastive loss as a value that JSON can hold."""

from dataclasses import dataclass

from models.losses import LossSettings
from models.losses.settings import CheckedSettings, Pairing, ThirdSign


@dataclass(frozen=True, kw_only=True)
class ContrastiveConfig:
    """`models.losses.LossSettings` without the generator, which belongs to a step."""

    margins: tuple[float, float, float]
    ce_weights: tuple[float, float]
    selection_ratio: float | None
    sample_ratio: float = 1.0
    pairing: Pairing = "random"
    third_sign: ThirdSign = "published"

    def __post_init__(self) -> None:
        """Refuse what the loss would refuse at the first step.

        Raises:
            ValueError: if a setting has a value that the loss does not know.
        """
        CheckedSettings(**self.keywords())

    def keywords(self) -> LossSettings:
        """What the loss is called with, beside a generator."""
        return {
            "margins": self.margins,
            "ce_weights": self.ce_weights,
            "selection_ratio": self.selection_ratio,
            "sample_ratio": self.sample_ratio,
            "pairing": self.pairing,
            "third_sign": self.third_sign,
        }


def contrastive_config(settings: LossSettings) -> ContrastiveConfig:
    """The settings as a configuration."""
    first, second, third = settings["margins"]
    original, generated = settings["ce_weights"]
    return ContrastiveConfig(
        margins=(first, second, third),
        ce_weights=(original, generated),
        selection_ratio=settings["selection_ratio"],
        sample_ratio=settings.get("sample_ratio", 1.0),
        pairing=settings.get("pairing", "random"),
        third_sign=settings.get("third_sign", "published"),
    )

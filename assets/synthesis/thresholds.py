"""The thresholds that scenes are drawn under: numbers, quantiles, or what a profile recommends."""

from assets.synthesis.calibration import calibrated_histogram
from assets.synthesis.config import SynthesisConfig
from assets.synthesis.presets import Preset
from models.filtering import Thresholds, resolve_ood_threshold
from storage.store import Store


def resolve_thresholds(
    config: SynthesisConfig, preset: Preset, store: Store, *, detector: str
) -> Thresholds:
    """Thresholds with numbers only; a quantile is looked up in the latest calibration.

    Raises:
        ValueError: if number and quantile are both given, or the detector is not calibrated.
    """
    number, quantile = ood_rule(config, preset)
    if quantile is not None:
        known = calibrated_histogram(store, detector=detector)
        number = resolve_ood_threshold(quantile=quantile, in_distribution=known)
    min_iou = preset.min_iou if config.min_iou is None else config.min_iou
    return Thresholds(
        min_ood_score=number,
        min_iou=min_iou,
        min_layout_agreement=config.min_layout_agreement,
        accepts_all=config.accepts_all,
    )


def ood_rule(config: SynthesisConfig, preset: Preset) -> tuple[float | None, float | None]:
    """The least OOD score that is asked for, as a number or as a quantile of known pixels.

    Raises:
        ValueError: if the configuration gives both.
    """
    number, quantile = config.min_ood_score, config.ood_quantile
    if number is not None and quantile is not None:
        raise ValueError(
            f"need min_ood_score or ood_quantile, got both ({number} and {quantile}); remove one"
        )
    if number is None and quantile is None:
        return preset.min_ood_score, preset.ood_quantile
    return number, quantile

"""From a plan to the configuration of one training, as JSON. What imports torch does it inside."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.experiment.plan import Plan, Trial


class StartConfig(BaseModel):
    """How the known classes are learned, from random weights."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    n_epochs: int = Field(30, ge=1, description="Passes over the photographs.")
    batch_size: int = Field(8, ge=1, description="Images a step; fewer where there are fewer.")
    learning_rate: float = Field(3e-3, gt=0, description="Highest rate of AdamW's one cycle.")
    weight_decay: float = Field(1e-2, ge=0, description="Of AdamW.")
    crop_px: int = Field(128, ge=0, description="Side of what a step sees; 0: the whole frame.")
    class_balance: float = Field(
        0.5, ge=0, le=1, description="How much more rare classes count; not with masks."
    )
    n_points: int = Field(1_024, ge=1, description="Of a comparison of masks; with masks only.")
    is_mixed: bool = Field(False, description="bfloat16 autocast, for a GPU.")


def configuration_of_trial(plan: Plan, trial: Trial) -> dict[str, Any]:
    """The configuration of a training, with its seed; first that of its first training.

    Raises:
        ValueError: naming network and arm, if the plan's settings are of no use.
    """
    arm = plan.arms[trial.arm]
    try:
        if arm.data is None:
            return _start(plan, trial)
        return _second(plan, trial)
    except ValueError as error:
        raise ValueError(
            f"plan {plan.name}, {trial.architecture}, arm {trial.arm}: {error}"
        ) from error


def _start(plan: Plan, trial: Trial) -> dict[str, Any]:
    try:
        config = StartConfig.model_validate(plan.networks[trial.architecture].closed_set)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise ValueError(f"closed_set.{field}: {first['msg']}, got {first['input']!r}") from None
    return {**config.model_dump(mode="json"), "seed": trial.seed}


def _second(plan: Plan, trial: Trial) -> dict[str, Any]:
    from assets.segmenters.settings import configuration_of
    from models.training.config import config_from_json
    from models.training.published import without_head

    settings = {**plan.settings_of(trial.architecture, trial.arm), "seed": trial.seed}
    has_head = settings.get("ood_source") != "logits"
    if not has_head:  # it is refused beside published stages, which name the layer
        del settings["ood_source"]
    plain = configuration_of(trial.architecture, "paper", settings)
    return plain if has_head else without_head(config_from_json(plain)).to_json()

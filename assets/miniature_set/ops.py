"""The training of the miniature set as ops of Dagster, one a stage."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
from pydantic import Field

from assets.engine.resource import Engine
from assets.failures import bad_input_fails_once
from assets.miniature_set.finishing import publish
from assets.miniature_set.fitting import LOSSES
from assets.miniature_set.scenes import Chunk, MapChunks
from assets.miniature_set.stages import STAGES, open_workshop, run_stage
from assets.miniature_set.workshop import Facts, Workshop
from assets.object_bank.pictures import inline_picture

PUBLISH = "publish"


class TrainingConfig(dg.Config):
    """What to train, where and on what."""

    recipe: str = Field(
        "full", description="full: for one H200; probe: the same for a minute; tiny: for tests."
    )
    work_folder: str = Field(description="Scratch folder; stages that are finished there are kept.")
    output_folder: str = Field(
        description="Folder for the finished set: new, or with a former set."
    )
    device: str = Field("cuda", description="Device that torch trains on, such as cuda or cpu.")


@dg.config_mapping
def same_for_all(config: TrainingConfig) -> dict[str, Any]:
    """The config of the job as that of every op."""
    own = {"config": config.model_dump()}
    return {"ops": dict.fromkeys((*STAGES, PUBLISH), own)}


def _stage_op(name: str) -> dg.OpDefinition:
    @dg.op(
        name=name,
        ins={needed: dg.In(dg.Nothing) for needed in STAGES[name].inputs},
        out=dg.Out(dg.Nothing),
        description=(STAGES[name].run.__doc__ or "").partition("\n")[0].removeprefix("Stage: "),
    )
    def run(context: dg.OpExecutionContext, config: TrainingConfig, engine: Engine) -> None:
        with _workshop(context, config, engine) as shop:
            facts = run_stage(shop, name)
            context.add_output_metadata(_metadata(shop, name, facts))

    return run


@dg.op(name=PUBLISH, ins={"finish": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def publish_op(context: dg.OpExecutionContext, config: TrainingConfig, engine: Engine) -> None:
    """Copy the finished set to where it is wanted."""
    with _workshop(context, config, engine) as shop:
        output = publish(shop, Path(config.output_folder).expanduser().absolute())
        context.add_output_metadata({"folder": dg.MetadataValue.path(str(output))})


STAGE_OPS = {name: _stage_op(name) for name in STAGES}


@contextmanager
def _workshop(
    context: dg.OpExecutionContext, config: TrainingConfig, engine: Engine
) -> Iterator[Workshop]:
    from models.generation.training.recipe import RECIPES

    with bad_input_fails_once():
        if config.recipe not in RECIPES:
            raise ValueError(f"need a recipe of {', '.join(RECIPES)}, got {config.recipe!r}")
        yield open_workshop(
            RECIPES[config.recipe],
            Path(config.work_folder).expanduser().absolute(),
            device=config.device,
            say=context.log.info,
            map_chunks=_on_engine(engine, context.log.info),
        )


def _on_engine(engine: Engine, say: Callable[[str], object]) -> MapChunks:
    def run(function: Callable[[Chunk], int], chunks: Sequence[Chunk]) -> Iterator[int]:
        outcomes = engine.map(
            function, chunks, key=lambda chunk: chunk.path, log=say, label="render"
        )
        for outcome in outcomes:
            if outcome.error is not None or outcome.value is None:
                reason = outcome.error.reason if outcome.error else "it gave nothing"
                raise ValueError(
                    f"{outcome.key}: need rendered scenes, but {reason}; mend the cause and run "
                    "again, what is finished is kept"
                )
            yield outcome.value

    return run


def _metadata(shop: Workshop, name: str, facts: Facts) -> dict[str, dg.MetadataValue]:
    told = {key: _value(value) for key, value in facts.items() if value is not None}
    losses = shop.folders[name] / LOSSES
    if losses.is_file():
        from models.generation.training.pictures import loss_curves

        told["curve"] = inline_picture(
            loss_curves({name: np.load(losses)}), f"loss of {name} by step"
        )
    return {**told, "folder": dg.MetadataValue.path(str(shop.folders[name]))}


def _value(value: Any) -> dg.MetadataValue:
    if isinstance(value, dict | list):
        return dg.MetadataValue.json(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    return (
        dg.MetadataValue.float(value) if isinstance(value, float) else dg.MetadataValue.text(value)
    )

"""The stage that finishes a set with its model card, and the copy to where it is wanted."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from assets.miniature_set.assembling import SETTINGS, refuse_large, sizes_of
from assets.miniature_set.fitting import LOSSES
from assets.miniature_set.measuring import QUALITY, SAMPLES
from assets.miniature_set.workshop import Facts, Workshop
from storage.folders import replaced_folder

CARD = "README.md"
CURVES = "curves.png"
FACTS = "facts.json"


def finish(shop: Workshop, out: Path) -> Facts:
    """Stage: everything that is committed: the assembled set, figures, pictures and card.

    Raises:
        ValueError: if the whole is too large.
    """
    from models.generation.training.card import model_card

    shutil.copytree(shop.output("assemble"), out, dirs_exist_ok=True)
    (out / FACTS).unlink()
    for name in (QUALITY, SAMPLES):
        shutil.copyfile(shop.output("measure") / name, out / name)
    Image.fromarray(curves_of(shop)).save(out / CURVES, optimize=True)
    (out / CARD).write_text(model_card(_card_facts(shop, out)), encoding="utf-8")
    refuse_large(out)
    return {"bytes": sum(sizes_of(out).values())}


def curves_of(shop: Workshop) -> np.ndarray:
    """Picture (height, width, 3) of the losses of every training that is finished."""
    from models.generation.training.pictures import loss_curves

    files = {name: folder / LOSSES for name, folder in shop.folders.items()}
    return loss_curves({name: np.load(file) for name, file in files.items() if file.is_file()})


def facts_of(folder: Path) -> Facts:
    """What a finished stage told of itself."""
    facts: Facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return facts


def publish(shop: Workshop, output: Path) -> Path:
    """Make ``output`` hold the finished set, in place of a former set; whole or not at all.

    Raises:
        ValueError: if the folder holds something that is no such set.
    """
    _refuse_other(output)
    with replaced_folder(output) as staged:
        shutil.copytree(shop.output("finish"), staged, dirs_exist_ok=True)
        (staged / FACTS).unlink()
    shop.say(f"the set is in {output}")
    return output


def _refuse_other(output: Path) -> None:
    if output.exists() and not output.is_dir():
        raise ValueError(f"{output}: need a folder for the set, found a file; name another")
    names = {path.name for path in output.iterdir()} if output.is_dir() else set()
    if names and not {CARD, SETTINGS, QUALITY} <= names:
        found = ", ".join(sorted(names)[:5])
        raise ValueError(
            f"{output}: need a new or empty folder, or a former set, found {found}; name another"
        )


def _card_facts(shop: Workshop, out: Path) -> Any:
    from models.generation.training.card import CardFacts
    from models.miniature import HEIGHT, WIDTH, WORLD_VERSION

    done = {name: folder for name, folder in shop.folders.items() if (folder / FACTS).is_file()}
    return CardFacts(
        recipe=asdict(shop.recipe),
        world_version=WORLD_VERSION,
        stages={name: facts_of(folder) for name, folder in done.items()},
        quality=json.loads((out / QUALITY).read_text(encoding="utf-8")),
        sizes=sizes_of(out),
        size_px=(HEIGHT, WIDTH),
    )

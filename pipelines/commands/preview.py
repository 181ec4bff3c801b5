"""`multishift preview`: one picture of a frame with an object, in seconds."""

import re
import time
from pathlib import Path

from upath import UPath

from assets.object_bank.pictures import encode_picture
from assets.resources import DataRoot, ManifestStore
from assets.synthesis.networks import Networks
from assets.synthesis.previewing import Preview, PreviewWish, draw_preview
from models.scene_sheet import scene_sheet
from pipelines.commands.console import err, out
from pipelines.settings import read_settings
from storage.atomic import write_atomically


def run_preview(wish: PreviewWish, *, target: Path | None) -> int:
    """Draw the wish, write it as a sheet, say how it scored.

    Raises:
        ValueError: if the wish contradicts itself, or the target is no PNG; as `draw_preview`.
    """
    _refuse_unclear(wish, target)
    settings = read_settings()
    store = ManifestStore(root=settings.store_root, single_writer=settings.single_writer)
    networks = Networks(
        models_root=settings.models_root,
        miniature_set=settings.miniature_set,
        profile=settings.networks,
        n_threads=settings.threads,
    )
    started = time.monotonic()
    with err.status("loading the networks and drawing"):
        preview = draw_preview(wish, DataRoot(path=settings.data_root), store, networks)
    sheet = scene_sheet([preview.tiles], title=f"Preview: {_title(preview)}")
    picture = encode_picture(sheet)
    if target is None:
        path = store.open().write_report(_name(wish), picture)
    else:
        path = UPath(target.absolute())
        write_atomically(path, picture)
    reason = f" ({preview.tiles.reason})" if preview.tiles.reason else ""
    verdict = f"{preview.tiles.verdict}{reason}: {preview.tiles.scores}"
    out.print(verdict, markup=False, highlight=False)
    out.print(f"prompt: {preview.tiles.condition}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"picture: {path}", markup=False, highlight=False, soft_wrap=True)
    err.print(f"took {time.monotonic() - started:.1f} s with loading the networks", highlight=False)
    return 0


def _refuse_unclear(wish: PreviewWish, target: Path | None) -> None:
    words = (wish.condition.place, wish.condition.weather, wish.condition.time)
    if wish.prompt is not None and any(word is not None for word in words):
        raise ValueError("need --prompt or --condition, got both; a prompt names its condition")
    if any(word is not None and not word.strip() for word in words):
        raise ValueError(
            f"need a word each for place, weather and time, got {', '.join(map(repr, words))}; "
            "leave out --condition for the template that names none"
        )
    if target is not None and target.suffix.lower() != ".png":
        raise ValueError(f"{target}: need the name of a PNG file; end it with .png")


def _title(preview: Preview) -> str:
    request = preview.drawn.prepared.request
    return f"{', '.join(request.object_class_names)} in {request.frame_id}"


def _name(wish: PreviewWish) -> str:
    words = "-".join([wish.frame_id, wish.object_name or "any", str(wish.seed)])
    return f"preview/{re.sub(r'[^A-Za-z0-9._-]+', '-', words)}.png"

"""One picture at once: a frame, an object and a prompt of one's own, drawn and examined."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from assets.gallery.rows import DrawnAttempt
from assets.gallery.words import scores_text
from assets.resources import DataRoot, ManifestStore
from assets.scenes.config import SceneRequestsConfig
from assets.scenes.order import BANK
from assets.scenes.requesting import Attempt, RequestItem, request_scenes
from assets.sources import rendered_license
from assets.synthesis.config import SynthesisConfig
from assets.synthesis.drawing import Drawer, Drawn
from assets.synthesis.networks import Networks
from assets.synthesis.preparing import prepare, read_street
from assets.synthesis.rows import attempt_row, object_rows
from assets.synthesis.thresholds import resolve_thresholds
from models.filtering import Verdict, judge, scene_label
from models.filtering.masks import any_object
from models.label_colors import label_colors, outline
from models.scene_sheet import SceneTiles
from models.scenes import Condition
from models.seeding import derive_seed
from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.registry import complete_frames
from storage.images import read_image
from storage.records import Frame, OodObject
from storage.scene_records import SceneRequest

ROUND = "preview"


@dataclass(frozen=True, kw_only=True)
class PreviewWish:
    """What a person wants to see.

    Attributes:
        frame_id: a Cityscapes frame.
        object_name: class name of an object that the bank keeps; None for any.
        prompt: None for the template with the condition.
        condition: of the template.
        seed: another number gives another object, place and noise.
    """

    frame_id: str
    object_name: str | None = None
    prompt: str | None = None
    condition: Condition = field(default_factory=Condition)
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A drawn wish, its verdict under the thresholds of the profile, and its line of a sheet."""

    drawn: Drawn
    verdict: Verdict
    tiles: SceneTiles


def draw_preview(
    wish: PreviewWish, data: DataRoot, store: ManifestStore, networks: Networks
) -> Preview:
    """The picture of a wish; nothing is committed.

    Raises:
        FileNotFoundError: if the data root is not there.
        ValueError: if frame or object is unknown, or the object finds no place.
        BadFileError: if the frame cannot be used.
        CheckpointError: if a network cannot be used.
    """
    world, config = data.world, SynthesisConfig()
    sources, preset = networks.sources_for(world), networks.preset_for(world)
    detector = sources.digests()["detector"]
    thresholds = resolve_thresholds(config, preset, store.open(), detector=detector)
    request = _requested(wish, data, store)
    drawer = Drawer(sources, networks.compute, config.settings_for(preset))
    size = drawer.size_for((request.height_px, request.width_px))
    street = read_street(request, data.folder, size, with_edges=False)
    (drawn,) = drawer.draw([prepare(request, street)])
    verdict = judge(drawn.examined.scores, thresholds)
    return Preview(drawn=drawn, verdict=verdict, tiles=_tiles(drawn, verdict, data.folder))


def _requested(wish: PreviewWish, data: DataRoot, store: ManifestStore) -> SceneRequest:
    frame, chosen = _frame(wish.frame_id, data.folder), _object(wish, store)
    config = SceneRequestsConfig()
    attempt = Attempt(variant=0, number=wish.seed, condition=wish.condition, objects=(chosen,))
    item = RequestItem(
        frame=frame,
        round=ROUND,
        data_root=str(data.folder),
        attempts=(attempt,),
        rules=config.rules_for(data.world),
        min_objects=1,
        min_road_frac=config.min_road_frac,
        license=rendered_license(data.world) or CITYSCAPES.license,
    )
    (request,) = request_scenes(item)
    if request.reason is not None:
        raise ValueError(
            f"{wish.frame_id}: need road and room for a {chosen.class_name}, got {request.reason}; "
            "try another seed, object or frame"
        )
    return request if wish.prompt is None else replace(request, prompt=wish.prompt)


def _frame(frame_id: str, data_root: Path) -> Frame:
    frames = complete_frames(data_root, CITYSCAPES)
    found = next((frame for frame in frames if frame.frame_id == frame_id), None)
    if found is None:
        known = ", ".join(frame.frame_id for frame in frames[:3])
        raise ValueError(
            f"{data_root}: need a Cityscapes frame with image and label, got {frame_id!r}; there "
            f"are {len(frames)}, such as {known or 'none'}"
        )
    return found


def _object(wish: PreviewWish, store: ManifestStore) -> OodObject:
    opened = store.open()
    if opened.manifests.latest(BANK) is None:
        raise ValueError(
            f"{store.root}: need a bank of OOD objects, got none; materialize {BANK} first"
        )
    kept = [
        row for row in opened.manifests.read_records(BANK, BANK, OodObject) if row.verdict == "kept"
    ]
    wanted = [row for row in kept if wish.object_name in (None, row.class_name)]
    if not wanted:
        names = ", ".join(sorted({row.class_name for row in kept}))
        raise ValueError(
            f"{BANK}: need an object of a class that the bank keeps, got {wish.object_name!r}; it "
            f"keeps {names or 'none'}"
        )
    rng = np.random.default_rng(derive_seed(ROUND, wish.frame_id, wish.seed, "object"))
    return wanted[int(rng.integers(len(wanted)))]


def _tiles(drawn: Drawn, verdict: Verdict, data_root: Path) -> SceneTiles:
    request, wanted = drawn.prepared.request, drawn.prepared.wanted
    sam_masks = drawn.examined.sam_masks
    label = scene_label(wanted.label_train_ids, wanted.pasted_masks, sam_masks)
    return SceneTiles(
        title=f"{request.frame_id}\nseed {request.attempt}",
        condition=request.prompt,
        verdict="accepted" if verdict.is_accepted else "rejected",
        reason=str(verdict.reason or "").replace("_", " "),
        scores=scores_text(_attempt(drawn, verdict)),
        photograph=_photograph(data_root / request.image, drawn.picture.shape[:2]),
        layout=drawn.prepared.drawing.layout,
        picture=drawn.picture,
        found=outline(drawn.picture, any_object(sam_masks)),
        label=label_colors(label),
    )


def _attempt(drawn: Drawn, verdict: Verdict) -> DrawnAttempt:
    """The picture as the rows that a run would commit."""
    row = attempt_row(
        drawn,
        image_sha256=None,
        thumbnail_sha256="",
        layout_sha256="",
        is_kept=verdict.is_accepted,
    )
    return DrawnAttempt(
        attempt=row,
        request=drawn.prepared.request,
        objects=tuple(object_rows(drawn)),
        verdict=None,
        label=None,
        profile=drawn.profile,
    )


def _photograph(path: Path, size: tuple[int, int]) -> UInt8[np.ndarray, "height width 3"]:
    photo: UInt8[np.ndarray, "height width 3"] = cv2.resize(
        read_image(path), size[::-1], interpolation=cv2.INTER_AREA
    ).astype(np.uint8)
    return photo

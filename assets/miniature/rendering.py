"""One item of the miniature world: render some frames and write them. Runs on workers."""

from dataclasses import dataclass
from pathlib import Path

from assets.miniature.rooms import RenderedScene, write_coco_split, write_object_image
from assets.miniature.streets import write_street
from models.miniature import IndoorSpec, SceneSpec, render_indoor, render_scene
from models.miniature.plan import PlannedFrame


@dataclass(frozen=True, kw_only=True)
class RenderItem:
    """Some frames of one split of one data set; ``start`` numbers the first of them."""

    root: str
    dataset: str
    split: str
    start: int
    frames: tuple[PlannedFrame, ...]


@dataclass(frozen=True, kw_only=True)
class WrittenFrame:
    """One row of the frame table: what a frame shows; empty where it is a room."""

    dataset: str
    split: str
    frame_id: str
    weather: str
    time: str
    place: str
    object_kinds: str
    seed: int
    is_unseen: bool


def render_key(item: RenderItem) -> str:
    """Key of an item: where its first frame belongs."""
    return f"{item.dataset}/{item.split}/{item.frames[0].domain}{item.start}"


def render_and_write(item: RenderItem) -> list[WrittenFrame]:
    """Render the frames and write them in the layout of their data set; gives their table rows."""
    root = Path(item.root)
    if item.dataset == "coco":
        ids = write_coco_split(root, item.split, [_render(frame) for frame in item.frames])
    else:
        ids = [_write(root, frame) for frame in item.frames]
    return [_row(frame, name) for frame, name in zip(item.frames, ids, strict=True)]


def _write(root: Path, frame: PlannedFrame) -> str:
    if frame.dataset in ("ade20k", "ade20k_challenge"):
        return write_object_image(root, frame, _render(frame))
    if isinstance(frame.spec, IndoorSpec):
        raise ValueError(f"need a street for {frame.dataset}, got a room: {frame.spec}")
    return write_street(root, frame, render_scene(frame.spec))


def _render(frame: PlannedFrame) -> RenderedScene:
    if isinstance(frame.spec, IndoorSpec):
        return render_indoor(frame.spec)
    return render_scene(frame.spec)


def _row(frame: PlannedFrame, frame_id: str) -> WrittenFrame:
    spec = frame.spec
    conditions = ("", "", "")
    if isinstance(spec, SceneSpec):
        conditions = (spec.weather, spec.time, spec.place)
    weather, time, place = conditions
    return WrittenFrame(
        dataset=frame.dataset,
        split=frame.split,
        frame_id=frame_id,
        weather=weather,
        time=time,
        place=place,
        object_kinds=" + ".join(spec.object_kinds),
        seed=spec.seed,
        is_unseen=frame.is_unseen,
    )

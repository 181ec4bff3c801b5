"""The tree of a sample: its frame, objects, drawing, label, and the checkpoints that used it."""

from rich.text import Text
from rich.tree import Tree

from assets.tracing.checkpoints import StoredCheckpoint
from assets.tracing.files import TracedFile
from assets.tracing.making import Making, TracedAttempt, TracedObject
from assets.tracing.samples import TracedSample, Use
from pipelines.commands.lineage_lines import MAX_NAMED, line, notes, short
from storage.records import OodObject
from storage.scene_records import ObjectAttempt

_SETTING = ("setting/", "threshold/")


def sample_tree(traced: TracedSample) -> Tree:
    """The tree."""
    tree = Tree(Text(f"sample {traced.name}", style="bold"))
    for one in traced.blobs:
        line(tree, one.what, one.path or f"{one.name}: {one.state}", is_bad=one.path is None)
    if traced.other_pictures:
        shown = ", ".join(map(short, traced.other_pictures))
        line(tree, "other pictures that this name has had", shown)
    _add_frame(tree, traced)
    _add_words(tree, traced)
    if traced.making is None:
        line(tree, "generator", f"{traced.row.generator}: imported, it was not drawn here")
    else:
        _add_making(tree, traced, traced.making)
    _add_label(tree, traced)
    licenses = line(tree, "licenses")
    for name in dict.fromkeys(traced.row.licenses):
        licenses.add(Text(name))
    _add_uses(tree, traced)
    notes(tree, traced.notes)
    return tree


def _add_frame(tree: Tree, traced: TracedSample) -> None:
    frame = line(tree, "frame", f"{traced.row.frame_id} of Cityscapes, city {traced.row.city}")
    for one in traced.files:
        _add_source_file(frame, one)


def _add_source_file(tree: Tree, one: TracedFile) -> None:
    branch = line(tree, one.what, one.name)
    line(branch, one.state, is_bad=not one.is_same)
    line(branch, "SHA-256", one.sha256 or "not written down")


def _add_words(tree: Tree, traced: TracedSample) -> None:
    row = traced.row
    prompt = line(tree, "prompt", "not known" if row.prompt is None else f'"{row.prompt}"')
    words = (row.place, row.weather, row.time)
    shown = ", ".join(filter(None, words)) or "none: the plain template"
    line(prompt, "place, weather, time", shown)
    if traced.making and (request := traced.making.request.row):
        line(prompt, "to be avoided", f'"{request.negative_prompt}"')
    attempt = "imported" if row.attempt is None else f"attempt {row.attempt} of {row.round}"
    line(tree, "seed", f"{'not known' if row.seed is None else row.seed}, {attempt}")


def _add_making(tree: Tree, traced: TracedSample, making: Making) -> None:
    generator = line(tree, "generator", traced.row.generator)
    for name, value in making.provenance.items():
        if name.endswith("_digest") or name == "generator_license":
            line(generator, name.replace("_", " "), value)
    settings = [(n, v) for n, v in making.provenance.items() if n.startswith(_SETTING)]
    if settings:
        line(generator, "settings", ", ".join(f"{n.split('/')[1]} {v}" for n, v in settings))
    if making.profile is not None:
        profile = making.profile
        device = f"{profile.device} ({profile.device_name}), {profile.dtype}"
        line(generator, "computed on", f"{device}; {profile.versions}")
    objects = line(tree, "objects", len(making.objects))
    for one in making.objects:
        _add_object(objects, one)
    attempts = line(tree, "attempts", len(making.attempts) or "not in the store any more")
    for drawn in making.attempts:
        _add_attempt(attempts, drawn)


def _add_object(tree: Tree, one: TracedObject) -> None:
    branch = line(tree, one.class_name, one.object_id)
    banked, version = one.banked.row, one.banked.version
    if banked is None or version is None:
        line(branch, "not in the bank any more", is_bad=True)
        return
    _add_source(branch, banked)
    line(branch, "bank", f"{version.asset}, version {version.version}: {banked.verdict}")
    line(branch, "crop", banked.crop_sha256 or "none was cut")


def _add_source(tree: Tree, banked: OodObject) -> None:
    source = line(tree, "image", f"{banked.source_image} of {banked.dataset}/{banked.split}")
    line(source, "SHA-256", banked.source_sha256)
    line(source, "license", banked.license)
    box = f"{banked.box_width_px}x{banked.box_height_px} pixels"
    place = f"at ({banked.box_x_px}, {banked.box_y_px})"
    line(tree, "instance", f"{banked.instance_id}, {banked.source_class}, {box} {place}")


def _add_attempt(tree: Tree, drawn: TracedAttempt) -> None:
    attempt = drawn.attempt
    branch = line(tree, f"attempt {attempt.attempt}", drawn.told)
    picture = "picture not kept" if attempt.image_sha256 is None else short(attempt.image_sha256)
    line(branch, "seed", f"{attempt.seed}, {picture}, layout {short(attempt.layout_sha256)}")
    for one in drawn.objects:
        line(branch, one.class_name, _scores(one))
    if attempt.layout_agreement is not None:
        line(branch, "layout agreement", f"{attempt.layout_agreement:.3f}")


def _scores(one: ObjectAttempt) -> str:
    ood = "none" if one.mean_ood_score is None else f"{one.mean_ood_score:.3f}"
    return f"IoU of SAM's mask {one.iou:.3f}, its mean OOD score {ood}"


def _add_label(tree: Tree, traced: TracedSample) -> None:
    row, scene = traced.row, traced.scene
    label = line(tree, "what the label holds")
    line(label, "size", f"{row.height_px}x{row.width_px} pixels")
    void = f", {scene.n_void_px} void" if scene else ""
    line(label, "pixels", f"{row.n_ood_px} of unknown objects (254){void}")
    for name, iou in zip(row.object_class_names, scene.object_ious if scene else (), strict=False):
        line(label, name, f"IoU of SAM's mask and the pasted mask {iou:.3f}")


def _add_uses(tree: Tree, traced: TracedSample) -> None:
    sets = line(tree, "training sets", "" if traced.training_sets else "none that is kept")
    for version in traced.training_sets[:MAX_NAMED]:
        line(sets, version.partition, f"version {version.version}, {version.created}")
    if len(traced.training_sets) > MAX_NAMED:
        line(sets, f"and {len(traced.training_sets) - MAX_NAMED} more; --json names all")
    uses = line(tree, "checkpoints", "" if traced.uses else "none that is known")
    for use in traced.uses:
        _add_use(uses, use)
    if traced.unknown_uses:
        unknown = line(uses, "not known: the rows that they learned from are gone", is_bad=True)
        for stored in traced.unknown_uses:
            unknown.add(Text(_name(stored)))


def _add_use(tree: Tree, use: Use) -> None:
    other = "" if use.is_same_picture else ", with another picture of that name"
    line(tree, _name(use.checkpoint), f"{use.role}{other}")


def _name(stored: StoredCheckpoint) -> str:
    row = stored.row
    kinds = [name for name, is_so in (("best", row.is_best), ("last", row.is_last)) if is_so]
    what = f"{row.architecture} of {row.selection}, step {row.step}"
    return f"{short(row.checkpoint_sha256)} {what} ({' and '.join(kinds) or 'kept'})"

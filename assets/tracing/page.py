"""One HTML page about a sample: all that it was made from, every attempt, and what used it."""

from collections.abc import Mapping
from pathlib import Path

from assets.gallery.markup import NOTHING, Html, Value, element, fill, packaged
from assets.tracing.making import Making, TracedAttempt, TracedObject
from assets.tracing.pictures import SamplePictures
from assets.tracing.samples import TracedSample
from storage.blobs import BlobStore


def sample_page(traced: TracedSample, blobs: BlobStore, data_root: Path) -> bytes:
    """The page as one file that asks for nothing; every word of the store is escaped."""
    pictures = SamplePictures(blobs, data_root)
    sections = {
        "Pictures": _pictures(traced, pictures),
        "Frame": _facts({one.what: f"{one.name} ({one.state})" for one in traced.files}),
        "Drawing": _drawing(traced),
        "Objects": _objects(traced.making, pictures),
        "Attempts": _attempts(traced.making, pictures),
        "Label": _label(traced),
        "Used by": _uses(traced),
    }
    shown = {name: part for name, part in sections.items() if part}
    links = (element("a", name, href=f"#{_anchor(name)}") for name in shown)
    parts = (
        element("section", element("h2", name), part, id=_anchor(name))
        for name, part in shown.items()
    )
    return fill(
        "sample.html",
        style=Html(packaged("page.css") + packaged("sample.css")),
        name=str(traced.name),
        numbers=_numbers(traced),
        notes=Html("".join(element("p", note, class_="note") for note in traced.notes)),
        contents=Html("".join(links)),
        sections=Html("\n".join(parts)),
    ).encode()


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _numbers(traced: TracedSample) -> Html:
    making = traced.making
    numbers: dict[str, Value] = {
        "attempts": len(making.attempts) if making else 0,
        "objects": len(traced.row.object_class_names),
        "training sets": len({version.partition for version in traced.training_sets}),
        "checkpoints": len(traced.uses),
    }
    return Html(
        "".join(
            element("div", element("dd", value), element("dt", name))
            for name, value in numbers.items()
        )
    )


def _facts(facts: Mapping[str, object]) -> Html:
    listed = [
        part
        for name, value in facts.items()
        if value not in (None, "")
        for part in (element("dt", name), element("dd", str(value)))
    ]
    return element("dl", *listed, class_="facts")


def _figure(picture: Html, title: str, told: Html = NOTHING, status: str = "") -> Html:
    caption = element("figcaption", element("strong", title), told)
    return element("figure", picture, caption, class_=status or None)


def _figures(*figures: Html) -> Html:
    return element("div", *figures, class_="figures") if figures else NOTHING


def _pictures(traced: TracedSample, pictures: SamplePictures) -> Html:
    row, scene = traced.row, traced.scene
    figures = [
        _figure(pictures.photograph(row.source_image, "Photograph"), "Photograph of the frame"),
        _figure(pictures.blob(row.image_sha256, "Picture"), "Generated picture"),
        _figure(pictures.label(row.label_sha256, "Label in colors"), "Label"),
    ]
    if scene is not None:
        layouts = {
            "Layout with the pasted objects": scene.layout_sha256,
            "Layout with SAM's masks": scene.sam_layout_sha256,
        }
        figures += [_figure(pictures.blob(sha, name), name) for name, sha in layouts.items() if sha]
    return _figures(*figures)


def _drawing(traced: TracedSample) -> Html:
    row, making = traced.row, traced.making
    request = making.request.row if making else None
    profile = making.profile if making else None
    return _facts(
        {
            "Prompt": row.prompt or "not known",
            "To be avoided": request.negative_prompt if request else None,
            "Place, weather, time": ", ".join(filter(None, (row.place, row.weather, row.time)))
            or "none: the plain template",
            "Seed": row.seed,
            "Attempt": "imported" if row.attempt is None else f"{row.attempt} of {row.round}",
            "Generator": row.generator,
            "Computed on": f"{profile.device} ({profile.device_name}), {profile.dtype}; "
            f"{profile.versions}"
            if profile
            else None,
            "Licenses": "; ".join(dict.fromkeys(row.licenses)),
            "Made by": f"{traced.version.asset}, version {traced.version.version}, "
            f"{traced.version.created}, run {traced.version.run_id or 'unknown'}"
            if traced.version
            else None,
        }
    )


def _objects(making: Making | None, pictures: SamplePictures) -> Html:
    return _figures(*(_object(one, pictures) for one in making.objects)) if making else NOTHING


def _object(one: TracedObject, pictures: SamplePictures) -> Html:
    banked, version = one.banked.row, one.banked.version
    if banked is None or version is None:
        gone = element("span", "not in the bank any more", class_="missing")
        return _figure(gone, one.class_name, _facts({"Object": one.object_id}))
    crop = pictures.crop(banked.crop_sha256, f"Crop of the {one.class_name}")
    source = pictures.source(banked, f"Source picture, the {one.class_name} outlined")
    facts = {
        "Object": one.object_id,
        "Source": f"{banked.source_image} of {banked.dataset}/{banked.split}",
        "License": banked.license,
        "Class there": banked.source_class,
        "Bank": f"version {version.version}: {banked.reason or banked.verdict}",
    }
    return _figure(element("div", crop, source, class_="pair"), one.class_name, _facts(facts))


def _attempts(making: Making | None, pictures: SamplePictures) -> Html:
    if making is None:
        return NOTHING
    return _figures(*(_attempt(drawn, pictures) for drawn in making.attempts))


def _attempt(drawn: TracedAttempt, pictures: SamplePictures) -> Html:
    row = drawn.attempt
    scores: dict[str, object] = {
        f"{one.class_name} ({one.object_index})": f"IoU {one.iou:.3f}, OOD score "
        + ("none" if one.mean_ood_score is None else f"{one.mean_ood_score:.3g}")
        for one in drawn.objects
    }
    if row.layout_agreement is not None:
        scores["Layout"] = f"agreement {row.layout_agreement:.3f}"
    name = row.image_sha256 or row.thumbnail_sha256
    told = Html(element("span", drawn.told, class_="badge") + _facts({**scores, "Seed": row.seed}))
    status = drawn.verdict.verdict if drawn.verdict else ""
    picture = pictures.blob(name, f"Picture of attempt {row.attempt}")
    return _figure(picture, f"Attempt {row.attempt}", told, status)


def _label(traced: TracedSample) -> Html:
    row, scene = traced.row, traced.scene
    ious = scene.object_ious if scene else ()
    objects = zip(row.object_class_names, ious, strict=False)
    return _facts(
        {
            "Size": f"{row.width_px} x {row.height_px} pixels",
            "Unknown objects (254)": f"{row.n_ood_px} pixels",
            "Void (255)": f"{scene.n_void_px} pixels" if scene else None,
            "IoU with what was pasted": ", ".join(f"{name} {iou:.3f}" for name, iou in objects),
        }
    )


def _uses(traced: TracedSample) -> Html:
    lines = [
        f"training set {one.partition}, version {one.version}, {one.created}"
        for one in traced.training_sets
    ]
    for use in traced.uses:
        row = use.checkpoint.row
        other = "" if use.is_same_picture else ", with another picture of that name"
        lines.append(
            f"checkpoint {row.checkpoint_sha256[:12]}, {row.architecture} of {row.selection}, step "
            f"{row.step}: {use.role}{other}"
        )
    lines += [
        f"checkpoint {one.row.checkpoint_sha256[:12]}: not known, its training set is gone"
        for one in traced.unknown_uses
    ]
    shown = lines or ["nothing that is kept"]
    return element("ul", *(element("li", line) for line in shown), class_="plain")

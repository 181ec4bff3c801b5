"""What is wrong inside the files of one frame: the part of `check-data` that opens them."""

from collections.abc import Callable, Iterator
from pathlib import Path

from storage.datasets.codings import CODINGS, check_values
from storage.datasets.dataset import BadFileError, Dataset
from storage.images import image_size, read_image, read_label
from storage.records import Finding, Frame

_PICTURES = (".png", ".jpg", ".webp", ".npz")
_INSTANCE_CODING = "cityscapes_instance_ids"


def check_files(root: Path, dataset: Dataset, frame: Frame) -> list[Finding]:
    """Findings in the files of a frame that exist: all of them decoded, values and sizes compared.

    Never raises for a bad file. Missing partners are for the listing to name.
    """
    findings: list[Finding] = []
    sizes: dict[Path, tuple[int, int]] = {}
    for path, read_size in _readers(root, frame):
        try:
            sizes[path] = read_size(path)
        except (BadFileError, OSError, MemoryError) as error:
            findings.append(to_finding(root, dataset, _as_bad_file(path, error), frame.split))
    if dataset.check_frame is not None and not findings:
        try:
            dataset.check_frame(root, frame)
        except (BadFileError, OSError, MemoryError) as error:
            bad = _as_bad_file(root / frame.image, error)
            findings.append(to_finding(root, dataset, bad, frame.split))
    findings += [to_finding(root, dataset, bad, frame.split) for bad in _misfits(sizes)]
    return findings


def to_finding(root: Path, dataset: Dataset, error: BadFileError, split: str = "") -> Finding:
    """The error as a row, its path relative to the data root."""
    path = Path(error.path)
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return Finding(
        dataset=dataset.name, split=split, path=shown.as_posix(), fact=error.fact, cure=error.cure
    )


def _as_bad_file(path: Path, error: Exception) -> BadFileError:
    if isinstance(error, BadFileError):
        return error
    fact = f"cannot be read ({type(error).__name__}: {error})"
    return BadFileError(path, fact, "see that it is readable, or fetch it again")


def _readers(root: Path, frame: Frame) -> Iterator[tuple[Path, Callable[[Path], tuple[int, int]]]]:
    """Every picture file of the frame that exists, with a function that checks it alone."""
    image = root / frame.image
    if image.is_file():
        yield image, _image_size
    if frame.label is not None and frame.label.endswith(_PICTURES):
        yield root / frame.label, _label_reader(frame.coding)
    is_cityscapes = frame.coding.startswith("cityscapes")
    if frame.instances not in (None, frame.label) and is_cityscapes:
        yield root / str(frame.instances), _label_reader(_INSTANCE_CODING)


def _image_size(path: Path) -> tuple[int, int]:
    height, width, _ = read_image(path).shape
    return height, width


def _label_reader(coding: str) -> Callable[[Path], tuple[int, int]]:
    if coding not in CODINGS:
        return image_size  # its data set reads it; here only that it decodes

    def label_size(path: Path) -> tuple[int, int]:
        label = read_label(path)
        check_values(CODINGS[coding], label, path=path)
        height, width = label.shape
        return height, width

    return label_size


def _misfits(sizes: dict[Path, tuple[int, int]]) -> Iterator[BadFileError]:
    """Files of another size than the first, which is the image where it could be read."""
    first = next(iter(sizes), None)
    for path, size in sizes.items():
        if first is not None and size != sizes[first]:
            fact = f"size {_text(size)} differs from {_text(sizes[first])} of {first.name}"
            yield BadFileError(path, fact, "fetch both files again, from one release")


def _text(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"

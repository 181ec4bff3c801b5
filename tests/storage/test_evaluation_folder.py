"""Folders of evaluations: whole, replaced as a whole, and never at the cost of other files."""

import pyarrow.parquet as pq
import pytest

from storage import evaluation_folder
from storage.benchmark_records import ShownImage
from storage.evaluation_folder import write_evaluation
from storage.manifests.schemas import to_records

ROW = ShownImage(
    benchmark="muad",
    subject="s",
    score="learned",
    refinement="none",
    rank="best",
    place=0,
    split="test",
    frame_id="1",
    domain="",
    ap=0.5,
    photo_sha256="a",
    label_sha256="b",
    overlay_sha256="c",
)


def write(folder, text="new"):
    write_evaluation(
        folder,
        reports={"report.html": text},
        tables={"shown_images": [ROW]},
        pictures={"a": b"webp"},
    )


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_all_of_it_is_there(tmp_path):
    folder = tmp_path / "deep" / "out"
    write(folder)
    assert names(folder) == ["pictures/a.webp", "report.html", "shown_images.parquet"]
    assert to_records(pq.read_table(folder / "shown_images.parquet"), ShownImage) == [ROW]
    write(folder, "newer")
    assert (folder / "report.html").read_text() == "newer"
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_what_fails_leaves_the_former_one(tmp_path, monkeypatch):
    folder = tmp_path / "out"
    write(folder)
    monkeypatch.setattr(evaluation_folder, "to_table", None)
    with pytest.raises(TypeError):
        write(folder, "newer")
    assert (folder / "report.html").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_other_files_are_not_replaced(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"found letter\.txt; choose another one"):
        write(tmp_path)
    with pytest.raises(ValueError, match="need a folder to write, got a file"):
        write(tmp_path / "letter.txt")
    assert names(tmp_path) == ["letter.txt"]

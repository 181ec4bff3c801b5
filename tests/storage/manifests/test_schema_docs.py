from pathlib import Path

import pytest

from storage.manifests.schema_docs import BEGIN, END, rewrite, with_tables
from storage.manifests.schemas import TABLES

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "manifests.md"


def test_the_document_tells_the_schemas_as_they_are():
    text = DOCUMENT.read_text(encoding="utf-8")
    command = "python -m storage.manifests.schema_docs docs/manifests.md"
    assert with_tables(text) == text, f"the tables are out of date, run: {command}"


def test_every_column_is_told_with_its_meaning():
    text = with_tables(f"{BEGIN}{END}")
    assert all(f"### `{name}`" in text for name in TABLES)
    assert "| `crop_sha256` | string | yes | blob of the RGBA crop" in text
    assert "| `item` | string |  | key of the item, unique within the partition *(key)* |" in text
    assert "| `area_px` | int64 |  | pixels of the mask |" in text


def test_rewriting_keeps_the_prose(tmp_path):
    path = tmp_path / "a.md"
    path.write_text(f"before\n{BEGIN} old {END}\nafter\n")
    rewrite(path)
    text = path.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert " old " not in text
    rewrite(path)
    assert path.read_text() == text


def test_a_document_without_markers_stays_as_it_is(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("prose")
    with pytest.raises(ValueError, match="need the markers"):
        rewrite(path)
    assert path.read_text() == "prose"

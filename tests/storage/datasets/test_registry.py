from pathlib import Path

import pytest

from storage.datasets.codings import CODINGS
from storage.datasets.muad import MUAD
from storage.datasets.registry import DATASETS, complete_frames, find_folders

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "data.md"


def test_absent_data_set_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"check-data"):
        complete_frames(tmp_path, MUAD)
    assert list(find_folders(tmp_path)) == []


@pytest.mark.parametrize("dataset", DATASETS, ids=[dataset.name for dataset in DATASETS])
def test_every_data_set_states_its_facts_and_is_documented(dataset):
    assert all((dataset.title, dataset.url, dataset.license, dataset.layout, dataset.kinds))
    assert dataset.url.startswith("http")
    line = next(
        line
        for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| `{dataset.name}` |")
    )
    assert ("from documentation" in line) or not dataset.is_documented_only
    assert ("verified" in line) or dataset.is_documented_only


@pytest.mark.parametrize("name", CODINGS)
def test_every_coding_is_documented(name):
    assert f"| `{name}` |" in DOCUMENT.read_text(encoding="utf-8")

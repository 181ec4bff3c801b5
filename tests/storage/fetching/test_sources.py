"""The table of what is fetched."""

import re
from pathlib import PurePosixPath

import pytest

from storage.fetching import FetchedSet
from storage.fetching.published import contents_by_name, page_of
from storage.fetching.sources import TABLE, Kind, set_files, source_files
from storage.label_space import read_table

CHOICES = {
    FetchedSet.GENERATOR: ("control_sd15_seg", "sd15_seg"),
    FetchedSet.FILTER: ("sam_vit_h", "mobile_sam", "mask2anomaly"),
    FetchedSet.SEGMENTERS: ("multishiftseg", "baselines"),
    FetchedSet.GENERATED_SET: ("dtwp_ade",),
}


def all_files():
    return [file for name in FetchedSet for file in set_files(name)]


def test_every_row_is_reached_and_has_a_place_of_its_own():
    files = all_files()
    assert len(files) == len(read_table(TABLE))
    assert len({file.target for file in files}) == len(files)
    chosen = [file for name, choices in CHOICES.items() for file in source_files(name, choices)]
    assert chosen == files
    for file in files:
        assert PurePosixPath(file.target).parts[0] == file.set
        assert ".." not in file.target
        assert file.license


def test_no_hash_and_no_revision_is_typed_in():
    rows = read_table(TABLE)
    assert not any(re.search(r"[0-9a-f]{32}", str(row)) for row in rows)
    assert all(row["evidence"] for row in rows)


def test_each_set_has_usual_files():
    usual = {name: [file.path for file in source_files(name)] for name in FetchedSet}
    assert usual == {
        "generator": ["models/control_sd15_seg.pth"],
        "filter": ["sam_vit_h_4b8939.pth", "bt-f-xl.pth"],
        "segmenters": ["DeepLab_best.pth", "M2F_best.pth"],
        "generated-set": ["DTWP_ADE_final.zip"],
    }


def test_the_parts_of_a_bundle_make_one_folder():
    files = source_files(FetchedSet.GENERATOR, ["sd15_seg"])
    parts = {
        PurePosixPath(file.target).relative_to("generator/sd15_seg").parts[0] for file in files
    }
    assert parts == {"scheduler", "text_encoder", "tokenizer", "unet", "vae", "controlnet"}


def test_unknown_choices_name_the_known_ones():
    with pytest.raises(ValueError, match="of filter: sam_vit_h, mobile_sam, mask2anomaly; got 'b'"):
        source_files(FetchedSet.FILTER, ["b"])


def test_pages_of_all_kinds():
    pages = {file.path: page_of("https://hub", file) for file in all_files()}
    assert pages["M2F_best.pth"] == "https://hub/Cuttle-fish-my/MultiShiftSeg"
    assert pages["DTWP_ADE_final.zip"] == "https://hub/datasets/Cuttle-fish-my/DTWP_ADE"
    assert pages["sam_vit_h_4b8939.pth"].endswith("/segment_anything/sam_vit_h_4b8939.pth")
    assert pages["bt-f-xl.pth"].startswith("https://drive.google.com/")


def test_only_plain_addresses_state_a_hash_in_the_name():
    stated = {file.path: contents_by_name(file).md5_start for file in all_files()}
    assert {path: start for path, start in stated.items() if start} == {
        "sam_vit_h_4b8939.pth": "4b8939"
    }
    assert sum(file.kind == Kind.HTTPS for file in all_files()) == 1

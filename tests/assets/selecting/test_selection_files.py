"""Selection files: what they say, and the one line for each way to be wrong."""

import dagster as dg
import pytest

from assets.selecting.files import Selections, parse_selection
from assets.selecting.names import register_selection, selections

WHOLE = """
rounds = ["round-1"]
imported = "all"

[filters]
weather = ["plain", "rainy"]
min_object_iou = 1

[[vetoed]]
imported = "dtwp"
frame = "lisbon_000000_000019"
variant = 2
"""


def test_a_selection_says_what_its_file_says():
    found = parse_selection(WHOLE, "whole.toml")
    assert (found.rounds, found.imported) == (("round-1",), "all")
    assert found.filters.weather == ("plain", "rainy")
    assert found.filters.min_object_iou == 1.0
    assert (found.vetoed[0].source, found.vetoed[0].variant) == ("dtwp", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'the file: need rounds or imported, such as rounds = "all", got neither'),
        ("rounds =", "need TOML, got Invalid value"),
        ("rounds = 3", r'rounds: need a list of names, .*; or the word "all", got 3'),
        ('rounds = "round-1"', 'rounds: need a list of names, .*"all", got .round-1'),
        ('rounds = ["a", "a"]', "rounds: need one name or more, each once"),
        ("imported = []", "imported: need one name or more, each once"),
        ('round = ["a"]', "round: unknown, need one of rounds, imported, reviewed_only, filters,"),
        (
            'rounds = "all"\n[filters]\ncitys = ["a"]',
            "filters.citys: unknown, need one of cities, weather,",
        ),
        (
            'rounds = "all"\n[filters]\nmin_object_iou = 1.5',
            "filters.min_object_iou: need less than or equal to 1, got 1.5",
        ),
        (
            'rounds = "all"\n[filters]\nmax_variants = true',
            "filters.max_variants: need a valid integer, got True",
        ),
        ('rounds = "all"\nfilters = 2', "filters: need a table, such as .filters., got 2"),
        ('rounds = "all"\nvetoed = 2', "vetoed: need tables, such as ..vetoed.., got 2"),
        (
            'rounds = "all"\n[[vetoed]]\nround = "a"\nimported = "b"\nframe = "c"\nvariant = 0',
            "vetoed.0: need either round or imported, and not both",
        ),
        ('rounds = "all"\n[[vetoed]]\nround = "a"\nvariant = 0', "vetoed.0.frame: is missing"),
    ],
)
def test_a_wrong_file_is_one_line_with_field_expectation_and_cure(text, said):
    with pytest.raises(ValueError, match=said) as error:
        parse_selection(text, "some/night.toml")
    message = str(error.value)
    assert message.startswith("some/night.toml: ")
    assert "docs/training_sets.md shows the format" in message
    assert "\n" not in message


def test_files_are_found_by_name_and_the_default_is_shipped(tmp_path):
    files = Selections(root=str(tmp_path / "none"))
    assert files.read("default").rounds == "all"
    with pytest.raises(
        ValueError, match=r"night.toml: need a selection file, got none; .* default"
    ):
        files.read("night")
    files = Selections(root=str(tmp_path))
    (tmp_path / "default.toml").write_text('imported = "all"')
    (tmp_path / "night.toml").write_text('rounds = "all"\n[filters]\ntime = ["night"]')
    assert files.names() == ["default", "night"]
    assert files.read("default").rounds == ()
    assert files.read("night").filters.time == ("night",)


def test_a_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"bad.toml: need a text file in UTF-8"):
        Selections(root=str(tmp_path)).read("bad")


@pytest.mark.parametrize("name", ["", "a b", "../a", ".hidden", "x" * 65])
def test_names_that_cannot_be_a_partition_or_a_file(name, tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        with pytest.raises(ValueError, match="need as name of a selection"):
            register_selection(instance, name)
        with pytest.raises(ValueError, match="need as name of a selection"):
            Selections(root=str(tmp_path)).read(name)
        register_selection(instance, "night")
        register_selection(instance, "night")
        assert instance.get_dynamic_partitions(str(selections.name)) == ["night"]

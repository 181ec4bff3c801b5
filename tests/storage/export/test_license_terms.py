"""What may be passed on: the texts that rows really hold, and those that nobody knows."""

import pytest

from storage.datasets.ade20k import ADE20K
from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.generated import GENERATED
from storage.export.license_terms import LICENSE_TERMS, PassingOn, terms_of, used_sources
from storage.fetching import FetchedSet
from storage.fetching.sources import set_files
from tests.storage.export.scenes import APACHE, scene

CC = "http://creativecommons.org/licenses"


@pytest.mark.parametrize(
    ("text", "expected", "named"),
    [
        (CITYSCAPES.license, "no", "Cityscapes"),
        (f"{ADE20K.license}. LabelMe", "no", "ADE20K"),
        (GENERATED.license, "no", "the published generated set"),
        (set_files(FetchedSet.GENERATED_SET)[0].license, "no", "the published generated set"),
        (APACHE, "yes", "Apache"),
        ("Apache License 2.0, rendered by multishift (https://x)", "yes", "Apache"),
        (set_files(FetchedSet.GENERATOR)[0].license, "yes", "RAIL"),
        ("CreativeML OpenRAIL-M (Stable Diffusion 1.5 with ControlNet)", "yes", "RAIL"),
        (f"Attribution License ({CC}/by/2.0/)", "yes", "CC BY 2.0"),
        (f"Attribution-NoDerivs License ({CC}/by-nd/2.0/)", "no", "CC BY-ND 2.0"),
        (f"Attribution-NonCommercial License ({CC}/by-nc/2.0/)", "yes", "CC BY-NC 2.0"),
        (f"Attribution-NonCommercial-NoDerivs License ({CC}/x)", "no", "CC BY-NC-ND 2.0"),
        ("unknown", "unknown", ""),
        ("", "unknown", ""),
    ],
)
def test_texts_that_rows_hold(text, expected, named):
    source = used_sources([scene(None, licenses=(text,))])[0]
    assert source.passing_on == expected
    assert source.name.startswith(named) or named in source.name
    assert bool(source.evidence) == bool(named)


def test_a_text_of_several_sources_has_the_strictest_terms():
    text = f"{APACHE}; {CITYSCAPES.license}; Attribution License"
    source = used_sources([scene(None, licenses=(text,))])[0]
    assert len(terms_of(text)) == 3
    assert (source.passing_on, source.name) == (PassingOn.NO, "Cityscapes")


def test_sources_are_counted_by_scene_and_the_strictest_come_first():
    rows = [scene(None, licenses=(APACHE, APACHE)), scene(None, licenses=("?", APACHE))]
    rows += [scene(None, licenses=(CITYSCAPES.license, APACHE))]
    found = [(source.text, source.n_scenes) for source in used_sources(rows)]
    assert found == [(CITYSCAPES.license, 1), ("?", 1), (APACHE, 3)]


def test_every_row_of_the_table_says_where_it_is_from():
    assert all(terms.source and terms.condition and terms.name for terms in LICENSE_TERMS)
    assert all(terms.phrase == terms.phrase.lower() for terms in LICENSE_TERMS)
    assert len({terms.phrase for terms in LICENSE_TERMS}) == len(LICENSE_TERMS)

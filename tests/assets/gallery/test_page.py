import json
from dataclasses import replace

import pytest

from assets.gallery.markup import Html, element, fill, markup
from assets.gallery.page import PageLimits, gallery_page
from assets.partitions import ScenePartition
from tests.assets.gallery.conftest import CLEAR, LISBON, OSLO, made
from tests.assets.gallery.made_scenes import MadePartition, commit_made
from tests.outline import Outline

EVIL = "<script>window.evil = 1</script> & \"quoted\" 'words'"


@pytest.fixture
def page(store, data_root):
    return gallery_page(store, data_root, [LISBON, OSLO])


def cards(outline):
    return [a for a in outline.all("li") if a.get("class", "").startswith("card ")]


def test_the_page_holds_a_card_a_scene_with_what_it_is_filtered_by(page):
    outline = Outline(page)
    found = cards(outline)
    assert [card["class"] for card in found] == [
        "card accepted",
        "card accepted",
        "card rejected",
        "card accepted",
        "card not-judged",
    ]
    assert json.loads(found[0]["data-facets"]) == {
        "round": ["round-1"],
        "city": ["lisbon"],
        "verdict": ["accepted"],
        "weather": ["rainy"],
        "time": ["night"],
        "class": ["box", "chair"],
    }
    named = {(a["data-group"], a["data-name"]) for a in outline.all("button") if "data-group" in a}
    assert {("weather", "rainy"), ("verdict", "not judged"), ("class", "bathtub")} <= named
    assert "round" not in {group for group, _ in named}


def test_the_page_tells_counts_facts_and_reasons(page):
    text = Outline(page).text
    for words in (
        "5 frames",
        "5 scenes",
        "7 attempts",
        "50% attempts accepted",
        "3 scenes accepted",
        "1 other rejected attempt",
        "Attempt 0: another shape found",
        "Frames without a scene: no road (1).",
        "There is a chair and a box accidentally staying on the road.",
        "miniature 0123456789abcdef",
        "Apache-2.0 (rendered by multishift)",
        "unknown object (254)",
        "labelled_scenes, lisbon|round-1: version 1",
    ):
        assert words in text, words


def test_every_picture_is_inline_and_described(page):
    outline = Outline(page)
    pictures = outline.all("img")
    assert len(pictures) == 5 * 4 - 1 + 2
    assert all(a["src"].startswith("data:image/webp;base64,") and a["alt"] for a in pictures)
    assert not outline.all("link")
    assert b"http://" not in page
    assert b"https://" not in page


def test_what_a_scene_lacks_is_a_button_that_cannot_be_pressed(page):
    outline = Outline(page)
    masks = [a for a in outline.all("button", **{"data-view": "label"}) if "disabled" in a]
    photos = [a for a in outline.all("button", **{"data-view": "photograph"}) if "disabled" in a]
    assert masks == []
    assert len(photos) == 1
    assert photos[0]["title"].startswith("photograph: file does not exist")
    assert outline.text.count("Masks") == 2


def test_equal_rows_give_equal_bytes(store, data_root, page):
    assert gallery_page(store, data_root, [LISBON, OSLO]) == page


def test_texts_of_users_stay_texts(store):
    partition = ScenePartition(round="round-1", city="paris")
    condition = replace(CLEAR, place=EVIL, weather='"><b>', time="'night'")
    attempt = made(f"paris<i>_{EVIL}", condition=condition, prompt=EVIL, class_names=(EVIL,))
    commit_made(store, MadePartition(partition=partition, attempts=(attempt,)))
    page = gallery_page(store, None, [partition])
    outline = Outline(page)
    assert len(outline.all("script")) == 1
    assert not outline.all("b")
    assert EVIL in outline.text
    (card,) = cards(outline)
    assert json.loads(card["data-facets"])["class"] == [EVIL]


def test_a_page_that_would_be_too_large_is_cut_and_says_so(store):
    limits = PageLimits(max_scenes=2)
    outline = Outline(gallery_page(store, None, [LISBON, OSLO], limits=limits))
    assert len(cards(outline)) == 2
    assert "2 of 5 drawn scenes are shown, picked evenly" in outline.text
    assert "7 attempts" in outline.text
    tiny = gallery_page(store, None, [LISBON], limits=PageLimits(max_bytes=1))
    assert len(cards(Outline(tiny))) == 1


def test_scenes_that_nobody_judged_or_drew(store):
    unjudged = Outline(gallery_page(store, None, [OSLO]))
    assert "Nobody judged these scenes yet" in unjudged.text
    nothing = ScenePartition(round="round-9", city="oslo")
    outline = Outline(gallery_page(store, None, [nothing]))
    assert "No scene was drawn yet" in outline.text
    assert cards(outline) == []


def test_a_page_without_partitions_is_refused(store):
    with pytest.raises(ValueError, match="one or more partitions"):
        gallery_page(store, None, [])


def test_markup_is_escaped_once():
    assert element("p", "a < b", element("b", "&"), class_="x y") == (
        '<p class="x y">a &lt; b<b>&amp;</b></p>'
    )
    assert element("button", disabled=True, title=None, data_view='"') == (
        '<button disabled data-view="&quot;"></button>'
    )
    assert markup(markup("<")) == "&lt;"
    assert isinstance(markup(3), Html)


def test_a_template_needs_all_its_parts():
    with pytest.raises(KeyError):
        fill("card.html", status="accepted")

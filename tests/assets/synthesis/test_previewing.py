"""One picture at once, from a frame, an object and a prompt of one's own."""

import pytest

from assets.synthesis.previewing import PreviewWish, draw_preview
from models.scene_sheet import scene_sheet
from models.scenes import Condition

FRAME = "oslo_000000_000019"


@pytest.fixture
def preview(drawing_resources):
    def call(**wish):
        names = ("data", "store", "networks")
        return draw_preview(
            PreviewWish(**{"frame_id": FRAME, **wish}),
            *(drawing_resources[name] for name in names),
        )

    return call


def test_a_wish_becomes_a_line_of_a_sheet(preview):
    found = preview(object_name="box", prompt="a red box on the road.")
    request = found.drawn.prepared.request
    assert request.object_class_names == ("box",)
    assert request.prompt == found.tiles.condition == "a red box on the road."
    assert found.tiles.verdict in ("accepted", "rejected")
    assert found.tiles.photograph.shape == found.tiles.label.shape == (32, 64, 3)
    assert scene_sheet([found.tiles], title="Preview").ndim == 3
    again = preview(object_name="box", prompt="a red box on the road.")
    assert (again.drawn.picture == found.drawn.picture).all()
    other = preview(object_name="box", prompt="a red box on the road.", seed=1)
    assert (other.drawn.picture != found.drawn.picture).any()


def test_words_fill_the_template(preview):
    words = Condition(place="Oslo", weather="snowy", time="night")
    found = preview(condition=words)
    assert "in Oslo in a snowy night." in found.tiles.condition


def test_what_is_unknown_is_named_with_what_is_there(preview):
    with pytest.raises(ValueError, match="there are 6, such as lisbon_000000_000019"):
        preview(frame_id="nowhere")
    with pytest.raises(ValueError, match="got 'bathtub'; it keeps box, chair"):
        preview(object_name="bathtub")

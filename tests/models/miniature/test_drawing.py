"""Camera, meshes and drawing order on cases that can be checked by hand."""

import numpy as np
import pytest

from models.miniature.camera import Camera
from models.miniature.canvas import covered_px, paint
from models.miniature.mesh import Finish, Item, Skin
from models.miniature.ordering import STANDING_LAYER, drawing_ranks
from models.miniature.sculptor import Sculptor
from models.miniature.streams import pick_by_share, stream
from models.miniature.surface import surface

CAMERA = Camera(x=0.0, height=1.5, focal_px=200.0, center_x=128.0, horizon_y=60.0)
RED = {"red": Finish((1.0, 0.0, 0.0))}


def block(x: float, z: float, half_length: float = 0.5) -> Item:
    sculptor = Sculptor()
    sculptor.box((-0.5, 0.0, -half_length), (0.5, 1.0, half_length), Skin("red"))
    return Item(sculptor.mesh(), RED, 26, STANDING_LAYER, x=x, z=z)


def test_projection_of_a_point_on_the_ground() -> None:
    seen = CAMERA.to_camera(np.array([[1.0, 0.0, 10.0]]))
    assert CAMERA.project(seen)[0] == pytest.approx([128 + 20, 60 + 30])


def test_box_normals_point_outward() -> None:
    sculptor = Sculptor()
    sculptor.box((-1, 0, -1), (1, 2, 1), Skin("red"))
    sculptor.lathe([(1.0, 0.0), (1.0, 2.0)], Skin("red"), n_sides=8)
    sculptor.tube((0, 1, -1), (0, 1, 1), 0.5, Skin("red"))
    mesh = sculptor.mesh()
    starts = np.cumsum(mesh.counts) - mesh.counts
    centers = np.add.reduceat(mesh.vertices, starts) / mesh.counts[:, None]
    assert ((centers - (0, 1, 0)) * mesh.normals).sum(axis=1).min() > 0


def test_only_faces_toward_the_camera_are_drawn() -> None:
    canvas = paint([block(0.0, 10.0)], CAMERA)
    shown = np.unique(canvas.face_ids)
    normals = canvas.faces.normals[shown[shown > 0]]
    assert {tuple(np.round(normal)) for normal in normals} == {(0.0, 1.0, 0.0), (0.0, 0.0, -1.0)}


def test_depth_of_a_frontal_face() -> None:
    canvas = paint([block(0.0, 10.0)], CAMERA)
    depth = surface(canvas, CAMERA).depth
    row, column = round((60 + 200 * 1.0 / 9.5) * 2), 256
    assert depth[row, column] == pytest.approx(9.5, rel=1e-3)


def test_far_before_near() -> None:
    ranks = drawing_ranks([block(0.0, 5.0), block(0.0, 9.0), block(0.0, 7.0)], CAMERA)
    assert ranks.tolist() == [2, 0, 1]


def test_beside_a_long_thing_the_outer_comes_first() -> None:
    bus, inner, outer = block(3.0, 15.0, 6.0), block(1.0, 14.0), block(6.0, 12.0)
    ranks = drawing_ranks([bus, inner, outer], CAMERA)
    assert ranks[2] < ranks[0] < ranks[1]


def test_streams_differ_by_purpose_and_seed_only() -> None:
    assert stream(1, "a").random() == stream(1, "a").random()
    assert stream(1, "a").random() != stream(1, "b").random()
    assert stream(1, "a").random() != stream(2, "a").random()


def test_picks_by_share_are_those_of_numpy():
    options, shares = ("a", "b", "c", "d"), (0.1, 0.2, 0.3, 0.4)
    ours, theirs = stream(5, "picks"), stream(5, "picks")
    for _ in range(500):
        assert pick_by_share(ours, options, shares) == str(theirs.choice(options, p=shares))
    assert ours.random() == theirs.random(), "both have drawn as much"


@pytest.mark.parametrize(("x", "z"), [(0.0, 10.0), (1.5, 6.0), (-3.0, 20.0)])
def test_an_item_alone_covers_as_many_pixels_as_painting_it_alone_shows(x, z):
    item = block(x, z)
    assert covered_px(item, CAMERA) == np.count_nonzero(paint([item], CAMERA).face_ids) > 0


def test_no_pixel_lies_nearer_or_farther_than_the_points_of_its_face():
    # A twisted quad meets some rays far behind itself; that left white holes in trees.
    sculptor = Sculptor()
    corners = ((-1.0, 0.0, 8.0), (1.0, 0.0, 8.02), (1.0, 2.0, 9.5), (-1.0, 2.0, 8.0))
    sculptor.card(corners, Skin("red"))
    sculptor.card(
        ((2.0, 0.0, 6.0), (2.001, 0.0, 9.0), (2.3, 2.0, 9.0), (2.0, 2.0, 6.0)), Skin("red")
    )
    item = Item(sculptor.mesh(), RED, 21, STANDING_LAYER)
    canvas = paint([item], CAMERA)
    depth, faces = surface(canvas, CAMERA).depth, canvas.faces
    seen = canvas.face_ids > 0
    assert seen.sum() > 500
    assert (depth[seen] >= faces.nearest[canvas.face_ids[seen]] - 1e-3).all()
    assert (depth[seen] <= faces.farthest[canvas.face_ids[seen]] + 1e-3).all()

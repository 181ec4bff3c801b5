"""What a street is, before it has a look: its lanes, lots and things, and where they are.

Distances are meters; z = 0 is the camera, x = 0 the line that parts the two directions of traffic.
"""

from dataclasses import dataclass

from models.miniature.camera import Camera

Dice = tuple[float, float, float, float]


@dataclass(frozen=True)
class Thing:
    """Something to put up: its kind, place and size, and dice that settle its look.

    `variant` picks a shape; the dice lie in [0, 1).
    """

    kind: str
    x: float
    z: float
    yaw: float = 0.0
    size: tuple[float, float, float] = (1.0, 1.0, 1.0)
    variant: int = 0
    dice: Dice = (0.0, 0.0, 0.0, 0.0)
    side: int = 1  # -1 left of the road, 1 right of it


@dataclass(frozen=True)
class Lot:
    """A piece of land beside the sidewalk, from `start` to `end` along the street."""

    use: str  # building, house, park, wall, fence or hedge
    side: int
    start: float
    end: float
    setback: float
    n_floors: int
    dice: Dice


@dataclass(frozen=True)
class Roadway:
    """The cross-section of the road, and what is painted on it.

    Edges are x coordinates; a verge is a strip of grass between curb and sidewalk.
    """

    left: float
    right: float
    lane_edges: tuple[float, ...]
    sidewalk_width: tuple[float, float]  # left, right
    verge_width: tuple[float, float]
    parking_width: tuple[float, float]
    track_x: float | None  # middle of the tram track
    is_track_green: bool
    crossing_z: float | None
    bike_lane: float  # width at the right edge, 0 without

    def lot_line(self, side: int) -> float:
        """The x of the line between sidewalk and lots on the side -1 or 1."""
        k = (side + 1) // 2
        edge = self.right if side > 0 else self.left
        return edge + side * (self.sidewalk_width[k] + self.verge_width[k])


@dataclass(frozen=True)
class Lamps:
    """Street lamps of both sides: every `spacing` meters from `first` on, at x left and right."""

    x: tuple[float, float]
    first: float
    spacing: float
    height: float


@dataclass(frozen=True)
class Layout:
    """A whole street, with the camera in it."""

    camera: Camera
    roadway: Roadway
    lots: tuple[Lot, ...]
    things: tuple[Thing, ...]
    lamps: Lamps
    vista: str  # skyline, trees or hills, where the street ends

"""The stage: everything of a layout, dressed in the look of a place."""

from models.miniature.boundaries import boundary_items
from models.miniature.buildings import building_items
from models.miniature.furniture import FURNITURE_KINDS, furniture_items
from models.miniature.greenery import far_greenery, plant_item
from models.miniature.ground import ground_items
from models.miniature.layout import Layout, Thing
from models.miniature.look import PlaceLook
from models.miniature.mesh import Item
from models.miniature.people import person_item, rider_item
from models.miniature.places import LOOKS
from models.miniature.two_wheelers import two_wheeler_item
from models.miniature.vehicles import vehicle_item

FAR_SIGHT_M = 75.0


def dress(layout: Layout, place: str, seed: int) -> list[Item]:
    """All items of the street except OOD objects, in the colors and shapes of the place."""
    look = LOOKS[place]
    items = ground_items(layout, look, seed)
    items += far_greenery(layout, look)
    items += building_items(layout, look)
    items += boundary_items(layout, look)
    for thing in layout.things:
        if thing.z < FAR_SIGHT_M:
            items += thing_items(thing, look)
    return items


def thing_items(thing: Thing, look: PlaceLook) -> list[Item]:
    """The items of one thing: a rider comes with the vehicle, a sign with its pole."""
    if thing.kind in FURNITURE_KINDS:
        return furniture_items(thing, look)
    if thing.kind in ("cyclist", "motorcyclist"):
        return [two_wheeler_item(thing), rider_item(thing)]
    if thing.kind in ("bicycle", "motorcycle"):
        return [two_wheeler_item(thing)]
    if thing.kind == "person":
        return [person_item(thing)]
    if thing.kind in ("car", "truck", "bus", "train"):
        return [vehicle_item(thing, look)]
    return [plant_item(thing, look)]

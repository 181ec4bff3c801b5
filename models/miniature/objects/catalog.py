"""Every OOD kind with its builder."""

from collections.abc import Callable

import numpy as np

from models.miniature.mesh import Mesh
from models.miniature.objects import creatures, household, outdoors, seating, storage, vessels
from models.miniature.sculptor import Sculptor

BUILDERS: dict[str, Callable[[Sculptor, np.random.Generator], None]] = {
    "bed": household.bed,
    "table": household.table,
    "chair": seating.chair,
    "sofa": seating.sofa,
    "armchair": seating.armchair,
    "rock": outdoors.rock,
    "wardrobe": storage.wardrobe,
    "bathtub": household.bathtub,
    "box": storage.box,
    "chest of drawers": storage.chest_of_drawers,
    "refrigerator": household.refrigerator,
    "bookcase": storage.bookcase,
    "toilet": household.toilet,
    "bench": seating.bench,
    "swivel chair": seating.swivel_chair,
    "boat": outdoors.boat,
    "television receiver": household.television_receiver,
    "ottoman": seating.ottoman,
    "fountain": vessels.fountain,
    "washer": household.washer,
    "plaything": creatures.plaything,
    "stool": seating.stool,
    "barrel": storage.barrel,
    "basket": storage.basket,
    "tent": outdoors.tent,
    "bag": storage.bag,
    "cradle": household.cradle,
    "ball": creatures.ball,
    "pot": vessels.pot,
    "animal": creatures.animal,
    "vase": vessels.vase,
    "fan": household.fan,
}


def object_mesh(kind: str, rng: np.random.Generator) -> Mesh:
    """An object of a kind in one of its shapes, in meters, standing on y = 0."""
    sculptor = Sculptor()
    BUILDERS[kind](sculptor, rng)
    return sculptor.mesh()

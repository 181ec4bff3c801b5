"""What bounds a lot: walls, fences and hedges."""

from models.miniature import labels
from models.miniature.greenery import leaf_finish
from models.miniature.layout import Layout, Lot
from models.miniature.look import PlaceLook
from models.miniature.mesh import Finish, Item, Skin
from models.miniature.sculptor import Sculptor

BOUNDARY_LAYER = 4


def boundary_items(layout: Layout, look: PlaceLook) -> list[Item]:
    """A wall, fence or hedge along every lot that has one."""
    items = []
    for lot in layout.lots:
        x = layout.roadway.lot_line(lot.side)
        kind = _boundary(lot)
        if kind == "wall":
            items.append(_wall(lot, x, look))
        elif kind == "fence":
            items.append(_fence(lot, x, look))
        elif kind == "hedge":
            items.append(_hedge(lot, x, look))
    return items


def _boundary(lot: Lot) -> str:
    """Lots for a wall, fence or hedge have it; gardens and parks mostly have one too."""
    if lot.use == "house":
        return ("fence", "hedge", "wall", "", "")[int(lot.dice[2] * 5)]
    if lot.use == "park":
        return ("fence", "", "hedge", "")[int(lot.dice[2] * 4)]
    return lot.use


def _wall(lot: Lot, x: float, look: PlaceLook) -> Item:
    sculptor = Sculptor()
    height = 1.7 + 1.8 * lot.dice[0] if lot.use == "wall" else 1.0
    x0, x1 = sorted((x, x + lot.side * 0.35))
    sculptor.box((x0, 0, lot.start), (x1, height, lot.end), Skin("wall", texture="stone"))
    sculptor.box((x0 - 0.1, height, lot.start), (x1 + 0.1, height + 0.16, lot.end), Skin("cap"))
    cap = tuple(min(channel * 1.12, 1.0) for channel in look.wall)
    finish = {
        "wall": Finish(look.wall, look.wall_texture),
        "cap": Finish((cap[0], cap[1], cap[2])),
    }
    return Item(sculptor.mesh(), finish, labels.WALL, BOUNDARY_LAYER)


def _fence(lot: Lot, x: float, look: PlaceLook) -> Item:
    sculptor = Sculptor()
    height = 1.3 + 1.0 * lot.dice[1] if lot.use == "fence" else 1.1
    x0, x1 = sorted((x, x + lot.side * 0.08))
    panel = Skin("fence", "behind", look.fence_texture)
    sculptor.box((x0, 0, lot.start), (x1, height, lot.end), panel)
    z = lot.start
    while z < lot.end:
        sculptor.piece()
        post = Skin("post")
        sculptor.box((x0 - 0.07, 0, z), (x1 + 0.07, height + 0.15, z + 0.16), post)
        z += 3.0
    behind = tuple(channel * 0.55 for channel in look.grass)
    post_color = tuple(channel * 0.8 for channel in look.fence)
    finish = {
        "fence": Finish(look.fence),
        "behind": Finish((behind[0], behind[1], behind[2])),
        "post": Finish((post_color[0], post_color[1], post_color[2])),
    }
    return Item(sculptor.mesh(), finish, labels.FENCE, BOUNDARY_LAYER)


def _hedge(lot: Lot, x: float, look: PlaceLook) -> Item:
    sculptor = Sculptor()
    height = 1.1 + 0.8 * lot.dice[0]
    x0, x1 = sorted((x, x + lot.side * 0.9))
    leaf = Skin("leaf", texture="leaves")
    sculptor.frustum(
        (x0, x1, lot.start, lot.end), 0, (x0 + 0.1, x1 - 0.1, lot.start, lot.end), height, leaf
    )
    color = look.grass if look.tree == "bare" else look.foliage[-1]
    return Item(sculptor.mesh(), leaf_finish(color, 0.95), labels.VEGETATION, BOUNDARY_LAYER)

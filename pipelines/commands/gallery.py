"""`multishift gallery`: the scenes of the store in a browser, where a person decides on them."""

import secrets
from pathlib import Path

from assets.reviewing.desk import Desk
from assets.reviewing.reviews import ASSET
from pipelines.commands.console import err
from pipelines.commands.decided import tell_dagster, who_decides
from pipelines.commands.instance import choose_instance
from pipelines.commands.ports import bound
from pipelines.settings import read_settings

_TOKEN_BYTES = 32


def serve_gallery(*, round_key: str | None, port: int, reviewer: str | None) -> int:
    """Serve until interrupted.

    Raises:
        ValueError: if the store has no drawn scene of the round, or the port is taken.
    """
    import uvicorn

    from assets.reviewing.server import Door, review_app

    settings = read_settings()
    store = settings.open_store()
    data_root = Path(settings.data_root)
    desk = Desk(
        store=store,
        data_root=data_root if data_root.is_dir() else None,
        reviewer=who_decides(reviewer),
        round_key=round_key,
        report=lambda: tell_dagster(ASSET, store),
    )
    if not desk.partitions():
        which = "a round" if round_key is None else f"the round {round_key!r}"
        raise ValueError(f"{store.root}: need drawn scenes of {which}, got none; draw some first")
    listening = bound(port, command="gallery")
    key, token = (secrets.token_urlsafe(_TOKEN_BYTES) for _ in range(2))
    door = Door(port=listening.getsockname()[1], key=key)
    choose_instance()
    app = review_app(desk, door, token=token)
    err.print(f"gallery for {desk.reviewer}, whoever has this address decides as you:")
    err.print(door.address, markup=False, highlight=False, soft_wrap=True)
    err.print("Ctrl-C stops it")
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    server.run(sockets=[listening])
    return 0

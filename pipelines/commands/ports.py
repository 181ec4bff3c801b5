"""Ports of the servers that commands open, on this machine only."""

import socket

HOST = "127.0.0.1"


def bound(port: int, *, command: str) -> socket.socket:
    """A socket on the port of this machine, or on any free one if it is 0.

    Raises:
        ValueError: if the port is taken; the message names the next one for the command.
    """
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
    except OSError:
        found.close()
        raise ValueError(
            f"need a free port, got {port}, which is taken; run `multishift {command} --port "
            f"{port + 1}`"
        ) from None
    return found

"""Trouble of the machine that may pass. Stays light: workers import it."""

import errno

from assets.engine.outcome import EngineAwayError

_MAY_PASS = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EIO,
        errno.EAGAIN,
        errno.EBUSY,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
    }
)


def may_pass(error: BaseException) -> bool:
    """Whether an error is trouble of the machine that can be over at the next try."""
    if isinstance(error, ConnectionError | TimeoutError | EngineAwayError):
        return True
    return isinstance(error, OSError) and error.errno in _MAY_PASS

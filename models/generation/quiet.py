"""Loading without chatter: what diffusers and transformers would log, we raise or leave unsaid."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging


@contextmanager
def quiet() -> Iterator[None]:
    """No logs below errors, no warnings and no progress bars of the two libraries meanwhile."""
    levels = diffusers_logging.get_verbosity(), transformers_logging.get_verbosity()
    had_bars = (
        diffusers_logging.is_progress_bar_enabled(),
        transformers_logging.is_progress_bar_enabled(),
    )
    try:
        diffusers_logging.set_verbosity(logging.CRITICAL)
        transformers_logging.set_verbosity(logging.CRITICAL)
        diffusers_logging.disable_progress_bar()
        transformers_logging.disable_progress_bar()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        diffusers_logging.set_verbosity(levels[0])
        transformers_logging.set_verbosity(levels[1])
        if had_bars[0]:
            diffusers_logging.enable_progress_bar()
        if had_bars[1]:
            transformers_logging.enable_progress_bar()

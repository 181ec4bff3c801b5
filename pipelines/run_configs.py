"""Run configurations in files, for runs that nobody is there to configure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from assets.passing import may_pass


def read_run_config(path: str) -> Mapping[str, Any]:
    """The run configuration of a file, as the Launchpad takes it; empty where no file is named.

    Raises:
        ValueError: if the file cannot be read, is no YAML, or holds no mapping.
        OSError: if that is a trouble which may be over at the next try.
    """
    if not path:
        return {}
    try:
        found = yaml.safe_load(Path(path).expanduser().read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        if may_pass(error):
            raise
        told = " ".join(str(error).split())
        raise ValueError(f"{path}: need a run configuration in YAML, got {told}") from None
    if not isinstance(found, dict) or not set(found) <= _KEYS:
        raise ValueError(
            f"{path}: need a run configuration such as 'ops: {{scene_requests: {{config: "
            f"{{max_frames: 5}}}}}}', got {found!s:.80}; copy one from the Launchpad"
        )
    return found


_KEYS = {"ops", "resources", "execution", "loggers", "inputs"}

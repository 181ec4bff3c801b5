"""What people name when they ask where something comes from."""

import re
from dataclasses import dataclass

_DIGEST = re.compile(r"[0-9a-f]{4,64}")
_WHOLE_DIGEST_DIGITS = 64


@dataclass(frozen=True, kw_only=True)
class SampleName:
    """Names a sample in a store; its text is that of `assets.selecting.samples.sample_id`."""

    asset: str
    round: str
    frame_id: str
    variant: int

    def __str__(self) -> str:
        return f"{self.asset}/{self.round}/{self.frame_id}/{self.variant}"

    @property
    def facts(self) -> dict[str, object]:
        """The columns that name it among the rows of its partition."""
        return {"round": self.round, "frame_id": self.frame_id, "variant": self.variant}


def name_of_sample(text: str) -> SampleName | None:
    """The name that a text spells, None where it has another form."""
    parts = text.split("/")
    if len(parts) != 4 or not all(parts) or not re.fullmatch(r"[0-9]{1,9}", parts[3]):
        return None
    return SampleName(asset=parts[0], round=parts[1], frame_id=parts[2], variant=int(parts[3]))


def is_digest(text: str) -> bool:
    """Whether a text may be a SHA-256 or the beginning of one: 4 to 64 hexadecimal digits."""
    return _DIGEST.fullmatch(text) is not None


def is_whole_digest(text: str) -> bool:
    """Whether a text is a SHA-256."""
    return is_digest(text) and len(text) == _WHOLE_DIGEST_DIGITS

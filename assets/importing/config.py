"""What people choose for an import, in the Launchpad or by `multishift import`."""

import dagster as dg
from pydantic import Field


class ImportConfig(dg.Config):
    """Where the set lies; its name is the partition."""

    folder: str = Field(
        description="Folder with leftImg8bit and gtFine in the published layout, or one that "
        "holds it."
    )
    max_bad_frac: float = Field(
        0.05, ge=0, le=1, description="Share of scenes in quarantine that still passes."
    )

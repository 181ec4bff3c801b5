"""Writing labelled scenes as a folder that others can read: the published layout, and its papers.

Here belong the names, the files, the data card and the Croissant metadata of an export, and the
terms of its sources. Nothing here knows how scenes are made.
"""

from enum import StrEnum


class PictureSize(StrEnum):
    """Size of the files: as they were generated, or that of the frame, as the published set."""

    PICTURE = "picture"
    FRAME = "frame"

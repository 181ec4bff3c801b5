"""How much a file may claim for itself: far above all that the method has, far below a bomb."""

MAX_PIXELS = 64_000_000
"""Largest image, label map or mask that is decoded."""

MAX_HEADER_BYTES = 16_384
"""Longest header of an array; NumPy refuses longer ones too, but reads them first."""

MAX_POINTER_BYTES = 256 * 2**20
"""Largest JSON file of a store that is parsed: a pointer, or the list of a flush."""

MAX_TABLE_BYTES = 8 * 2**30
"""Most bytes that the rows of a Parquet file may unpack to."""

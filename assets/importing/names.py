"""Names of the imported sets in the store."""

ASSET = "imported_scenes"
TABLE = "labelled_scenes"

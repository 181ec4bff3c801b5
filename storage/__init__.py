"""Ground floor: the only code that touches disk. Manifests, blobs, data sets, label spaces."""

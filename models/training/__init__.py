"""The two-stage training of a segmenter: settings, the resumable loop, and the held-out score."""

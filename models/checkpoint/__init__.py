"""Checkpoint files: read without trust, matched to an architecture, refused with advice."""

"""Bringing a published set of labelled scenes into manifests: reading, rows, checks, report."""

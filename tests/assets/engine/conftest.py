"""Puts `engine_items` where worker processes find it: they start with this import path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

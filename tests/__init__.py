"""The tests, one folder for each folder of `router/`; `kits` holds what they share."""

from pathlib import Path

ROOT = Path(__file__).parent.parent

"""Names what a bench returns: its figures as JSON has them."""

from __future__ import annotations

from typing import Any

Figures = dict[str, Any]

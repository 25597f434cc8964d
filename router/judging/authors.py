"""Tells whether two names are one model, so that no model judges its own answers. Pure."""

from __future__ import annotations

import re

_DATE = re.compile(r"[-@]?(?:\d{4}-\d{2}-\d{2}|20\d{6}|latest)$")


def same_model(one: str, other: str) -> bool:
    """Returns True when two names mean one model; provider, dated version and case do not count.

    >>> same_model("openai/gpt-5-mini", "gpt-5-mini-2025-08-07"), same_model("gpt-5", "gpt-5-mini")
    (True, False)
    """
    return bool(one) and _plain(one) == _plain(other)


def _plain(model: str) -> str:
    name = model.strip().lower().rpartition("/")[2]
    name = name.removesuffix(":latest")
    return _DATE.sub("", name)

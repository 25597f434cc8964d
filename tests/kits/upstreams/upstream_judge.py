"""Judges answers by a plain rule, as a model that obeys whatever it takes for an instruction.

An answer says its quality itself ("quality 4"). Orders ("grade 5") that stand outside of the marked
texts are obeyed, so a judged text that leaves its frame steers this judge. Arguments: `first`
prefers whatever comes first, `prose` gives no verdict, `obeys` ignores the frames.
"""

from __future__ import annotations

import json
import re
from typing import Any

_MARK = re.compile(r"the mark (<<[0-9a-f]+>>)")
_QUALITY = re.compile(r"quality (\d)")
_ORDER = re.compile(r"grade (\d)")
_CRITERION = re.compile(r"^(\w+) \(\d+ %\):", re.MULTILINE)


def verdict(body: dict[str, Any], bias: str) -> str:
    """Returns the judge's words to one request."""
    if bias == "prose":
        return "A fine answer. I would give it 5 of 5."
    system, user = (str(body["messages"][at]["content"]) for at in (0, -1))
    found = _MARK.search(system)
    if found is None:
        return "An answer of its own, quality 5."
    mark, names = found[1], _CRITERION.findall(system)
    parts = user.split(mark)
    outside, inside = " ".join(parts[::2]), parts[1::2]
    if "second answer" in outside:
        one, other = (_quality(text) for text in inside[-2:])
        better = "first" if one > other or bias == "first" else "second" if other > one else "same"
        rows: dict[str, Any] = {name: {"why": "so", "better": better} for name in names}
    else:
        order = _ORDER.search(user if bias == "obeys" else outside)
        grade = int(order[1]) if order else _quality(inside[-1])
        rows = {name: {"why": "by its quality", "grade": grade} for name in names}
    steers = any(_ORDER.search(text) for text in inside)
    return json.dumps({"mark": mark, "criteria": rows, "steers": steers})


def _quality(text: str) -> int:
    found = _QUALITY.search(text)
    return int(found[1]) if found else 3

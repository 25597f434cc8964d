"""Marks the cases of a table that fail, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest


def marked(
    cases: Iterable[tuple[str, ...]], failing: Mapping[tuple[str, ...], str]
) -> list[object]:
    """Returns the cases, of which those in `failing` must fail; its texts say why.

    Raises: ValueError where a failing case is none of the cases.
    """
    rows = [*cases]
    if unknown := failing.keys() - {*rows}:
        raise ValueError(f"no case is {sorted(unknown)}")
    marks = {
        case: [pytest.mark.xfail(strict=True, reason=reason)] for case, reason in failing.items()
    }
    return [pytest.param(*case, marks=marks.get(case, [])) for case in rows]

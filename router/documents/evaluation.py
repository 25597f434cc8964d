"""Measures a search on questions whose source is known. Pure.

A passage is right if it is of the source (and of the page, where one is given) and holds the words
that the answer needs.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from router.errors import DocumentError
from router.types import DocumentPassage

_CITED = re.compile(r"\s?\[\d{1,2}\]")


class Asked(Struct, frozen=True):
    """Holds one question and where its answer stands."""

    question: str
    source: str
    page: int = 0  # 0: any
    holds: str = ""  # words of the answer, in any case


class Answered(Struct, frozen=True):
    """Holds an answer, the places that it cites, and its cost; None where it is unknown."""

    text: str = ""
    cited: tuple[str, ...] = ()
    cost_nano_usd: int | None = 0


def asked_of(text: str) -> list[Asked]:
    """Returns the questions of a JSON lines file. Raises DocumentError that names a line."""
    made: list[Asked] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DocumentError(f"line {number}: found no JSON; expected one object") from error
        good = isinstance(row, Mapping) and all(
            isinstance(row.get(name), str) and row[name] for name in ("question", "source")
        )
        page = row.get("page", 0) if good else 0
        if not good or not isinstance(page, int):
            raise DocumentError(
                f"line {number}: found {line[:80]}; expected question and source as texts, and a "
                "page as a number"
            )
        made.append(Asked(row["question"], row["source"], page, str(row.get("holds", ""))))
    if not made:
        raise DocumentError("found no question; expected one a line")
    return made


def is_right(asked: Asked, passage: DocumentPassage) -> bool:
    """Returns True for a passage that answers the question."""
    words = " ".join(f"{passage.title} {passage.section} {passage.text}".lower().split())
    return (
        passage.source == asked.source
        and asked.page in (0, passage.page)
        and " ".join(asked.holds.lower().split()) in words
    )


def figures_of(
    asked: Sequence[Asked], found: Sequence[Sequence[DocumentPassage]], k: int
) -> dict[str, float]:
    """Returns recall at 1, 3 and k, the mean reciprocal rank, and nDCG at k.

    With one right passage nDCG is 1 / log2(1 + its rank) (Jarvelin and Kekalainen 2002).
    """
    ranks = [
        next((i for i, p in enumerate(passages[:k], start=1) if is_right(one, p)), 0)
        for one, passages in zip(asked, found, strict=True)
    ]
    count = len(ranks) or 1
    figures = {
        f"recall@{at}": sum(0 < rank <= at for rank in ranks) / count for at in sorted({1, 3, k})
    }
    figures["mrr"] = sum(1.0 / rank for rank in ranks if rank) / count
    figures[f"ndcg@{k}"] = sum(1.0 / math.log2(1 + rank) for rank in ranks if rank) / count
    return figures


def answer_figures(asked: Sequence[Asked], answered: Sequence[Answered]) -> dict[str, float | None]:
    """Returns the share of right answers, of those that cite the right source, and the cost.

    An answer is right if it has the words that the question `holds`; questions without such words
    are left out of that share.
    """
    pairs = list(zip(asked, answered, strict=True))
    judged = [(one, answer) for one, answer in pairs if one.holds]
    right = sum(_plain(one.holds) in _plain(answer.text) for one, answer in judged)
    cites = sum(
        any(place.startswith(one.source) for place in answer.cited) for one, answer in pairs
    )
    costs = [answer.cost_nano_usd for answer in answered]
    known = [cost for cost in costs if cost is not None]
    return {
        "right": right / len(judged) if judged else None,
        "cites its source": cites / (len(pairs) or 1),
        "cost_usd": sum(known) / 1e9 if len(known) == len(costs) else None,
    }


def _plain(text: str) -> str:
    """Returns a text in small letters without the numbers of citations.

    >>> _plain("Within  30 days [1].")
    'within 30 days.'
    """
    return " ".join(_CITED.sub("", text).lower().split())

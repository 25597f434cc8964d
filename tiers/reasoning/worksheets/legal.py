"""Checks quoted clauses against their source, and works out obligations, days and exposure.

Worked example: a clause quoted word by word is found in the request; one that is reworded is not.
From signature on 1 March 2027, a duty due on 30 June 2027 leaves 121 days. Of exposures of
2,500,000 under a cap of 2,000,000, 500,000 stay uncovered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tiers.reasoning.fields import Fields, number, objects, texts
from tiers.reasoning.numbers_in_text import read_date
from tiers.reasoning.worksheets.shapes import MAYBE, NUMBER, TEXT, TEXTS, obj, rows
from tiers.reasoning.worksheets.sheet import Json, Material, Sheet


def compute(inputs: Fields, material: Material) -> Json:
    """Returns clauses with where their words are found, obligations with days left, exposure."""
    start = read_date(str(inputs.get("from_date") or ""))
    clauses = [
        {
            "clause": str(clause.get("name", "")),
            "found_in": _place(str(clause.get("words", "")), material),
        }
        for clause in objects(inputs, "clauses")
    ]
    obligations = []
    for obligation in objects(inputs, "obligations"):
        due = read_date(str(obligation.get("due") or ""))
        days = None if due is None or start is None else (due - start).days
        party, duty = str(obligation.get("party", "")), str(obligation.get("duty", ""))
        obligations.append({"party": party, "duty": duty, "days_from_start": days})
    exposures = [number(exposure, "amount") for exposure in objects(inputs, "exposures")]
    total = sum(amount for amount in exposures if amount is not None)
    cap = number(inputs, "liability_cap")
    return {
        "clauses": clauses,
        "not_quoted_word_by_word": [c["clause"] for c in clauses if c["found_in"] == "nowhere"],
        "obligations": obligations,
        "obligations_by_party": dict(Counter(str(duty["party"]) for duty in obligations)),
        "exposure": total,
        "above_the_cap": None if cap is None else max(0.0, total - cap),
        "jurisdiction": _jurisdiction(texts(inputs, "governing_laws")),
        "precedents": [f"[{passage.id}] {passage.source}" for passage in material.passages],
    }


def _jurisdiction(laws: Sequence[str]) -> str:
    if not laws:
        return "unclear: none is named"
    return laws[0] if len(set(laws)) == 1 else f"conflict: {', '.join(sorted(set(laws)))}"


def _place(words: str, material: Material) -> str:
    """Returns where quoted words stand: the request, a passage, or nowhere."""
    wanted = _plain(words)
    if not wanted:
        return "nowhere"
    if wanted in _plain(material.question):
        return "request"
    cited = (passage.id for passage in material.passages if wanted in _plain(passage.text))
    return next((f"[{name}]" for name in cited), "nowhere")


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("\u2019", "'").split()).strip(" .\"'")


SHEET = Sheet(
    "Extract clauses (quote their words exactly), obligations with party and due date (as "
    "2027-06-30, or empty), the date from which they count, exposures, the cap of liability, and "
    "the governing laws that are named.",
    obj(
        {
            "from_date": TEXT,
            "clauses": rows({"name": TEXT, "words": TEXT}),
            "obligations": rows({"party": TEXT, "duty": TEXT, "due": TEXT}),
            "exposures": rows({"what": TEXT, "amount": NUMBER}),
            "liability_cap": MAYBE,
            "governing_laws": TEXTS,
        }
    ),
    compute,
)

"""Checks quoted clauses against their source, and works out obligations, days and exposure.

Worked example: a clause quoted word by word is found in the request; one that is reworded is not.
From
signature on 1 March 2027, a duty due on 30 June 2027 leaves 121 days. Of exposures of 2,500,000
under a cap of 2,000,000, 500,000 stay uncovered.
"""

from __future__ import annotations

from collections import Counter

from tiers.reasoning.numbers_in_text import read_date
from tiers.reasoning.worksheets.sheet import (
    MAYBE,
    NUMBER,
    TEXT,
    TEXTS,
    Inputs,
    Json,
    Material,
    Sheet,
    number,
    objects,
    rows,
    texts,
)


def compute(inputs: Inputs, material: Material) -> Json:
    """Returns clauses with where their words are found, obligations with days left, exposure."""
    start = read_date(str(inputs.get("from_date") or ""))
    clauses = [
        {
            "clause": str(one.get("name", "")),
            "found_in": _place(str(one.get("words", "")), material),
        }
        for one in objects(inputs, "clauses")
    ]
    obligations = []
    for one in objects(inputs, "obligations"):
        due = read_date(str(one.get("due") or ""))
        days = None if due is None or start is None else (due - start).days
        told = {"party": str(one.get("party", "")), "duty": str(one.get("duty", ""))}
        obligations.append({**told, "days_from_start": days})
    exposures = [number(one, "amount") for one in objects(inputs, "exposures")]
    total = sum(amount for amount in exposures if amount is not None)
    cap = number(inputs, "liability_cap")
    laws = texts(inputs, "governing_laws")
    return {
        "clauses": clauses,
        "not_quoted_word_by_word": [c["clause"] for c in clauses if c["found_in"] == "nowhere"],
        "obligations": obligations,
        "obligations_by_party": dict(Counter(str(one["party"]) for one in obligations)),
        "exposure": total,
        "above_the_cap": None if cap is None else max(0.0, total - cap),
        "jurisdiction": "unclear: none is named"
        if not laws
        else laws[0]
        if len(set(laws)) == 1
        else f"conflict: {', '.join(sorted(set(laws)))}",
        "precedents": [f"[{one.id}] {one.source}" for one in material.passages],
    }


def _place(words: str, material: Material) -> str:
    """Returns where quoted words stand: the request, a passage, or nowhere."""
    wanted = _plain(words)
    if not wanted:
        return "nowhere"
    if wanted in _plain(material.question):
        return "request"
    cited = (one.id for one in material.passages if wanted in _plain(one.text))
    return next((f"[{name}]" for name in cited), "nowhere")


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("\u2019", "'").split()).strip(" .\"'")


SHEET = Sheet(
    "Extract clauses (quote their words exactly), obligations with party and due date (as "
    "2027-06-30, or empty), the "
    "date from which they count, exposures, the cap of liability, and the governing laws that are"
    " named.",
    {
        "from_date": TEXT,
        "clauses": rows({"name": TEXT, "words": TEXT}),
        "obligations": rows({"party": TEXT, "duty": TEXT, "due": TEXT}),
        "exposures": rows({"what": TEXT, "amount": NUMBER}),
        "liability_cap": MAYBE,
        "governing_laws": TEXTS,
    },
    ("from_date", "clauses", "obligations", "exposures", "liability_cap", "governing_laws"),
    compute,
)

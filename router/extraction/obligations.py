"""Finds obligations: who must or must not do what, and until when. Pure; English."""

from __future__ import annotations

import re
from collections.abc import Iterator

from router.extraction.dates import dates
from router.extraction.items import Item, Value
from router.extraction.pieces import sentences

_MODAL = re.compile(
    r"(?<!\w)(?P<modal>shall not|must not|may not|will not|shall|must|agrees? to|agrees? not to"
    r"|undertakes? to|covenants? to|is obliged to|are obliged to|is obligated to"
    r"|is responsible for|are responsible for|is required to|are required to|has to|will)(?!\w)",
    re.I,
)
_NOT_SUBJECT = re.compile(
    r"^(?:it|there|this|that|which|nothing|what|agreement|contract|term|notice|who|and|or)$", re.I
)
_LONGEST = 400
_PROHIBITED = ("not", "neither")


def obligations(text: str) -> list[Item]:
    """Returns the obligations in their order.

    >>> text = "The Tenant shall pay the rent within 5 days. It is sunny."
    >>> [(item.values["party"], item.values["deadline"]) for item in obligations(text)]
    [('The Tenant', 'P5D')]
    """
    return [item for start, end in sentences(text) for item in _of_sentence(text, start, end)]


def _of_sentence(text: str, start: int, end: int) -> Iterator[Item]:
    matches = [match for match in _MODAL.finditer(text, start, end)]
    for i, match in enumerate(matches):
        party, begins = _subject(text, start if i == 0 else matches[i - 1].end(), match.start())
        if party is None:
            continue
        following = [
            later
            for later in matches[i + 1 :]
            if _subject(text, match.end(), later.start())[0] is not None
        ]
        stop = _subject(text, match.end(), following[0].start())[1] if following else end
        stop = min(stop, begins + _LONGEST)
        while stop > match.end() and text[stop - 1] in " ,;.\n":
            stop -= 1
        action = text[match.end() : stop].strip()
        if len(action) < 4:
            continue
        modal = match["modal"].lower()
        prohibited = (
            modal.endswith("not") or " not to" in modal or party.lower().startswith(_PROHIBITED[1])
        )
        due = dates(text[begins:stop])
        values: dict[str, Value] = {
            "party": party,
            "action": " ".join(action.split())[:200],
            "duty": "must not" if prohibited else "must",
            "deadline": due[0].values.get("value") if due else None,
        }
        firm = modal.split()[0] in ("shall", "must")
        how = "obligation.firm" if firm else "obligation.soft"
        yield Item(begins, stop, how, values)


def _subject(text: str, start: int, end: int) -> tuple[str | None, int]:
    """Returns who is bound, and where those words begin; None where nobody is named."""
    window = text[max(start, end - 80) : end]
    cut = max(window.rfind(mark) for mark in (",", ";", ":", "(", ")", "\n", "\u2014"))
    window_start = end - len(window[cut + 1 :])
    words = text[window_start:end].split()
    while words and words[0].lower() in ("and", "but", "or", "that", "then", "if", "when", "where"):
        words = words[1:]
    if not words or len(words) > 7 or _NOT_SUBJECT.match(words[-1]):
        return None, end
    if not any(word[0].isupper() for word in words) and words[0].lower() not in (
        "the", "each", "either", "both", "neither", "we", "you", "i", "they", "he", "she", "any"
    ):  # fmt: skip
        return None, end
    party = " ".join(words)
    begins = text.find(words[0], window_start, end)
    return party, begins

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
_WORD = re.compile(r"\S+")
_JOINING = (" and", " but", " or")
_LINKS = frozenset({"and", "but", "or", "that", "then", "if", "when", "where", "which", "because"})
_NOBODY = frozenset(
    {"it", "there", "this", "that", "which", "nothing", "what", "agreement", "contract", "term"}
    | {"notice", "who", "and", "or", "law", "section", "clause"}
)
_ARTICLES = frozenset(
    {"the", "each", "either", "both", "neither", "we", "you", "i", "they", "he", "she", "any"}
)
_LONGEST, _SHORTEST, _REACH = 400, 4, 80
"""Bounds the characters of an obligation, of its action, and before the verb for who is bound."""


def obligations(text: str) -> list[Item]:
    """Returns the obligations in their order.

    >>> text = "The Tenant shall pay the rent within 5 days. It is sunny."
    >>> [(item.values["party"], item.values["deadline"]) for item in obligations(text)]
    [('The Tenant', 'P5D')]
    """
    return [item for start, end in sentences(text) for item in _of_sentence(text, start, end)]


def _of_sentence(text: str, start: int, end: int) -> Iterator[Item]:
    bound: list[tuple[re.Match[str], str, int]] = []
    begins_at = start
    for match in _MODAL.finditer(text, start, end):
        party, begins = _subject(text, begins_at, match.start(), joined=begins_at == start)
        begins_at = match.end()
        if party:
            bound.append((match, party, begins))
    for i, (match, party, begins) in enumerate(bound):
        stop = bound[i + 1][2] if i + 1 < len(bound) else end
        item = _item(text, match, party, begins, min(stop, begins + _LONGEST))
        if item is not None:
            yield item


def _item(text: str, match: re.Match[str], party: str, begins: int, stop: int) -> Item | None:
    while stop > match.end() and text[stop - 1] in " ,;.\n":
        stop -= 1
    for word in _JOINING:  # before the next one who is bound
        if text.endswith(word, match.end(), stop):
            stop -= len(word)
    while stop > match.end() and text[stop - 1] in " ,;":
        stop -= 1
    action = " ".join(text[match.end() : stop].split())
    if len(action) < _SHORTEST:
        return None
    modal = match["modal"].lower()
    not_ = modal.endswith("not") or " not to" in modal or party.lower().startswith("neither")
    due = dates(text[begins:stop])
    values: dict[str, Value] = {
        "party": party,
        "action": action[:200],
        "duty": "must not" if not_ else "must",
        "deadline": due[0].values.get("value") if due else None,
    }
    firm = modal.split()[0] in ("shall", "must")
    return Item(begins, stop, "obligation.firm" if firm else "obligation.soft", values)


def _subject(text: str, start: int, end: int, *, joined: bool) -> tuple[str, int]:
    """Returns who is bound, and where those words begin; "" where nobody is named.

    `joined` allows two who are bound together ("the Buyer and the Seller").
    """
    begin = max(start, end - _REACH)
    cut = max(text.rfind(mark, begin, end) for mark in ",;:()\n\u2014")
    begin = max(begin, cut + 1)
    words = [(match.start(), match[0]) for match in _WORD.finditer(text, begin, end)]
    links = [i for i, (_, word) in enumerate(words) if word.lower() in _LINKS]
    if links and not (joined and words[links[-1]][1] == "and" and 0 < links[-1] <= 3):
        words = words[links[-1] + 1 :]
    if not words or len(words) > 7 or words[-1][1].lower() in _NOBODY:
        return "", end
    first = words[0][1]
    if first.lower() not in _ARTICLES and not any(word[0].isupper() for _, word in words):
        return "", end
    return " ".join(word for _, word in words), words[0][0]

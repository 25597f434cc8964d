"""Notes which approved answers an answer was made from, held against the words that go out. Pure.

A model cites the approved answers that it was shown by their ids, as `[refund_time]`. Its words may
have gone out already, so nothing is taken from them: the record says what they cite, and which
citations the approved words do not bear out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from router.types import APPROVED_ANSWERS, SourceNote
from tiers.grounding import is_grounded, sentences_in, words_of

_BRACKETS = re.compile(r"\[([^\[\]\n]{1,200})\]")
_BETWEEN = re.compile(r"[\s,;]+")
_END = re.compile(r"(?<=[.!?])\s+")
_LEADING = re.compile(r"(?:\[[^\[\]\n]{1,200}\][\s,;.]*)+")
_NO_WORDS = frozenset({"", "source", "sources", "reference", "references", "see"})
"""The letters of a part that cites and says nothing: `Sources: [refund_time]`."""


def quoted_sources(places: Mapping[str, str], cited: Sequence[str]) -> tuple[SourceNote, ...]:
    """Returns a note on each approved answer at hand; `places` names the source of each id."""
    return tuple(
        [SourceNote(id, APPROVED_ANSWERS, place, id in cited) for id, place in places.items()]
    )


def cited_in(text: str, shown: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the ids that a text cites, and those whose words do not bear a sentence out.

    `shown` has the words of each approved answer that its author was given. A sentence must be
    borne out by all that it cites together. A list of sources cites them and says nothing. It
    compares words, as `grounding` does.

    >>> shown = {"time": "Delivery takes 3 days.", "cost": "Delivery costs $4.95."}
    >>> cited_in("Delivery takes 3 days [time]. It costs $9.95. [cost]", shown)
    (('time', 'cost'), ('cost',))
    """
    cited: list[str] = []
    doubtful: list[str] = []
    for sentence, ids in _sentences(text, shown):
        cited += ids
        if (
            ids
            and _says(sentence)
            and not is_grounded(sentence, words_of([shown[id] for id in ids]))
        ):
            doubtful += ids
    return tuple(dict.fromkeys(cited)), tuple(dict.fromkeys(doubtful))


def used_in(kept: str, texts: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the ids of the texts that bear out words without citations.

    A text counts where it bears a sentence out alone, or where the others do not without it.

    >>> texts = {"time": "Delivery takes 3 days.", "cost": "Delivery costs $4.95."}
    >>> used_in("Delivery takes 3 days.", texts)
    ('time',)
    """
    sentences = sentences_in(kept)
    used = []
    for id, text in texts.items():
        alone = words_of([text])
        others = words_of([other for name, other in texts.items() if name != id])
        if any(is_grounded(one, alone) or not is_grounded(one, others) for one in sentences):
            used.append(id)
    return tuple(used)


def _sentences(text: str, shown: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Returns each sentence without its citations, and the ids that it cites.

    A citation behind the full stop, or on a line of its own, belongs to the sentence before it.
    """
    sentences: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        for at, part in enumerate(_END.split(line.strip())):
            said, leading = _BRACKETS.sub("", part), _LEADING.match(part)
            behind = sentences and leading and (at > 0 or not any(c.isalnum() for c in said))
            if behind and leading and (ids := _ids(leading[0], shown)):
                sentences[-1][1].extend(ids)
                part = part[leading.end() :]
            if part.strip():
                sentences.append((_BRACKETS.sub("", part), _ids(part, shown)))
    return sentences


def _ids(text: str, shown: Mapping[str, str]) -> list[str]:
    named = [id for brackets in _BRACKETS.findall(text) for id in _BETWEEN.split(brackets)]
    return [id for id in named if id in shown]


def _says(sentence: str) -> bool:
    return "".join([c for c in sentence.lower() if c.isalnum()]) not in _NO_WORDS

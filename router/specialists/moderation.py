"""Maps the readings of heads to OpenAI's moderation categories. Pure.

A category is what classes of that name say, of any head: `self_harm` is `self-harm`,
`sexual_minors` is `sexual/minors`. Of several heads the highest chance counts. The heads of
requests for harm say what is illicit, and two lists of words name a threat or a danger to oneself.
What nobody knows is false and 0, and its list of applied inputs is empty, so that nobody takes it
for a reading.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from router.policy.head_conditions import Chances

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
"""All that OpenAI's clients read."""

FLAGGED_AT = 0.5
"""Chances are calibrated, so a category is flagged where it is likelier than not."""

LISTS = {"threats": "harassment/threatening", "self_harm": "self-harm"}
"""The categories of lists of words: a list that is found has the score 1."""

HARM, HARM_KIND = "harm", "harm_kind"
OF_HARM = {
    "illicit/violent": ("weapons", "violence"),
    "self-harm/instructions": ("self_harm_method",),
}
"""The kinds of harm of a category: its score is the chance of harm times those of its kinds."""
HARM_AT = 0.94
"""Chance of harm from which the shipped policies refuse, and from which its categories are flagged.
Of 1,100 everyday messages that nobody fitted 15 reach .5 and 2 reach .94; of 192 harmless questions
in the words of harmful ones 19 and 4 (`python -m benchmarks.unseen`)."""

Classes = Mapping[str, Sequence[str]]
"""The classes of heads, by the heads' names."""


class Moderated(Struct, frozen=True):
    """Holds one text's scores: chances, 0..1, of every category that something here knows."""

    scores: Mapping[str, float]
    flags: frozenset[str] = frozenset()  # the categories that are likely enough

    @property
    def flagged(self) -> bool:
        """Returns True when any category is flagged."""
        return bool(self.flags)


def category_of(label: str) -> str | None:
    """Returns the category that a class is named after, None where there is none.

    >>> category_of("self_harm"), category_of("violence/graphic"), category_of("offensive")
    ('self-harm', 'violence/graphic', None)
    """
    plain = _plain(label)
    return next((one for one in CATEGORIES if _plain(one) == plain), None)


def _plain(label: str) -> str:
    return label.lower().replace("-", "_").replace("/", "_")


def moderated(
    readings: Mapping[str, Chances], heads: Classes, lists: Collection[str] = ()
) -> Moderated:
    """Returns the scores of one text, from what each of `heads` said of it and `lists` found in it.

    A head's least likely classes may be missing in a reading. Such a class has at most the chance
    that the others leave, and exactly that chance if it is the only missing one.
    """
    scores: dict[str, float] = {}
    for name, classes in heads.items():
        if name == HARM_KIND:  # its chances hold of what asks for harm
            continue
        chances = dict(readings.get(name, ()))
        rest = max(0.0, 1.0 - sum(chances.values())) if chances else 0.0
        for label in classes:
            category = category_of(label)
            if category is not None:
                chance = chances.get(label, rest)
                scores[category] = max(chance, scores.get(category, 0.0))
    found = dict(readings.get("terms", ()))
    said = {LISTS[name]: found.get(name, 0.0) for name in lists if name in LISTS}
    scores = _highest(scores, said)
    of_harm = _of_harm(readings, heads)
    likely = _highest(scores, of_harm if of_harm.get("illicit", 0.0) >= HARM_AT else {})
    flags = frozenset([category for category, score in likely.items() if score >= FLAGGED_AT])
    return Moderated(_highest(scores, of_harm), flags)


def _highest(scores: Mapping[str, float], others: Mapping[str, float]) -> dict[str, float]:
    """Returns the higher score of each category of the two."""
    names = [*scores, *(name for name in others if name not in scores)]
    return {name: max(scores.get(name, 0.0), others.get(name, 0.0)) for name in names}


def _of_harm(readings: Mapping[str, Chances], heads: Classes) -> dict[str, float]:
    """Returns the scores of what the heads of requests for harm know; {} without those heads."""
    if HARM not in heads:
        return {}
    harm = dict(readings.get(HARM, ())).get(HARM, 0.0)
    if HARM_KIND not in heads:
        return {"illicit": harm}
    kinds = dict(readings.get(HARM_KIND, ()))
    shares = {name: sum([kinds.get(kind, 0.0) for kind in of]) for name, of in OF_HARM.items()}
    return {"illicit": harm, **{name: min(1.0, harm * share) for name, share in shares.items()}}


def document(moderated: Moderated) -> dict[str, object]:
    """Returns one entry of `results`, with every key that OpenAI's clients read."""
    scores = moderated.scores
    return {
        "flagged": moderated.flagged,
        "categories": {one: one in moderated.flags for one in CATEGORIES},
        "category_scores": {one: round(scores.get(one, 0.0), 6) for one in CATEGORIES},
        "category_applied_input_types": {
            one: ["text"] if one in scores else [] for one in CATEGORIES
        },
    }

"""Maps the readings of heads to OpenAI's moderation categories. Pure.

A category is what classes of that name say, of any head: `self_harm` is `self-harm`,
`sexual_minors` is `sexual/minors`. Of several heads the highest chance counts. What no head knows
is false and 0, and its list of applied inputs is empty, so that nobody takes it for a reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

Classes = Mapping[str, Sequence[str]]
"""The classes of heads, by the heads' names."""


class Moderated(Struct, frozen=True):
    """Holds one text's scores: chances, 0..1, of every category that a head knows."""

    scores: Mapping[str, float]

    @property
    def flagged(self) -> bool:
        """Returns True when any category is flagged."""
        return any(score >= FLAGGED_AT for score in self.scores.values())


def category_of(label: str) -> str | None:
    """Returns the category that a class is named after, None where there is none.

    >>> category_of("self_harm"), category_of("violence/graphic"), category_of("offensive")
    ('self-harm', 'violence/graphic', None)
    """
    plain = _plain(label)
    return next((one for one in CATEGORIES if _plain(one) == plain), None)


def _plain(label: str) -> str:
    return label.lower().replace("-", "_").replace("/", "_")


def moderated(readings: Mapping[str, Chances], heads: Classes) -> Moderated:
    """Returns the scores of one text, from what each of `heads` said of it.

    A head's least likely classes may be missing in a reading. Such a class has at most the chance
    that the others leave, and exactly that chance if it is the only missing one.
    """
    scores: dict[str, float] = {}
    for name, classes in heads.items():
        chances = dict(readings.get(name, ()))
        rest = max(0.0, 1.0 - sum(chances.values())) if chances else 0.0
        for label in classes:
            category = category_of(label)
            if category is not None:
                chance = chances.get(label, rest)
                scores[category] = max(chance, scores.get(category, 0.0))
    return Moderated(scores)


def document(moderated: Moderated) -> dict[str, object]:
    """Returns one entry of `results`, with every key that OpenAI's clients read."""
    scores = moderated.scores
    return {
        "flagged": moderated.flagged,
        "categories": {one: scores.get(one, 0.0) >= FLAGGED_AT for one in CATEGORIES},
        "category_scores": {one: round(scores.get(one, 0.0), 6) for one in CATEGORIES},
        "category_applied_input_types": {
            one: ["text"] if one in scores else [] for one in CATEGORIES
        },
    }

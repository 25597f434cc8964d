"""Finds messages that say little by themselves: "warmer pls", "by year", "and if I moved?". Pure.

Such a message changes or continues what was asked before, so that its own words tell no matter.
A matcher of questions hears one in them all the same: it knows whole questions. English, and the
languages that approved answers are written in. It knows nothing about intents.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from router.policy.content.offers import only_courteous
from router.regexes.late import late_regex
from router.triage.reading import TurnReading
from router.triage.text.folding import Folded, fold
from router.triage.text.turns import Turns
from router.types import Match, MatchBasis, SessionMemory

MOST_WORDS = 8
"""Words of the longest fragment: who says more has a matter, or several."""
MOST_CONDITION = 12
"""Words of the longest condition without a question of its own."""

CONDITION_AT_MOST = 0.75
"""The highest chance of an answer to a condition, whose question stands in an earlier turn."""

OURS_AT = 0.5
"""Chance of a match, or of its likeliest answers together, from which a turn is of our field."""

_OWN_WORDS = {
    "en": """my mine our ours your i we myself do does did are have has is was were where when who
        whose which why how what whats wheres hows whens""",
    "de": """mein meine meinen meinem meiner meines unser unsere unseren ihr ihre ihren ihrem ihrer
        ich wir habt haben hat ist sind wo wann wer warum wie was welche welcher welches""",
    "fr": """mon ma mes notre nos votre vos je j nous avez est sont ou quand qui pourquoi comment
        quel quelle quels quelles combien""",
    "es": """mi mis mio nuestro nuestra su sus yo tengo puedo quiero tienen esta estan donde cuando
        quien porque como cual cuales cuanto cuanta cuantos cuantas""",
    "it": """mio mia miei mie nostro nostra vostro vostra vostri io ho posso vorrei voglio avete
        dove quando chi perche come qual quale quali quanto quanta quanti quante""",
    "pt": """meu minha meus minhas nosso nossa seu sua vosso eu tenho posso quero voces onde quando
        quem porque como qual quais quanto quanta quantos quantas""",
    "nl": """mijn onze ons uw jullie ik wij we heb hebben kan is zijn waar wanneer wie waarom hoe
        wat welke hoeveel""",
    "pl": """moj moja moje mojego mojej moich nasz nasza wasz wasza mam moge chce macie gdzie kiedy
        kto dlaczego jak co jaki jaka jakie ile czy""",
}
_OWN = {language: frozenset(words.split()) for language, words in _OWN_WORDS.items()}
"""Words of a whole question or of somebody's own matter: whose it is, who asks, what is asked."""
_ASKS_YOU = frozenset({"can", "could", "will", "would"})
_BACK_WORDS = "it that this them these those one ones instead"
_BACK = frozenset(_BACK_WORDS.split())
_ENGLISH = "en"

_CONDITION = late_regex(
    r"(?:(?:and|or|but|ok|okay|so|what|even|und|oder|was|et|ou|y|o|e|en|a|i|co) ){0,2}"
    r"(?:if|unless|falls|wenn|si|se|als|jesli|jezeli) .+"
)
_JOINED_WORDS = "and or but what even und oder was et ou y o e en a i co"
_JOINED = frozenset(_JOINED_WORDS.split())


def says_little(text: Folded, language: str) -> bool:
    """Returns True for a short message that names neither who asks, whose matter it is, nor what.

    >>> from router.triage.text.folding import fold
    >>> [says_little(fold(t), "en") for t in ("a bit warmer in tone", "can you sort it by date?")]
    [True, True]
    >>> [says_little(fold(t), "en") for t in ("my kettle is broken", "do you ship to Malta?")]
    [False, False]
    """
    words = text.words
    if not 0 < len(words) <= MOST_WORDS:
        return False
    own = _OWN.get(language or _ENGLISH)
    if own is None:
        return False
    if own is _OWN[_ENGLISH]:
        if words[0] in _ASKS_YOU and words[1:2] == ("you",):
            words = words[2:]
        if not _BACK.isdisjoint(words):
            own = own & _WHOSE
    return own.isdisjoint(words)


_WHOSE_WORDS = "my mine our ours your"
_WHOSE = frozenset(_WHOSE_WORDS.split())


def only_a_condition(text: Folded) -> bool:
    """Returns True for a condition that asks nothing of its own: the question stands before it.

    >>> from router.triage.text.folding import fold
    >>> [only_a_condition(fold(t)) for t in ("what if I moved?", "and if I moved, who pays?")]
    [True, False]
    """
    words = text.words
    if not 0 < len(words) <= MOST_CONDITION or words[0] not in _JOINED:
        return False
    said = text.text.strip().rstrip("?!. ")
    if any([mark in said for mark in ",;?:"]):
        return False
    return _CONDITION.fullmatch(" ".join(words)) is not None


def has_no_matter_of_ours(
    turns: Turns, readings: Sequence[TurnReading], memory: SessionMemory | None
) -> bool:
    """Returns True where a match of the last turn is that of words without their matter.

    "Warmer pls" after "Write a birthday card" is no exchange of a coat: what says little by itself
    is about what was said before, and no answer is for that.
    """
    last, earlier = readings[0], readings[1 : 1 + len(turns.earlier)]
    if last.match is None or _is_written(last.match) or not (earlier or memory):
        return False
    text = fold(turns.last)
    condition = only_a_condition(text)
    if not condition and not says_little(text, last.language):
        return False
    before = _continued(turns.earlier, earlier)
    if condition:
        return before is None or not _is_ours(before.match)
    if before is None:
        return memory is not None and not _is_ours(memory.match)
    return not _is_ours(before.match)


def of_a_condition(turns: Turns, match: Match | None, told: Match | None) -> Match | None:
    """Returns the match of a condition after a question of ours: offered, and never sure.

    "And if I paid cash?" after a question on refunds may ask about ways of paying or about refunds.
    What was told just before, `told`, is no answer to it.
    """
    if match is None or _is_written(match) or not only_a_condition(fold(turns.last)):
        return match
    if told is not None and told.intent_id == match.intent_id:
        return None
    return replace(match, confidence=min(match.confidence, CONDITION_AT_MOST))


def _continued(texts: Sequence[str], turns: Sequence[TurnReading]) -> TurnReading | None:
    """Returns the turn whose matter a fragment continues, None where none has one; newest first."""
    said = [
        (text, turn)
        for text, turn in zip(texts, turns, strict=True)
        if not (turn.bare or only_courteous(text))
    ]
    for text, turn in said:
        if _is_written(turn.match) or not says_little(fold(text), turn.language):
            return turn
    return said[-1][1] if said else None


def _is_written(match: Match | None) -> bool:
    return match is not None and match.basis is MatchBasis.WRITTEN


def _is_ours(match: Match | None) -> bool:
    return match is not None and max(match.confidence, match.together) >= OURS_AT

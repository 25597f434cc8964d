"""Says why an approved answer that seems to fit does not: what the encoder does not hear. Pure.

A small encoder puts "I did not forget my password" beside "I forgot my password", and another
company's password beside ours. These are read from the words, and from what the operator wrote: a
verb that an answer's utterances never deny is denied, or a request contradicts the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from router.policy.content.offers import MOST_TOGETHER
from router.triage.facts.forecasts import is_forecast
from router.triage.facts.lacking import (
    LACKING_FROM,
    LACKING_SHIFT,
    about_something_else,
    lacks,
    stems_of,
)
from router.triage.facts.other_things import (
    NO_OTHER_THINGS,
    OtherThings,
    names_another,
    other_things,
)
from router.triage.match import shifted
from router.triage.matching.asked_kinds import kinds_told, second_kind
from router.triage.matching.claims import claims_against, is_claimed
from router.triage.matching.companies import is_elsewhere
from router.triage.matching.contraries import Contraries
from router.triage.matching.denials import (
    denied_in,
    denied_in_gloss,
    denied_share,
    denies,
    is_only_denied,
    said_plainly,
    troubles_said,
    words_in,
)
from router.triage.matching.elapsed import promised_hours, waits_longer
from router.triage.matching.legal_steps import is_legal_step
from router.triage.matching.trade import has_contrary_trade, is_of_contrary_trade
from router.triage.matching.unread import of_unread
from router.triage.matching.wide_acts import is_wide_act
from router.types import Domain, Match, MatchBasis

_SHOPS = (Domain.CUSTOMER_SUPPORT, Domain.GENERAL)
UNSURE = 0.4
"""The highest chance of an answer that leaves out or contradicts a part of the request. Level 1 may
then offer it, and answers nothing."""

NEAR_SLOPE, NEAR_SHIFT, LEAST_SLOPE = 1.09, -0.9, 0.3
"""Log-odds that a match is right, by those that it shows: of 11,500 utterances of the shipped
files, asked of the file without their intent, or without a fifth of the utterances, where a third
of the requests asks for what is missing. The verifier takes an eighth to be akin to the file. What
one match shows below even odds does not change: no answer goes out there by itself."""
SET_SLOPE, SET_SHIFT = 0.83, -0.89
"""The same of the likeliest answers together, of 36,800 requests of 88 simulated files to which no
single answer was sure: where .88 was shown, .66 of the offers held the right question. It holds
below even odds, too: decision 179."""
MOST_CHARACTERS = 600
"""A longer message is no routine one."""

HARDLY_DENIED = 0.04
"""Share of an answer's utterances that deny something, up to which who denies asks for something
else: "we don't need helmets". Two of an intent's fifty may."""
_FILLER_WORDS = "and but er hm hmm hmmm mhm mm mmm so then uh um well"
_FILLERS = frozenset(_FILLER_WORDS.split())
"""Words that alone ask for nothing."""


class _Told(Struct, frozen=True):
    """Holds what the words of one answer and its utterances tell."""

    domain: Domain | None = None
    said: frozenset[str] = frozenset()  # beginnings of the words that utterances say plainly
    claims: Sequence[re.Pattern[str]] = ()  # what the answer speaks against
    words: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()
    contraries: Contraries = Contraries(frozenset())
    promised: float = 0.0  # hours
    denied: float = 1.0  # share of the utterances that deny something
    wide: bool = False  # an utterance reaches many people's things
    kinds: frozenset[str] = frozenset()  # how long, how much ...: what it tells
    contrary_trade: bool = False  # the company buys
    things: OtherThings = NO_OTHER_THINGS  # what it is not about


_NOTHING_TOLD = _Told()


def _told_by(domain: Domain, utterances: Sequence[str], answer: str) -> _Told:
    words = words_in(" ".join([answer, *utterances]))
    lines = [(line, words_in(line)) for line in map(_straight, map(str.lower, utterances))]
    return _Told(
        domain,
        said_plainly(lines),
        claims_against(answer),
        words,
        stems_of(words),
        Contraries(words),
        promised_hours(answer),
        denied_share(lines),
        any([is_wide_act(*line) for line in lines]),
        kinds_told(utterances, answer),
        is_of_contrary_trade("\n".join([answer, *utterances])),
        other_things(words, utterances),
    )


class Shelf:
    """Holds the words of a knowledge file that tell where an answer does not fit.

    Threads may share it: only what it keeps of answers changes.
    """

    def __init__(
        self,
        intents: Iterable[tuple[str, Domain, Sequence[str], str]],
        exists: Callable[[str], bool],
        highest: float = 1.0,
    ) -> None:
        """Takes id, domain, utterances and answer of each intent; `exists` tells words.

        `highest` is the highest chance that a match of the file shows.
        """
        self._exists, self._highest = exists, highest
        self._written = {name: (domain, lines, answer) for name, domain, lines, answer in intents}
        self._read: dict[str, _Told] = {}
        texts = [text for _, lines, answer in self._written.values() for text in (answer, *lines)]
        self._known = words_in(" ".join(texts))

    def _told(self, intent: str) -> _Told:
        """Returns what an answer's words tell.

        Most processes read a few answers of a hundred, and each takes a millisecond: so each is
        read when it first seems to fit. Two threads that read one answer read the same.
        """
        told = self._read.get(intent)
        if told is None:
            written = self._written.get(intent)
            told = self._read[intent] = _NOTHING_TOLD if written is None else _told_by(*written)
        return told

    def judged(
        self,
        text: str,
        match: Match | None,
        gloss: str = "",
        *,
        lacks_glossed: bool = False,
        unread: bool = False,
    ) -> Match | None:
        """Returns the match, less sure where the text contradicts the answer; None where it is not
        our matter or a legal step, or what would be answered is what is denied.

        `gloss` is a text of another language in English words; `lacks_glossed`: the answer lacks
        one of them. `unread`: the text is in a language that no model reads, and has no gloss.
        """
        if match is None or match.basis is MatchBasis.WRITTEN:
            return match
        unread = unread and match.basis is MatchBasis.FOREIGN
        if unread:
            match = of_unread(match, _of_set(match), self._highest)
        elif not gloss and not match.basis.read:
            match = self._among_strangers(match)
        if len(text) > MOST_CHARACTERS:
            return match
        text = _straight(text)
        words, name = words_in(text), match.intent_id
        if words <= _FILLERS:
            return None
        told = self._told(name)
        said, banks = told.said, told.domain not in _SHOPS
        strange = is_elsewhere(text, words, self._known, told.words, self._exists, banks=banks)
        if strange or is_legal_step(text, words, told.words, glossed=bool(gloss)):
            return None
        if gloss:
            words = words_in(gloss)
            if not said.isdisjoint(denied_in_gloss(gloss)):
                return None
        elif not said.isdisjoint(denied_in(text, words)) or is_only_denied(text, words, said):
            return None
        if match.confidence <= UNSURE or told is _NOTHING_TOLD:
            return match
        if _misfits(gloss or text, words, told):
            return _spoken_against(match)
        if not told.contrary_trade and has_contrary_trade(text, words, glossed=bool(gloss)):
            return _spoken_against(match)
        if not gloss and self._is_another(text, words, told, read=match.basis.read):
            return _spoken_against(match)
        if gloss:
            return _spoken_against(match) if lacks_glossed else match
        if unread or match.basis is not MatchBasis.FOREIGN:
            return match
        confidence = among_near_misses(match.confidence, self._highest)
        if confidence > LACKING_FROM and lacks(words, told.stems, self._exists):
            shift = NEAR_SHIFT - LACKING_SHIFT
            lacking = among_near_misses(match.confidence, self._highest, shift)
            confidence = min(confidence, max(LACKING_FROM, lacking))
        alone = min(confidence, shifted(match.confidence, self._highest, NEAR_SLOPE, NEAR_SHIFT))
        return replace(match, confidence=confidence, together=max(alone, match.together))

    def telling_both(self, text: str, match: Match | None) -> Match | None:
        """Returns the match, less sure where a second question asks for what the answer lacks."""
        if match is None or match.confidence <= UNSURE or len(text) > MOST_CHARACTERS:
            return match
        kind = second_kind(text)
        told = self._told(match.intent_id) if kind else _NOTHING_TOLD
        return match if told is _NOTHING_TOLD or kind in told.kinds else less_sure(match)

    def _is_another(self, text: str, words: frozenset[str], told: _Told, *, read: bool) -> bool:
        """Returns True where a text denies what an answer says, or names another matter.

        `read`: a network read the text with the answer, and hears better what is denied. Of 66
        messages to 36 companies in which only this rule heard something 53 had the right answer
        from .5 on, and the network said .79.
        """
        denied = not read and _only_denied_here(text, words, told)
        return denied or about_something_else(text, told.stems, self._exists)

    def _among_strangers(self, match: Match) -> Match:
        """Returns a match with the chance of its likeliest answers together, see SET_SHIFT.

        Where none was fitted, it is that of their sum: a policy has one least chance for both.
        """
        together = shifted(_of_set(match), self._highest, SET_SLOPE, SET_SHIFT)
        if match.basis.own:  # the chance of one rests on outcomes of this very file
            together = max(match.confidence, together)
        return replace(match, together=together)


def _of_set(match: Match) -> float:
    """Returns the chance of the likeliest answers together, their sum where none was fitted."""
    likeliest = (match.confidence, *(p for _, p in match.others[: MOST_TOGETHER - 1]))
    return match.together or sum(likeliest)


def _misfits(text: str, words: frozenset[str], told: _Told) -> bool:
    """Returns True where an answer leaves out, or is contrary to, what a text says."""
    if is_wide_act(text, words) and not told.wide:
        return True
    if is_forecast(text, words, told.words):
        return True
    if names_another(text, told.things):
        return True
    if is_claimed(text, told.claims) or told.contraries.asked(text, words):
        return True
    return waits_longer(text, told.promised)


def _only_denied_here(text: str, words: frozenset[str], told: _Told) -> bool:
    """Returns True where a text denies something, and hardly an utterance of the answer does.

    A gloss says "not" in clauses that deny nothing of the kind ("something what not me like").
    """
    if told.denied > HARDLY_DENIED or not denies(text, words):
        return False
    # "Lost, but not stolen" states a trouble that the answer is for.
    return not troubles_said(words, told.said)


def _straight(text: str) -> str:
    """Returns a text with the apostrophes that keyboards have, as the patterns write them."""
    return text.replace("\u2019", "'")


def less_sure(match: Match) -> Match:
    """Returns a match that level 1 may offer at most."""
    return replace(match, confidence=min(match.confidence, UNSURE))


def _spoken_against(match: Match) -> Match:
    """Returns a match of which the text says the contrary.

    That speaks against the answers beside it, too: "I do not need a loan" asks for none of them.
    """
    return replace(less_sure(match), together=min(match.together, UNSURE))


def among_near_misses(confidence: float, highest: float, shift: float = NEAR_SHIFT) -> float:
    """Returns the chance of a match where a third of the requests miss every answer narrowly.

    `highest` is the cap. Above even odds the log-odds become NEAR_SLOPE times themselves plus
    `shift`, or LEAST_SLOPE times themselves where that is more.

    >>> [round(among_near_misses(p, 0.901), 3) for p in (0.5, 0.7, 0.85, 0.9, 0.9009, 0.901)]
    [0.5, 0.563, 0.729, 0.817, 0.818, 0.901]
    """
    if confidence <= 0.5:
        return confidence
    unshifted = shifted(confidence, highest, LEAST_SLOPE, 0.0)
    return max(unshifted, shifted(confidence, highest, NEAR_SLOPE, shift))

"""Says if approved texts hold the words that a request is about. It knows no slots and no chances
but those of a match.
"""

from __future__ import annotations

from functools import cached_property

from router.policy.content.knowledge import Knowledge
from router.policy.content.offers import together_in
from router.policy.content.replies import reply_of
from router.types import ChatRequest, Match, Traffic
from tiers.grounding import passing_in, stems_asked, stems_of, without_passing
from tiers.offering import LEAST_ABOUT_WHEN_LIKELY, LIKELY, Offers, words_held

SHORT_WORDS, UNLIKELY = 4, 0.6
"""Content words up to which, and chance below which, an answer that is not sure must hold more than
a third of them: a longer request has words of its own beside its question."""


READ_FROM = {Traffic.MIXED: LIKELY, Traffic.SUPPORT: 0.4}
"""Chance of an offer from which its words need not be held, where a network read the request with
the answers. Of what 18 companies that taught it nothing were asked in other words .66 of such
offers from .4 to .56 had the right question, and .58 of 8 more whose customers a stranger wrote,
where .47 was said; below .4 it was .19 of the latter. In mixed traffic one in a hundred everyday
prompts would get such an offer."""


class AboutWords:
    """Holds the words of a knowledge file's approved texts, by intent."""

    def __init__(self, knowledge: Knowledge, traffic: Traffic) -> None:
        self._knowledge, self._traffic = knowledge, traffic
        self._of_intents: dict[str, frozenset[str]] = {}

    @cached_property
    def _all_stems(self) -> frozenset[str]:
        """Returns the beginnings of all words of the file, worked out at its first offer."""
        return frozenset[str]().union(*map(self.stems, self._knowledge.intents))

    def stems(self, name: str) -> frozenset[str]:
        """Returns the beginnings of all words of an intent, worked out at its first offer."""
        stems = self._of_intents.get(name)
        if stems is None:
            intent = self._knowledge.intents[name]
            stems = self._of_intents[name] = stems_of((*intent.utterances, intent.answer))
        return stems

    def hold(self, offers: Offers, match: Match, request: ChatRequest) -> bool:
        """Returns True where what a request is about stands in the texts of some intents.

        "Is the blender dishwasher safe?" shares its form with questions on warranty, and no word of
        its matter. A text in another language was compared by its gloss, which lost chance for each
        word that it lacks.
        """
        if match.language:
            return True
        known = frozenset[str]().union(*(self.stems(name) for name, _ in offers))
        # A yes to several questions is about what they were offered for.
        reply, text = reply_of(request, self._knowledge), request.last_user_text
        text = reply.subject if reply is not None and reply.undecided else text
        asked, passing = stems_asked(text), passing_in(text)
        # The sum of their chances is no chance that was fitted: of "get rid of wasps" it is .7.
        chance = match.together or together_in(offers, match)
        if match.basis.read and chance >= READ_FROM[self._traffic]:
            return True  # the words were read together with the answers
        told = [without_passing(stems, known, passing) for stems in asked]
        return not asked or any([words_held(known, s, chance, self._all_stems) for s in told])

    def lacks(self, match: Match, request: ChatRequest) -> bool:
        """Returns True where an answer that is not sure lacks what a short request is about."""
        if match.language or match.confidence >= UNLIKELY:
            return False
        known, asked = self.stems(match.intent_id), stems_asked(request.last_user_text)
        if not asked or len(asked[0]) > SHORT_WORDS:
            return False
        return all([len(one & known) < LEAST_ABOUT_WHEN_LIKELY * len(one) for one in asked])

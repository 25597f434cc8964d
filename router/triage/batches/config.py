"""Holds what one policy adds to the triage model: terms, currencies, approved answers, heads.

It knows nothing about batches or threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from msgspec import Struct

from router.policy.content.outcomes import JudgedQuestion
from router.policy.content.small_talk import SmallTalk
from router.policy.content.term_files import ACTIONS, NO_TERMS, LanguageSaying, LanguageTerms
from router.policy.head_conditions import lowest_heard, lowest_on_shelf
from router.policy.schema import Policy, ResolverAnswerer
from router.policy.sections.decision import DecisionSection
from router.stats.heads import Embeddings
from router.triage.batches.templates import Vector
from router.triage.close_reading.guess import Bounds
from router.triage.facts.harmless import PlainWords
from router.triage.facts.phrase_lists import OwnTerms, order_finder, phrase_finder
from router.triage.facts.turn_facts import FindsPhrases
from router.triage.framing.idioms import NO_IDIOMS, Idioms, Saying
from router.triage.glossed.answers import GlossedAnswers
from router.triage.matching.doubts import Shelf
from router.triage.matching.outcomes import OutcomeUses
from router.triage.own_heads import OwnHeads
from router.triage.reading import ANSWERS_FROM
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.turn_heads import momentary_of
from router.triage.utterances import Described, Written
from router.triage.verifier import Describer
from router.types import DecisionMode, Domain, Match

NEVER = 1.01
"""A chance that no match reaches."""


class Knowledge(Protocol):
    """Searches approved answers by embedding, and the operator's own texts only by their words."""

    @property
    def highest(self) -> float: ...  # the highest chance of a match

    def nearest(self, vector: Vector) -> float: ...  # cosine to what is approved, at its highest

    def written(self, text: str) -> Written | None: ...

    def match(self, described: Described, texts: Sequence[str]) -> Sequence[Match | None]: ...

    def uses(
        self, outcomes: Sequence[JudgedQuestion], model: Describer
    ) -> OutcomeUses: ...  # of judged requests


class Rerank(Protocol):
    """Weighs matches anew by reading messages together with a file's approved answers."""

    @property
    def highest(self) -> float: ...  # the highest chance of a match

    def wants(self, match: Match | None) -> bool: ...  # has answers to read with its request

    def __call__(
        self, texts: Sequence[str], vectors: Embeddings, matches: Sequence[Match | None]
    ) -> list[Match | None]: ...


class TriageConfig(Struct, frozen=True, eq=False, weakref=True):
    """Holds what one policy adds to the model; immutable, shared by threads."""

    terms: TermFinder
    amounts: AmountReader
    knowledge: Knowledge | None = None
    own: OwnHeads | None = None
    offers_from: float = 1.0  # level 1 offers questions from this chance of the likeliest on
    momentary: frozenset[str] = frozenset()  # heads that count for one turn alone
    phrases: tuple[FindsPhrases, ...] = ()  # of all languages; own lists, mistyped; orders
    glossed: GlossedAnswers | None = None  # approved answers in further languages
    shelf: Shelf | None = None  # what speaks against an approved answer
    plain: PlainWords | None = None  # of phrases that sound like harm and mean none
    bounds: Mapping[str, Bounds] = MappingProxyType({})  # of heads that have a close reader
    talks: tuple[SmallTalk, ...] = ()  # phrases that the operator approved
    rerank: Rerank | None = None
    idioms: Idioms = NO_IDIOMS  # sayings in which no phrase and no term counts
    # By domain, the chance of a match from which level 1 answers with it.
    answers_from: Mapping[Domain, float] = MappingProxyType(dict.fromkeys(Domain, ANSWERS_FROM))
    calm_answers: frozenset[str] = frozenset()  # approved ones for no grave matter
    figures: Idioms = NO_IDIOMS  # figures of speech, with what they mean in plain words

    @classmethod
    def of(
        cls,
        policy: Policy,
        knowledge: Knowledge | None = None,
        own: OwnHeads | None = None,
        terms: LanguageTerms = NO_TERMS,
        glossed: GlossedAnswers | None = None,
        shelf: Shelf | None = None,
        talks: tuple[SmallTalk, ...] = (),
        rerank: Rerank | None = None,
    ) -> TriageConfig:
        """Returns the configuration that a policy and its phrases by language state."""
        lists = OwnTerms.of(policy, terms)
        ruled = any(ACTIONS in rule.terms for rule in policy.hard_rules)
        orders = (order_finder(terms),) if ruled and terms.actions else ()
        clarify = [a.clarify for _, a in policy.rungs() if isinstance(a, ResolverAnswerer)]
        return cls(
            lists.as_written,
            AmountReader(policy.stakes.currencies.usd_per_unit),
            knowledge,
            own,
            clarify[0].from_ if clarify and clarify[0] is not None else 1.0,
            momentary_of(policy),
            (phrase_finder(terms), lists.mistyped, *orders),
            glossed,
            shelf,
            PlainWords(dict(terms.harmless)) if terms.harmless else None,
            {
                name: Bounds(lowest_heard(policy, name), lowest_on_shelf(policy, name))
                for name in (own.close if own is not None else ())
            },
            talks,
            rerank,
            _idioms(terms.sayings),
            _answers_from(policy.decision),
            figures=_idioms(terms.figures),
        )


def _idioms(sayings: Sequence[LanguageSaying]) -> Idioms:
    return Idioms(
        [
            Saying(one.parts, one.between, one.unless, one.across, one.behind, one.plain)
            for one in sayings
        ]
    )


def _answers_from(section: DecisionSection) -> Mapping[Domain, float]:
    """Returns by domain the chance of a match from which level 1 answers with it.

    Where certificates say it, a domain without one has no such chance. Mode `expected_loss` knows
    no bar: there a match counts as the answer from `confidence_floor` on.
    """
    if section.mode is not DecisionMode.CERTIFIED:
        return dict.fromkeys(Domain, section.confidence_floor)
    return {domain: section.certificates.get(domain, NEVER) for domain in Domain}

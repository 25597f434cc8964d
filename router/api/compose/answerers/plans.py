"""Builds the answerer of each rung, with the facts that decisions need of it.

`compose.build` calls it. It knows every tier, and nothing about HTTP or the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from msgspec.structs import replace

from router.api.compose.answerers.abilities import AbilityTable
from router.api.compose.answerers.answerer_facts import facts_of_local, facts_of_remote
from router.api.compose.document_search import DocumentService
from router.errors import Mistake, PolicyError
from router.money.days import utc_day
from router.money.price_book import PriceBook, is_known
from router.policy.content.deliberation import load_templates
from router.policy.content.knowledge import Knowledge
from router.policy.content.small_talk import load_small_talk
from router.policy.loading import LoadedPolicy
from router.policy.parsing.environment import secret
from router.policy.schema import (
    AnswererSection,
    DecisionSection,
    DeliberationAnswerer,
    DocumentsAnswerer,
    ExactAnswerer,
    ExtractorAnswerer,
    LitellmAnswerer,
    LocalAnswerer,
    LookupSection,
    PassagesAnswerer,
    ResolverAnswerer,
    TierSection,
    UpstreamAnswerer,
)
from router.routing.decision import confidence_floor
from router.routing.rungs.rung_plan import RungPlan
from router.routing.verification import AnswerReader
from router.stats import answer_head
from router.triage.disguises.undone import readings
from router.triage.engine import TriageEngine
from router.triage.framing.cores import cores_of
from router.triage.match import KnowledgeIndex
from router.triage.own_heads import OwnHeads
from router.triage.text.spelling import knows_all
from router.triage.triage_model import TriageModel
from router.types import (
    NOBODY,
    Answerer,
    Capability,
    ChatRequest,
    Clock,
    DocumentSearch,
    Domain,
    Events,
    Signals,
)
from tiers.exact.answerer import build_exact
from tiers.local.answerer import LocalModelAnswerer
from tiers.local.shared_folder import LocalAddress
from tiers.lookups import build_lookups
from tiers.passages import build_passages
from tiers.reasoning.answerer import build_deliberation
from tiers.reasoning.sources import AllSources, ApprovedSources, DocumentSources, Sources
from tiers.resolver import Resolver, build_resolver
from tiers.steps import Passage, Passages, SteppedAnswerer
from tiers.words_only import WordsOnly

if TYPE_CHECKING:
    from router.policy.sections.answering.documents import DocumentsSection
    from tiers.citing.document_context import DocumentContext
    from tiers.citing.records import Records


ModelAnswerer = LocalAnswerer | UpstreamAnswerer | LitellmAnswerer
"""Describes a model that writes, here or at a provider."""

Words = Callable[[Domain, str], str]
"""Returns the approved words of a domain, in a language, for what no model here may answer."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Holds the parts that all policies of a process share."""

    clock: Clock
    environ: Mapping[str, str]
    model: TriageModel | None
    engine: TriageEngine
    abilities: AbilityTable
    local: Mapping[str, LocalAddress]  # by model name, of the running hosts
    cache_dir: Path | None = None  # keeps the embeddings of knowledge files between two starts
    events: Events = NOBODY
    # calls that wait for each remote answerer; None: as many as can be answered
    max_waiting: int | None = None
    # the store of documents; None: no part of this process searches one
    documents: DocumentService | None = None
    late: bool = False  # networks that open late are compared with their digests then
    # approved answers by their texts, while a policy uses them
    indexes: WeakValueDictionary[bytes, KnowledgeIndex] = field(default_factory=WeakValueDictionary)
    # heads by the digest of their files, while a policy uses them
    heads: WeakValueDictionary[bytes, OwnHeads] = field(default_factory=WeakValueDictionary)


def plan_of(
    loaded: LoadedPolicy,
    parts: Parts,
    tier: TierSection,
    section: AnswererSection,
    knowledge: Mapping[str, Knowledge],
    built: Mapping[str, RungPlan],
    words: Words,
) -> RungPlan:
    """Returns the plan of one rung; `built` holds the plans that it is built over.

    `words` are those that a model which may not answer by itself gives. Raises PolicyError for a
    local model that this process did not start.
    """
    if isinstance(section, ResolverAnswerer):
        return _resolver(loaded, parts, tier, section, knowledge[section.name])
    # It calls the answerer that it thinks over, so that one must be built before it.
    if isinstance(section, DeliberationAnswerer):
        plan = _deliberation(loaded, parts, tier, section, knowledge, built[section.over])
        only_words = isinstance(built[section.over].answerer, WordsOnly)
        return _with_words(plan, words) if only_words else plan
    if isinstance(section, ExactAnswerer):
        return _exact(loaded, parts, tier, section)
    if isinstance(section, ExtractorAnswerer):
        return _extractor(loaded, parts, tier, section)
    if isinstance(section, PassagesAnswerer):
        return _quoting_answers(parts, tier, section, built[section.of])
    if isinstance(section, DocumentsAnswerer):
        return _quoting_documents(loaded, parts, tier, section)
    plan = _model(loaded, parts, tier, section, knowledge)
    return plan if _alone(section) else _with_words(plan, words)


def _resolver(
    loaded: LoadedPolicy,
    parts: Parts,
    tier: TierSection,
    section: ResolverAnswerer,
    knowledge: Knowledge,
) -> RungPlan:
    """Returns the plan of approved answers."""
    lookups = build_lookups(_placed(loaded), loaded.path.parent)
    floor = partial(_floor, loaded.policy.decision)
    sections = loaded.policy.lookups
    resolver = build_resolver(section, tier, knowledge, lookups, sections, floor)
    return RungPlan(
        resolver,
        section,
        resolver.facts,
        parts.abilities.of(section, tier.level),
        declines=resolver.declines,
        asks=resolver.asks,
        knows=resolver.beforehand,
        offering=resolver.offering,
    )


def _deliberation(
    loaded: LoadedPolicy,
    parts: Parts,
    tier: TierSection,
    section: DeliberationAnswerer,
    knowledge: Mapping[str, Knowledge],
    over: RungPlan,
) -> RungPlan:
    """Returns the plan of several calls of one answerer, `over`."""
    templates = load_templates(loaded.file(section.templates))
    sources = _sources(loaded, parts, knowledge) if section.context else None
    thinker = build_deliberation(section, tier, over.facts, templates, parts.clock, sources)
    return RungPlan(
        thinker,
        section,
        thinker.facts,
        over.ability,
        over=over.facts,
        counts=thinker.calls,
    )


def _exact(
    loaded: LoadedPolicy, parts: Parts, tier: TierSection, section: ExactAnswerer
) -> RungPlan:
    """Returns the plan of sums, dates and small talk."""
    talk = section.small_talk and load_small_talk(loaded.file(section.small_talk))
    exact = build_exact(section, tier, talk or None, parts.clock, cores_of)
    ability = parts.abilities.of(section, tier.level)
    return RungPlan(exact, section, exact.facts, ability, previews=exact.preview)


def _extractor(
    loaded: LoadedPolicy, parts: Parts, tier: TierSection, section: ExtractorAnswerer
) -> RungPlan:
    """Returns the plan of values that a request states and a schema asks for."""
    from tiers.extractor import build_extractor

    alone = not any(_writes(other) for _, other in loaded.policy.rungs())
    extractor = build_extractor(section, tier, len(loaded.policy.endpoints), alone=alone)
    ability = parts.abilities.of(section, tier.level)
    return RungPlan(extractor, section, extractor.facts, ability, previews=extractor.preview)


def _quoting_answers(
    parts: Parts, tier: TierSection, section: PassagesAnswerer, of: RungPlan
) -> RungPlan:
    """Returns the plan of passages of the approved answers that the plan `of` gives."""
    assert isinstance(of.answerer, Resolver)  # the policy's checks say so
    quoting = build_passages(section, tier, of.answerer)
    ability = parts.abilities.of(section, tier.level)
    return RungPlan(quoting, section, quoting.facts, ability, previews=quoting.preview)


def _quoting_documents(
    loaded: LoadedPolicy, parts: Parts, tier: TierSection, section: DocumentsAnswerer
) -> RungPlan:
    """Returns the plan of passages of the operator's documents."""
    from tiers.citing.quoting import build_quoting

    documents = _documents(loaded, parts)
    assert documents is not None  # the policy's checks say so
    quoting = build_quoting(section, tier, documents)
    return RungPlan(quoting, section, quoting.facts, parts.abilities.of(section, tier.level))


def _model(
    loaded: LoadedPolicy,
    parts: Parts,
    tier: TierSection,
    section: ModelAnswerer,
    knowledge: Mapping[str, Knowledge],
) -> RungPlan:
    """Returns the plan of a model that writes, here or at a provider."""
    answerer = _answerer(loaded, section, tier, parts)
    counts = None
    # A single step "solve" is the plain call, which needs no wrapper.
    if not isinstance(section, LitellmAnswerer) and section.steps != ["solve"]:
        passages = _passages(list(knowledge.values()))
        documents = _documents(loaded, parts) if "context" in section.steps else None
        answerer = SteppedAnswerer(
            answerer, section.steps, passages, clock=parts.clock, documents=documents
        )
        counts = answerer.calls
    return RungPlan(
        answerer,
        section,
        answerer.facts,
        parts.abilities.of(section, tier.level),
        reader=_reader(loaded, section, parts.abilities),
        counts=counts if _alone(section) else None,
    )


def _alone(section: ModelAnswerer) -> bool:
    """Returns True for a model that may answer by itself."""
    return not isinstance(section, LocalAnswerer) or section.alone


def _documents(loaded: LoadedPolicy, parts: Parts, *, rows: bool = True) -> DocumentContext | None:
    """Returns the step `context` over the policy's documents; None for a policy without any."""
    section = loaded.policy.documents
    if section is None or parts.documents is None:
        return None
    # A policy without documents loads none of this.
    from tiers.citing.document_context import DocumentContext

    search: DocumentSearch = parts.documents
    if section.embedder is not None:
        from router.api.compose.mounted.document_vectors import OutsideSearch

        book = PriceBook.of(loaded, utc_day(parts.clock.now_ms()))
        search = OutsideSearch(parts.documents, book.policy(), loaded.hash, book.redirected)
    words = knows_all if parts.model is None else parts.model.knows
    records = _records(loaded, section) if rows else None
    return DocumentContext(section, search, records, partial(readings, knows=words))


def _records(loaded: LoadedPolicy, section: DocumentsSection) -> Records | None:
    """Returns what finds the rows that stand beside passages; None for a policy that names none."""
    if not section.records:
        return None
    from tiers.citing.records import Records

    named = {record.lookup for record in section.records}
    placed = [lookup for lookup in _placed(loaded) if lookup.name in named]
    lookups = build_lookups(placed, loaded.path.parent)
    return Records(section.records, lookups, {lookup.name: lookup for lookup in placed})


def _writes(section: AnswererSection) -> bool:
    """Returns True for a model that can answer in the shape of a schema."""
    if isinstance(section, LocalAnswerer):
        return section.alone
    return isinstance(section, UpstreamAnswerer | LitellmAnswerer) and (
        Capability.JSON_SCHEMA in section.capabilities
    )


def _with_words(plan: RungPlan, words: Words) -> RungPlan:
    """Returns the plan of a model that gives approved words instead of answers of its own."""
    answerer = WordsOnly(plan.answerer, words)
    facts = answerer.facts
    return replace(plan, answerer=answerer, facts=facts, reader=None, previews=answerer.preview)


def _reader(
    loaded: LoadedPolicy, section: AnswererSection, abilities: AbilityTable
) -> AnswerReader | None:
    """Returns what judges an answerer's answers: the policy's head, or what we measured."""
    named = section.verify.head
    return abilities.calibration(section) if named is None else answer_head.load(loaded.file(named))


def _floor(section: DecisionSection, request: ChatRequest, signals: Signals) -> float:
    """Returns the chance from which level 1 answers, as `decide` will have it."""
    return confidence_floor(section, signals, request.hints.confidence_floor)


def _placed(loaded: LoadedPolicy) -> list[LookupSection]:
    """Returns the lookups with their files' absolute paths, as `LoadedPolicy.file` finds them."""
    return [
        lookup
        if lookup.path is None
        else lookup.model_copy(update={"path": str(loaded.file(lookup.path).resolve())})
        for lookup in loaded.policy.lookups
    ]


def _answerer(
    loaded: LoadedPolicy,
    section: ModelAnswerer,
    tier: TierSection,
    parts: Parts,
) -> Answerer:
    # Prices of today; a later price builds the policy anew.
    book = PriceBook.of(loaded, utc_day(parts.clock.now_ms()))
    if isinstance(section, LocalAnswerer):
        if not section.alone:  # a list price is for answers; what it rephrases costs its compute
            unlisted = section.price.model_copy(update={"list_price_usd": None})
            section = section.model_copy(update={"price": unlisted})
        address = parts.local.get(section.model)
        if address is None:
            actual = f"the local model {section.model!r}, which this process did not start"
            raise PolicyError((Mistake("(policy)", 0, section.name, actual, "a restart"),))
        facts = facts_of_local(section, tier, book, address.threads)
        return LocalModelAnswerer(section, facts, address=address, clock=parts.clock)
    # An unset key does not stop the start: the other tiers may be enough.
    key = _secret(section.api_key, parts.environ)
    facts = facts_of_remote(section, tier, book, loaded.policy, key)
    if isinstance(section, UpstreamAnswerer):
        from tiers.upstream.answerer import UpstreamTier

        return UpstreamTier(
            section,
            facts,
            api_key=key,
            clock=parts.clock,
            events=parts.events,
            max_waiting=parts.max_waiting,
        )
    from tiers.litellm.answerer import LitellmTier

    return LitellmTier(
        section,
        facts,
        api_key=key,
        clock=parts.clock,
        events=parts.events,
        max_waiting=parts.max_waiting,
    )


def _secret(reference: str | None, environ: Mapping[str, str]) -> str | None:
    """Returns the provider's key, None where its variable is unset: `tiergate serve` warns then."""
    try:
        return secret(reference, environ)
    except PolicyError:
        return None


def priced_by(plan: RungPlan, book: PriceBook) -> RungPlan:
    """Returns the plan of an answerer at the price of another day; a policy's own has no day."""
    section, facts = plan.section, plan.facts
    dated = isinstance(section, ModelAnswerer)
    if not dated or is_known(section.price.to_price()):
        return plan
    return replace(plan, facts=replace(facts, price=book.answerer(section, facts.cores)))


def _sources(
    loaded: LoadedPolicy, parts: Parts, knowledge: Mapping[str, Knowledge]
) -> Sources | None:
    """Returns what a deliberation may cite: the policy's documents, and its approved answers."""
    documents = _documents(loaded, parts, rows=False)  # a deliberation holds no lookup open
    passages = _passages(list(knowledge.values()))
    places: list[Sources] = [] if documents is None else [DocumentSources(documents)]
    if passages is not None:
        places.append(ApprovedSources(passages))
    return AllSources(places) if places else None


def _passages(knowledge: list[Knowledge]) -> Passages | None:
    """Returns the approved answers that `context` may cite."""
    if not knowledge:
        return None
    return Passages(
        [
            Passage(intent.id, intent.answer, intent.source, " ".join(intent.utterances))
            for intent in knowledge[0].content.intents
            # An answer with slots is not a fact until its slots are filled.
            if not intent.slots
        ]
    )

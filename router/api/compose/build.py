"""Turns a loaded policy into a runtime: plans its rungs and embeds its knowledge.

`compose.core` calls it. It knows nothing about HTTP or the ledger; `answerers.plans` builds the
answerers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace as replace_fields
from datetime import date
from functools import lru_cache, partial
from pathlib import Path

from msgspec.structs import replace

from router.api.compose.answerers.checks import pair_judge, with_check
from router.api.compose.answerers.plans import Parts, plan_of, priced_by
from router.api.compose.answerers.spoken import Spoken
from router.api.compose.mounted.quotable import quotable_of
from router.errors import Mistake, ModelFileError, PolicyError
from router.money.days import day_start_ms, utc_day
from router.money.price_book import PriceBook
from router.policy.content.knowledge import (
    Knowledge,
    in_scope,
    knowledge_intents,
    load_knowledge,
)
from router.policy.content.languages.translations import with_translations
from router.policy.content.replies import match_scope
from router.policy.content.safe_answers import (
    SafeAnswers,
    emergency_wording,
    holding_text,
    load_safe_answers,
    no_answer_text,
    no_model_text,
    opening_text,
    overdose_named,
    refusal_text,
    safe_answer,
)
from router.policy.content.small_talk import SmallTalk, load_small_talk
from router.policy.head_files import digest_of_heads, load_heads
from router.policy.loading import LoadedPolicy, policies_dir
from router.policy.named_files import mistakes_inside
from router.policy.schema import (
    AnswererSection,
    DeliberationAnswerer,
    ExactAnswerer,
    PassagesAnswerer,
    ResolverAnswerer,
)
from router.policy.sections.rules.heads import HeadSection
from router.routing.policy_runtime import NO_PRICE, PolicyRuntime
from router.routing.rungs.rung_plan import RungPlan
from router.routing.told.shifts import Shifts
from router.triage.batches.config import TriageConfig
from router.triage.close_reading import file
from router.triage.close_reading.reader import CloseReader
from router.triage.conversation.memory import memory_after
from router.triage.embedding_store import Remembering, digest_of
from router.triage.facts.phrase_lists import OwnTerms, found_phrases
from router.triage.match import KnowledgeIndex, KnowledgeTexts
from router.triage.matching.doubts import Shelf
from router.triage.own_heads import OwnHeads
from router.triage.reranking.reranker import ApprovedAnswers, FileReranker, Reranker
from router.triage.service import TriageService
from router.triage.text.spelling import as_written
from router.triage.triage_model import TriageModel
from router.types import (
    AnswererFacts,
    DecisionMode,
    Domain,
    Triage,
)

SHIPPED_TALK = "answers/small_talk.yaml"
"""Is in the folder of shipped policies."""
COURTESIES = frozenset({"greeting", "how_are_you", "thanks", "goodbye"})
"""Replies of that file to what asks for nothing."""


def build_runtime(loaded: LoadedPolicy, parts: Parts) -> PolicyRuntime:
    """Returns all parts that one policy needs to serve. Raises PolicyError for broken files."""
    try:
        return _built(loaded, parts)
    except PolicyError as error:
        # The first broken file ends the building, and others may have mistakes too.
        inside = mistakes_inside(loaded.path, loaded.policy.model_dump())
        raise PolicyError(tuple(dict.fromkeys((*error.mistakes, *inside)))) from error


def _built(loaded: LoadedPolicy, parts: Parts) -> PolicyRuntime:
    policy, knowledge = loaded.policy, _knowledge(loaded)
    plans: dict[str, RungPlan] = {}
    answers = load_safe_answers(loaded.file(policy.safe_answers))
    contact = _contact(knowledge.values())
    words = partial(no_model_text, answers=answers, contact=contact)
    # A deliberation and a quotation need the plan of the answerer that they are built over.
    for tier, section in sorted(policy.rungs(), key=lambda rung: _composite(rung[1])):
        plans[section.name] = plan_of(loaded, parts, tier, section, knowledge, plans, words)
    # Built in another order, so put back into the policy's. A judge may be any rung of it.
    ladder = tuple(
        with_check(loaded, plans[section.name], plans, parts.clock) for _, section in policy.rungs()
    )
    runtime = _runtime(loaded, parts, ladder, list(knowledge.values()), answers)
    runtime = replace_fields(runtime, quotable=quotable_of(policy, parts.documents))
    if policy.shadow.judged is not None:
        runtime = replace_fields(runtime, pair_judge=pair_judge(loaded, plans))
    return with_later_prices(runtime, loaded, utc_day(parts.clock.now_ms()))


def _contact(knowledge: Iterable[Knowledge]) -> str | None:
    """Returns whom to ask where there is no answer, by the first file that says so."""
    return next((one.content.contact for one in knowledge if one.content.contact), None)


def build_specialist(loaded: LoadedPolicy, parts: Parts) -> PolicyRuntime:
    """Returns a policy's heads made ready, with no answerer.

    Raises PolicyError for heads that are not of this encoder.
    """
    answers = load_safe_answers(loaded.file(loaded.policy.safe_answers))
    runtime = _runtime(loaded, parts, (), [], answers)
    return with_later_prices(runtime, loaded, utc_day(parts.clock.now_ms()))


def with_later_prices(runtime: PolicyRuntime, loaded: LoadedPolicy, day: date) -> PolicyRuntime:
    """Returns a policy at the prices of `day`, with itself at each set of prices that begins later.

    They share everything but prices. The price book bounds their number.
    """
    days = loaded.prices.days_after(day)
    return replace_fields(runtime, later=tuple([_on_day(runtime, loaded, day) for day in days]))


def _on_day(runtime: PolicyRuntime, loaded: LoadedPolicy, day: date) -> PolicyRuntime:
    """Returns a policy at the prices that begin on a day."""
    book = PriceBook.of(loaded, day)
    priced = {plan.facts.name: priced_by(plan, book).facts for plan in runtime.plans}
    plans = tuple(
        replace(
            plan,
            facts=priced[plan.facts.name],
            over=_at_price(plan.over, priced),
            judged_by=_at_price(plan.judged_by, priced),
        )
        for plan in runtime.plans
    )
    return replace_fields(
        runtime,
        policy=book.policy(),
        plans=plans,
        price_of=lru_cache(maxsize=1024)(book.stated),
        redirected=lru_cache(maxsize=1024)(book.redirected),
        triage_price=loaded.prices.compute(1, day) or NO_PRICE,
        priced_from_ms=day_start_ms(day),
    )


def _at_price(
    facts: AnswererFacts | None, priced: Mapping[str, AnswererFacts]
) -> AnswererFacts | None:
    """Returns facts at the price of another day; what a judge reads beside stays in them."""
    return None if facts is None else replace(facts, price=priced[facts.name].price)


def _runtime(
    loaded: LoadedPolicy,
    parts: Parts,
    plans: tuple[RungPlan, ...],
    knowledge: list[Knowledge],
    answers: SafeAnswers,
) -> PolicyRuntime:
    # A certificate for other confidences promises nothing, so it stops the start.
    _check_certificate(loaded, parts.model)
    own, today = _own_heads(loaded, parts), utc_day(parts.clock.now_ms())
    # Prices have dates; the watcher builds the policy again when a new one begins.
    book = PriceBook.of(loaded, today)
    policy = book.policy()
    return PolicyRuntime(
        policy=policy,
        policy_hash=loaded.hash,
        plans=plans,
        triage=_triage(loaded, parts, knowledge, own),
        safe_answer=partial(safe_answer, answers=answers),
        no_answer=partial(no_answer_text, answers=answers, contact=_contact(knowledge)),
        refusal=partial(refusal_text, answers=answers),
        found_words=partial(
            found_phrases,
            terms=loaded.terms,
            own=OwnTerms.of(policy, loaded.terms),
            mend=as_written if parts.model is None else parts.model.mended,
        ),
        emergency=lambda domain, text: emergency_wording(domain, text, answers) is not None,
        overdose=partial(overdose_named, answers=answers),
        opening=partial(opening_text, answers=answers),
        remember=memory_after,
        head_classes={} if own is None else _classes(own),
        # Clients ask for few models.
        price_of=lru_cache(maxsize=1024)(book.stated),
        # price lists are long, and the names in them few
        redirected=lru_cache(maxsize=1024)(book.redirected),
        triage_price=loaded.prices.compute(1, today) or NO_PRICE,
        holding=partial(holding_text, answers=answers),
        certified_shares=_certified_shares(loaded),
        models=loaded.registered.models,
        shifts=None if policy.online is None else Shifts(),
    )


def _classes(own: OwnHeads) -> dict[str, tuple[str, ...]]:
    return {name: own.stack.heads[name].classes for name in own.names}


def _composite(section: AnswererSection) -> bool:
    """Returns True for what needs another answerer, so is built last."""
    return isinstance(section, DeliberationAnswerer | PassagesAnswerer)


def _knowledge(loaded: LoadedPolicy) -> dict[str, Knowledge]:
    """Returns the knowledge of each resolver, by the answerer's name."""
    return {
        section.name: _spoken(loaded, section)
        for _, section in loaded.policy.rungs()
        if isinstance(section, ResolverAnswerer)
    }


def _spoken(loaded: LoadedPolicy, section: ResolverAnswerer) -> Knowledge:
    """Returns the knowledge of a resolver, with the languages that the policy names."""
    knowledge = load_knowledge(loaded.file(section.knowledge), section.lookups)
    if section.languages is None:
        return knowledge
    return with_translations(knowledge, loaded.file(section.languages))


def _check_certificate(loaded: LoadedPolicy, model: TriageModel | None) -> None:
    """Raises PolicyError for a certificate of another triage model, or of another `novel_at`.

    A certificate is a statement about the confidences of one triage model.
    """
    certificate = loaded.certificate
    if certificate is None:
        return
    novel_at = loaded.policy.decision.novel_at
    if certificate.unfamiliar_shares and certificate.novel_at != novel_at:
        given = f"a certificate for novel_at {certificate.novel_at:g}"
        wanted = f"{novel_at:g}, which is this policy's: `tiergate tune --novel-at {novel_at:g}`"
        raise PolicyError((Mistake(str(loaded.path), 0, "decision.certificate", given, wanted),))
    if model is None or model.version in certificate.triage_versions:
        return
    actual = f"a certificate for triage {', '.join(certificate.triage_versions) or 'unknown'}"
    expected = f"one for {model.version}, which runs here: `tiergate tune` on its traffic"
    raise PolicyError((Mistake(str(loaded.path), 0, "decision.certificate", actual, expected),))


def _certified_shares(loaded: LoadedPolicy) -> Mapping[Domain, float]:
    """Returns the certified shares of unfamiliar requests, where the mode counts certificates."""
    certified = loaded.policy.decision.mode is DecisionMode.CERTIFIED
    return loaded.certificate.unfamiliar_shares if certified and loaded.certificate else {}


def _own_heads(loaded: LoadedPolicy, parts: Parts) -> OwnHeads | None:
    """Returns the policy's own heads with the model's; None without a model, when only rules read.

    Policies with the same heads share one stack of 9 MB. Then one run of the heads reads the
    requests of all of them. Raises PolicyError for a file that no longer fits, though it did when
    the policy was loaded.
    """
    model = parts.model
    named = [(section, loaded.file(section.path)) for section in loaded.policy.heads]
    if model is None or not named:
        return None
    try:
        close = [(one, loaded.file(one.close)) for one, _ in named if one.close is not None]
        key = digest_of_heads([*named, *close])
        own = parts.heads.get(key)
        if own is None:
            readers = _close_readers(close, model, late=parts.late)
            own = OwnHeads.of(model.stack.heads, load_heads(named, model.encoder.sha256), readers)
    except ModelFileError as error:
        fitting = f"heads of this version: those in {policies_dir() / 'heads'}, or trained again"
        mistake = Mistake(str(loaded.path), 0, "heads", error.message, fitting)
        raise PolicyError((mistake,)) from error
    if own is not None:
        parts.heads[key] = own
    return own


def _close_readers(
    named: Sequence[tuple[HeadSection, Path]], model: TriageModel, *, late: bool
) -> dict[str, CloseReader]:
    """Returns the readers of what heads are unsure of, by the name of the head."""
    encoder = model.encoder
    return {one.name: file.load(path, encoder, late=late) for one, path in named}


def _triage(
    loaded: LoadedPolicy, parts: Parts, knowledge: list[Knowledge], own: OwnHeads | None
) -> Triage:
    """Returns the policy's triage, which matches requests with the first resolver's knowledge."""
    policy, terms, talks = loaded.policy, loaded.terms, _talks(loaded)
    # Without a model or a resolver there is nothing to match requests with.
    if parts.model is None or not knowledge:
        config = TriageConfig.of(policy, own=own, terms=terms, talks=talks)
        return TriageService(parts.engine, config, read=policy.triage.roles)
    first = knowledge[0]
    spoken = Spoken.of(loaded, first, parts.model)
    not_covered = spoken.said(first.content.not_covered)
    intents = knowledge_intents(first)
    answers = [(one.id, one.domain, one.utterances, one.answer) for one in first.content.intents]
    said = {name: text for name, _, _, text in answers}

    def texts_of(task: str | None) -> KnowledgeTexts:
        texts = KnowledgeTexts([row for row in intents if in_scope(row[0], task)])
        if task is not None:
            return texts._replace(verified=False)
        return texts._replace(
            not_covered=not_covered,
            outcomes=first.outcomes,
            answers=said,
            traffic=_first_resolver(loaded).traffic,
        )

    # A task has its own index, so that it matches no answer of another task.
    wanted = {task: texts_of(task) for task in (None, *first.content.classifications)}
    indexes = _indexes(list(wanted.values()), loaded, parts, parts.model)
    index = dict(zip(wanted, indexes, strict=True))
    glossed = spoken.answers(first, index[None])
    shelf = Shelf(answers, parts.model.knows, index[None].highest)
    rerank = None
    if parts.model.reranker is not None:
        rerank = _rerank(said, index[None], parts.model.reranker)
        parts.engine.before_answers(parts.model.reranker.open)
    base = TriageConfig.of(policy, index[None], own, terms, glossed, shelf, talks, rerank)
    base = replace(
        base, calm_answers=frozenset(one.id for one in first.content.intents if not one.grave)
    )
    tasks = {
        task: replace(
            base,
            knowledge=index[task],
            glossed=None,
            shelf=None,
            talks=(),
            rerank=None,
            calm_answers=frozenset(),
        )
        for task in first.content.classifications
    }
    return TriageService(
        parts.engine,
        base,
        scope=partial(match_scope, knowledge=first),
        tasks=tasks,
        read=policy.triage.roles,
    )


def _rerank(answers: Mapping[str, str], index: KnowledgeIndex, reranker: Reranker) -> FileReranker:
    """Returns what reads messages together with the file's answers."""
    approved = ApprovedAnswers(index.utterances, index.evidence, answers, index.traffic)
    return FileReranker(reranker, approved, index.own_read)


def _talks(loaded: LoadedPolicy) -> tuple[SmallTalk, ...]:
    """Returns the approved small talk of the policy's answerers, else the shipped courtesies.

    "Danke dir" asks for nothing whoever answers it; without them it is novel to the small model.
    """
    sections = [a for _, a in loaded.policy.rungs() if isinstance(a, ExactAnswerer)]
    files = dict.fromkeys([a.small_talk for a in sections if a.small_talk])
    if not files:
        return (load_small_talk(policies_dir() / SHIPPED_TALK).only(COURTESIES),)
    return tuple([load_small_talk(loaded.file(file)) for file in files])


def _indexes(
    wanted: Sequence[KnowledgeTexts], loaded: LoadedPolicy, parts: Parts, model: TriageModel
) -> list[KnowledgeIndex]:
    """Returns an index of each, which policies of the same texts share.

    An index of 1,900 utterances has 13 MB and takes .3 s, so a reload that leaves them alone takes
    over the old one.
    """
    keys = [digest_of(texts, model.vectors_version) for texts in wanted]
    indexes = [parts.indexes.get(key) for key in keys]
    if None in indexes:
        # Embedding all utterances takes seconds, so vectors are kept between starts.
        version = f"{model.vectors_version}-{_place(loaded)}"
        memory = Remembering(model, parts.cache_dir, version)

        def reading(texts: KnowledgeTexts) -> Callable[[KnowledgeIndex], FileReranker] | None:
            reranker = model.reranker
            if reranker is None or not texts.answers:
                return None
            return lambda index: _rerank(texts.answers, index, reranker)

        for i, texts in enumerate(wanted):
            # Known ones are told to the memory too, which keeps only what one build uses.
            built = KnowledgeIndex.build(memory, texts, memory, reading(texts))
            indexes[i] = indexes[i] or built
        memory.save()
    made = [index for index in indexes if index is not None]
    parts.indexes.update(zip(keys, made, strict=True))
    return made


def _place(loaded: LoadedPolicy) -> str:
    """Names the file of a policy's approved answers, so that each has a memory of its own."""
    path = str(loaded.file(_first_resolver(loaded).knowledge).absolute())
    return hashlib.blake2b(path.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()


def _first_resolver(loaded: LoadedPolicy) -> ResolverAnswerer:
    """Returns the resolver whose approved answers requests are matched with."""
    sections = (section for _, section in loaded.policy.rungs())
    return next(section for section in sections if isinstance(section, ResolverAnswerer))

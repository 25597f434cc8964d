"""Runs the model on one thread: many texts in one run, shared by all policies.

Requests wait in a queue; the worker takes all that wait, at most MAX_BATCH texts, and runs rules,
encoder, heads and matching once. There is no timer: a lone request is read at once, and a batch
forms only while the one before is read. Rules run in the worker too, so that the event loop only
hands over and puts together. No text gives an error: when the model is missing or fails, only the
rules read, and the reading says `degraded`. It knows nothing about requests or conversations.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from itertools import repeat
from queue import SimpleQueue
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.policy.content.term_files import NO_TERMS, LanguageTerms
from router.policy.schema import Policy, ResolverAnswerer
from router.stats.heads import Encoded
from router.triage.facts.phrase_finder import PhraseFinder
from router.triage.facts.phrase_lists import mistyped_finder, phrase_finder
from router.triage.facts.turn_facts import RuleFacts, TurnFacts, find_facts
from router.triage.grave import GraveReader
from router.triage.other_readings import graver, known_forms, weaker_match
from router.triage.own_heads import OwnHeads
from router.triage.reading import (
    ModelRow,
    TurnReading,
    more_cautious,
    reading_of,
)
from router.triage.text.amount_lists import unquoted
from router.triage.text.amounts import AmountReader
from router.triage.text.disguises import Knows
from router.triage.text.rules import VERSION as RULES_VERSION
from router.triage.text.rules import read_by_rules
from router.triage.text.spelling import knows_all
from router.triage.text.terms import TermFinder
from router.triage.turn_heads import momentary_of
from router.triage.utterances import Described
from router.triage.verifier import readings_of
from router.types import RISK_DOMAINS, Domain, HeadReading, Match, RequestType

MAX_BATCH = 32
"""Texts in one run: more gain nothing per text, and the first one waits for the last."""

_Array = npt.NDArray[np.floating]


class Outputs(Protocol):
    """Holds the heads' readings of a batch: one row per text; every chance is calibrated."""

    @property
    def request_type(self) -> _Array: ...  # (texts, types)
    @property
    def domain(self) -> _Array: ...  # (texts, domains)
    @property
    def difficulty(self) -> _Array: ...  # (texts,), as all below
    @property
    def stakes_high(self) -> _Array: ...
    @property
    def multi_factor(self) -> _Array: ...
    @property
    def strategic(self) -> _Array: ...
    @property
    def novelty(self) -> _Array: ...
    @property
    def toxic(self) -> _Array: ...
    @property
    def spam(self) -> _Array: ...
    @property
    def own(self) -> Sequence[tuple[HeadReading, ...]]: ...  # where own heads were asked for


class Model(Protocol):
    """Describes what is needed of the triage model; safe to call from several threads."""

    @property
    def version(self) -> str: ...
    @property
    def request_types(self) -> Sequence[str]: ...
    @property
    def domains(self) -> Sequence[str]: ...
    def encode(self, texts: Sequence[str]) -> Encoded: ...
    def read(self, encoded: Encoded, own: OwnHeads | None = None) -> Outputs: ...
    @property
    def knows(self) -> Knows: ...
    @property
    def grave(self) -> GraveReader | None: ...


class Knowledge(Protocol):
    """Searches approved answers by embedding, and the operator's own texts only by their words."""

    @property
    def highest(self) -> float: ...  # the highest chance of a match

    def written(self, text: str) -> tuple[str, Match | None] | None: ...

    def match(self, described: Described, texts: Sequence[str]) -> Sequence[Match | None]: ...


class TriageConfig(Struct, frozen=True, eq=False, weakref=True):
    """Holds what one policy adds to the model; immutable, shared by threads."""

    terms: TermFinder
    amounts: AmountReader
    knowledge: Knowledge | None = None
    own: OwnHeads | None = None
    offers_from: float = 1.0  # level 1 offers questions from this chance of the likeliest on
    momentary: frozenset[str] = frozenset()  # heads that count for one turn alone
    phrases: tuple[PhraseFinder, ...] = ()  # of all languages; the policy's lists, mistyped

    @classmethod
    def of(
        cls,
        policy: Policy,
        knowledge: Knowledge | None = None,
        own: OwnHeads | None = None,
        terms: LanguageTerms = NO_TERMS,
    ) -> TriageConfig:
        """Returns the configuration that a policy and its phrases by language state."""
        lists: Mapping[str, list[str]] = {terms.name: terms.terms for terms in policy.terms}
        clarify = [a.clarify for _, a in policy.rungs() if isinstance(a, ResolverAnswerer)]
        return cls(
            TermFinder(lists),
            AmountReader(policy.stakes.currencies.usd_per_unit),
            knowledge,
            own,
            clarify[0].from_ if clarify and clarify[0] is not None else 1.0,
            momentary_of(policy),
            (phrase_finder(terms), mistyped_finder(lists, terms.not_meant)),
        )


class _Job(Struct, frozen=True, eq=False):
    """One request's texts for the worker; `older` is read by rules only."""

    texts: Sequence[str]
    older: Sequence[str]
    config: TriageConfig
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[EngineResult]


class EngineResult(NamedTuple):
    """One request's readings in the order of its texts, and what they took."""

    readings: list[TurnReading]
    older: list[RuleFacts]
    compute_ms: float = 0.0  # core-milliseconds of the worker; 0: read on the caller's thread


class TriageEngine:
    """Holds the model and the thread that runs it, shared by all policies.

    Without a model, rules read everything. With `together` = 1 each request has a run of its own:
    INT8 activations are scaled over a whole run, so the other texts of a run move a chance in its
    third digit, and a request near a threshold may fall to either side. Waiting requests
    are bounded by the server's connections; those whose client is gone are skipped.
    """

    def __init__(self, model: Model | None, together: int = MAX_BATCH) -> None:
        self._model = model
        self._together = together
        self._types = [RequestType(name) for name in model.request_types] if model else []
        self._domains = [Domain(name) for name in model.domains] if model else []
        self._risky = [i for i, domain in enumerate(self._domains) if domain in RISK_DOMAINS]
        self.version = model.version if model else RULES_VERSION
        # Without a model everything is novel anyway, so no disguise is looked for.
        self.knows = model.knows if model else knows_all
        self.not_encoded = 0  # texts that were taken for what an operator wrote
        # By configuration, so that those of a policy go with it: heads of its own are megabytes.
        self._kept = WeakKeyDictionary[TriageConfig, dict[str, ModelRow]]()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._worker: threading.Thread | None = None
        self._starting = threading.Lock()

    @property
    def degraded(self) -> bool:
        """Returns True when the model is missing, so that only rules read."""
        return self._model is None

    def read_now(
        self, texts: Sequence[str], older: Sequence[str], config: TriageConfig
    ) -> EngineResult:
        """Reads texts on the calling thread. Only the rules read `older`."""
        readings = _read_all(self, [(text, config) for text in texts])
        return EngineResult(readings, _older_facts(self, older, config))

    async def read(
        self, texts: Sequence[str], older: Sequence[str], config: TriageConfig
    ) -> EngineResult:
        """Reads texts on the worker, together with all other texts that wait there."""
        loop = asyncio.get_running_loop()
        job = _Job(texts, older, config, loop, loop.create_future())
        if self._worker is None:
            self.start()
        self._jobs.put(job)
        return await job.done

    def start(self) -> None:
        """Starts the worker; harmless when it runs."""
        with self._starting:
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="triage", daemon=True)
                self._worker.start()

    def close(self) -> None:
        """Ends the worker once it has read what waits; a later read starts it again."""
        with self._starting:
            worker, self._worker = self._worker, None
        if worker is not None:
            self._jobs.put(None)
            worker.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, texts, ended = [job], len(job.texts), False
            while texts < self._together and not ended and not self._jobs.empty():
                more = self._jobs.get()
                if more is None:
                    ended = True
                else:
                    batch.append(more)
                    texts += len(more.texts)
            self._read_batch([job for job in batch if not job.done.cancelled()])
            if ended:
                break

    def _read_batch(self, batch: Sequence[_Job]) -> None:
        """Reads all jobs in one run and hands the results over, one wake-up per event loop.

        The run's processor time is shared by texts: padding makes each cost what the longest does.
        """
        began_s = time.thread_time()
        texts = [(text, job.config) for job in batch for text in job.texts]
        readings = iter(_read_all(self, texts))
        read = [
            ([next(readings) for _ in job.texts], _older_facts(self, job.older, job.config))
            for job in batch
        ]
        shares = sum(max(1, len(job.texts)) for job in batch)
        share_ms = 1000.0 * (time.thread_time() - began_s) / max(1, shares)
        answered: dict[asyncio.AbstractEventLoop, list[tuple[_Job, EngineResult]]] = {}
        for job, (own, older) in zip(batch, read, strict=True):
            result = EngineResult(own, older, share_ms * max(1, len(job.texts)))
            answered.setdefault(job.loop, []).append((job, result))
        for loop, results in answered.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_deliver, results)

    def rows(
        self, asked: Sequence[tuple[str, TriageConfig]]
    ) -> tuple[list[ModelRow], list[Match | None]]:
        """Returns the model's reading of texts, and what each matches in its policy's knowledge.

        A text that the operator wrote, apart from courtesies, is read once, as the operator wrote
        it. The encoder reads the other texts.
        """
        known = self._written(asked)
        rest = [one for i, one in enumerate(asked) if i not in known] if known else asked
        rows, matches = self._encoded(rest) if rest else ([], [])
        self.not_encoded += len(known)
        for i, (row, match) in sorted(known.items()):
            rows.insert(i, row)
            matches.insert(i, match)
        return rows, matches

    def _written(
        self, asked: Sequence[tuple[str, TriageConfig]]
    ) -> dict[int, tuple[ModelRow, Match | None]]:
        """Returns by place the texts that an operator wrote: their reading and their match."""
        found: dict[int, tuple[ModelRow, Match | None]] = {}
        for i, (text, config) in enumerate(asked):
            same = config.knowledge.written(text) if config.knowledge is not None else None
            if same is None:
                continue
            written, match = same
            kept = self._kept.setdefault(config, {})  # at most as many as the operator wrote
            row = kept.get(written)
            if row is None:
                row = kept[written] = self._encoded([(written, config)])[0][0]
            found[i] = row, match
        return found

    def _encoded(
        self, asked: Sequence[tuple[str, TriageConfig]]
    ) -> tuple[list[ModelRow], list[Match | None]]:
        """Returns the same by the encoder, all texts in one run."""
        assert self._model is not None
        texts = [text for text, _ in asked]
        encoded = self._model.encode(texts)
        rows: list[ModelRow] = []
        parts: list[npt.NDArray[np.float32]] = []
        order: list[int] = []
        for own, indices in _by_heads(asked).items():
            part = encoded if len(indices) == len(asked) else encoded[np.array(indices)]
            read = self._model.read(part) if own is None else self._model.read(part, own)
            rows += self._model_rows(read)
            parts.append(readings_of(read))
            order += indices
        readings = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if order != list(range(len(asked))):
            rows = [row for _, row in sorted(zip(order, rows, strict=True), key=_place)]
            readings = readings[np.argsort(order)]
        if self._model.grave is not None:
            found = self._model.grave.read(texts, encoded.vectors)
            rows = [
                row._replace(grave=one.grave, matter=one.matter, knowledge=one.knowledge)
                for row, one in zip(rows, found, strict=True)
            ]
        return rows, _matches(Described(encoded.vectors, readings), asked)

    def _model_rows(self, out: Outputs) -> list[ModelRow]:
        """Returns the heads' readings as one row per text."""
        types, domains = np.asarray(out.request_type), np.asarray(out.domain)
        columns = (
            [self._types[i] for i in types.argmax(axis=1)],
            types.max(axis=1).tolist(),
            [self._domains[i] for i in domains.argmax(axis=1)],
            domains.max(axis=1).tolist(),
            [self._domains[self._risky[i]] for i in domains[:, self._risky].argmax(axis=1)],
            domains[:, self._risky].sum(axis=1).tolist(),
            out.difficulty.tolist(),
            out.stakes_high.tolist(),
            out.multi_factor.tolist(),
            out.strategic.tolist(),
            out.novelty.tolist(),
            out.toxic.tolist(),
            out.spam.tolist(),
            out.own or repeat(()),
        )
        return list(map(ModelRow, *columns))


def _deliver(results: Sequence[tuple[_Job, EngineResult]]) -> None:
    for job, result in results:
        if not job.done.done():
            job.done.set_result(result)


def _facts(engine: TriageEngine, text: str, config: TriageConfig) -> TurnFacts:
    return find_facts(text, config.amounts, config.terms, engine.knows, config.phrases)


def _older_facts(
    engine: TriageEngine, older: Sequence[str], config: TriageConfig
) -> list[RuleFacts]:
    found = [_facts(engine, text, config) for text in older]
    return [RuleFacts(unquoted(facts.amounts), facts.risk_terms, facts.unread) for facts in found]


def _by_heads(asked: Sequence[tuple[str, TriageConfig]]) -> dict[OwnHeads | None, list[int]]:
    """Returns the places of texts by the heads that read them; nearly always one entry."""
    found: dict[OwnHeads | None, list[int]] = {}
    for index, (_, config) in enumerate(asked):
        found.setdefault(config.own, []).append(index)
    return found


def _place(placed: tuple[int, ModelRow]) -> int:
    return placed[0]


def _matches(described: Described, asked: Sequence[tuple[str, TriageConfig]]) -> list[Match | None]:
    """Matches all texts, one call per knowledge file."""
    found: list[Match | None] = [None] * len(asked)
    by_config: dict[TriageConfig, list[int]] = {}
    for index, (_, config) in enumerate(asked):
        if config.knowledge is not None:
            by_config.setdefault(config, []).append(index)
    for config, indices in by_config.items():
        assert config.knowledge is not None
        texts = [asked[i][0] for i in indices]
        mine = described
        if len(indices) != len(asked):
            mine = Described(described.vectors[indices], described.readings[indices])
        matches = config.knowledge.match(mine, texts)
        for index, match in zip(indices, matches, strict=True):
            found[index] = match
    return found


def _read_all(engine: TriageEngine, asked: Sequence[tuple[str, TriageConfig]]) -> list[TurnReading]:
    """Reads texts together; where that fails, one by one; where one fails, by rules."""
    facts = [_facts(engine, text, config) for text, config in asked]
    if engine.degraded:
        return [_by_rules(one) for one in facts]
    try:
        return _by_model(engine, asked, facts)
    except Exception:  # any failure of the model on any text must give signals, not an error
        if len(asked) == 1:
            return [_by_rules(facts[0])]
        return [reading for one in asked for reading in _read_all(engine, [one])]


def _by_rules(facts: TurnFacts) -> TurnReading:
    return reading_of(read_by_rules(facts), None, facts, degraded=True)


def _by_model(
    engine: TriageEngine, asked: Sequence[tuple[str, TriageConfig]], facts: Sequence[TurnFacts]
) -> list[TurnReading]:
    """Runs the model over all texts and their other forms: without talk, or undisguised."""
    if not asked:
        return []
    again = [index for index, found in enumerate(facts) for _ in found.other_forms]
    extra = [
        (form, config)
        for found, (_, config) in zip(facts, asked, strict=True)
        for form in found.other_forms
    ]
    passages = [(passage, index) for index, found in enumerate(facts) for passage in found.passages]
    rows, matches = engine.rows([*asked, *extra] if extra else asked)
    known = known_forms(again, matches, len(asked))
    for position, index in enumerate(again, start=len(asked)):
        rows[index] = more_cautious(rows[index], rows[position])
        if index in known:
            # The disguise, or the words to the router, are no part of the question that is asked.
            # They still raise caution.
            rows[index] = rows[index]._replace(novelty=rows[known[index]].novelty)
            matches[index] = matches[known[index]]
        else:
            matches[index] = weaker_match(matches[index], matches[position])
    # A run of their own: beside a long text each would be padded to its length.
    if passages:
        short = engine.rows([(passage, asked[index][1]) for passage, index in passages])[0]
        for (_, index), row in zip(passages, short, strict=True):
            rows[index] = graver(rows[index], row)
    # Rows of second readings lie behind the texts' own, and are not used.
    return [
        reading_of(
            rows[index],
            matches[index],
            found,
            offers_from=config.offers_from,
            momentary=config.momentary,
            known_form=index in known,
        )
        for index, (found, (_, config)) in enumerate(zip(facts, asked, strict=True))
    ]

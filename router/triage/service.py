"""Offers triage to the gateway: a request in, signals out.

Each policy has a `TriageService` with its terms, currencies and knowledge over the one
`TriageEngine`. Nothing in a service ever changes: a policy is reloaded by making a new one. The
reading of a turn is kept under a digest of its text, so that the earlier turns of a conversation
cost nothing when its next request comes. It knows nothing about tiers.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence, Set
from types import MappingProxyType

from msgspec.structs import replace

from router.policy.content.outcomes import JudgedQuestion
from router.policy.content.replies import MatchScope
from router.triage.batches.config import TriageConfig
from router.triage.batches.turn_cache import TurnCache
from router.triage.conversation.signals import signals_of
from router.triage.conversation.spoken import spoken_before
from router.triage.engine import TriageEngine
from router.triage.facts.languages import ENGLISH, UNKNOWN
from router.triage.facts.turn_facts import RuleFacts
from router.triage.match import KnowledgeIndex
from router.triage.matching.nearest import Nearest, nearest_of
from router.triage.matching.outcomes import OutcomeUses
from router.triage.reading import TurnReading
from router.triage.text.turns import USER_ALONE, Turns, estimate_input_tokens, for_classes, turns_of
from router.triage.verifier import Describer
from router.types import READ_LANGUAGES, ChatRequest, SessionMemory, Signals

Scope = Callable[[ChatRequest], MatchScope]

CACHED_TURNS = 5_000
"""Readings kept per policy, about 3.5 kB each, so 18 MB: the turns of five minutes at 16 requests a
second. At full load no number of them would last until a conversation goes on."""

_SECRET = secrets.token_bytes(32)
"""Keys the digests by which readings are kept, so that a dump of memory names no known text."""


class TriageService:
    """Implements `types.Triage` for one policy. Never raises for any text."""

    def __init__(
        self,
        engine: TriageEngine,
        config: TriageConfig,
        *,
        scope: Scope | None = None,
        tasks: Mapping[str, TriageConfig] = MappingProxyType({}),
        read: Set[str] = USER_ALONE,
    ) -> None:
        """Takes the parts.

        `scope` names the classification task that a request asks for and the text to classify, or
        what a reply to a question of ours is about. `tasks` has a configuration for each task,
        whose knowledge holds that task's classes alone. `read` has the roles whose text the rules
        read: the policy's `triage.read`.
        """
        self._engine = engine
        self._config = config
        self._scope = scope
        self._tasks = tasks
        self._read = read
        self._cache = TurnCache[TurnReading](CACHED_TURNS)
        # A system prompt comes with every request; the rules read it once.
        self._facts = TurnCache[RuleFacts](CACHED_TURNS)

    @property
    def highest_match(self) -> float | None:
        """Returns the highest chance that a match can show; None where nothing is matched."""
        knowledge, rerank = self._config.knowledge, self._config.rerank
        if knowledge is None:
            return None
        return max(knowledge.highest, 0.0 if rerank is None else rerank.highest)

    def uses(self, outcomes: Sequence[JudgedQuestion], model: Describer) -> OutcomeUses | None:
        """Returns what judged requests say of the chances of matches.

        None where nothing is matched.
        """
        knowledge = self._config.knowledge
        return None if knowledge is None else knowledge.uses(outcomes, model)

    def nearest(self, text: str, model: Describer) -> Nearest | None:
        """Returns the approved question nearest to a text, for people; it decides nothing.

        None where nothing is approved. Nothing is compared of a text without English words.
        """
        knowledge = self._config.knowledge
        if not isinstance(knowledge, KnowledgeIndex):
            return None
        language, gloss = self._engine.reader.glossed(text, self._config)
        if gloss is None and language not in READ_LANGUAGES:
            spoken = self._config.glossed is not None and language in self._config.glossed.languages
            return Nearest("", "", 0.0, unspoken="" if spoken else language)
        compared = text if gloss is None else gloss.text
        described = model.described([compared])
        near = nearest_of(knowledge.utterances, described.vectors[0])
        if near is None:
            return None
        uncovered = knowledge.match(described, [compared])[0] is None
        unknown = 0 if gloss is None else gloss.unknown
        return near._replace(
            uncovered=uncovered, compared="" if gloss is None else compared, unknown=unknown
        )

    async def read(self, request: ChatRequest, memory: SessionMemory | None) -> Signals:
        """Returns what is read in a request, without blocking the event loop."""
        return (await self.measured(request, memory))[0]

    async def measured(
        self, request: ChatRequest, memory: SessionMemory | None
    ) -> tuple[Signals, float]:
        """Returns signals and core-milliseconds.

        They are this thread's, that of whoever takes a long request apart, and this request's share
        of the worker's. What other tasks do on this thread meanwhile is left out.
        """
        began_s, worker_ms = time.thread_time(), 0.0
        if request.is_long:
            turns, turns_s = await asyncio.to_thread(self._turns, request)
            began_s = time.thread_time() - turns_s
        else:
            turns = turns_of(request, self._read)
        reading, config = self._begin(request, turns, memory)
        if reading.wanted or reading.wanted_older:
            begun_s = time.thread_time() - began_s
            result = await self._engine.read(
                reading.wanted, reading.wanted_older, config, reading.wanted_spoken
            )
            began_s = time.thread_time() - begun_s  # what others did while we waited is left out
            worker_ms = result.compute_ms
            reading.add(result.readings, result.older)
        signals = reading.signals(memory, self._engine.version)
        return signals, worker_ms + 1000.0 * (time.thread_time() - began_s)

    def read_now(self, request: ChatRequest, memory: SessionMemory | None) -> Signals:
        """Returns the same on the calling thread."""
        reading, config = self._begin(request, self._turns(request)[0], memory)
        result = self._engine.read_now(
            reading.wanted, reading.wanted_older, config, reading.wanted_spoken
        )
        reading.add(result.readings, result.older)
        return reading.signals(memory, self._engine.version)

    def _turns(self, request: ChatRequest) -> tuple[Turns, float]:
        """Returns the parts of a request that are read, and this thread's seconds."""
        began_s = time.thread_time()
        turns = turns_of(request, self._read)
        return turns, time.thread_time() - began_s

    def _begin(
        self, request: ChatRequest, turns: Turns, memory: SessionMemory | None
    ) -> tuple[_Reading, TriageConfig]:
        config, task = self._config, ""
        if self._scope is not None:
            scope = self._scope(request)
            if scope.task is not None:
                turns = for_classes(turns, request, scope.text, self._read)
                task = scope.task
                config = self._tasks[task]
            elif scope.subject:
                turns = replace(
                    turns,
                    subject=scope.subject,
                    plain=scope.plain,
                    named=scope.named,
                    leans=scope.leans,
                    points=scope.points,
                    asked_back=scope.asked_back,
                )
            elif scope.asked_back:
                turns = replace(turns, asked_back=True)
        remembered = UNKNOWN if memory is None else memory.language
        return _Reading(request, turns, self._cache, self._facts, task, remembered), config


class _Reading:
    """Holds one request under way: known texts, wanted texts, and what comes of them."""

    __slots__ = (
        "_cache",
        "_facts",
        "_found",
        "_keys",
        "_older",
        "_older_keys",
        "_request",
        "_spoken",
        "_turns",
        "wanted",
        "wanted_older",
        "wanted_spoken",
    )

    def __init__(
        self,
        request: ChatRequest,
        turns: Turns,
        cache: TurnCache[TurnReading],
        facts: TurnCache[RuleFacts],
        task: str,
        remembered: str,
    ) -> None:
        self._request, self._turns, self._cache, self._facts = request, turns, cache, facts
        others = (turns.apart, turns.harm_only, turns.subject, turns.told)
        beside = [text for text in others if text]
        texts = (turns.last, *turns.earlier, *beside)
        spoken = spoken_before(turns.earlier, remembered)
        self._spoken = spoken[0]
        spoken += [UNKNOWN for text in (turns.apart, turns.harm_only) if text]
        if turns.subject:
            spoken.append(self._spoken)
        spoken += [UNKNOWN] if turns.told else []
        # English is the language of whatever tells none, so that it makes no difference.
        spoken = [UNKNOWN if language == ENGLISH else language for language in spoken]
        keyed = zip(spoken, texts, strict=True)
        self._keys = [_digest(f"{task}\0{language}\0{text}") for language, text in keyed]
        self._found = [cache.get(key) for key in self._keys]
        self._older_keys = [_digest(text) for text in turns.older]
        self._older = [facts.get(key) for key in self._older_keys]
        self.wanted = _unknown(texts, self._found)
        self.wanted_spoken = _unknown(spoken, self._found)
        self.wanted_older = _unknown(turns.older, self._older)

    def add(self, readings: Sequence[TurnReading], older: Sequence[RuleFacts]) -> None:
        fresh, fresh_older = iter(readings), iter(older)
        for index, key in enumerate(self._keys):
            if self._found[index] is None:
                reading = self._found[index] = next(fresh)
                if not reading.degraded:  # the model may do better next time
                    self._cache.put(key, reading)
        for index, key in enumerate(self._older_keys):
            if self._older[index] is None:
                facts = self._older[index] = next(fresh_older)
                self._facts.put(key, facts)

    def signals(self, memory: SessionMemory | None, version: str) -> Signals:
        return signals_of(
            self._turns,
            [reading for reading in self._found if reading is not None],
            [facts for facts in self._older if facts is not None],
            memory,
            input_tokens=estimate_input_tokens(self._request),
            version=version,
            spoken=self._spoken,
        )


def _unknown(texts: Sequence[str], readings: Sequence[object | None]) -> list[str]:
    """Returns the texts that nothing was found for yet."""
    return [text for text, known in zip(texts, readings, strict=True) if known is None]


def _digest(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(raw, key=_SECRET, digest_size=16).digest()

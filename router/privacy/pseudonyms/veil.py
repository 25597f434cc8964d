"""Hides the personal details of one request from answerers, and puts them back in their answers.

A veil lives as long as its request. It is made only where the policy wants pseudonyms; triage,
hard rules and stakes have read the request's own words before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from msgspec.structs import replace

from router.privacy.entities.kinds import EntityKind
from router.privacy.pseudonyms.masks import Channel, Mask
from router.privacy.pseudonyms.texts import (
    Reader,
    counts_elsewhere,
    swapped,
    texts_of,
    values_of,
)
from router.types import Answer, AnswererFacts, ChatRequest, Choice, Delta, ToolCall


class Veil:
    """Knows the personal details of one request, and what stands for each."""

    def __init__(
        self,
        request: ChatRequest,
        *,
        reader: Reader,
        kinds: frozenset[EntityKind],
        trusted: frozenset[str],
        secret: bytes,
    ) -> None:
        self._reader = reader
        self._kinds = kinds
        self._trusted = trusted
        self._mask = Mask(secret, conversation_of(request))
        self._cache_mask = Mask(secret, b"")
        self._found: dict[str, EntityKind] = {}
        self._local: dict[str, EntityKind] = {}  # "Will" is a name where it was found only
        self._known: re.Pattern[str] | None = None
        self._texts: list[str] = []
        self._hidden: tuple[ChatRequest, ChatRequest] | None = None

    @property
    def counts(self) -> Mapping[str, int]:
        """Returns how many different values of each kind were replaced; no value."""
        tagged = [self._found.get(value) or self._local[value] for value in self._mask.values]
        return dict(Counter([kind.value for kind in tagged]))

    @property
    def kinds(self) -> frozenset[EntityKind]:
        """Returns the kinds that were found."""
        return frozenset([*self._found.values(), *self._local.values()])

    def hides_from(self, facts: AnswererFacts) -> bool:
        """Returns True for an answerer outside of this machine that is not trusted."""
        return facts.kind in ("upstream", "litellm") and facts.name not in self._trusted

    def hidden(self, request: ChatRequest) -> ChatRequest:
        """Returns the request with pseudonyms; the same one where nothing is to be hidden."""
        if self._hidden is not None and self._hidden[0] is request:
            return self._hidden[1]
        changed = swapped(request, self._swap) if self.read(request) else request
        if self._hidden is None:
            self._hidden = (request, changed)
        return changed

    def unread(self, request: ChatRequest) -> int:
        """Returns the characters of a request that nobody has read yet; 0 once it is hidden."""
        if self._hidden is not None and self._hidden[0] is request:
            return 0
        return sum([len(text) for text in texts_of(request) if not self._reader.is_known(text)])

    def read(self, request: ChatRequest) -> bool:
        """Reads a request. Returns True where something was found in it."""
        if EntityKind.NAME in self._kinds:
            for message in request.messages:
                if message.name and message.role == "user":
                    self._found.setdefault(message.name, EntityKind.NAME)
        self._read(list(texts_of(request)))
        return bool(self._found or self._local)

    def _read(self, texts: list[str]) -> None:
        before = len(self._found)
        self._texts += [text.upper() for text in texts]
        for text in texts:
            for value, kind in values_of(text, self._reader.found(text)):
                if kind not in self._kinds:
                    continue
                if counts_elsewhere(value, kind):
                    self._found.setdefault(value, kind)
                else:
                    self._local.setdefault(value, kind)
        if len(self._found) != before:
            self._known = _any_of(list(self._found))

    def text(self, text: str) -> str:
        """Returns a text with pseudonyms, for a store; it is read first where it is new."""
        self._read([text])
        return self._swap(text)

    def _swap(self, text: str) -> str:
        return self._swapped(text, self._mask)

    def _swapped(self, text: str, mask: Mask) -> str:
        if not text:
            return text
        if any([value in text for value in self._local]):
            return self._with_local(text, mask)
        return self._with_known(text, mask)

    def _with_known(self, text: str, mask: Mask) -> str:
        if self._known is None:
            return text
        return self._known.sub(
            lambda match: mask.tag(match[0], self._found[match[0]], self._stands), text
        )

    def _with_local(self, text: str, mask: Mask) -> str:
        """Returns a text with the details that count only where they were found replaced too."""
        pieces: list[str] = []
        position = 0
        for entity in self._reader.found(text):
            value = entity.value(text)
            if self._local.get(value) is entity.kind:
                pieces.append(self._with_known(text[position : entity.start], mask))
                pieces.append(mask.tag(value, entity.kind, self._stands))
                position = entity.end
        return "".join([*pieces, self._with_known(text[position:], mask)])

    def _stands(self, code: str) -> bool:
        return any([code in text for text in self._texts])

    def restored(self, answer: Answer, *, in_json: bool) -> Answer:
        """Returns an answer with the values in place of their pseudonyms."""
        return _changed(answer, self._mask, in_json=in_json) if self._mask else answer

    def stream(self, *, in_json: bool) -> VeiledStream:
        """Returns what restores one streamed answer."""
        return VeiledStream(self._mask, in_json=in_json)

    def for_cache(self, answer: Answer) -> Answer:
        """Returns an answer as a cache may keep it."""
        if not self._tag_for_cache():
            return answer
        choices = [
            replace(
                choice,
                text=self._swapped(choice.text, self._cache_mask),
                reasoning=choice.reasoning and self._swapped(choice.reasoning, self._cache_mask),
            )
            for choice in answer.choices
        ]
        return replace(answer, choices=tuple(choices))

    def from_cache(self, answer: Answer) -> Answer:
        """Returns an answer of the cache with this request's values; they are read already."""
        return (
            _changed(answer, self._cache_mask, in_json=False) if self._tag_for_cache() else answer
        )

    def _tag_for_cache(self) -> bool:
        """Gives every value its tag in one order. Returns True where there is one."""
        for value, kind in (*self._found.items(), *self._local.items()):
            self._cache_mask.tag(value, kind, self._stands)
        return bool(self._cache_mask)


def conversation_of(request: ChatRequest) -> bytes:
    """Returns what all turns of a conversation share: its session, or its first words.

    Two conversations that begin alike share their tags, which then tell a provider no more than
    the words do.
    """
    session = request.hints.session
    if session:
        return b"session\0" + session.encode("utf-8", "surrogatepass")
    first = next((m.text for m in request.messages if m.role == "user"), "")
    return b"words\0" + first.encode("utf-8", "surrogatepass")


def _any_of(values: list[str]) -> re.Pattern[str]:
    """Returns what finds any of these values as whole words, the longest first."""
    ordered = sorted(values, key=len, reverse=True)
    return re.compile("|".join([_bounded(value) for value in ordered]))


def _bounded(value: str) -> str:
    before = r"(?<!\w)" if value[0].isalnum() else ""
    after = r"(?!\w)" if value[-1].isalnum() else ""
    return before + re.escape(value) + after


def _changed(answer: Answer, mask: Mask, *, in_json: bool) -> Answer:
    choices = tuple([_choice(choice, mask, in_json=in_json) for choice in answer.choices])
    return replace(answer, choices=choices, facts=tuple([mask.restored(f) for f in answer.facts]))


def _choice(choice: Choice, mask: Mask, *, in_json: bool) -> Choice:
    return replace(
        choice,
        text=mask.restored(choice.text, in_json=in_json),
        refusal=choice.refusal and mask.restored(choice.refusal),
        reasoning=choice.reasoning and mask.restored(choice.reasoning),
        tool_calls=tuple(
            [
                replace(call, arguments=mask.restored(call.arguments, in_json=True))
                for call in choice.tool_calls
            ]
        ),
    )


class VeiledStream:
    """Restores the pieces of one streamed answer; each kind of text in each choice by itself."""

    def __init__(self, mask: Mask, *, in_json: bool) -> None:
        self._mask = mask
        self._in_json = in_json
        self._channels: dict[tuple[int, str, int], Channel] = {}

    def feed(self, delta: Delta) -> list[Delta]:
        """Returns the pieces that may go on; the final one comes last, after what was held."""
        if not self._mask:
            return [delta]
        if delta.final is not None:
            whole = _changed(delta.final, self._mask, in_json=self._in_json)
            return [*self.flush(), replace(delta, final=whole)]
        if delta.text and delta.reasoning:
            thought = replace(delta, text="", logprobs=())
            return [*self.feed(thought), *self.feed(replace(delta, reasoning=""))]
        name = _channel_of(delta)
        if name is None or delta.sealed is not None:
            return [*self.flush(delta.index), _restored_at_once(delta, self._mask)]
        ready = self._others(delta.index, name)
        changed = self._changed(delta, name)
        return ready if changed is None else [*ready, changed]

    def flush(self, index: int | None = None) -> list[Delta]:
        """Returns what is held, of one choice or of all."""
        names = [name for name in self._channels if index is None or name[0] == index]
        return [piece for name in names if (piece := self._rest(name)) is not None]

    def _others(self, index: int, name: tuple[int, str, int]) -> list[Delta]:
        names = [one for one in self._channels if one[0] == index and one != name]
        return [piece for one in names if (piece := self._rest(one)) is not None]

    def _rest(self, name: tuple[int, str, int]) -> Delta | None:
        rest = self._channels.pop(name).flush()
        index, kind, number = name
        if not rest:
            return None
        if kind == "call":
            return Delta(tool_call_index=number, tool_call=ToolCall("", "", rest), index=index)
        is_text = kind == "text"
        return Delta(rest if is_text else "", "" if is_text else rest, index=index)

    def _changed(self, delta: Delta, name: tuple[int, str, int]) -> Delta | None:
        channel = self._channels.get(name)
        if channel is None:
            in_json = name[1] == "call" or (name[1] == "text" and self._in_json)
            channel = self._channels[name] = Channel(self._mask, in_json=in_json)
        if name[1] == "text":
            text = channel.feed(delta.text)
            return replace(delta, text=text) if text or delta.logprobs else None
        if name[1] == "reasoning":
            text = channel.feed(delta.reasoning)
            return replace(delta, reasoning=text) if text else None
        call = delta.tool_call
        assert call is not None
        text = channel.feed(call.arguments)
        if not (text or call.id or call.name):
            return None
        return replace(delta, tool_call=replace(call, arguments=text))


def _channel_of(delta: Delta) -> tuple[int, str, int] | None:
    """Returns the text that a piece continues; None for a piece of several or of none."""
    if delta.tool_call is not None and not delta.text and not delta.reasoning:
        return (delta.index, "call", delta.tool_call_index or 0)
    if delta.text and not delta.reasoning and delta.tool_call is None:
        return (delta.index, "text", 0)
    if delta.reasoning and not delta.text and delta.tool_call is None:
        return (delta.index, "reasoning", 0)
    return None


def _restored_at_once(delta: Delta, mask: Mask) -> Delta:
    call = delta.tool_call
    return replace(
        delta,
        text=mask.restored(delta.text),
        reasoning=mask.restored(delta.reasoning),
        tool_call=call and replace(call, arguments=mask.restored(call.arguments, in_json=True)),
    )

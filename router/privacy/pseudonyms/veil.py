"""Hides the personal details of one request from answerers, and puts them back in their answers.

A veil lives as long as its request. It is made only where the policy wants pseudonyms; triage,
hard rules and stakes have read the request's own words before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from router.privacy.entities.kinds import Entity, EntityKind
from router.privacy.pseudonyms.known_values import KnownValues
from router.privacy.pseudonyms.masks import Channel, Mask, codes_in
from router.privacy.pseudonyms.persons import Persons
from router.privacy.pseudonyms.texts import (
    Reader,
    counts_elsewhere,
    swapped,
    texts_of,
    values_of,
)
from router.types import (
    Answer,
    AnswererFacts,
    ChatRequest,
    Choice,
    Citation,
    Delta,
    SummaryPlace,
    ToolCall,
    citations_left,
)

Span = tuple[int, int, EntityKind]  # start and end in a text


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
        self._persons = Persons()
        self._known: KnownValues | None = None
        self._readings: dict[str, tuple[Entity, ...]] = {}
        self._unseen: list[str] = []  # texts whose codes nobody looked for
        self._codes: set[str] = set()
        self._hidden: tuple[ChatRequest, ChatRequest] | None = None

    @property
    def counts(self) -> Mapping[str, int]:
        """Returns how many different values of each kind were replaced; no value."""
        return dict(Counter([kind.value for kind in self._mask.kinds]))

    def hides_from(self, facts: AnswererFacts) -> bool:
        """Returns True for an answerer outside of this machine that is not trusted."""
        return facts.is_remote and facts.name not in self._trusted

    def has_hidden(self, request: ChatRequest) -> bool:
        """Returns True for the request that was hidden first, whose result is kept."""
        return self._hidden is not None and self._hidden[0] is request

    def hidden(self, request: ChatRequest) -> ChatRequest:
        """Returns the request with pseudonyms; the same one where nothing is to be hidden."""
        if self._hidden is not None and self._hidden[0] is request:
            return self._hidden[1]
        changed = swapped(request, self) if self.read(request) else request
        if self._hidden is None:
            self._hidden = (request, changed)
        return changed

    def unread(self, request: ChatRequest) -> int:
        """Returns the characters of a request that nobody has read yet; 0 once it is hidden."""
        if self._hidden is not None and self._hidden[0] is request:
            return 0
        return sum(map(self.unread_in, texts_of(request)))

    def unread_in(self, text: str) -> int:
        """Returns the characters of a text that nobody has read yet."""
        return 0 if text in self._readings or self._reader.is_known(text) else len(text)

    def read(self, request: ChatRequest) -> bool:
        """Reads a request. Returns True where something was found in it."""
        if EntityKind.NAME in self._kinds:
            for message in request.messages:
                if message.name and message.role == "user":
                    self._add(message.name, EntityKind.NAME)
        for text in texts_of(request):
            self._read(text)
        return bool(self._found or self._local)

    def _read(self, text: str) -> tuple[Entity, ...]:
        """Returns the details of a text, after their values are known."""
        reading = self._readings.get(text)
        if reading is not None:
            return reading
        reading = tuple([one for one in self._reader.found(text) if one.kind in self._kinds])
        if reading and self._mask:
            # A text that comes back has tags in it already, which are no details.
            tags = self._mask.tags_in(text)
            reading = (
                tuple([one for one in reading if not _touches(one, tags)]) if tags else reading
            )
        self._readings[text] = reading
        self._unseen.append(text)
        for value, kind in values_of(text, reading):
            if counts_elsewhere(value, kind):
                self._add(value, kind)
            else:
                self._local.setdefault(value, kind)
        for entity in reading:
            if entity.kind is EntityKind.NAME:
                self._persons.mention(entity.value(text))
        return reading

    def _add(self, value: str, kind: EntityKind) -> None:
        if value not in self._found:
            self._found[value] = kind
            self._known = None

    def said(self, text: str, before: str = "") -> str:
        """Returns a text with the details that stand in it, and all that are known, replaced.

        It is read first where it is new, with what stood before it.
        """
        if not text:
            return text
        spans: list[Span] = []
        for entity in self._read(before + text):
            start = entity.start - len(before)
            if start >= 0:
                spans.append((start, entity.end - len(before), entity.kind))
        return self._tagged(text, sorted([*spans, *self._hits(text)], key=_order), self._mask)

    def known(self, text: str) -> str:
        """Returns a text of the application, in which only known values are replaced."""
        return self._tagged(text, self._hits(text), self._mask)

    def bare(self, text: str) -> str:
        """Returns a name of the application with tags that have no brackets."""
        return self._tagged(text, self._hits(text), self._mask, bare=True)

    def _hits(self, text: str) -> list[Span]:
        """Returns where known values stand, in their order."""
        if not self._found:
            return []
        known = self._known
        if known is None:
            # A copy, since another thread may read a passage meanwhile.
            known = self._known = KnownValues(list(self._found))
        hits = known.hits(text)
        return sorted([(hit.start, hit.end, self._found[hit.value]) for hit in hits], key=_order)

    def _tagged(self, text: str, spans: Sequence[Span], mask: Mask, *, bare: bool = False) -> str:
        """Returns a text with a tag for each span; of two that overlap, the second's rest has one.

        So nothing of either stays, and both come back word for word.
        """
        pieces: list[str] = []
        position = 0
        for start, end, kind in spans:
            begin = max(start, position)
            while begin < end and text[begin].isspace():
                begin += 1
            if begin < end:
                tag = self._tag(text[begin:end], kind, mask)
                pieces += [text[position:begin], tag[1:-1] if bare else tag]
                position = end
        return "".join([*pieces, text[position:]]) if pieces else text

    def _tag(self, value: str, kind: EntityKind, mask: Mask) -> str:
        person = self._persons.whole(value) if kind is EntityKind.NAME else None
        return mask.tag(value, kind, self._stands, person=person)

    def _stands(self, code: str) -> bool:
        """Returns True where the first letters of a code stand in a text that was read."""
        unseen, self._unseen = self._unseen, []
        for text in unseen:
            self._codes |= codes_in(text)
        return code[:7] in self._codes

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
                text=(text := self._as_cached(choice.text)),
                citations=citations_left(choice.citations, choice.text, text),
                reasoning=choice.reasoning and self._as_cached(choice.reasoning),
            )
            for choice in answer.choices
        ]
        return replace(answer, choices=tuple(choices))

    def _as_cached(self, text: str) -> str:
        """Returns a text with tags for values of the request only: a repeat has no others."""
        spans = [
            (entity.start, entity.end, entity.kind)
            for entity in (self._reader.found(text) if self._local else ())
            if self._local.get(entity.value(text)) is entity.kind
        ]
        spans += [
            (start, end, kind)
            for start, end, kind in self._hits(text)
            if text[start:end] in self._found
        ]
        return self._tagged(text, sorted(spans, key=_order), self._cache_mask)

    def from_cache(self, answer: Answer) -> Answer:
        """Returns an answer of the cache with this request's values; they are read already."""
        return (
            _changed(answer, self._cache_mask, in_json=False) if self._tag_for_cache() else answer
        )

    def _tag_for_cache(self) -> bool:
        """Gives every value its tag in one order. Returns True where there is one."""
        for value, kind in (*self._found.items(), *self._local.items()):
            self._tag(value, kind, self._cache_mask)
        return bool(self._cache_mask)


def _order(span: Span) -> tuple[int, int]:
    return span[0], -span[1]


def _touches(entity: Entity, places: Sequence[tuple[int, int]]) -> bool:
    """Returns True where an entity shares a character with one of these places, in order."""
    place = bisect_right(places, entity.start, key=_begin)
    return (place > 0 and places[place - 1][1] > entity.start) or (
        place < len(places) and places[place][0] < entity.end
    )


def _begin(place: tuple[int, int]) -> int:
    return place[0]


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


def _changed(answer: Answer, mask: Mask, *, in_json: bool) -> Answer:
    choices = tuple([_choice(choice, mask, in_json=in_json) for choice in answer.choices])
    return replace(
        answer,
        choices=choices,
        facts=tuple([mask.restored(fact) for fact in answer.facts]),
        sources=tuple([replace(one, place=mask.restored(one.place)) for one in answer.sources]),
        passages=tuple([mask.restored(words) for words in answer.passages]),
        gathered=tuple([mask.restored(note) for note in answer.gathered]),
    )


def _choice(choice: Choice, mask: Mask, *, in_json: bool) -> Choice:
    return replace(
        choice,
        text=mask.restored(choice.text, in_json=in_json),
        citations=_moved(choice, mask, in_json=in_json),
        refusal=choice.refusal and mask.restored(choice.refusal),
        reasoning=choice.reasoning and mask.restored(choice.reasoning),
        stop_sequence=choice.stop_sequence and mask.restored(choice.stop_sequence),
        tool_calls=tuple(
            [
                replace(call, arguments=mask.restored(call.arguments, in_json=True))
                for call in choice.tool_calls
            ]
        ),
    )


def _moved(choice: Choice, mask: Mask, *, in_json: bool) -> tuple[Citation, ...]:
    """Returns the citations at their places in the restored text, whose names have other lengths.

    No tag is taken apart as long as none of them begins or ends within one.
    """
    cited = choice.citations
    moved, begin, length = dict[int, int](), 0, 0
    for place in sorted({place for one in cited for place in (one.start, one.end)}):
        length += len(mask.restored(choice.text[begin:place], in_json=in_json))
        begin, moved[place] = place, length
    return tuple([replace(one, start=moved[one.start], end=moved[one.end]) for one in cited])


_SUMMARY = "summary "
"""Begins the name of a summary's channel, before the id of its item: each part is a text."""


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
        """Returns the text that was held back, of one choice or of all."""
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
        if kind.startswith(_SUMMARY):
            place = SummaryPlace(kind.removeprefix(_SUMMARY), number)
            return Delta(reasoning=rest, index=index, summary=place)
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
        if delta.reasoning:
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
        if delta.summary is not None:
            return (delta.index, f"{_SUMMARY}{delta.summary.item_id}", delta.summary.part)
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

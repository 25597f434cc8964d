"""Speaks the wire formats of remote servers: address, headers, body, and the answer.

`UpstreamTier` sees to connections, retries and deadlines, whatever is spoken.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol
from urllib.parse import urlsplit

from router.errors import AnswererNotReady
from router.money.cost import own_cap
from router.policy.schema import UpstreamAnswerer
from router.privacy.provider_seals import issuers
from router.types import Answer, AnswererFacts, Capability, ChatRequest, Delta, Usage, Work
from router.wire.anthropic.answers import MessageFolder, parse_message
from router.wire.anthropic.cache_points import MOST_POINTS
from router.wire.anthropic.upstream import count_body, headers_of_call, messages_body
from router.wire.openai.answers import parse_completion
from router.wire.openai.thought_signatures import wants_signatures
from router.wire.openai.upstream import upstream_body
from router.wire.openai.upstream_events import ChunkFolder
from router.wire.refusals import Refusal, speaks_of_seals
from router.wire.responses.answers import ResponseFolder, parse_response
from router.wire.responses.upstream import carries_seals, response_body


class Folder(Protocol):
    """Folds a stream's events."""

    @property
    def done(self) -> bool:
        """Returns True once the stream's last event was seen."""
        ...

    @property
    def upstream_id(self) -> str:
        """Returns the provider's id of the answer, "" before it is known."""
        ...

    @property
    def usage(self) -> Usage:
        """Returns what the provider said so far; the same value until it says more."""
        ...

    @property
    def unsaid(self) -> int:
        """Returns the bytes that are kept and that no Delta has said so far."""
        ...

    def fold(self, event: bytes) -> list[Delta]: ...

    def finish(self) -> Answer: ...


class UpstreamWire(ABC):
    """Speaks one language; what is not said otherwise is as in OpenAI's."""

    path: str
    """What comes after a base URL."""

    def __init__(self, section: UpstreamAnswerer, facts: AnswererFacts) -> None:
        self._section = section
        self._facts = facts

    def headers(self, api_key: str | None) -> dict[str, str]:
        """Returns the headers of every call, the key's among them.

        Raises AnswererNotReady for a bad key.
        """
        return bearer(self._section.name, api_key)

    def call_headers(self, work: Work) -> dict[str, str]:
        """Returns the headers of this call: what a client sends for OpenAI's servers stays here."""
        return {}

    def body(self, work: Work, *, stream: bool) -> bytes:
        """Returns the JSON body that asks for the work, with what this issuer sealed."""
        return self._body(work, stream, seals=True)

    def unsealed(self, work: Work, refusal: Refusal, *, stream: bool) -> bytes | None:
        """Returns the same body without what its issuer sealed.

        None where nothing in it is, and the refusal of that body does not speak of seals.
        """
        sealed = self._facts.issuer in issuers(work.request)
        return self._body(work, stream, seals=False) if sealed else None

    @abstractmethod
    def _body(self, work: Work, stream: bool, *, seals: bool) -> bytes:
        """Returns the body; with `seals`, what this issuer sealed is in it."""

    def did_without_seals(self, work: Work) -> None:  # noqa: B027  # most languages learn nothing
        """Learns that the body of `unsealed` was answered and the other one was refused."""

    @abstractmethod
    def unasked_stops(self, request: ChatRequest) -> tuple[str, ...]:
        """Returns the client's stop sequences that no body has, so that we end the answer there."""

    def counting(self, request: ChatRequest) -> tuple[bytes, dict[str, str]] | None:
        """Returns body and headers that ask for a token count; None where nobody counts."""
        return None

    @abstractmethod
    def whole(self, body: bytes) -> Answer:
        """Returns a whole answer. Raises UpstreamError and its kin."""

    @abstractmethod
    def folder(self, choices: int) -> Folder:
        """Makes what reads one stream of so many choices."""


class ChatWire(UpstreamWire):
    """Speaks OpenAI's chat completions, which most servers speak."""

    path = "/chat/completions"

    def __init__(self, section: UpstreamAnswerer, facts: AnswererFacts) -> None:
        super().__init__(section, facts)
        hosts = [urlsplit(url).hostname or "" for url in section.base_urls]
        self._wants_signatures = any(map(wants_signatures, hosts))

    def unasked_stops(self, request: ChatRequest) -> tuple[str, ...]:
        """Returns none: the body has all of them."""
        return ()

    def _body(self, work: Work, stream: bool, *, seals: bool) -> bytes:
        adapter = self._section.adapter_for(work.signals.domain)
        return upstream_body(
            work.request,
            self._facts,
            model=self._facts.model if adapter is None else adapter.model,
            max_tokens_key=self._section.send_max_tokens_as,
            stream=stream,
            prefer_schema=work.prefer_schema,
            issuer=self._facts.issuer if seals else "",
            wants_signatures=self._wants_signatures,
        )

    def whole(self, body: bytes) -> Answer:
        """Returns a `chat.completion`."""
        return parse_completion(body, self._facts.issuer)

    def folder(self, choices: int) -> Folder:
        """Returns a folder of chunks."""
        return ChunkFolder(self._facts.issuer, choices)


class MessagesWire(UpstreamWire):
    """Speaks Anthropic's messages."""

    path = "/messages"

    def __init__(self, section: UpstreamAnswerer, facts: AnswererFacts) -> None:
        super().__init__(section, facts)
        takes = facts.takes_cache_points
        self._takes_points = takes
        self._most_points = MOST_POINTS if takes else 0
        self._marks_turns = takes and section.cache_points == "auto"

    def headers(self, api_key: str | None) -> dict[str, str]:
        """Returns the key as Anthropic reads it."""
        key = _usable(self._section.name, api_key)
        return {"x-api-key": key} if key else {}

    def call_headers(self, work: Work) -> dict[str, str]:
        """Returns version and betas, as the client sent them."""
        return headers_of_call(work.request)

    def _body(self, work: Work, stream: bool, *, seals: bool) -> bytes:
        keeps_schemas = Capability.JSON_SCHEMA in self._facts.capabilities
        added = self._facts.body.pass_through
        return messages_body(
            work.request,
            model=self._section.model,
            max_output_tokens=own_cap(self._facts, work.request),
            issuer=self._facts.issuer if seals else "",
            stream=stream,
            prefer_schema=work.prefer_schema if keeps_schemas else None,
            extra={key: value for key, value in work.request.extra.items() if key in added},
            marks_turns=self._marks_turns,
            most_points=self._most_points,
            keeps_hours=self._takes_points,
        )

    def unasked_stops(self, request: ChatRequest) -> tuple[str, ...]:
        """Returns those of blanks, which Anthropic refuses."""
        return tuple([stop for stop in request.sampling.stop if not stop.strip()])

    def counting(self, request: ChatRequest) -> tuple[bytes, dict[str, str]] | None:
        """Returns the request for `/messages/count_tokens`."""
        body = count_body(request, model=self._section.model, issuer=self._facts.issuer)
        return body, headers_of_call(request)

    def whole(self, body: bytes) -> Answer:
        """Returns a `message`."""
        return parse_message(body, self._facts.issuer)

    def folder(self, choices: int) -> Folder:
        """Returns a folder of a message's events."""
        return MessageFolder(self._facts.issuer)


class ResponsesWire(UpstreamWire):
    """Speaks OpenAI's responses.

    Some models know no sealed reasoning and refuse to be asked for it: once one did, and answered
    without, it is not asked again.
    """

    path = "/responses"

    def __init__(self, section: UpstreamAnswerer, facts: AnswererFacts) -> None:
        super().__init__(section, facts)
        self._seals = True

    def body(self, work: Work, *, stream: bool) -> bytes:
        """Returns a response's body, with what this issuer sealed and nobody else's."""
        return self._body(work, stream, seals=self._seals)

    def unsealed(self, work: Work, refusal: Refusal, *, stream: bool) -> bytes | None:
        """Returns the same, neither with sealed items nor asking for any."""
        sealed = carries_seals(work.request, self._facts.issuer) or speaks_of_seals(refusal)
        return self._body(work, stream, seals=False) if self._seals and sealed else None

    def did_without_seals(self, work: Work) -> None:
        """Stops asking for seals where none was sent: then the asking itself was refused."""
        self._seals = carries_seals(work.request, self._facts.issuer)

    def _body(self, work: Work, stream: bool, *, seals: bool) -> bytes:
        return response_body(
            work.request,
            self._facts,
            stream=stream,
            prefer_schema=work.prefer_schema,
            seals=seals,
        )

    def unasked_stops(self, request: ChatRequest) -> tuple[str, ...]:
        """Returns all of them: responses know none."""
        return request.sampling.stop

    def whole(self, body: bytes) -> Answer:
        """Returns a `response`."""
        return parse_response(body, self._facts.issuer)

    def folder(self, choices: int) -> Folder:
        """Returns a folder of a response's events."""
        return ResponseFolder(self._facts.issuer)


_WIRES: dict[str, type[UpstreamWire]] = {
    "openai": ChatWire,
    "responses": ResponsesWire,
    "anthropic": MessagesWire,
}


def wire_of(section: UpstreamAnswerer, facts: AnswererFacts) -> UpstreamWire:
    """Returns the language that the policy says its servers speak."""
    return _WIRES[section.wire](section, facts)


def bearer(name: str, api_key: str | None) -> dict[str, str]:
    """Returns a key as a bearer token; nothing for none.

    Raises AnswererNotReady for one that no header can carry.
    """
    key = _usable(name, api_key)
    return {"Authorization": f"Bearer {key}"} if key else {}


def _usable(name: str, api_key: str | None) -> str:
    key = (api_key or "").strip()  # a secret from a file often ends in a newline
    if not (key.isascii() and key.isprintable()):
        raise AnswererNotReady(f"The api_key of {name} has characters that no header can carry.")
    return key

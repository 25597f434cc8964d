"""Describes one request in any wire format, and the identity that pays for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NewType

from msgspec import Struct, field
from msgspec.json import decode

from router.types.enums import Capability, Scope
from router.types.measured import measured_once
from router.types.units import utf8_size

JsonText = NewType("JsonText", str)
"""Holds one JSON value as text, carried unchanged between two edges (a tool schema, an image)."""


class ContentPart(Struct, frozen=True, dict=True):
    """Holds a part of a message that is not plain text. `payload` goes upstream unchanged."""

    kind: str  # "image_url", "input_audio", "file", "text", ...
    payload: JsonText


class Sealed(Struct, frozen=True):
    """Holds an item that only its issuer can read. It returns unchanged and goes nowhere else.

    `router.privacy.provider_seals` stamps it for the client and reads the stamp.
    """

    kind: str  # reasoning | compaction | thinking | redacted_thinking | thought_signature
    payload: JsonText  # the item as its issuer wrote it
    issuer: str  # organisation and endpoint, as `provider_seals.issuer_of` names them
    at: int = 0  # the number of texts (one at most) and tool calls before it in its message


class ToolCall(Struct, frozen=True):
    """Holds one call of a tool by a model."""

    id: str
    name: str
    arguments: str  # a JSON string, unchanged from the wire


class Message(Struct, frozen=True):
    """Holds one message of a conversation."""

    role: str  # developer | system | user | assistant | tool | function
    text: str  # all text parts joined by newlines; "" when there is none
    parts: tuple[ContentPart, ...] = ()  # empty when the content was a plain string
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    sealed: tuple[Sealed, ...] = ()  # items that an issuer added to an assistant's message
    reasoning: str = ""  # an assistant's open thoughts; only some servers get them back
    phase: str = ""  # of an assistant's text, in OpenAI's responses: commentary | final_answer


class ToolSpec(Struct, frozen=True):
    """Describes a tool that the client offers to the model."""

    name: str
    description: str
    parameters: JsonText
    strict: bool | None = False  # None: the client of OpenAI's responses leaves it to the provider
    namespace: str = ""  # the group that contained the tool; `own_name` is its name there
    own_name: str = ""  # of a tool without a namespace: the client's name, where `name` is shorter
    custom: JsonText | None = None  # a tool of free text, as the client wrote it; None: a function
    # A tool that Anthropic defines and the client runs, as it was written; None: any other one.
    native: JsonText | None = None

    @property
    def native_kind(self) -> str:
        """Returns Anthropic's type of the tool, such as `bash_20250124`; "" for any other tool."""
        return "" if self.native is None else str(decode(self.native.encode())["type"])


class ResponseFormat(Struct, frozen=True):
    """Describes the required form of an answer."""

    kind: str = "text"  # text | json_object | json_schema
    name: str = ""
    schema: JsonText | None = None
    strict: bool = False


class Sampling(Struct, frozen=True):
    """Holds sampling parameters. None means the answerer's own default."""

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    max_output_tokens: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logprobs: bool = False
    top_logprobs: int | None = None
    n: int = 1
    reasoning_effort: str | None = None


class Hints(Struct, frozen=True):
    """Holds the client's `routing` object. None means not given. Levels are tier numbers."""

    policy: str | None = None
    min_tier: int | None = None
    max_tier: int | None = None
    stakes_nano_usd: int | None = None
    confidence_floor: float | None = None
    max_cost_nano_usd: int | None = None
    deadline_ms: int | None = None
    session: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    dry_run: bool = False
    debug: bool = False


WITHOUT_KEY = "none"
"""Is the key id of a caller without a key; ids of keys begin with `key_`."""


class Identity(Struct, frozen=True):
    """Identifies the payer. `may_lower` follows from the scope `hints:lower`."""

    tenant: str
    key_id: str
    scopes: frozenset[Scope]
    policies: frozenset[str] = frozenset()  # usable with this key; empty: all
    tiers: frozenset[str] = frozenset()  # usable with this key; empty: all
    key_name: str = ""  # the key's name for people, in the log; not part of equality

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)

    @property
    def _compared(self) -> tuple[object, ...]:
        return (self.tenant, self.key_id, self.scopes, self.policies, self.tiers)

    @property
    def may_lower(self) -> bool:
        """Returns True when hints of this key may lower stakes, floor or tier."""
        return Scope.HINTS_LOWER in self.scopes

    @property
    def defends(self) -> bool:
        """Returns True when this key may ask about attacks on computers."""
        return Scope.SECURITY in self.scopes


LOCAL = Identity("local", WITHOUT_KEY, frozenset({Scope.CHAT, Scope.REPORTS, Scope.ADMIN}))
"""Identifies the caller of a command, and of a server without keys.

It may do everything except lower hints, which needs a key with that scope.
"""


class Prepared(Struct, frozen=True):
    """Holds what rules have read of a request before it is routed: an answer of level 1."""

    answer: JsonText
    p: float  # the chance that it is right, as measured
    whole: bool  # False: fields are wanted that only a model writes


class Original(Struct, frozen=True):
    """Holds a request as its client wrote it, for upstreams of the same wire format."""

    body: bytes
    headers: Mapping[str, str]  # of the wire format itself, not parsed
    messages: tuple[Message, ...]  # parsed from the body
    tools: tuple[ToolSpec, ...]
    others: tuple[str, ...] = ()  # texts of the body that `messages` and `tools` lack
    left_out: tuple[str, ...] = ()  # parameters that the upstream's model refused
    has_large_integers: bool = False
    """True when integers of calls may be over 64 bits, which only a slow parser keeps."""
    thinking_tokens: int = 0  # the budget of thoughts, which must stay below the cap of output
    thinking: str = ""  # "adaptive" or "enabled" where the client asks for thoughts
    has_system_turns: bool = False  # turns of the system stand within the conversation
    asks_hours: bool = False  # a cache point is to last longer than five minutes


_NEEDED_FOR = {
    "image_url": Capability.IMAGES,
    "input_audio": Capability.AUDIO,
    "file": Capability.FILES,
}
"""Lists what an answerer must be able to read, by the kind of a message's part."""

_ADDRESS = re.compile(":(?<=http:|ttps:)", re.IGNORECASE)
"""Finds an address anywhere in a part, since litellm fetches ` http://...`, too. Data in base64 has
no colon, which is quickly looked for in megabytes."""

_FILE_ID = re.compile(r'"file_id"\s{0,9}:')

LONG_CHARACTERS = 50_000
"""Marks a request as long. Some steps read its text at 5,000 characters a millisecond, and handing
the work to a thread takes a tenth of one."""


class ChatRequest(Struct, frozen=True, dict=True):
    """Holds one request, in any wire format. What its whole path asks of it is measured once."""

    messages: tuple[Message, ...]
    requested_model: str
    sampling: Sampling = Sampling()
    response_format: ResponseFormat = ResponseFormat()
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: JsonText | None = None
    parallel_tool_calls: bool | None = None
    stream: bool = False
    include_usage: bool = False
    hints: Hints = Hints()
    unsupported_tools: tuple[str, ...] = ()  # types of tools that no tier offers; they are left out
    endpoint: str = "chat.completions"
    compacts: bool = False  # a client asks for a summary, with which it goes on
    extra: Mapping[str, JsonText] = field(default_factory=dict)
    """Holds body keys without meaning for routing. The answerer's kind and the policy decide which
    of them it receives."""
    dropped: tuple[str, ...] = ()
    """Lists body keys that reach no answerer, with a path for keys inside another one."""
    cap_key: str = ""
    """Names the body's key that limits the output, for endpoints with several names for it."""
    original: Original | None = None
    repeated: bool = False  # its client says that it sends it again, and may do so once more
    prepared: Prepared | None = None  # of endpoints by domain

    def __eq__(self, other: object) -> bool:
        """Returns True for requests of one meaning, in whatever wire format they came."""
        return isinstance(other, ChatRequest) and all(
            getattr(self, name) == getattr(other, name) for name in _MEANING
        )

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in _MEANING)
        return f"ChatRequest({shown})"

    @property
    def unchanged(self) -> Original | None:
        """Returns the client's own body while this request has its meaning, otherwise None."""
        original = self.original
        same = original and original.messages is self.messages and original.tools is self.tools
        return original if same else None

    @measured_once
    def is_long(self) -> bool:
        """Returns True when reading the text takes milliseconds, while others would wait."""
        size = 0
        for message in self.messages:
            size += len(message.text)
        return size > LONG_CHARACTERS

    @measured_once
    def parts(self) -> tuple[ContentPart, ...]:
        """Returns the parts of all messages, in their order."""
        parts: tuple[ContentPart, ...] = ()
        for message in self.messages:
            parts += message.parts
        return parts

    @measured_once
    def images(self) -> int:
        """Returns the number of images in this request."""
        return [part.kind for part in self.parts].count("image_url") if self.parts else 0

    @measured_once
    def holds_sound(self) -> bool:
        """Returns True when a message has a part of sound."""
        return any(part.kind == "input_audio" for part in self.parts)

    @property
    def asks_hours(self) -> bool:
        """Returns True when a cache point of the client is to last longer than five minutes.

        Only the client's own body has its points; a request with other words has none of them.
        """
        original = self.unchanged
        return original is not None and original.asks_hours

    @measured_once
    def thought_tokens(self) -> int:
        """Returns about how many tokens the open thoughts of earlier turns have: a quarter of their
        bytes in UTF-8, rounded up.
        """
        return -(-sum([utf8_size(message.reasoning) for message in self.messages]) // 4)

    @measured_once
    def needs(self) -> frozenset[Capability]:
        """Returns the capabilities that an answerer needs for this request."""
        needs = set()
        if self.may_call:
            needs.add(Capability.TOOLS)
        if self.response_format.kind == "json_object":
            needs.add(Capability.JSON_MODE)
        elif self.response_format.kind != "text":
            needs.add(Capability.JSON_SCHEMA)
        if self.sampling.n > 1:
            needs.add(Capability.MULTIPLE_CHOICES)
        if self.sampling.logprobs:
            needs.add(Capability.LOGPROBS)
        for part in self.parts:
            if part.kind in _NEEDED_FOR:
                needs.add(_NEEDED_FOR[part.kind])
        return frozenset(needs)

    @property
    def may_call(self) -> bool:
        """Returns True where tools are offered, and the answer may call one."""
        return bool(self.tools) and self.tool_choice != '"none"'

    @measured_once
    def is_for_tools(self) -> bool:
        """Returns True where only a model can answer: it may call a tool, or a result waits for it.

        Tools that no answer may call change nothing else.
        """
        return self.may_call or (bool(self.tools) and self.in_tool_loop)

    @property
    def forces_tools(self) -> bool:
        """Returns True when the answer must call a tool; with `auto` the model is free not to."""
        return self.tool_choice not in (None, '"auto"', '"none"')

    @measured_once
    def needs_shape(self) -> bool:
        """Returns True when approved words can't replace the answer, since a program works on it.

        So are JSON, a call of a tool, and the summary with which an agent goes on.
        """
        return self.response_format.kind != "text" or self.compacts or self.forces_tools

    @property
    def service_tier(self) -> str:
        """Returns the provider's service that is asked for: `flex`, `priority` ...; "" for none."""
        return self.extra.get("service_tier", "").strip('"') if self.extra else ""

    @property
    def served_dearer(self) -> bool:
        """Returns True for a service that may cost more than the usual one: no policy prices it.

        `scale` is paid ahead, so its calls may cost less.
        """
        return self.service_tier in ("priority", "scale", "ultrafast")

    @measured_once
    def sent_by_address(self) -> frozenset[Capability]:
        """Returns which of images and files must be fetched, since only their address is here."""
        return frozenset(
            [
                _NEEDED_FOR[part.kind]
                for part in self.parts
                if part.kind in ("image_url", "file") and _ADDRESS.search(part.payload)
            ]
        )

    @measured_once
    def holds_file_ids(self) -> bool:
        """Returns True when a file is known only by the id that a provider gave it."""
        files = [part.payload for part in self.parts if part.kind == "file"]
        return any([_FILE_ID.search(file) and '"file_data"' not in file for file in files])

    @measured_once
    def functions(self) -> tuple[ToolSpec, ...]:
        """Returns the tools without those that only Anthropic's models know."""
        return tuple([tool for tool in self.tools if tool.native is None])

    @measured_once
    def native_kinds(self) -> tuple[str, ...]:
        """Returns Anthropic's types of the tools that only its models know."""
        return tuple(dict.fromkeys([tool.native_kind for tool in self.tools if tool.native]))

    @measured_once
    def demands_native(self) -> bool:
        """Returns True when the answer must call a tool, and only Anthropic's models know it."""
        if not self.forces_tools or not self.native_kinds:
            return False
        choice = self.tool_choice or ""
        return not any([f'"name":"{tool.name}"' in choice for tool in self.functions]) and (
            choice != '"required"' or not self.functions
        )

    @measured_once
    def last_user_text(self) -> str:
        """Returns the text of the last user message, or "" without one."""
        for message in reversed(self.messages):
            if message.role == "user":
                return message.text
        return ""

    @measured_once
    def tasks(self) -> dict[str, str | None]:
        """Keeps the classification task that was read in this request, by the knowledge file."""
        return {}

    @property
    def earlier_user_texts(self) -> tuple[str, ...]:
        """Returns the user's messages before the last one, oldest first."""
        return tuple(m.text for m in self.messages if m.role == "user")[:-1]

    @property
    def text_before(self) -> str:
        """Returns the user's message before the last one, "" without one."""
        return next(reversed(self.earlier_user_texts), "")

    @measured_once
    def in_tool_loop(self) -> bool:
        """Returns True when a tool result waits for the model, even if user text follows it."""
        for message in reversed(self.messages):
            if message.role in ("tool", "function"):
                return True
            if message.role == "assistant":
                return False
        return False

    @property
    def only_results_wait(self) -> bool:
        """Returns True when a tool result waits for the model, and no user text follows it.

        Pictures of it and reminders of the agent may follow.
        """
        for message in reversed(self.messages):
            if message.role == "assistant" or (message.role == "user" and _asks(message.text)):
                return False
            if message.role in ("tool", "function"):
                return True
        return False


def _asks(text: str) -> bool:
    """Returns True for words beside reminders, which an agent itself adds to a tool's result."""
    *reminders, rest = text.split("</system-reminder>")
    alone = all(words.lstrip().startswith("<system-reminder>") for words in reminders)
    return bool(rest.strip()) or not alone


_MEANING = tuple(
    name
    for name in ChatRequest.__struct_fields__
    if name not in ("cap_key", "original", "repeated")
)
"""Lists the fields that carry the meaning of a request, without the client's way of writing it."""

"""Holds the answers of answerers: whole ones and streamed pieces."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from router.types.documents import SourceNote
from router.types.enums import Reason
from router.types.requests import JsonText, Sealed, ToolCall
from router.types.units import utf8_size


class Usage(Struct, frozen=True):
    """Holds token counts from an upstream.

    Input includes cached tokens, output includes reasoning.
    """

    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    reported: bool = False  # False: we estimated the counts
    audio_input_tokens: int = 0  # sound, a part of input; only attempts keep it
    # Of `cache_write_tokens`, those kept for an hour; None: nobody said. Only attempts keep it.
    hour_write_tokens: int | None = None

    @property
    def total_tokens(self) -> int:
        """Returns input and output tokens together."""
        return self.input_tokens + self.output_tokens

    def without_output(self) -> Usage:
        """Returns the counts of input alone."""
        return replace(self, output_tokens=0, reasoning_tokens=0)

    def without_input(self) -> Usage:
        """Returns the counts of output alone."""
        return Usage(output_tokens=self.output_tokens, reasoning_tokens=self.reasoning_tokens)


class TokenLogprob(Struct, frozen=True):
    """Holds a token with its log-probability."""

    token: str
    logprob: float
    # The likeliest tokens at this place; they carry no list of their own.
    top: tuple[TokenLogprob, ...] = ()
    # Set when the text differs from the token's bytes, for example half of a character.
    utf8: bytes | None = None


class Citation(Struct, frozen=True):
    """Holds a page that an upstream's model cites, and the place in its text that does."""

    url: str
    title: str
    start: int  # in characters of the choice's text
    end: int  # behind the last one


def citations_left(
    citations: tuple[Citation, ...], before: str, after: str, above: int = 0
) -> tuple[Citation, ...]:
    """Returns the citations whose place has the same words in `after` as it had in `before`.

    `above` characters of `after` stand above what `before` begins with.
    """
    moved = [(one, replace(one, start=one.start + above, end=one.end + above)) for one in citations]
    return tuple(
        [new for old, new in moved if after[new.start : new.end] == before[old.start : old.end]]
    )


class Choice(Struct, frozen=True):
    """Holds one of the answers to a request; most requests ask for one."""

    text: str
    finish_reason: str  # stop | length | tool_calls | content_filter
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    reasoning: str | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    sealed: tuple[Sealed, ...] = ()
    stop_sequence: str | None = None  # that ended the text, where the upstream says which one
    citations: tuple[Citation, ...] = ()  # by the upstream, of pages on the web
    ended: bool = False  # no word, and the upstream says that the turn ended so (`end_turn`)
    phase: str = ""  # of the text, as in Message; of the last message where a response has several


class WorkedStep(Struct, frozen=True):
    """Holds one step of a deliberation as it is kept: what was found, and what code checked."""

    id: str
    state: str  # done | repaired | marked | failed | left out
    fields: JsonText  # one JSON object
    fault: str = ""
    notes: tuple[str, ...] = ()  # what code worked out, or found wrong
    calls: int = 0  # each is an attempt of its own


class Worked(Struct, frozen=True):
    """Holds the reasoning behind an answer: its steps in order, and what they came to."""

    template: str
    digest: str  # of the template's text
    profile: str  # short | full
    steps: tuple[WorkedStep, ...]
    stated_confidence: float | None = None  # by the model; no calibrated chance
    go_no_go: str = ""
    follow_up_days: int | None = None  # after which it shows that the decision was right
    claims: int = 0  # figures in the text that code worked out again
    wrong_claims: int = 0  # of these, still wrong after the repair; marked in the text
    marks: tuple[str, ...] = ()  # faults that one repair did not mend


class ReasoningNote(Struct, frozen=True, omit_defaults=True):
    """Holds what the chain covers of a deliberation: its steps' states and digest, no text."""

    template: str
    digest: str  # of the template
    profile: str
    steps: tuple[tuple[str, str], ...]  # id and state of each
    steps_digest: str  # keyed by tenant, of the steps' text in the form that is stored
    stated_confidence: float | None = None
    go_no_go: str = ""
    follow_up_days: int | None = None
    claims: int = 0
    wrong_claims: int = 0
    marks: int = 0


class JudgeNote(Struct, frozen=True, omit_defaults=True):
    """Holds a judge's verdict on an answer by a rubric, without any text."""

    rubric: str
    digest: str  # of the rubric
    judge: str  # the answerer that judged
    at_least: float
    score: float | None = None  # 0 (all lowest) to 1 (all highest); None: no verdict
    grades: tuple[tuple[str, int], ...] = ()  # by criterion
    fault: str = ""  # why there is no verdict
    own_model: bool = False  # the judge is the author's own model
    steers: bool = False  # the answer tried to instruct its judge
    cut: bool = False  # a text was longer than a judge reads
    repaired: bool = False  # the answer is the author's second one
    calibrated: bool = False  # the score gave the answer's chance

    @property
    def low(self) -> bool:
        """Returns True for a score below the policy's; an answer without a verdict is not low."""
        return self.score is not None and self.score < self.at_least


class PairNote(Struct, frozen=True, omit_defaults=True):
    """Holds a judge's verdict on the answer that a client got and its shadow, asked twice."""

    rubric: str
    digest: str  # of the rubric
    judge: str
    better: str = ""  # shown | shadow | same; "" where there is no verdict
    flipped: bool = False  # the two orders name different winners, so it is a tie
    steers: bool = False  # an answer tried to instruct its judge
    own_model: bool = False  # the judge wrote one of the answers
    fault: str = ""  # why there is no verdict


class Answer(Struct, frozen=True):
    """Holds an answer.

    `p` is the answerer's own calibrated chance of being right, if it has one.
    """

    choices: tuple[Choice, ...]
    model: str
    usage: Usage
    p: float | None = None
    matched: str | None = None  # the intent id that level 1 matched
    approved: bool = False  # the text is an approved answer
    verified: bool | None = None  # None: the answerer did not judge its own answer
    facts: tuple[str, ...] = ()
    provider_cost_nano_usd: int | None = None
    compute_ms: float = 0.0
    adapter: str | None = None
    upstream_id: str = ""  # the provider's id of this answer, for reconciliation
    reason: Reason | None = None  # why something else is said in place of an answer
    worked: Worked | None = None  # the steps of a deliberation
    sources: tuple[SourceNote, ...] = ()  # passages and approved answers that it was given
    passages: tuple[str, ...] = ()  # of documents: the words of each source; no row has them
    judged: JudgeNote | None = None  # another model's verdict; None: the policy asks for none
    gathered: tuple[str, ...] = ()  # what was unusual in finding and showing those passages
    service_tier: str = ""  # of the upstream, as it says; "" where it says none
    system_fingerprint: str = ""  # of the upstream's configuration, as it says
    material: tuple[str, ...] = ()  # passages as its author saw them, for a judge; never kept
    # Of an approved answer below the confidence floor: the question that goes out in its place, ""
    # where none is worth asking; None: it may go out itself.
    instead: str | None = None
    # Of each text of the role `refine` that was paid for, in order: False where it is in vain.
    refined: tuple[bool, ...] = ()

    @property
    def text(self) -> str:
        """Returns the text of the first choice, or "" without choices."""
        return self.choices[0].text if self.choices else ""

    @property
    def calls_tools(self) -> bool:
        """Returns True when a choice calls a tool."""
        return any([choice.tool_calls for choice in self.choices])


BETWEEN_PARTS = -1
"""Stands for the part of a summary in the blank line that separates it from earlier thoughts."""


class SummaryPlace(Struct, frozen=True):
    """Says of which summary a thought is a piece. Its item comes sealed when it is whole."""

    item_id: str  # of the provider
    part: int  # from 0, or BETWEEN_PARTS


class Delta(Struct, frozen=True):
    """Holds one piece of a streamed answer. The last piece carries `final`.

    With `sealed`, `reasoning` repeats the words of the sealed item that no piece has said before.
    """

    text: str = ""
    reasoning: str = ""
    tool_call_index: int | None = None
    tool_call: ToolCall | None = None  # carries id and name once, then the arguments in pieces
    index: int = 0  # of the choice
    logprobs: tuple[TokenLogprob, ...] = ()
    sealed: Sealed | None = None
    final: Answer | None = None
    summary: SummaryPlace | None = None  # where `reasoning` is a piece of a provider's summary
    phase: str = ""  # of the message that `text` belongs to, as in Message

    @property
    def said_bytes(self) -> int:
        """Returns the bytes of its text, thoughts and call, for which a provider charges."""
        call = self.tool_call
        called = "" if call is None else call.name + call.arguments
        return utf8_size(f"{self.text}{self.reasoning}{called}")

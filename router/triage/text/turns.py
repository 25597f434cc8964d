"""Selects the texts of a request that are read, and estimates its tokens. Pure.

The model reads user turns, without the signature and the notice at their end, which are read for
harm alone. The rules read those turns, a proposal that the user assents to, and the text of other
roles where the policy says so. It knows nothing about what a text means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from msgspec import Struct
from msgspec.structs import replace

from router.regexes.late import late_regex
from router.triage.framing.given.chat_tasks import chat_task
from router.triage.framing.given.counsel import counsel_on, is_own_story
from router.triage.framing.given.handed_passages import looked_up
from router.triage.framing.given.set_tasks import READ_AS, sets_task
from router.triage.framing.given.text_jobs import (
    Voice,
    happens_now,
    is_text_to_class,
    one_speaks,
    text_job,
)
from router.triage.framing.given.whole_texts import GivenText
from router.triage.framing.signatures import without_signature
from router.triage.text.folding import MAX_CHARS, fold, ways_shown
from router.triage.text.phrases import is_bare_follow_up, is_refusal
from router.types import ChatRequest, ContentPart, Message, utf8_size

EARLIER_TURNS = 64
"""Earlier user turns that the model reads; in still older ones only terms and amounts are found.

With 8 of them, a threatened eviction had stakes of .80 for eight more turns and .01 from the ninth
on. A turn that was read before costs nothing; of a history that nobody read, 64 short ones take
60 ms of a core, where 8 took 9.
"""

EARLIER_CHARS = 16_384
"""Characters of earlier turns that are read whatever later ones took: about four pages."""

END_CHARS = 1_024  # of each end of an earlier turn that is read only in part
END_WORDS = 60
"""Words of each end of a last turn that is not read as a whole. People paste first and ask last, or
the other way round, and beside more words a question would be hard to hear."""
_EMPTY = late_regex(
    r"[\s\u00ad\u034f\u115f\u1160\u3164\u180e\u200b-\u200f\u2060-\u2064\u2800\ufeff]{9,}"
)
"""Finds what takes room and says nothing: blanks, and characters that print nothing."""

MAX_FOLLOW_UP_CHARS = 200  # no longer turn is a bare follow-up; it spares folding a page to see it
MAX_PROPOSAL_CHARS = 2_000  # an offer stands at the end of what the assistant said

_OF_PROGRAMS = (
    "system-reminder",  # Claude Code
    "environment_context",  # Codex
    "user_instructions",
    "environment_details",  # Cline, Roo
    "environment_info",  # Copilot in VS Code
    "workspace_info",
    "editorContext",
    "reminderInstructions",
    "user_info",  # Cursor
)
"""Elements in which coding agents tell of themselves and the machine, in a message of the user."""
_OPENED = late_regex(rf"<({'|'.join(_OF_PROGRAMS)})>")
_NOTICE = late_regex(
    r"\[SYSTEM\] This run is not complete until you call one of these terminal completion tools: "
    r"[\w, ]{1,200}\. Continue working if requirements are not met\. If the task is complete, call "
    r"the appropriate terminal completion tool now\."
)
"""Finds what Cline's command line adds as a last message of the user to each request of a run."""

MESSAGE_OVERHEAD_TOKENS = 4  # role and separators of one message in the common chat templates
MAX_PART_TOKENS = 2_048  # an image or a file in base64 is no text: its bytes say little


class Turns(Struct, frozen=True):
    """Holds the user turns of a request, cut to MAX_CHARS in all, newest kept, and both ends of
    those before.

    Only the rules read `older`: what lies before the last EARLIER_TURNS turns, what else a turn may
    say (`ways_shown`), what the assistant proposed when the last turn is no more than a yes to it,
    and other roles' text where the policy has it read. `subject` says what is asked for where the
    last turn replies to a question of level 1's own.
    """

    last: str
    earlier: tuple[str, ...] = ()  # newest first
    older: tuple[str, ...] = ()
    beyond: bool = False  # the request has more text than was read
    subject: str = ""
    # What the assistant offered last, to which `last` agrees, what `last` is signed with, or a text
    # that a program hands over.
    harm_only: str = ""
    apart: str = ""  # what a program put in: its stakes, domain and novelty do not count
    plain: bool = False  # the reply has the value that was asked for, and says nothing else
    named: bool = False  # `subject` is the last turn with English names in place of its keys
    leans: bool = False  # `subject` is the last turn together with the one that it leans on
    points: bool = False  # the turn that leans has a word for the matter of that one
    asked_back: bool = False  # level 1 asked back, so the question before is still open
    split: bool = False  # `last` is the end of the last turn, of which `earlier` has the rest first
    given_text: bool = False  # `last` is what a program asks of a text, which `harm_only` has
    voice: Voice | None = None  # of a text that the user's own message asks for work on
    classed: bool = False  # a policy's own classes are asked for, which `harm_only` matches
    told: str = ""  # the text in `last` that the rest of it asks counsel on, read by itself
    own_told: bool = False  # there is one in its sender's words, which is read with the question


USER_ALONE = frozenset({"user"})
_INSTRUCTIONS = frozenset({"developer"})


def turns_of(request: ChatRequest, read: Set[str] = USER_ALONE) -> Turns:
    """Returns the parts of a request that are read. `read`: the policy's `triage.read`.

    Where tools are offered, an agent may have put words of its own into the user's messages.
    """
    texts = [message.text for message in request.messages if message.role == "user"]
    proposed, apart = _proposed(request), ""
    given = _with_text(request, texts) if read <= USER_ALONE else None
    if given is not None:
        return given
    if request.tools and any("</" in text or _NOTICE.fullmatch(text) for text in texts):
        texts, apart = _by_users(texts)
    shown = [ways_shown(text) for text in texts]
    unsigned = [without_signature(ways[0]) for ways in shown]
    harm_only = _offer(proposed) or (_ending(shown[-1][0], unsigned[-1]) if shown else "")
    texts = list(map(_squeezed, unsigned))
    besides = [_squeezed(way) for ways in shown for way in ways[1:]]
    besides += [proposed] if proposed else []
    split = bool(texts) and len(texts[-1]) > MAX_CHARS
    if split:
        texts[-1:] = _ends_last(texts[-1])
    if len(texts) < 2 and read <= USER_ALONE:
        older = ["\n".join(besides)] if besides else []
        last = texts[0] if texts else ""
        return _parted(Turns(last, older=tuple(older), harm_only=harm_only, apart=apart))
    texts.reverse()
    left = MAX_CHARS - len(texts[0]) if texts else MAX_CHARS
    kept, rest = _all_within(texts[1:], left)
    beyond = left < 0 or rest < 0
    left = min(left, rest)
    modelled = EARLIER_TURNS + (2 if split else 0)
    unmodelled = "\n".join([*besides, *kept[modelled:]])
    older = [unmodelled] if unmodelled else []
    if not read <= USER_ALONE:
        others = [_all_ways(text) for text in _other_texts(request.messages, read) if text]
        cut, left = _within(others, left)
        older += cut
        beyond = beyond or left < 0 or len(cut) < len(others)
    last, earlier = texts[0] if texts else "", tuple(kept[:modelled])
    turns = Turns(
        last, earlier, tuple(older), beyond, harm_only=harm_only, apart=apart, split=split
    )
    return turns if split else _parted(turns)


def _parted(turns: Turns) -> Turns:
    """Returns turns with the text that the last of them asks counsel on, where there is one."""
    parts = counsel_on(turns.last)
    if parts is None:
        return turns
    if is_own_story(turns.last, parts):
        return replace(turns, own_told=True)
    return replace(turns, told=parts.text)


def _with_text(request: ChatRequest, texts: Sequence[str]) -> Turns | None:
    """Returns what a program asks of a text that it hands over, and that text, for harm alone.

    Returns None for any other request: with several turns of the user, with tools, with more text
    than is read.
    """
    if len(texts) != 1 or request.tools:
        return None
    if (task := chat_task(texts, MAX_CHARS)) is not None:
        return Turns(task.task, harm_only=_all_ways(task.chat), given_text=True)
    if len(texts[0]) > MAX_CHARS:
        return None
    instructions = instructions_of(request)
    if instructions and sets_task(instructions):
        return Turns(READ_AS, harm_only=_all_ways(texts[0]), given_text=True)
    if (parts := looked_up(texts[0])) is not None:
        return Turns(parts.asked, harm_only=_all_ways(parts.text), given_text=True)
    if (job := text_job(texts[0])) is not None:
        # Its own words name what is in the text ("sums", "drugs"); they ask for no harm.
        return Turns(READ_AS, harm_only=_all_ways(texts[0]), given_text=True, voice=job.voice)
    return None


def for_classes(turns: Turns, request: ChatRequest, text: str, read: Set[str]) -> Turns:
    """Returns turns that ask for a class of `text`, one of a policy's own.

    Of a single message its text counts as one that is handed over: where a program names the task,
    or where the message begins with the policy's words for it and a text stands behind them.
    """
    users = sum(message.role == "user" for message in request.messages)
    own = text != request.last_user_text
    alone = users == 1 and not request.tools and read <= USER_ALONE
    alone = alone and len(text.strip()) > 0 and len(text) <= MAX_CHARS
    by_program = not own and (_names_task(request) or (turns.given_text and turns.voice is None))
    given = GivenText(text)
    if alone and (by_program or (own and is_text_to_class(given))):
        voice = Voice(one_speaks(given), happens_now(text))  # who wrote it may be in any danger
        whole = _all_ways(text)
        return Turns(READ_AS, harm_only=whole, given_text=True, voice=voice, classed=True)
    return replace(turns, last=text, given_text=False, voice=None, told="", own_told=False)


def _names_task(request: ChatRequest) -> bool:
    """Returns True where the request itself names what is wanted, as only a program does."""
    tagged = any(tag.startswith("classify:") for tag in request.hints.tags)
    return tagged or "task" in request.hints.context


def instructions_of(request: ChatRequest) -> str:
    """Returns what system messages say, "" where there are none."""
    return "\n".join(_other_texts(request.messages, _INSTRUCTIONS))


def _all_ways(text: str) -> str:
    return "\n".join(ways_shown(text))


def _ending(text: str, unsigned: str) -> str:
    """Returns what a message is signed with, "" where it is not: a signature may ask for harm."""
    return _squeezed(text[len(unsigned) :] if text.startswith(unsigned) else text).strip()


def _offer(proposed: str) -> str:
    """Returns the last END_WORDS words of what the assistant said: an offer ends it."""
    before = proposed.rsplit(None, END_WORDS)
    return proposed[len(before[0]) :] if len(before) > END_WORDS else proposed


def _by_users(texts: Sequence[str]) -> tuple[list[str], str]:
    """Returns the user's own words in the user's messages, and what programs put in.

    A last message that a program wrote as a whole stays as it is, but for a notice behind a task.
    """
    own, of_programs = list[str](), list[str]()
    for place, text in enumerate(texts):
        if own and _NOTICE.fullmatch(text):
            of_programs.append(text)
            continue
        words, blocks = _apart(text)
        if words.strip():
            own.append(words)
        elif place == len(texts) - 1:
            own.append(text)
            blocks = []
        of_programs += blocks
    return own, _all_ways("\n".join(of_programs)[:MAX_CHARS])


def _apart(text: str) -> tuple[str, list[str]]:
    """Returns a text without the elements of programs, and what stands in these; linear time."""
    words, blocks, end = list[str](), list[str](), 0
    unclosed = set[str]()
    for opened in _OPENED.finditer(text):
        if opened.start() < end or opened[1] in unclosed:
            continue
        closing = f"</{opened[1]}>"
        closed = text.find(closing, opened.end())
        if closed < 0:
            unclosed.add(opened[1])
            continue
        words.append(text[end : opened.start()])
        end = closed + len(closing)
        blocks.append(text[opened.end() : closed])
    words.append(text[end:])
    return "".join(words), blocks


def _ends_last(text: str) -> tuple[str, str, str]:
    """Returns the midst of a text that is too long, its beginning, and its end, as three turns."""
    beginning, end = text[:END_CHARS], text[-END_CHARS:]
    if len(behind := beginning.split(None, END_WORDS)) > END_WORDS:
        beginning = beginning[: -len(behind[-1])]
    if len(before := end.rsplit(None, END_WORDS)) > END_WORDS:
        end = end[len(before[0]) :]
    return text, beginning, end


def _squeezed(text: str) -> str:
    """Returns a text that is too long without the long runs in it that say nothing.

    Otherwise 70,000 blanks would keep what stands behind them from being read.
    """
    return text if len(text) <= MAX_CHARS else _EMPTY.sub("\n", text)


def _all_within(texts: Sequence[str], left: int) -> tuple[list[str], int]:
    """Returns the texts where `left` characters are enough, and the rest.

    Otherwise the rest is below 0, and of those that find no room both ends are returned, so that
    no long turn sheds what an earlier one has said: EARLIER_CHARS in all.
    """
    kept, rest = _within(texts, left)
    if rest >= 0 and len(kept) == len(texts):
        return kept, rest
    if rest < 0 and kept:
        cut, whole = kept[-1], texts[len(kept) - 1]
        if len(cut) > 2 * END_CHARS:  # so that it is no longer than what is read of one text
            cut = cut[: -END_CHARS - 1]
        kept[-1] = f"{cut}\n{whole[max(len(cut), len(whole) - END_CHARS) :]}"
    spare = EARLIER_CHARS
    for text in texts[len(kept) :]:
        if spare <= 0:
            break
        if len(text) > 2 * END_CHARS:
            text = f"{text[:END_CHARS]}\n{text[-END_CHARS:]}"
        kept.append(text[:spare])
        spare -= len(text)
    return kept, -1


def _within(texts: Sequence[str], left: int) -> tuple[list[str], int]:
    """Returns the first texts, `left` characters in all, and the rest; below 0: some were cut."""
    kept: list[str] = []
    for text in texts:
        if left <= 0:
            break
        kept.append(text[:left])
        left -= len(text)
    return kept, left


def _other_texts(messages: Sequence[Message], read: Set[str]) -> Iterator[str]:
    """Yields the texts of other roles that the policy has read.

    Instructions first, then newest first.
    """
    if "developer" in read:
        yield from (m.text for m in messages if m.role in ("system", "developer"))
    if "tool" in read:
        for message in reversed(messages):
            if message.role in ("tool", "function"):
                yield message.text
            yield from (call.arguments for call in message.tool_calls)


def _proposed(request: ChatRequest) -> str:
    """Returns the end of the assistant's message that a bare follow-up answers, or "".

    "Shall I wire the $45,000?" "yes": only the assistant's words have the sum and the matter.
    After a mere "no" nothing of it is asked for; "why?" asks for more of it.
    """
    if len(request.messages) < 2:
        return ""
    before, last = request.messages[-2:]
    if last.role != "user" or before.role != "assistant" or not before.text:
        return ""
    if len(last.text) > MAX_FOLLOW_UP_CHARS:
        return ""
    answer = fold(last.text)
    if not is_bare_follow_up(answer) or is_refusal(answer):
        return ""
    proposal = _all_ways(before.text)
    if len(proposal) <= MAX_PROPOSAL_CHARS:
        return proposal
    return proposal[-MAX_PROPOSAL_CHARS:].partition(" ")[2]  # no part of a sum


def estimate_input_tokens(request: ChatRequest) -> int:
    """Returns about how many tokens the whole request has: a quarter of its UTF-8 bytes, rounded
    up, and MESSAGE_OVERHEAD_TOKENS per message. Tools, tool calls and the schema count as text; an
    attachment counts at most MAX_PART_TOKENS. Never used for money: there the worst case counts.
    """
    size = 0
    for message in request.messages:
        size += utf8_size(message.text) + 4 * MESSAGE_OVERHEAD_TOKENS
        if message.parts:
            size += sum(_part_bytes(part) for part in message.parts)
        for call in message.tool_calls:
            size += utf8_size(call.name) + utf8_size(call.arguments)
    for tool in request.tools:
        size += utf8_size(tool.name) + utf8_size(tool.description) + utf8_size(tool.parameters)
    if request.response_format.schema is not None:
        size += utf8_size(request.response_format.schema)
    return -(-size // 4)


def _part_bytes(part: ContentPart) -> int:
    # Text parts are in the message's text already.
    return 0 if part.kind == "text" else min(utf8_size(part.payload), 4 * MAX_PART_TOKENS)

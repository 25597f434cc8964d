"""Lets a model's answer out as the policy wants it: looked at, with words above it or at its end.

A stream is held back by one sentence, so that none goes out before it was looked at. A whole answer
passes through the same steps, so both say the same whatever the pieces. It knows nothing about
tiers or verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from router.policy.sections.safety import OutputCheck
from router.privacy.answer_findings import Known, holds
from router.routing.routed_request import RoutedRequest
from router.types import Answer, Choice, Delta, Reason, citations_left
from router.wire.growing_text import GrowingText
from router.wire.openai.render import deltas_of

_END = re.compile(r"[.!?](?=\s)|[\u3002\uff01\uff1f]|\n")
"""Ends a sentence. A point counts before a blank, so that addresses and numbers stay whole."""
MOST_HELD = 2_000
"""Characters after which text without any end of a sentence goes out up to its last blank."""


class Window:
    """Holds one choice's text back until a sentence is complete and was looked at.

    Its time grows in proportion to the text, however many sentences that has.
    """

    def __init__(
        self, checks: Sequence[OutputCheck], known: str, closing: str, opening: str = ""
    ) -> None:
        self._checks, self._known, self._closing = checks, Known(known), closing
        self._opening = f"{opening}\n\n" if opening else ""
        self.above = len(self._opening)  # characters above the answer
        self._held = ""
        self._searched = 0  # so much of `_held` has no end of a sentence
        self._said = GrowingText()  # all that went out, to see if it has the closing words
        self._marks: list[str] = []
        self.withheld = False
        self.climbs = False

    @property
    def closing(self) -> str:
        """Returns the words that close an answer, "" for none."""
        return self._closing

    @property
    def marked(self) -> bool:
        """Returns True where words were added because of a doubt."""
        return bool(self._marks)

    def feed(self, text: str) -> str:
        """Returns what may go out now that `text` came too."""
        if self.withheld:
            return ""
        held, begin, looked_at = self._held + text, 0, list[str]()
        while not self.withheld and (end := _cut(held, begin, max(begin, self._searched))):
            looked_at.append(self._looked_at(held[begin:end]))
            begin = end
        self._held = held[begin:]
        self._searched = max(0, len(self._held) - 1)  # a point counts before a blank
        out = "".join(looked_at)
        self._said.add(out)
        return self._opened(out)

    def rest(self) -> str:
        """Returns what is left at the end of the answer, with the words that close it."""
        out = self._looked_at(self._held) if self._held and not self.withheld else ""
        self._held = ""
        answer = self._said.whole + out
        closing = [*self._marks, self._closing]
        added = [words for words in closing if words and words not in answer]
        if answer.strip() and added:
            out += "\n\n" + "\n".join(added)
        return self._opened(out)

    def _opened(self, out: str) -> str:
        """Returns words that go out; the first of an answer stand below those that open it."""
        opening, self._opening = (self._opening, "") if out else ("", self._opening)
        return opening + out

    def _looked_at(self, sentence: str) -> str:
        if sentence.isspace():
            return sentence
        for check in self._checks:
            marked = check.action == "mark" and check.shown_words in self._marks
            if marked or not holds(check.check, sentence, self._known):
                continue
            if check.action != "mark":
                self.withheld, self.climbs = True, check.action == "climb"
                # The blank before a sentence is part of it.
                return sentence[: len(sentence) - len(sentence.lstrip())] + check.shown_words
            self._marks.append(check.shown_words)
        return sentence


def _cut(text: str, begin: int, searched: int) -> int:
    """Returns where the sentence at `begin` ends, 0 where it is not complete.

    Up to `searched` it has no end.
    """
    last = begin + MOST_HELD
    end = _END.search(text, searched, last + 1)  # with the blank behind a point
    if end is not None and end.end() <= last:
        return end.end()
    if len(text) < last:
        return 0
    blank = text.rfind(" ", begin, last)
    return blank + 1 if blank > begin else last


class Outgoing:
    """Lets one rung's answer out: a window for each choice."""

    def __init__(self, routed: RoutedRequest, *, opened: bool = False) -> None:
        self._routed, self._opened = routed, opened
        self._windows: dict[int, Window] = {}
        self._phase = ""  # of the text that came last

    def pieces(self, delta: Delta) -> list[Delta]:
        """Returns a piece of a stream as it may go out; one without text is let through."""
        if not delta.text:
            return [delta]
        text, self._phase = self._window(delta.index).feed(delta.text), delta.phase
        # Log-probabilities spell the words that are held back.
        rest = replace(delta, text=text, logprobs=())
        return [rest] if text or rest != Delta(index=delta.index, phase=delta.phase) else []

    def rest(self) -> list[Delta]:
        """Returns what is still held back when the stream is over."""
        ends = [(index, window.rest()) for index, window in sorted(self._windows.items())]
        phase = self._phase
        return [Delta(text=text, index=index, phase=phase) for index, text in ends if text]

    def _window(self, index: int) -> Window:
        if index not in self._windows:
            self._windows[index] = window_of(self._routed, opened=self._opened)
        return self._windows[index]


def outgoing(routed: RoutedRequest, *, opened: bool = False) -> Outgoing | None:
    """Returns what lets an answer out; None where the policy leaves answers as they are.

    `opened`: the client has the words above it already.
    """
    if not routed.changes_answers or routed.request.needs_shape or routed.observed is not None:
        return None
    return Outgoing(routed, opened=opened)


def rest_of(routed: RoutedRequest, checked: Outgoing | None, answer: Answer) -> list[Delta]:
    """Returns what goes out at the end of a stream whose beginning the client has.

    These are the calls of offered tools, each in one piece, or what `checked` still holds back.
    """
    if checked is not None:
        return checked.rest()
    if not routed.request.tools:
        return []
    return [piece for piece in deltas_of(answer) if piece.tool_call is not None]


def unsent(routed: RoutedRequest, answer: Answer | None) -> list[Delta]:
    """Returns the pieces of an answer that was held back, for a client that reads a stream."""
    if routed.buffered or answer is None:
        return []
    return [delta for delta in deltas_of(answer) if delta.final is None]


def window_of(routed: RoutedRequest, *, opened: bool = False) -> Window:
    """Returns the window of a request's answer; `opened`: the words above it went out before."""
    safety, signals = routed.policy.safety, routed.signals
    defends = routed.identity.defends
    checks = [c for c in safety.outputs if not (defends and c.check == "exploit")]
    sure = signals.domain_p >= routed.policy.decision.domain_at
    domain = routed.risk_domain or (signals.domain if sure else None)
    closing = safety.disclaimers.get(domain, "") if domain is not None else ""
    known = "\n".join(message.text for message in routed.request.messages) if checks else ""
    return Window(checks, known, closing, "" if opened else routed.opening)


def let_out(routed: RoutedRequest, answer: Answer) -> tuple[Answer, bool]:
    """Returns a whole answer as it may go out, and True where a higher rung should be asked.

    An approved answer is not looked into; it gets the closing words where it lacks them.
    """
    if outgoing(routed) is None:
        return answer, False
    climbs, choices, reason = False, list[Choice](), answer.reason
    for choice in answer.choices:
        if choice.tool_calls or not choice.text:
            choices.append(choice)
            continue
        window = window_of(routed) if not answer.approved else _closing_alone(routed)
        text = window.feed(choice.text)
        text += window.rest()
        climbs = climbs or window.climbs
        if window.withheld:
            reason = Reason.ANSWER_WITHHELD
        elif window.marked and reason is None:
            reason = Reason.ANSWER_MARKED
        if text != choice.text:
            cited = citations_left(choice.citations, choice.text, text, window.above)
            choice = replace(choice, text=text, logprobs=(), citations=cited)
        choices.append(choice)
    return replace(answer, choices=tuple(choices), reason=reason), climbs


def is_opened(routed: RoutedRequest, answer: Answer | None) -> bool:
    """Returns True for an answer that was let out with words on whom to call."""
    if answer is None or not routed.opening:
        return False
    return any(routed.opening in choice.text for choice in answer.choices)


def below_opening(routed: RoutedRequest, answer: Answer) -> Answer:
    """Returns an answer that was let out without the words above it, for what reads its text."""
    if not routed.opening:
        return answer
    above = f"{routed.opening}\n\n"
    texts = [replace(choice, text=choice.text.removeprefix(above)) for choice in answer.choices]
    return replace(answer, choices=tuple(texts))


def _closing_alone(routed: RoutedRequest) -> Window:
    whole = window_of(routed)
    return Window((), "", whole.closing)

"""Says first whom to call: ahead of a stream's answer, and in an error. Pure.

Who may be in danger need not wait for a model, nor read past what failed. It knows nothing about
wire formats.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.errors import BudgetExceeded, RateLimited, TiergateError
from router.request.progress import Candidate, Progress
from router.routing.routed_request import RoutedRequest
from router.routing.wording.said_once import numbers_once
from router.types import Begun, Choice, Delta, StreamEvent, StreamStep, Usage, WordsAhead


def opened_ahead(routed: RoutedRequest, progress: Progress, rung: int | None) -> WordsAhead | None:
    """Returns the words that a stream begins with before its first rung is asked; None for none.

    Notes in `progress` that the client has them. Where tools are offered only the end of an answer
    shows if its text counts, and of several choices nobody knows yet how many there will be.
    """
    request = routed.request
    if rung is None or routed.buffered or not routed.opening:
        return None
    if request.tools or request.sampling.n > 1:
        return None
    facts = routed.plans[rung].facts
    if facts.without_model:
        return None
    progress.opened = True
    usage = Usage(input_tokens=routed.signals.input_tokens)
    return WordsAhead(facts.model, usage, [Delta(text=f"{routed.opening}\n\n")])


def below_said(routed: RoutedRequest, progress: Progress, pieces: list[Delta]) -> list[Delta]:
    """Returns pieces of a whole answer without the opening that the client has already."""
    above = f"{routed.opening}\n\n"
    if not progress.opened:
        return pieces
    return [
        replace(piece, text=piece.text.removeprefix(above)) if piece.text else piece
        for piece in pieces
    ]


def as_sent(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> Candidate:
    """Returns what goes out with the opening above it, where a stream has begun with that.

    Approved words say the numbers to call, too: they are said once.
    """
    answer = candidate.answer
    if not progress.opened or answer is None:
        return candidate
    choices = [_below(routed.opening, choice, once=answer.approved) for choice in answer.choices]
    return replace(candidate, answer=replace(answer, choices=tuple(choices)))


def _below(opening: str, choice: Choice, *, once: bool) -> Choice:
    if choice.text.startswith(opening):
        return choice
    text = numbers_once(opening, choice.text) if once else choice.text
    return replace(choice, text=f"{opening}\n\n{text}")


def first_words(routed: RoutedRequest, progress: Progress, error: TiergateError) -> str:
    """Returns what an error says first where somebody may be in danger, "" for nothing.

    A program may want a shape of an answer, but nobody wants one of an error. What the client has
    to change itself says only that.
    """
    limited = isinstance(error, BudgetExceeded | RateLimited)
    if progress.opened or not (limited or error.status >= 500):
        return ""
    return routed.words_in_danger


def pieces_of(step: StreamStep) -> list[StreamEvent]:
    """Returns the events that a step of a stream has for those who use no wire format."""
    if isinstance(step, WordsAhead):
        return [*step.pieces]
    if isinstance(step, Begun):
        return []
    return [*step] if isinstance(step, list) else [step]

"""Runs a policy's examples, for `tiergate check`.

Pure: the caller passes routing as a function. It knows nothing of files or terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from router.errors import TiergateError
from router.policy.schema import Example, Policy
from router.types import Message, Reason

Route = Callable[[Sequence[Message], Mapping[str, str]], tuple[str, Sequence[Reason]]]
"""Maps messages and slot values to the first tier, with the reasons. May raise TiergateError."""


class ExampleResult(Struct, frozen=True):
    """Holds the result of one example. `error` is set when routing refused the request."""

    number: int  # counted from 1, in the order of the policy
    example: Example
    tier: str
    reasons: tuple[Reason, ...]
    error: str = ""

    @property
    def passed(self) -> bool:
        """Returns True when the example reached its tier."""
        return self.tier == self.example.tier

    @property
    def prompt(self) -> str:
        """Returns the prompt, or the last turn of the conversation."""
        return self.example.prompt or self.example.messages[-1].content


def run_examples(policy: Policy, route: Route) -> list[ExampleResult]:
    """Returns each example with the tier that `route` chose, in the policy's order."""
    return [_run(i, example, route) for i, example in enumerate(policy.examples, start=1)]


def _run(number: int, example: Example, route: Route) -> ExampleResult:
    try:
        tier, reasons = route(example_messages(example), example.context)
    except TiergateError as error:
        return ExampleResult(number, example, "", (), error.message)
    return ExampleResult(number, example, tier, tuple(reasons))


def example_messages(example: Example) -> tuple[Message, ...]:
    """Returns the example as the messages of a request."""
    if example.prompt is not None:
        return (Message("user", example.prompt),)
    return tuple(Message(turn.role, turn.content) for turn in example.messages)

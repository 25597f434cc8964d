"""Samples the demo's day of prompts, and counts how many went to the tier they deserve.

It knows the committed prompts and the result of each; it routes nothing. The resulting shares are
the routing's own: the sample decides what is asked, never who answers.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from router.policy.content.knowledge import SLOT
from router.rendering.figures_in_words import count, percent, plain
from router.types import Answer, Outcome, Reason, Verdict

DAY_SHARES: Mapping[int, int] = {1: 10_000, 2: 400, 3: 50}
"""Counts the requests a day that deserve each tier, on the platform that the demo models."""


class DemoPrompt(msgspec.Struct, frozen=True):
    """Holds a prompt of our own writing and the tier number it deserves."""

    id: str
    prompt: str
    tier: int
    kind: str  # routine | hard | high_stakes | novel | adversarial
    domain: str
    reason: str
    context: dict[str, str] = msgspec.field(default_factory=dict)
    expects: dict[str, str] = msgspec.field(default_factory=dict)  # intent and/or department


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Holds the parts of an outcome that the tally needs. Tier number 0: the request failed."""

    tier_number: int
    intent: str | None = None
    department: str | None = None
    accepted: bool = False
    text: str = ""
    asked: bool = False  # level 1 asked for a value that its answer lacks
    offered: frozenset[str] = frozenset()  # the intents whose questions level 1 offered


_PROMPT = msgspec.json.Decoder(DemoPrompt)


def read_prompts(lines: Iterable[str]) -> tuple[DemoPrompt, ...]:
    """Reads the prompts of a `prompts.jsonl`: one JSON object a line, empty lines are skipped.

    Raises msgspec.DecodeError (msgspec.ValidationError for a wrong or missing key).
    """
    return tuple(_PROMPT.decode(line) for line in lines if line.strip())


def sample_day(prompts: Sequence[DemoPrompt], requests: int, seed: int) -> list[DemoPrompt]:
    """Draws `requests` prompts in random order; the same seed gives the same day.

    The shares of the deserved tiers decide how many of each are drawn. Remainders go to the largest
    fraction: 1,045 requests at 10,000 / 400 / 50 are 1,000 / 40 / 5. Every tier that has prompts
    gets at least one where there are enough requests: 100 are 95 / 4 / 1. A prompt repeats only
    after all prompts of its tier were drawn. Tiers without prompts get none.
    """
    draw = random.Random(seed)
    pools = {tier: [p for p in prompts if p.tier == tier] for tier in sorted(DAY_SHARES)}
    # A tier without prompts would leave requests of the day unasked.
    parts = {tier: DAY_SHARES[tier] for tier, pool in pools.items() if pool}
    day: list[DemoPrompt] = []
    for tier, wanted in _each_one(apportion(requests, parts), requests).items():
        while wanted > 0:
            # Each round shuffles a copy, so that prompts repeat only when all were drawn.
            pool = pools[tier][:]
            draw.shuffle(pool)
            day += pool[:wanted]
            wanted -= len(pool)
    draw.shuffle(day)
    return day


def _each_one(given: dict[int, int], total: int) -> dict[int, int]:
    """Gives each tier at least one, taken from the largest part, where there are enough for all."""
    left_out = [tier for tier, count in given.items() if not count] if total >= len(given) else []
    for tier in left_out:
        largest = max(given, key=lambda key: given[key])
        given[largest] -= 1
        given[tier] = 1
    return given


def apportion(total: int, parts: Mapping[int, int]) -> dict[int, int]:
    """Divides `total` by `parts` in whole numbers that add up to it (Hamilton's method).

    apportion(10, {1: 2, 2: 1}) is {1: 7, 2: 3}.
    """
    whole = sum(parts.values())
    if whole <= 0 or total <= 0:
        return dict.fromkeys(parts, 0)
    given = {key: total * part // whole for key, part in parts.items()}
    # The key breaks ties, so that equal remainders always round the same way.
    by_rest = sorted(parts, key=lambda key: (-(total * parts[key] % whole), key))
    for key in by_rest[: total - sum(given.values())]:
        given[key] += 1
    return given


def _offered(answer: Answer) -> frozenset[str]:
    """Returns the intents whose questions an answer offers, as its facts name them."""
    mark = "offered: "
    return frozenset(fact[len(mark) :] for fact in answer.facts if fact.startswith(mark))


def result_of(outcome: Outcome) -> DemoResult:
    """Reduces an outcome to what the tally needs."""
    answer = outcome.answer
    return DemoResult(
        tier_number=outcome.rung.level,
        intent=None if answer is None else answer.matched,
        offered=frozenset() if answer is None else _offered(answer),
        department=None if answer is None else department_in(answer.text),
        accepted=outcome.verdict is Verdict.ACCEPTED,
        asked=outcome.reason is Reason.ASKED_FOR_SLOT,
        text="" if answer is None else answer.text,
    )


def says_approved(text: str, approved: str) -> bool:
    """Returns True when `text` holds an approved answer, with any values in its slots.

    >>> says_approved("Order A-1 is packed. (Source: Orders)", "Order {order_id} is {state}.")
    True
    """
    parts = (re.escape(part) for part in SLOT.split(" ".join(approved.split()))[::2])
    return re.search(".{1,300}?".join(parts), " ".join(text.split())) is not None


def department_in(text: str) -> str | None:
    """Returns the `department` of a classification result; None if the answer is no such JSON."""
    # Most answers are prose; this avoids parsing them.
    if not text.lstrip().startswith("{"):
        return None
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):  # RecursionError: JSON nested too deep
        return None
    department = parsed.get("department") if isinstance(parsed, dict) else None
    return department if isinstance(department, str) else None


@dataclass(slots=True)
class Score:
    """Counts the right ones of all requests; the others were too high, too low or failed."""

    requests: int = 0
    right: int = 0
    too_high: int = 0
    too_low: int = 0
    failed: int = 0

    @property
    def share(self) -> float | None:
        """Returns the right ones as a share of all, 0..1; None without requests."""
        return self.right / self.requests if self.requests else None

    def add(self, deserved: int, tier_number: int) -> None:
        """Counts one request by the tier it deserves and the one that answered (0: it failed)."""
        self.requests += 1
        self.failed += tier_number == 0
        self.right += tier_number == deserved
        self.too_high += tier_number > deserved
        self.too_low += 0 < tier_number < deserved


@dataclass(slots=True)
class DemoTally:
    """Counts how many of the played requests went to the tier they deserve.

    A request went to the tier that answered it, after all climbing. For each key of the prompts'
    `expects` (intent, department), `expected` counts the right values. A request that expects one
    but was answered elsewhere counts as not right.
    """

    whole: Score = field(default_factory=Score)
    by_tier: dict[int, Score] = field(default_factory=dict)
    by_kind: dict[str, Score] = field(default_factory=dict)
    expected: dict[str, Counter[str]] = field(default_factory=dict)
    approved: Mapping[str, str] = field(default_factory=dict)  # approved answers, by intent
    routine: Counter[str] = field(default_factory=Counter)
    wrong_prompts: set[str] = field(default_factory=set)
    prompts: set[str] = field(default_factory=set)

    def add(self, prompt: DemoPrompt, result: DemoResult) -> None:
        """Counts one request."""
        scores = (
            self.whole,
            self.by_tier.setdefault(prompt.tier, Score()),
            self.by_kind.setdefault(prompt.kind, Score()),
        )
        for score in scores:
            score.add(prompt.tier, result.tier_number)
        self.prompts.add(prompt.id)
        if result.tier_number != prompt.tier:
            self.wrong_prompts.add(prompt.id)
        if prompt.kind == "routine" and prompt.expects:
            self.routine["asked"] += 1
            if result.accepted and self._says_so(prompt, result):
                back = result.asked or bool(result.offered)
                self.routine["questions back" if back else "answers"] += 1
        matched = {"intent": result.intent, "department": result.department}
        for key, wanted in prompt.expects.items():
            tally = self.expected.setdefault(key, Counter())
            tally["asked"] += 1
            # An answer of another level has no match, which counts as wrong here.
            tally["right"] += matched.get(key) == wanted or wanted in result.offered

    def _says_so(self, prompt: DemoPrompt, result: DemoResult) -> bool:
        """Returns True when the text holds the expected answer or class, or asks for it."""
        intent = prompt.expects.get("intent")
        if intent is None:
            return result.department == prompt.expects.get("department")
        # Level 1 asked for what is missing, or offered the right question.
        if (result.asked and result.intent == intent) or intent in result.offered:
            return True
        return intent in self.approved and says_approved(result.text, self.approved[intent])

    @property
    def prompts_right(self) -> int:
        """Counts the distinct prompts that went to their tier every time they were asked."""
        return len(self.prompts) - len(self.wrong_prompts)

    def sentence(self) -> str:
        """States the result in one sentence."""
        return (
            f"{count(self.whole.right)} of {count(self.whole.requests)} requests "
            f"({percent(self.whole.share)}) went to the tier they deserve: "
            f"{count(self.prompts_right)} of {count(len(self.prompts))} different prompts."
        )

    def renderable(self) -> RenderableType:
        """Renders the tally for a terminal: the sentence, then the table."""
        table = Table(box=None, pad_edge=False)
        table.add_column("")
        for column in ("requests", "right tier", "", "too high", "too low", "failed"):
            table.add_column(Text(column, style="dim"), justify="right")
        for tier in sorted(self.by_tier):
            _add_row(table, f"deserve tier {tier}", self.by_tier[tier])
        for kind in sorted(self.by_kind):
            _add_row(table, f"kind: {plain(kind)}", self.by_kind[kind])
        _add_row(table, "all", self.whole, "bold")
        lines = [
            Text(
                f"Right {plain(key)}: {count(tally['right'])} of {count(tally['asked'])} "
                f"({percent(tally['right'] / tally['asked'])})."
            )
            for key, tally in sorted(self.expected.items())
        ]
        if self.routine["asked"]:
            lines.append(Text(self.routine_sentence()))
        return Group(Text(self.sentence(), style="bold"), Text(), table, *lines)

    def routine_sentence(self) -> str:
        """States how many routine requests got the approved answer, or the right question back."""
        asked, answers, back = self._routine()
        return (
            f"Routine requests that got, as an accepted reply, the approved answer: "
            f"{count(answers)} of {count(asked)}; the right question back: {count(back)}; "
            f"together {percent((answers + back) / max(1, asked))}."
        )

    def _routine(self) -> tuple[int, int, int]:
        """Returns the routine requests, those with the approved answer, and those asked back."""
        return self.routine["asked"], self.routine["answers"], self.routine["questions back"]

    def as_object(self) -> dict[str, object]:
        """Returns the tally as plain values, for `tiergate demo --json`."""
        return {
            "requests": self.whole.requests,
            "right_tier": self.whole.right,
            "too_high": self.whole.too_high,
            "too_low": self.whole.too_low,
            "failed": self.whole.failed,
            "prompts": len(self.prompts),
            "prompts_right": self.prompts_right,
            "by_deserved_tier": {str(tier): _values(s) for tier, s in sorted(self.by_tier.items())},
            "by_kind": {kind: _values(score) for kind, score in sorted(self.by_kind.items())},
            "routine": dict(zip(("asked", "answered", "asked_back"), self._routine(), strict=True)),
            "expected": {
                key: {"asked": tally["asked"], "right": tally["right"]}
                for key, tally in sorted(self.expected.items())
            },
        }


def _values(score: Score) -> dict[str, int]:
    return {
        "requests": score.requests,
        "right_tier": score.right,
        "too_high": score.too_high,
        "too_low": score.too_low,
        "failed": score.failed,
    }


def _add_row(table: Table, name: str, score: Score, style: str | None = None) -> None:
    numbers = (score.too_high, score.too_low, score.failed)
    cells = (name, count(score.requests), count(score.right), percent(score.share))
    table.add_row(*(Text(c) for c in (*cells, *map(count, numbers))), style=style)

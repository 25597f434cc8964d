"""Asks a benchmark's questions, checks the answers, and counts what was right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from router.evaluation.answers.asking import Ask, ModelReply
from router.evaluation.answers.checks import CheckKind, Item, asked, code_of, marked
from router.evaluation.answers.code_runner import Run
from router.stats.exact_bounds import upper_bound
from router.stats.measures import Figure

AT_ONCE = 4
"""Questions asked at the same time: few enough for a provider's limits and a laptop."""
MISSED = 0.025
"""Error of each end of an interval of 95 %, after Clopper and Pearson."""
NOBODY = "(no answer)"


class Checked(Struct, frozen=True):
    """Holds one row with its answer and the verdict of its check."""

    item: Item
    reply: ModelReply
    right: bool
    read: str  # what was read in the answer, or why there is none


class Share(Struct, frozen=True):
    """Holds the share of right answers of a group, with its cost."""

    name: str
    right: Figure
    cost_nano_usd: int
    cost_known: bool


RunTests = Callable[[str, str], Run]
"""Runs code with its tests; see `code_runner.run_tests`."""


def measure(items: Sequence[Item], ask: Ask, run_tests: RunTests) -> list[Checked]:
    """Returns every row with its answer and verdict, in the order of the rows."""

    def checked(item: Item) -> Checked:
        reply = ask(asked(item))
        if reply.fault:
            return Checked(item, reply, False, reply.fault)
        if item.kind is CheckKind.TESTS:
            run = run_tests(code_of(reply.text), item.tests)
            return Checked(item, reply, run.passed, run.why or "tests passed")
        verdict = marked(item, reply.text)
        return Checked(item, reply, verdict.right, verdict.read)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(checked, items))


def share(name: str, rows: Sequence[Checked]) -> Share:
    """Returns the share of right answers with its exact interval of 95 %.

    A row without an answer counts as wrong: a user would have had none either.
    """
    right, of = sum(row.right for row in rows), len(rows)
    figure = Figure(
        right / of if of else float("nan"),
        of,
        1.0 - upper_bound(of - right, of, MISSED) if right else 0.0,
        upper_bound(right, of, MISSED),
    )
    cost = sum(row.reply.cost_nano_usd for row in rows)
    return Share(name, figure, cost, all(row.reply.cost_known for row in rows))


def by_kind(rows: Sequence[Checked]) -> list[Share]:
    """Returns the shares by kind of check, the worst first."""
    return _worst_first(rows, lambda row: row.item.kind.value)


def by_answerer(rows: Sequence[Checked]) -> list[Share]:
    """Returns the shares by who answered, the worst first."""
    return _worst_first(rows, lambda row: row.reply.answerer or NOBODY)


def _worst_first(rows: Sequence[Checked], name_of: Callable[[Checked], str]) -> list[Share]:
    names = sorted({name_of(row) for row in rows})
    shares = [share(name, [row for row in rows if name_of(row) == name]) for name in names]
    return sorted(shares, key=lambda group: (group.right.value, -group.right.n, group.name))

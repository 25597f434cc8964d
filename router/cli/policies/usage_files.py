"""Reads another gateway's usage log from a file; the shipped triage reads its prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from router.analysis.replay.cases import Case, LeftOut, Reading
from router.analysis.replay.facts import Side
from router.analysis.replay.usage_cases import TokensAlone, usage_case
from router.analysis.replay.usage_rows import UsageRow, usage_row
from router.api.compose.core import Core
from router.cli.periods import now_ms
from router.cli.policies.outcome_files import BadLines, rows_of
from router.money import cost
from router.money.days import utc_day
from router.money.price_book import PriceBook
from router.types import ChatRequest, CostBasis


@dataclass(slots=True)
class UsageLog:
    """Holds a log that was read: its cases, the costs of its tokens, and its bad lines."""

    cases: list[Case | LeftOut] = field(default_factory=list)
    alone: TokensAlone = field(default_factory=TokensAlone)
    bad: BadLines = field(default_factory=BadLines)


def read_usage(
    path: Path, cores: Sequence[Core], side: Side, begin_ms: int | None, end_ms: int | None
) -> UsageLog:
    """Reads all lines of the log within [begin, end); lines without a time are within.

    Raises typer.BadParameter for a file that cannot be read at all.
    """
    log, rows = UsageLog(), 0

    def read(row: UsageRow) -> Mapping[str, Reading]:
        request = ChatRequest(row.messages, row.model)
        return dict(_reading(core, request) for core in cores)

    # Cases keep the readings of a prompt, not its text, so a long log fits in memory.
    for number, raw in rows_of(path, log.bad):
        rows += 1
        try:
            row = usage_row(raw, number)
        except ValueError as error:
            log.bad.add(number, str(error))
            continue
        created_ms = row.created_at_ms
        if created_ms is not None and not (begin_ms or 0) <= created_ms < (end_ms or 2**62):
            continue
        paid = _paid(cores[0], row)
        log.alone.add(row, paid, side)
        log.cases.append(usage_case(row, paid, read))
    if log.bad.count and not log.cases:
        raise typer.BadParameter(log.bad.told(path), param_hint="--from")
    if not rows:
        raise typer.BadParameter(
            f"{path}: found no rows; expected a .csv or .jsonl file with a line for each request",
            param_hint="--from",
        )
    # Bad lines are counted as left out, so that the replay accounts for every line.
    log.cases += [LeftOut.BAD_LINE] * log.bad.count
    return log


def _reading(core: Core, request: ChatRequest) -> tuple[str, Reading]:
    runtime = core.router.default
    signals = runtime.triage.read_now(request, None)
    facts = runtime.rung_facts(request, signals, assume_ready=True)
    return runtime.policy_hash, Reading(signals, facts)


def _paid(core: Core, row: UsageRow) -> int | None:
    """Returns the row's cost there: from the log, otherwise from the price book of its day."""
    if row.cost_nano_usd is not None:
        return row.cost_nano_usd
    created_ms = now_ms() if row.created_at_ms is None else row.created_at_ms
    price = PriceBook.of(core.loaded[core.default], utc_day(created_ms)).find(row.model)
    if price is None:
        return None
    priced = cost.attempt_cost(price, row.usage, 0.0)
    return None if priced.basis is CostBasis.UNKNOWN else priced.nano_usd

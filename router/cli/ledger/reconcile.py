"""Defines `tiergate ledger reconcile`: it settles calls of unknown or estimated cost by a bill."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from router.cli.exits import Exit
from router.cli.ledger.bill_files import Mistakes, exact, near
from router.cli.ledger.invoice import check_invoice
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, Tenant, given_name
from router.cli.periods import period_of, shown_time
from router.cli.policies.outcome_files import need_table, rows_of
from router.cli.serve.serve import DATABASE, AnchorsPath, DatabasePath

if TYPE_CHECKING:
    from router.api.compose.books import Refusal, Settlement, UnknownCall

IDS = ("upstream_id", "id")
COSTS = ("cost_usd", "cost")
STATES = {"unknown": "unknown_cost", "estimated": "estimated"}
TOLD = {
    "unknown": "unknown cost, booked at what was held:",
    "estimated": "estimated cost, mostly too high, and too low where a provider wrote on after its "
    "reader left, booked at:",
}
KNOWN = "known"  # in place of a doubt: a bill corrected it all the same
USD = "USD"
NAMED = 20  # refused ids that are printed one by one


def reconcile(
    database: DatabasePath = DATABASE,
    anchors: AnchorsPath = None,
    attempt: Annotated[
        str | None, typer.Option(help="The call to settle, as it is listed.")
    ] = None,
    cost_usd: Annotated[
        str | None, typer.Option(help="What the provider billed for it, as 0.0123.")
    ] = None,
    bill: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="A bill, .csv or .jsonl, with upstream_id (or id) and cost_usd (or cost).",
        ),
    ] = None,
    known: Annotated[
        bool,
        typer.Option(
            "--known",
            help="With --attempt or --from: also correct calls of known cost that are billed "
            "otherwise, each once.",
        ),
    ] = False,
    invoice: Annotated[
        Path | None,
        typer.Option(
            help="A bill by model and day to compare with, .csv or .jsonl: date, model, amount."
        ),
    ] = None,
    currency: Annotated[
        str, typer.Option(help="The invoice's currency, where no column says it.")
    ] = USD,
    rate: Annotated[
        list[str] | None,
        typer.Option(help="What a unit is worth in dollars from a day on: EUR=1.0840@2026-11-01."),
    ] = None,
    named: Annotated[
        list[str] | None,
        typer.Option("--map", help="A model's name on the invoice and in the ledger: BILL=LEDGER."),
    ] = None,
    answerer: Annotated[
        str | None,
        typer.Option(
            callback=given_name,
            help="Of this answerer only. With --cost-usd, all its calls of unknown cost are "
            "settled, each at that cost.",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only calls that began then or later: 24h, 2026-11-20.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Only calls that began before then.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """List calls of unknown or estimated cost, or settle them by a bill.

    Without --cost-usd or --from it lists them. Settling adds rows and edits none. With --known it
    corrects known costs, too. With --invoice it compares a bill by model and day with the ledger,
    and changes nothing.
    """
    chosen = _Chosen(answerer, since, until, tenant)
    if invoice is not None:
        if (attempt, cost_usd, bill) != (None, None, None) or chosen.narrows or known:
            raise typer.BadParameter(
                "give --invoice without --attempt, --cost-usd, --from, --known, --answerer, "
                "--since and --until"
            )
        check_invoice(str(database), invoice, currency, rate or (), named or (), tenant, as_json)
        return
    if (currency, rate, named) != (USD, None, None):
        raise typer.BadParameter(
            "--currency, --rate and --map are about a bill; give --invoice, too"
        )
    _check_together(attempt, cost_usd, bill, chosen)
    if known and attempt is None and bill is None:
        raise typer.BadParameter("--known goes with --attempt or --from")
    cost = None if cost_usd is None else _amount(cost_usd, "--cost-usd")
    _settle_or_list(database, anchors, attempt, cost, bill, chosen, as_json, known=known)


class _Chosen(Struct, frozen=True):
    """Says which calls are meant; None: whatever it is."""

    answerer: str | None
    since: str | None
    until: str | None
    tenant: str | None

    @property
    def narrows(self) -> bool:
        """Returns True where an answerer or a time was named."""
        return (self.answerer, self.since, self.until) != (None, None, None)

    def of(self, calls: Sequence[UnknownCall], now_ms: int) -> list[UnknownCall]:
        """Returns those of the calls that are meant. Raises typer.BadParameter for a bad time."""
        since_ms, until_ms = period_of(self.since, self.until, now_ms)
        return [
            call
            for call in calls
            if self.answerer in (None, call.answerer)
            and (since_ms is None or call.started_at_ms >= since_ms)
            and (until_ms is None or call.started_at_ms < until_ms)
        ]


def _check_together(
    attempt: str | None, cost_usd: str | None, bill: Path | None, chosen: _Chosen
) -> None:
    """Raises typer.BadParameter for options that say two things, or half of one."""
    named = attempt is not None or chosen.answerer is not None
    both = attempt is not None and chosen.narrows
    beside = bill is not None and (named or cost_usd is not None or chosen.narrows)
    if (attempt is not None and cost_usd is None) or (cost_usd and not named) or both or beside:
        raise typer.BadParameter(
            "give --attempt with --cost-usd, or --answerer with --cost-usd, or --from alone, or "
            "none of them; --since and --until go with --answerer, or with the list"
        )


def _settle_or_list(
    database: str,
    anchors: Path | None,
    attempt: str | None,
    cost_nano_usd: int | None,
    bill: Path | None,
    chosen: _Chosen,
    as_json: bool,
    *,
    known: bool,
) -> None:
    """Settles the calls that are named, or lists those that could be."""
    from router.wire.public_ids import request_id_of

    now_ms = round(time.time() * 1000)
    billed = None if bill is None else read_bill(bill)  # its mistakes come before the ledger's
    with opened_books(database, chosen.tenant) as books:
        if billed is not None:
            amounts = {name: one.nano_usd for name, one in billed.items()}
        elif cost_nano_usd is None:
            calls = books.unknown_calls(chosen.tenant)
            _list(chosen.of(calls, now_ms), calls, chosen, as_json)
            return
        elif attempt is not None:
            amounts = {request_id_of(attempt): cost_nano_usd}
        else:
            meant = chosen.of(books.unknown_calls(chosen.tenant), now_ms)
            # One that still runs is settled by its end, and an estimate is no unknown cost.
            ended = [call for call in meant if call.doubt == "unknown" and not call.open]
            amounts = {call.attempt_id: cost_nano_usd for call in ended}
        rounding = {name: one.rounding_nano_usd for name, one in (billed or {}).items()}
        settled, refused = books.reconcile(
            amounts,
            anchors,
            by_upstream=bill is not None,
            rounding=rounding if known else None,
        )
    agreed = [one.name for one in refused if one.booked_nano_usd is not None
              and _agrees(one.booked_nano_usd, (billed or {})[one.name])]  # fmt: skip
    refused = [one for one in refused if one.name not in set(agreed)]
    _tell(settled, refused, billed or {}, len(agreed), as_json)
    if not known and any(one.of_known_cost for one in refused):
        typer.echo("tiergate: --known corrects what is billed otherwise", err=True)
    if refused:
        raise typer.Exit(Exit.FAILURE)


class _Billed(Struct, frozen=True):
    """Holds an amount of a bill; `rounding_nano_usd` is half of its last decimal."""

    nano_usd: int
    rounding_nano_usd: int = 0


def _agrees(booked_nano_usd: int, billed: _Billed) -> bool:
    return abs(billed.nano_usd - booked_nano_usd) <= billed.rounding_nano_usd


def read_bill(path: Path) -> dict[str, _Billed]:
    """Returns what the lines of a bill say, by upstream id.

    Raises typer.BadParameter that names file, line and value.
    """
    amounts: dict[str, _Billed] = {}
    need_table(path)
    bad, checked = Mistakes(path), ""
    for number, line in rows_of(path, bad, exact):
        where = f"{path}:{number}"
        name = next((str(line[key]) for key in IDS if line.get(key)), "")
        cost = next((line[key] for key in COSTS if line.get(key) not in (None, "")), None)
        if not name or cost is None:
            columns = ", ".join(map(str, line)) or "nothing"
            others = [column for column in line if column not in (*IDS, *COSTS)]
            lacking = [
                known for known in (IDS, COSTS) if not any(column in line for column in known)
            ]
            if not lacking or columns != checked:  # once for all lines with the same columns
                hints = "".join(near(others, known) for known in lacking)
                bad.note(
                    f"{where}: found {columns}; expected {' or '.join(IDS)}, and "
                    f"{' or '.join(COSTS)}{'' if lacking else ', each with a value'}{hints}"
                )
            checked = columns
        elif name in amounts:
            bad.note(f"{where}: {name!r} is in the bill twice; sum its lines")
        else:
            try:
                amounts[name] = _Billed(_amount(str(cost), where), _rounding(str(cost)))
            except typer.BadParameter as error:
                bad.note(error.message)
    bad.refuse()
    if not amounts:
        raise typer.BadParameter(
            f"{path}: no line with an amount; expected the columns upstream_id and cost_usd"
        )
    return amounts


def _amount(text: str, where: str) -> int:
    from router.money.cost import billed_nano_usd

    try:
        return billed_nano_usd(text)
    except ValueError as error:
        raise typer.BadParameter(f"{where}: {error}") from error


def _rounding(text: str) -> int:
    """Returns half of an amount's last decimal in nano-dollars; of whole dollars half a cent."""
    decimals = len(text.partition(".")[2].rstrip()) if "e" not in text.lower() else 9
    return 5 * 10 ** max(0, 8 - max(2, decimals)) if decimals < 9 else 0


NEXT = (
    "Settle them by the provider's bill: --from BILL.csv (by upstream id), one call by "
    "--attempt ID --cost-usd 0.0123, or what the bill does not have by --answerer NAME --cost-usd "
    "0. --invoice compares a bill by model and day."
)


def _list(
    calls: Sequence[UnknownCall], known: Sequence[UnknownCall], chosen: _Chosen, as_json: bool
) -> None:
    """Prints the calls that are meant, of all that are `known`, and what to do with them."""
    from router.cli.terminal import print_json
    from router.rendering.figures_in_words import usd

    if as_json:
        print_json([_call(call) for call in calls])
        return
    for call in calls:
        doubt = KNOWN if call.doubt is None else call.doubt.value
        state = "open" if call.open else STATES[doubt]
        upstream_id = call.upstream_id or "(no upstream id)"
        typer.echo(
            f"{call.attempt_id}  {shown_time(call.started_at_ms)}  {state}  {call.tenant}  "
            f"{call.model}  {usd(call.booked_nano_usd)}  {upstream_id}"
        )
    if not calls:
        typer.echo(_none_fits(known, chosen))
    for doubt, words in TOLD.items():
        costs = [call.booked_nano_usd for call in calls if call.doubt == doubt]
        if costs:
            typer.echo(f"{_calls(len(costs))} of {words} {usd(sum(costs))}")
    if calls:
        typer.echo(NEXT)


def _none_fits(known: Sequence[UnknownCall], chosen: _Chosen) -> str:
    """Returns what is printed in place of an empty list."""
    if not known and chosen.tenant is None:
        return "No call of unknown or estimated cost: there is nothing to reconcile."
    by_answerer = Counter(call.answerer for call in known)
    if chosen.answerer is not None and known and chosen.answerer not in by_answerer:
        others = ", ".join(f"{name} ({_calls(by_answerer[name])})" for name in sorted(by_answerer))
        return (
            f"No such call of unknown or estimated cost: the answerer {chosen.answerer} has none. "
            f"Those that have some: {others}."
        )
    return (
        "No such call of unknown or estimated cost. `tiergate ledger reconcile` without "
        "options lists those of all answerers, times and tenants."
    )


def _tell(
    settled: Sequence[Settlement],
    refused: Sequence[Refusal],
    billed: Mapping[str, _Billed],
    agreed: int,
    as_json: bool,
) -> None:
    from router.cli.terminal import print_json
    from router.rendering.figures_in_words import usd

    difference = sum(settlement.difference_nano_usd for settlement in settled)
    if as_json:
        print_json(
            {
                "settled": [
                    {
                        **_call(settlement.call),
                        "billed_nano_usd": settlement.billed_nano_usd,
                        "difference_nano_usd": settlement.difference_nano_usd,
                    }
                    for settlement in settled
                ],
                "difference_nano_usd": difference,
                "agreed": agreed,
                "refused": [_refused(refusal, billed) for refusal in refused],
            }
        )
        return
    for refusal in refused[:NAMED]:
        typer.echo(f"tiergate: {refusal.name!r}: {_why(refusal, billed)}", err=True)
    if len(refused) > NAMED:
        typer.echo(f"tiergate: and {len(refused) - NAMED} more", err=True)
    if agreed:
        typer.echo(f"{_calls(agreed)} of known cost: billed as booked")
    if not settled:
        typer.echo(
            "Nothing was settled. `tiergate ledger reconcile` without options lists the calls of "
            "unknown or estimated cost with their upstream ids."
        )
        return
    typer.echo(
        f"{_calls(len(settled))} settled; together they cost {usd(abs(difference))} "
        f"{'less' if difference < 0 else 'more'} than they were booked at"
    )


def _why(refusal: Refusal, billed: Mapping[str, _Billed]) -> str:
    from router.rendering.figures_in_words import EXACT

    if refusal.booked_nano_usd is None:
        return refusal.why
    return (
        f"billed {EXACT(billed[refusal.name].nano_usd)}, booked {EXACT(refusal.booked_nano_usd)}: "
        f"{refusal.why}, so nothing was changed"
    )


def _refused(refusal: Refusal, billed: Mapping[str, _Billed]) -> dict[str, object]:
    told: dict[str, object] = {"id": refusal.name, "why": refusal.why}
    if refusal.booked_nano_usd is not None:
        told["booked_nano_usd"] = refusal.booked_nano_usd
        told["billed_nano_usd"] = billed[refusal.name].nano_usd
    return told


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"


def _call(call: UnknownCall) -> dict[str, object]:
    return {
        "attempt_id": call.attempt_id,
        "request_id": call.request_id,
        "tenant": call.tenant,
        "answerer": call.answerer,
        "model": call.model,
        "upstream_id": call.upstream_id or None,
        "started_at_ms": call.started_at_ms,
        "open": call.open,
        "cost": KNOWN if call.doubt is None else call.doubt.value,
        "booked_nano_usd": call.booked_nano_usd,
    }

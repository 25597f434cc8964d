"""Defines `tiergate dataset synthesize`: texts by an answerer, for reviewers to approve."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.learning.dataset import Folder
from router.cli.opened_books import opened_books
from router.cli.options import AsJson
from router.cli.periods import now_ms
from router.cli.serve.serve import DATABASE, AnchorsPath, DatabasePath
from router.errors import TiergateError, TrainingDataError
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.learning.synthetic import Seed
    from router.types import ReviewItem


def synthesize(
    folder: Folder,
    policy: Annotated[str, typer.Option("--policy", "-p", help="Whose answerers are asked.")],
    answerer: Annotated[str, typer.Option(help="Who writes: a name among the policy's answerers.")],
    tenant: Annotated[str, typer.Option(help="Whose texts it may read; the calls are its own.")],
    database: DatabasePath = DATABASE,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many texts.")] = 20,
    seed: Annotated[
        int, typer.Option(min=0, help="Chooses the rows that texts are written from.")
    ] = 7,
    as_json: AsJson = False,
    anchors: AnchorsPath = None,
) -> None:
    """Let an answerer put a tenant's requests into other words; reviewers approve them.

    Each call is held, booked and counted in budgets as any other. Only approved texts become rows,
    marked synthetic.
    """
    from router.learning.folder import read
    from router.learning.synthetic import seeds

    rows = read(folder).rows
    sources = seeds(rows, tenant, now_ms())
    if not sources:
        known = ", ".join(sorted({row.tenant for row in rows})) or "none"
        raise TrainingDataError(
            f"{folder} has no right answer of the tenant {tenant!r} to write other requests for; "
            f"its tenants: {known}"
        )
    random.Random(seed).shuffle(sources)
    chosen = [sources[number % len(sources)] for number in range(count)]
    items, faults, cost = _written(chosen, policy, answerer, tenant, (database, anchors))
    with opened_books(database, environ=os.environ) as books:
        books.ask(items)
    if as_json:
        from router.cli.terminal import print_json

        print_json(
            {
                "asked": count,
                "queued": [item.review_id for item in items],
                "left_out": dict(faults),
                "cost_nano_usd": cost,
            }
        )
        return
    left = ", ".join(f"{number} {why}" for why, number in faults.items())
    waiting = counted(len(items), "text waits", "texts wait")
    typer.echo(f"{waiting} in the queue of reviews, at a cost of ${cost / 1e9:.6f} in all")
    if left:
        typer.echo(f"left out: {left}")
    typer.echo("`tiergate dataset build` takes those that reviewers approve, to train only.")


def _written(
    chosen: list[Seed], policy: str, answerer: str, tenant: str, place: tuple[str, Path | None]
) -> tuple[list[ReviewItem], Counter[str], int]:
    """Returns the items for reviewers, why others are none, and what all of them cost."""
    from router.api.compose.core import Settings
    from router.learning.synthetic import fault_of, instruction, item_of
    from router.ledger.row_reading import SYNTHESIZE
    from router.library import CALLER, Gateway
    from router.types import ChatRequest, Identity, Message

    items: list[ReviewItem] = []
    faults: Counter[str] = Counter()
    cost = 0
    settings = Settings(
        policies=(policy,),
        database=place[0],
        anchors=place[1],
        watch=False,
        reachable=(answerer,),
    )
    model = f"answerer:{answerer}"
    # Rules, budgets and erasures of the tenant hold for what is written from its texts.
    payer = Identity(tenant, CALLER.key_id, CALLER.scopes)
    with Gateway(settings, os.environ) as gateway:
        for number, seed in enumerate(chosen):
            asked = Message("user", instruction(seed, number))
            try:
                request = ChatRequest((asked,), model, endpoint=SYNTHESIZE)
                outcome = gateway.complete(request, identity=payer)
            except TiergateError as error:
                # A budget that is spent, or an answerer that is down: the rest would fail too.
                faults[f"failed, and no more were asked: {error}"] += 1
                break
            cost += outcome.cost_nano_usd
            text = "" if outcome.answer is None else outcome.answer.text
            if fault := fault_of(seed, text):
                faults[fault] += 1
                continue
            spent = outcome.cost_nano_usd
            items.append(item_of(seed, outcome.request_id, tenant, text, spent, now_ms()))
    return items, faults, cost

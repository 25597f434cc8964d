"""Vectors whose asker left, and whose row the ledger refuses."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from router.analysis.prices.reprice import priced_again
from router.api.compose.clock import SystemClock, UlidIds
from router.errors import LedgerCorrupt, TiergateError, UpstreamInvalid, UpstreamUnreachable
from router.money.model_redirects import Redirect
from router.policy.sections.answering.embedders import EmbedderSection
from router.specialists.booked_vectors import BookedVectors, VectorOrder
from router.types import (
    AttemptRow,
    AttemptState,
    CostBasis,
    Identity,
    Ledger,
    OutsideVectors,
    Price,
    RequestRow,
    RequestState,
    RowUnwritten,
    Scope,
)
from tests.kits.decision_kit import a_policy
from tests.kits.upstreams.upstream_tier_kit import Listener

ASKER = Identity("acme", "k1", frozenset({Scope.CHAT}))


class BrokenLedger:
    """Holds a call, and cannot finish its row."""

    async def hold(self, request: RequestRow, attempt: AttemptRow) -> None:
        return

    async def finish(self, request: RequestRow, *, answers: bool = False) -> None:
        raise LedgerCorrupt("the chain has a gap")


class KeepingLedger:
    """Keeps the rows that it is given."""

    def __init__(self) -> None:
        self.rows: list[RequestRow] = []

    async def hold(self, request: RequestRow, attempt: AttemptRow) -> None:
        return

    async def finish(self, request: RequestRow, *, answers: bool = False) -> None:
        self.rows.append(request)


BY_TOKEN = {"input_usd_per_mtok": 2.0, "output_usd_per_mtok": 0.0}
FREE = {"input_usd_per_mtok": 0.0, "output_usd_per_mtok": 0.0}
PER_REQUEST = {"list_price_usd": 0.001}
LOST = UpstreamInvalid("no JSON")
UNSENT = UpstreamUnreachable("refused", sent=False)
SETTLED, FAILED, UNKNOWN = AttemptState.SETTLED, AttemptState.FAILED, AttemptState.UNKNOWN_COST


@pytest.mark.parametrize(
    ("price", "answer", "state", "nano_usd"),
    [
        (BY_TOKEN, 100, SETTLED, 200_000),
        (BY_TOKEN, None, UNKNOWN, 12_000),  # the hold: "a text" has six bytes
        (BY_TOKEN, LOST, UNKNOWN, 12_000),
        (BY_TOKEN, UNSENT, FAILED, 0),
        (FREE, None, SETTLED, 0),
        (FREE, LOST, FAILED, 0),
        (PER_REQUEST, None, SETTLED, 1_000_000),
        (PER_REQUEST, LOST, UNKNOWN, 1_000_000),
        ({}, 100, UNKNOWN, 0),
        ({}, UNSENT, FAILED, 0),
    ],
)
async def test_a_call_costs_what_is_known_of_it(
    price: dict[str, float],
    answer: int | TiergateError | None,
    state: AttemptState,
    nano_usd: int,
) -> None:
    async def embed(_: EmbedderSection, __: object, ___: int | None) -> OutsideVectors:
        if isinstance(answer, TiergateError):
            raise answer
        return OutsideVectors((b"\0" * 4,), answer or 0, answer is not None, "large")

    ledger, listener = KeepingLedger(), Listener()
    booked = BookedVectors(
        embed,
        ledger=cast(Ledger, ledger),
        secret_of=lambda _: b"s" * 32,
        clock=SystemClock(),
        ids=UlidIds(),
        events=listener,
    )
    large = EmbedderSection.model_validate(
        {"name": "large", "model": "large", "base_url": "http://127.0.0.1:9/v1", "price": price}
    )
    making = booked.made(VectorOrder(a_policy(), "hash", large, ("a text",)), ASKER)
    if isinstance(answer, TiergateError):
        with pytest.raises(type(answer)):
            await making
    else:
        await making
    (row,) = ledger.rows
    assert listener.rows == [row]  # metrics and the access line count its cost
    (call,) = row.attempts
    assert (call.state, call.cost_nano_usd, row.cost_nano_usd) == (state, nano_usd, nano_usd)
    assert row.state is RequestState(state.value)
    assert (call.cost_basis is CostBasis.NONE) == (answer is UNSENT)
    # Other prices change a cost that its tokens tell, and no hold.
    again = priced_again(call, large.price.to_price()).nano_usd
    assert again == (None if state is UNKNOWN else nano_usd)


DEARER = Price(input_nano_usd=5_000_000_000, output_nano_usd=0, version="list")
CHEAPER = Price(input_nano_usd=1_000_000_000, output_nano_usd=0, version="list")
NOTHING = Price(input_nano_usd=0, output_nano_usd=0, version="list")
BY_REQUEST = Price(per_request_nano_usd=70_000, version="list")
ANSWERING = {"newer": DEARER, "older": CHEAPER, "given": NOTHING, "counted": BY_REQUEST}


@pytest.mark.parametrize(
    ("model", "price", "tokens", "state", "nano_usd", "version"),
    [
        ("large", BY_TOKEN, 100, SETTLED, 200_000, "policy"),
        ("newer", BY_TOKEN, 100, SETTLED, 500_000, "list"),  # a retired name leads to it
        ("unlisted", BY_TOKEN, 100, UNKNOWN, 12_000, ""),  # the hold: nobody states its price
        # That covers whatever answers.
        ("newer", PER_REQUEST, 100, SETTLED, 1_000_000, "policy"),
        # Nobody counted: the hold, or what it would have been for the model that answered.
        ("newer", BY_TOKEN, None, UNKNOWN, 30_000, "list"),
        ("newer", FREE, None, UNKNOWN, 30_000, "list"),
        ("older", BY_TOKEN, None, UNKNOWN, 12_000, "list"),
        ("given", BY_TOKEN, None, UNKNOWN, 12_000, "list"),
        ("unlisted", BY_TOKEN, None, UNKNOWN, 12_000, ""),
        ("given", FREE, None, SETTLED, 0, "list"),
        ("counted", BY_TOKEN, None, SETTLED, 70_000, "list"),
    ],
)
async def test_a_model_that_answers_for_another_has_its_own_price(
    model: str,
    price: dict[str, float],
    tokens: int | None,
    state: AttemptState,
    nano_usd: int,
    version: str,
) -> None:
    async def embed(_: EmbedderSection, __: object, ___: int | None) -> OutsideVectors:
        return OutsideVectors((b"\0" * 4,), tokens or 0, tokens is not None, model, "emb-1", 7_000)

    def redirected(asked: str, answered: str) -> Redirect | None:
        told = ANSWERING.get(answered)
        return None if answered == asked else Redirect(asked, answered, told)

    ledger = KeepingLedger()
    booked = BookedVectors(
        embed,
        ledger=cast(Ledger, ledger),
        secret_of=lambda _: b"s" * 32,
        clock=SystemClock(),
        ids=UlidIds(),
        events=Listener(),
    )
    large = EmbedderSection.model_validate(
        {"name": "large", "model": "large", "base_url": "http://127.0.0.1:9/v1", "price": price}
    )
    order = VectorOrder(a_policy(), "hash", large, ("a text",), redirected=redirected)
    await booked.made(order, ASKER)
    (row,) = ledger.rows
    (call,) = row.attempts
    assert (call.state, call.cost_nano_usd, row.cost_nano_usd) == (state, nano_usd, nano_usd)
    assert call.price_version == version
    assert call.estimated == (state is UNKNOWN)
    assert call.model == row.model == model
    # A bill finds the call by its id, and a report compares what the provider said of it.
    assert (call.upstream_id, call.provider_cost_nano_usd) == ("emb-1", 7_000)


async def test_a_row_that_nobody_waits_for_is_told_when_it_is_not_written() -> None:
    listener, asked = Listener(), asyncio.Event()

    async def embed(_: EmbedderSection, __: object, ___: int | None) -> OutsideVectors:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    booked = BookedVectors(
        embed,
        ledger=cast(Ledger, BrokenLedger()),
        secret_of=lambda _: b"s" * 32,
        clock=SystemClock(),
        ids=UlidIds(),
        events=listener,
    )
    large = EmbedderSection(name="large", model="large", base_url="http://127.0.0.1:9/v1")
    order = VectorOrder(a_policy(), "hash", large, ("a text",))
    unread: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unread.append(context))
    asking = asyncio.ensure_future(booked.made(order, ASKER))
    await asked.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with asyncio.timeout(30):
        while not listener.events:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    (unwritten,) = listener.events
    assert isinstance(unwritten, RowUnwritten)
    assert (unwritten.code, bool(unwritten.request_id)) == (LedgerCorrupt.code, True)
    assert unread == []

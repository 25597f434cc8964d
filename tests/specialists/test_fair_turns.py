"""Own models read a piece at a time, one tenant after the other."""

from __future__ import annotations

import asyncio
import string
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from router.api.compose.app import App
from router.api.compose.core import Core, Settings, load_policies
from router.api.compose.text_vectors import TextVectors
from router.specialists.fair_turns import (
    CHARACTERS_AT_ONCE,
    TEXTS_AT_ONCE,
    FairTurns,
    pieces,
)
from router.triage.triage_model import TriageModel
from router.types import ChatRequest, Identity, Message
from tests.kits.examples import examples
from tests.kits.server_kit import write_policy


async def _work(turns: FairTurns, tenant: str, times: int, done: list[str]) -> None:
    for _ in range(times):
        async with turns.turn(tenant):
            await asyncio.sleep(0)
            done.append(tenant)


async def test_tenants_take_turns_whatever_each_asks_for() -> None:
    turns, done = FairTurns(), list[str]()
    many = [asyncio.ensure_future(_work(turns, "many", 10, done)) for _ in range(5)]
    await asyncio.sleep(0)
    await asyncio.gather(_work(turns, "few", 3, done), _work(turns, "other", 3, done), *many)
    assert len(done) == 56
    last = len(done) - 1 - done[::-1].index("few")
    assert last <= 10  # one turn of the two others between two of its own


async def test_one_tenants_turns_come_one_after_the_other() -> None:
    turns, done = FairTurns(), list[str]()
    await _work(turns, "alone", 3, done)
    assert done == ["alone"] * 3


async def test_who_leaves_gives_the_turn_on() -> None:
    turns, done = FairTurns(), list[str]()
    async with turns.turn("first"):
        gone = [asyncio.ensure_future(_work(turns, "gone", 1, done)) for _ in range(2)]
        stays = asyncio.ensure_future(_work(turns, "stays", 1, done))
        await asyncio.sleep(0)
        gone[1].cancel()
    gone[0].cancel()  # its turn came, and it has not begun
    await asyncio.wait_for(stays, 5)
    await asyncio.wait_for(_work(turns, "later", 1, done), 5)
    assert done == ["stays", "later"]


@given(lengths=st.lists(st.integers(0, 2 * CHARACTERS_AT_ONCE), max_size=100))
@examples(50)
def test_pieces_hold_each_text_once(lengths: list[int]) -> None:
    texts = ["x" * length for length in lengths]
    ranges = list(pieces(texts))
    assert [place for piece in ranges for place in piece] == list(range(len(texts)))
    for piece in ranges:
        assert len(piece) <= TEXTS_AT_ONCE
        assert len(piece) == 1 or sum(lengths[i] for i in piece) <= CHARACTERS_AT_ONCE


async def test_chats_are_read_between_the_pieces_of_a_body(tmp_path: Path) -> None:
    """One body of 256 texts let every chat wait for all of them."""
    policies = (str(write_policy(tmp_path, "http://127.0.0.1:9/v1")),)
    settings = Settings(policies, database=tmp_path / "l.db", cache_dir=None, watch=False)
    app = App(settings, Core(settings, load_policies(settings, {}), {}))
    async with app.life():
        found = await app.moderation.find()
        texts = [" ".join([f"{letter}{i}" for i in range(800)]) for letter in string.ascii_letters]
        identity = Identity("many", "k", frozenset())
        body = asyncio.ensure_future(app.analyst.analyse(found, texts, identity))
        await asyncio.sleep(0.05)
        chats = 0
        while not body.done():
            request = ChatRequest((Message("user", f"Where is parcel {chats}?"),), "auto")
            await found.runtime.triage.measured(request, None)
            chats += 1
        assert len(await body) == len(texts)
        assert chats > 5  # it was one


async def test_one_tenants_many_texts_let_anothers_few_pass() -> None:
    vectors = TextVectors(TriageModel.load())
    many = [asyncio.ensure_future(vectors.embed(["a parcel"] * 640, None, "a")) for _ in range(4)]
    await asyncio.sleep(0.01)
    await vectors.embed(["a boat"], None, "b")
    assert not any(one.done() for one in many)
    await asyncio.gather(*many)
    vectors.close()

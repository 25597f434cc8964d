"""Sides of a split: sticky, in their shares, and none where a rule governs."""

from __future__ import annotations

import dataclasses

import pytest

from router.errors import UpstreamError
from router.rollout.arms import Split
from router.routing.decision_record import parse
from router.types import (
    ContentPart,
    Domain,
    HeadReading,
    Hints,
    Identity,
    JsonText,
    Message,
    RolloutNote,
    Scope,
    Signals,
)
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, Houses, ScriptedTriage, a_policy, a_runtime, ask
from tests.kits.gateway_kit import RISKY, UNSURE, deep, low, mid

HARMFUL = replace(CALM, heads=(HeadReading("harm", (("harm", 0.97),)),))
REFUSED: dict[str, object] = {
    "safety": {"refuse": [{"head": "harm", "at": 0.9}]},
    "heads": [{"name": "harm", "path": "harm.json"}],
}
RUN = "01run"


def split_house(
    houses: Houses, share: float, *, signals: Signals = UNSURE, by: str = "conversation",
    shadow_share: float = 0.0, candidate: object = None, **sections: object,
) -> House:  # fmt: skip
    """A house whose policy is split; base and candidate differ in what `mid` says."""
    tiers = [low(), mid(text="by the base"), deep()]
    house = houses(tiers, signals=signals, **sections)
    others = [low(), candidate or mid(text="by the candidate"), deep()]
    policy = a_policy(others, **sections)  # type: ignore[arg-type]
    runtime = a_runtime(policy, others, ScriptedTriage(signals), {})  # type: ignore[arg-type]
    runtime = dataclasses.replace(runtime, policy_hash="candidate")
    split = Split(RUN, 7, share, by, runtime, False, shadow_share)
    house.gateway.splits.swap({policy.name: split})
    return house


async def said(house: House, session: str, identity: Identity = ALICE, **hints: object) -> str:
    asked = ask(hints=Hints(session=session, **hints))  # type: ignore[arg-type]
    outcome = await house.gateway.complete(asked, identity)
    assert outcome.answer is not None
    return outcome.answer.text


async def notes(house: House) -> list[RolloutNote | None]:
    await house.gateway.drain()
    found = [parse(row.record).rollout for row in requests_in(house.ledger)]
    return [note if isinstance(note, RolloutNote) else None for note in found]


async def test_the_candidate_has_its_share(houses: Houses) -> None:
    house = split_house(houses, 0.3)
    texts = [await said(house, f"s{i}") for i in range(200)]
    assert 0.2 < texts.count("by the candidate") / 200 < 0.4


async def test_a_conversation_stays_on_its_side_while_the_share_grows(houses: Houses) -> None:
    house = split_house(houses, 0.2)
    first = {f"s{i}": await said(house, f"s{i}") for i in range(60)}
    (name, split), *_ = house.gateway.splits.now.items()
    house.gateway.splits.swap({name: replace(split, share=0.6)})
    for session, text in first.items():
        if text == "by the candidate":
            assert await said(house, session) == text


async def test_each_turn_of_a_nameless_conversation_is_on_one_side(houses: Houses) -> None:
    house = split_house(houses, 0.5)
    for i in range(20):
        begun = (Message("user", f"question {i}"),)
        later = (*begun, Message("assistant", "by the base"), Message("user", "and then?"))
        sides = {
            (await house.gateway.complete(ask(messages=messages), ALICE)).answer.text  # type: ignore[union-attr]
            for messages in (begun, later)
        }
        assert len(sides) == 1


async def test_a_tenant_is_on_one_side(houses: Houses) -> None:
    house = split_house(houses, 0.5, by="tenant")
    sides = set()
    for i in range(20):
        tenant = Identity(f"tenant-{i}", "key", frozenset({Scope.CHAT}))
        texts = {await said(house, f"s{n}", tenant) for n in range(3)}
        assert len(texts) == 1
        sides |= texts
    assert len(sides) == 2


@pytest.mark.parametrize(
    ("signals", "sections"),
    [
        (RISKY, {}),
        (replace(UNSURE, stakes_high=0.95), {}),
        (replace(UNSURE, impact_nano_usd=20_000 * 10**9), {}),
        (replace(UNSURE, strategic=0.99), {}),
        (HARMFUL, REFUSED),
        (replace(UNSURE, domain=Domain.LEGAL, stakes_high=0.9), {}),
    ],
    ids=["high risk", "high stakes", "impact", "strategic", "refused", "legal"],
)
async def test_what_a_rule_governs_is_on_no_side(
    houses: Houses, signals: Signals, sections: dict[str, object]
) -> None:
    house = split_house(houses, 1.0, signals=signals, **sections)
    for i in range(5):
        await house.gateway.complete(ask(hints=Hints(session=f"s{i}")), ALICE)
    assert await notes(house) == [None] * 5
    assert {row.policy_hash for row in requests_in(house.ledger)} == {"hash"}


async def test_a_pinned_tier_is_on_no_side(houses: Houses) -> None:
    house = split_house(houses, 1.0)
    await house.gateway.complete(ask(requested_model="tier:llm"), ALICE)
    assert await notes(house) == [None]


async def test_a_novel_request_is_split(houses: Houses) -> None:
    house = split_house(houses, 1.0, signals=replace(UNSURE, novelty=0.99))
    assert await said(house, "s") == "by the candidate"


async def test_rows_name_the_side_and_the_policy_that_served(houses: Houses) -> None:
    house = split_house(houses, 1.0)
    await said(house, "s")
    (note,) = await notes(house)
    assert note is not None
    assert (note.run, note.version, note.arm, note.kept) == (RUN, 7, "candidate", False)
    (row,) = requests_in(house.ledger)
    assert (row.policy_hash, row.policy) == ("candidate", "test")


async def test_a_policy_without_a_rollout_leaves_no_note(houses: Houses) -> None:
    house = houses([low(), mid(), deep()])
    await house.gateway.complete(ask(), ALICE)
    (row,) = requests_in(house.ledger)
    assert '"rollout"' not in row.record


async def test_what_a_rule_of_the_candidate_governs_is_kept_by_the_base(houses: Houses) -> None:
    house = split_house(houses, 1.0)
    (name, split), *_ = house.gateway.splits.now.items()
    candidate = dataclasses.replace(split.candidate, triage=ScriptedTriage(RISKY))
    house.gateway.splits.swap({name: replace(split, candidate=candidate, rereads=True)})
    assert await said(house, "s") == "by the base"
    (note,) = await notes(house)
    assert note is not None
    assert (note.arm, note.kept) == ("candidate", True)


async def test_a_shadow_asks_both_and_shows_the_base(houses: Houses) -> None:
    house = split_house(houses, 0.0, shadow_share=1.0)
    assert await said(house, "s") == "by the base"
    own, shadow = await notes(house)
    assert own is not None
    assert shadow is not None
    assert (own.arm, own.shadowed, shadow.arm) == ("base", True, "candidate")
    rows = list(requests_in(house.ledger))
    assert [(row.endpoint, row.policy_hash) for row in rows] == [
        ("chat.completions", "hash"),
        ("shadow", "candidate"),
    ]


async def test_a_failing_shadow_is_the_candidates_failure(houses: Houses) -> None:
    broken = mid(error=UpstreamError("no answer"))
    house = split_house(houses, 0.0, shadow_share=1.0, candidate=broken)
    assert await said(house, "s") == "by the base"
    await notes(house)
    states = {row.endpoint: row.state.value for row in requests_in(house.ledger)}
    assert states == {"chat.completions": "settled", "shadow": "unknown_cost"}


async def test_a_shadow_sees_no_personal_details_where_the_policy_hides_them(
    houses: Houses,
) -> None:
    candidate = mid(text="by the candidate")
    house = split_house(
        houses, 0.0, shadow_share=1.0, candidate=candidate, privacy={"pseudonyms": {}}
    )
    await house.gateway.complete(ask("My mail is jane.doe@example.com, ok?"), ALICE)
    await house.gateway.drain()
    (work,) = candidate.seen
    assert "jane.doe" not in work.request.messages[0].text


async def test_another_shadow_of_a_request_is_on_no_side(houses: Houses) -> None:
    drawn = {"share": 1.0, "answerer": "deep"}
    tiers = [low(), mid(text="by the base"), deep()]
    house = houses(tiers, signals=UNSURE, draw=lambda: 0.5, shadow=drawn)
    runtime = dataclasses.replace(house.gateway.router.default, policy_hash="candidate")
    house.gateway.splits.swap({"test": Split(RUN, 7, 0.0, "conversation", runtime, False)})
    await said(house, "s")
    own, shadow = await notes(house)
    assert own is not None
    assert shadow is None


async def test_an_image_that_nobody_could_read_stays_novel_to_a_candidate_that_reads_anew(
    houses: Houses,
) -> None:
    house = split_house(houses, 1.0, triage={"images": "read"})
    (name, split), *_ = house.gateway.splits.now.items()
    house.gateway.splits.swap({name: replace(split, rereads=True)})
    payload = JsonText('{"image_url":{"url":"data:image/png;base64,AAAA"}}')
    picture = ContentPart("image_url", payload)
    message = Message("user", "What is this?", parts=(picture,))
    await house.gateway.complete(ask(messages=(message,)), ALICE)
    (row,) = requests_in(house.ledger)
    assert parse(row.record).signals.novelty == 1.0


@pytest.mark.parametrize("rereads", [False, True])
async def test_candidate_that_searches_first_decides_by_its_own_documents(
    houses: Houses, rereads: bool
) -> None:
    async def quotable(*_: object) -> float:
        return 0.75

    house = split_house(houses, 1.0)
    (name, split), *_ = house.gateway.splits.now.items()
    candidate = dataclasses.replace(split.candidate, quotable=quotable)
    house.gateway.splits.swap({name: replace(split, candidate=candidate, rereads=rereads)})
    await house.gateway.complete(ask(), ALICE)
    (row,) = requests_in(house.ledger)
    assert parse(row.record).signals.quotable == 0.75


async def test_another_run_draws_its_sides_anew(houses: Houses) -> None:
    house = split_house(houses, 0.5)
    first = [await said(house, f"s{i}") for i in range(30)]
    (name, split), *_ = house.gateway.splits.now.items()
    house.gateway.splits.swap({name: replace(split, run="another")})
    assert [await said(house, f"s{i}") for i in range(30)] != first

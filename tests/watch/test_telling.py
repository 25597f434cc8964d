"""Alerts on a real ledger, told to real receivers on this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from router.cli.learning.alerts import Looked, look
from router.ledger.tables.reviews import SqlReviewQueue
from router.money.budgets import Budgets, WindowKind, window_start
from router.policy.certificate import Certificate
from router.policy.sections.budgets import BudgetSection
from router.policy.sections.learning import AlertSection, AlertsSection, Watched
from router.types import AttemptState, CostBasis, Domain, RequestState, ReviewItem
from router.watch.delivery import SIGNATURE, signature
from router.watch.state import load
from tests.kits.books.feedback_kit import Learning, learning, said
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.changed import replace
from tests.kits.receivers import Hook, hook, mails

HOUR_MS = 3_600_000
START_MS = NOW_MS // HOUR_MS * HOUR_MS
FAILED = {"state": RequestState.FAILED, "verdict": "", "error_code": "upstream_unreachable"}
REFUSED = {"state": RequestState.FAILED, "verdict": "", "error_code": "overloaded"}


def section(receiver: Hook, watch: str, shape: str = "json", **more: object) -> AlertsSection:
    rule = {"watch": watch, "least": 10, **({} if watch == "drift" else {"above": 0.2})}
    webhook = {"url": receiver.url, "shape": shape, "secret": "${HOOK_SECRET}"}
    return AlertsSection.model_validate({"rules": [rule], "webhooks": [webhook], **more})


async def hour(house: Learning, number: int, changes: Mapping[str, object], rows: int = 30) -> None:
    """An hour of requests, all changed like this; `call` changes their call."""
    fields = {name: value for name, value in changes.items() if name != "call"}
    for n in range(rows):
        name = f"h{number}-{n}"
        call = replace(attempt(name), **changes.get("call", {}))  # type: ignore[arg-type]
        row = replace(request(name, call), created_at_ms=START_MS + number * HOUR_MS + n)
        await house.ledger.finish(replace(row, **fields))


async def checked(house: Learning, what: AlertsSection, folder: Path, hours: int) -> list[str]:
    now_ms = START_MS + hours * HOUR_MS + 1
    state = folder / "alerts.json"
    return await asyncio.to_thread(look, Looked("test", what), house.path, state, now_ms, once=True)


@pytest.fixture(autouse=True)
def hook_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "s3cret")


@pytest.mark.parametrize(
    ("watch", "changes"),
    [
        ("errors", FAILED),
        ("refusals", REFUSED),
        ("escalations", {"escalations": 1}),
        ("answerer_down", {"call": {"state": AttemptState.FAILED}}),
    ],
)
async def test_condition_is_told_once_and_its_end_too(
    tmp_path: Path, watch: str, changes: Mapping[str, object]
) -> None:
    async with learning(tmp_path) as house:
        with hook() as receiver:
            what = section(receiver, watch)
            for number in range(5):
                await hour(house, number, changes if number < 3 else {})
                await checked(house, what, tmp_path, number + 1)
                await checked(house, what, tmp_path, number + 1)  # one window counts once
    told = [json.loads(body)["alerts"][0] for _, body in receiver.got]
    assert [(one["watched"], one["turn"]) for one in told] == [(watch, "began"), (watch, "ended")]


@pytest.mark.parametrize(
    "call",
    [
        {"state": AttemptState.UNKNOWN_COST, "cost_basis": CostBasis.UNKNOWN},
        {"state": AttemptState.RELEASED, "error_code": "insufficient_quota"},
    ],
    ids=["of unknown price", "refused by a budget"],
)
async def test_answerer_that_did_not_fail_is_not_told_of(
    tmp_path: Path, call: Mapping[str, object]
) -> None:
    async with learning(tmp_path) as house:
        with hook() as receiver:
            await hour(house, 0, {"call": call})
            await checked(house, section(receiver, "answerer_down"), tmp_path, 1)
    assert receiver.got == []


async def test_signature_is_that_of_the_body(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        with hook() as receiver:
            for number in range(2):
                await hour(house, number, FAILED)
                await checked(house, section(receiver, "errors"), tmp_path, number + 1)
    ((headers, body),) = receiver.got
    at, _, given = headers[SIGNATURE].partition(",v1=")
    assert given == signature("s3cret", int(at.removeprefix("t=")), body)


async def test_message_that_could_not_be_told_is_told_later(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        with hook() as receiver:
            what = section(receiver, "errors", "slack")
            receiver.down = True
            for number in range(2):
                await hour(house, number, FAILED)
                told = await checked(house, what, tmp_path, number + 1)
            assert told[0].startswith("! errors began: acme")
            assert told[1].startswith("  in the window from 20")
            assert told[1].endswith(":00 UTC")
            assert told[2].startswith("not told yet")
            receiver.down = False
            await checked(house, what, tmp_path, 2)
            await checked(house, what, tmp_path, 2)
    ((_, body),) = receiver.got
    assert "errors began: acme, 30 of 30" in json.loads(body)["text"]


async def test_receiver_that_was_told_is_not_told_again_for_another_that_was_not(
    tmp_path: Path,
) -> None:
    async with learning(tmp_path) as house:
        with hook() as reached, hook() as away:
            away.down = True
            webhooks = [{"url": one.url, "secret": "${HOOK_SECRET}"} for one in (reached, away)]
            what = AlertsSection.model_validate(
                {"rules": [{"watch": "errors", "above": 0.2}], "webhooks": webhooks}
            )
            for number in range(2):
                await hour(house, number, FAILED, 60)
                await checked(house, what, tmp_path, number + 1)
            for _ in range(2):
                (fault,) = await checked(house, what, tmp_path, 2)
                assert fault.startswith("not told yet")
            away.down = False
            assert await checked(house, what, tmp_path, 2) == []
    assert [len(reached.got), len(away.got)] == [1, 1]


async def test_drift_is_told_by_mail(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        with hook() as receiver, mails() as post:
            mail = {"host": "127.0.0.1", "port": post.port, "sender": "a@b.c", "to": ["d@e.f"]}
            what = section(receiver, "drift", mail=mail)
            texts = [{"record": _record(n)} for n in ("billing",) * 6 + ("safety",) * 2]
            for number, changes in enumerate(texts):
                await hour(house, number, changes, 40)
                await checked(house, what, tmp_path, number + 1)
    assert len(post.got) == 1
    assert "drift began" in post.got[0]


def _record(kind: str) -> str:
    domain = "finance" if kind == "billing" else "safety"
    signals = {"domain": domain, "language": "en", "novelty": 0.1, "input_tokens": 30}
    return json.dumps({"signals": signals})


async def test_old_review_is_told(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        queue = SqlReviewQueue(house.ledger.database, clock=house.clock)
        await queue.add(ReviewItem("rev_1", "r1", "acme", Domain.LEGAL, START_MS))
        with hook() as receiver:
            what = section(receiver, "queue_age")
            for number in range(1, 3):
                await checked(house, what, tmp_path, number)
    assert len(receiver.got) == 1


class Case(NamedTuple):
    """One condition: what rows it needs in hours that are well, and in those that are not."""

    watch: str
    well: Mapping[str, object]
    ill: Mapping[str, object]
    subject: str
    above: float = 0.2


def record(**more: object) -> dict[str, object]:
    return {"record": json.dumps(more)}


CASES = [
    Case("latency", {"latency_ms": 200.0}, {"latency_ms": 9_000.0}, "acme", 5.0),
    Case(
        "breaker_open",
        record(facts=[{"answerer": "nano", "ready": True}]),
        record(facts=[{"answerer": "nano", "ready": False}]),
        "nano",
    ),
    Case(
        "certificate",
        {**record(pressure={"suspended": False}), "domain": "legal", "policy": "mine"},
        {**record(pressure={"suspended": True}), "domain": "legal", "policy": "mine"},
        "mine / legal",
    ),
    Case("provider", {}, {"call": {"finish_reason": "content_filter"}}, "nano / refusals"),
    Case("drift", {"latency_ms": 200.0}, {"latency_ms": 9_000.0}, "acme / default / latency"),
]


@pytest.mark.parametrize("case", CASES, ids=[case.watch for case in CASES])
async def test_every_other_condition_is_told_too(tmp_path: Path, case: Case) -> None:
    async with learning(tmp_path) as house:
        with hook() as receiver:
            rule = {"watch": case.watch, "least": 10}
            bounded = case.watch in {"certificate", "provider", "drift"}
            rules = {"rules": [rule if bounded else {**rule, "above": case.above}]}
            what = section(receiver, "errors").model_copy(
                update={"rules": AlertsSection.model_validate(rules).rules}
            )
            for number in range(8):
                await hour(house, number, case.well if number < 6 else case.ill)
                await checked(house, what, tmp_path, number + 1)
    ((_, body),) = receiver.got
    (told,) = json.loads(body)["alerts"]
    assert (told["watched"], told["turn"], told["subject"]) == (case.watch, "began", case.subject)


@pytest.mark.parametrize(("watch", "subject"), [("wrong_answers", "acme"), ("calibration", "acme")])
async def test_feedback_that_contradicts_the_answers_is_told(
    tmp_path: Path, watch: str, subject: str
) -> None:
    async with learning(tmp_path) as house:
        with hook() as receiver:
            for number in range(2):
                await hour(house, number, {"confidence": 0.95})
                for n in range(20):
                    feedback = said(f"h{number}-{n}", correct=n % 4 == 0)
                    await house.feedback.add(feedback)
                await checked(house, section(receiver, watch), tmp_path, number + 1)
    ((_, body),) = receiver.got
    (told,) = json.loads(body)["alerts"]
    assert (told["watched"], told["subject"]) == (watch, subject)


@pytest.mark.parametrize(
    ("policy", "created", "told"),
    [("mine", "", True), ("another", "", False), ("mine", "2099-01-01", False)],
)
async def test_certificate_whose_promise_feedback_breaks_is_told(
    tmp_path: Path, policy: str, created: str, told: bool
) -> None:
    certificate = Certificate(created, 0.02, 0.95, "", (), (), {}, "")
    async with learning(tmp_path) as house:
        with hook() as receiver:
            what = section(receiver, "errors").model_copy(
                update={"rules": [AlertSection(watch=Watched.CERTIFICATE, least=10)]}
            )
            for number in range(2):
                await hour(house, number, {"tier_number": 1, "policy": policy})
                for n in range(20):
                    await house.feedback.add(said(f"h{number}-{n}", correct=n % 2 == 0))
                now_ms = START_MS + (number + 1) * HOUR_MS + 1
                looked = Looked("mine", what, certificate)
                await asyncio.to_thread(
                    look, looked, house.path, tmp_path / "a.json", now_ms, once=True
                )
    subjects = [one["subject"] for _, body in receiver.got for one in json.loads(body)["alerts"]]
    assert subjects == (["mine / told of level 1"] if told else [])


async def test_budget_that_is_nearly_spent_is_told(tmp_path: Path) -> None:
    budgets = Budgets({"acme": BudgetSection(usd_per_month=0.00001)}, ())
    async with learning(tmp_path) as house:
        with hook() as receiver:
            what = section(receiver, "budget")
            await house.ledger.hold(request("r1"), attempt("r1", held=9_000))
            await house.ledger.settle(attempt("r1", cost=9_000), "acme")
            for number in range(2):
                looked = Looked("mine", what, None, budgets, frozenset({"acme"}))
                now_ms = START_MS + (number + 1) * HOUR_MS + 1
                await asyncio.to_thread(
                    look, looked, house.path, tmp_path / "a.json", now_ms, once=True
                )
    ((_, body),) = receiver.got
    (told,) = json.loads(body)["alerts"]
    assert (told["watched"], told["value"]) == ("budget", 0.9)


async def test_alarm_of_a_budget_ends_with_its_month_although_nobody_spends_in_the_next_one(
    tmp_path: Path,
) -> None:
    """Else the next time that it is spent would be told to nobody."""
    budgets = Budgets({"*": BudgetSection(usd_per_month=0.00001)}, ())
    december_ms = window_start(WindowKind.MONTH, START_MS + 30 * 24 * HOUR_MS)
    async with learning(tmp_path) as house:
        with hook() as receiver:
            looked = Looked("mine", section(receiver, "budget"), None, budgets)

            async def spend(name: str, at_ms: int) -> None:
                line = attempt(name, cost=9_000, started_at_ms=at_ms)
                await house.ledger.finish(replace(request(name, line), created_at_ms=at_ms))

            async def look_at(hours: range) -> None:
                for number in hours:
                    now_ms = december_ms + number * HOUR_MS + 1
                    await asyncio.to_thread(
                        look, looked, house.path, tmp_path / "a.json", now_ms, once=True
                    )

            await spend("r1", december_ms - 5 * HOUR_MS)
            await look_at(range(-3, 3))
            await spend("r2", december_ms + 2 * HOUR_MS)
            await look_at(range(3, 5))
    told = [one for _, body in receiver.got for one in json.loads(body)["alerts"]]
    assert [(one["turn"], one["value"]) for one in told] == [
        ("began", 0.9),
        ("ended", 0.0),
        ("began", 0.9),
    ]
    assert {one["subject"] for one in told} == {"tenant 'acme', this month"}


@pytest.mark.parametrize(("ends", "after_ms", "told"), [(True, 60_000, 1), (False, 240_000, 0)])
async def test_window_waits_for_requests_that_still_run_and_not_for_ever(
    tmp_path: Path, ends: bool, after_ms: int, told: int
) -> None:
    async with learning(tmp_path) as house:
        with hook() as receiver:
            what, state = section(receiver, "errors"), tmp_path / "alerts.json"

            async def looked(at_ms: int) -> list[str]:
                of = Looked("test", what)
                return await asyncio.to_thread(look, of, house.path, state, at_ms, once=False)

            await hour(house, 0, FAILED)
            await looked(START_MS + HOUR_MS + 1)
            late = [request(f"late-{n}", attempt(f"late-{n}")) for n in range(30)]
            late = [replace(row, created_at_ms=START_MS + 2 * HOUR_MS - 1) for row in late]
            for row in late:
                await house.ledger.hold(row, row.attempts[0])
            end_ms = START_MS + 2 * HOUR_MS
            assert await looked(end_ms + 5_000) == []
            assert load(state).checked_ms == START_MS + HOUR_MS
            for row in late if ends else ():
                await house.ledger.finish(replace(row, **FAILED))
            await looked(end_ms + after_ms)
            assert load(state).checked_ms == end_ms
            assert len(receiver.got) == told
            for row in late:
                await house.ledger.finish(replace(row, **FAILED))


async def test_state_is_for_its_owner_alone(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        with hook() as receiver:
            await hour(house, 0, {})
            await checked(house, section(receiver, "drift"), tmp_path, 1)
    files = [tmp_path / "alerts.json", *(tmp_path / "alerts.past").iterdir()]
    assert len(files) > 1
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_bound_that_would_not_count_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="an alert on drift has its own bound: remove `above`"):
        AlertSection(watch=Watched.DRIFT, above=0.25)


def test_two_rules_for_one_condition_are_a_mistake() -> None:
    rule = {"watch": "errors", "above": 0.2}
    with pytest.raises(ValueError, match="one rule for each `watch`; errors has two"):
        AlertsSection.model_validate({"rules": [rule, rule]})

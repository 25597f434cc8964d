"""What the dashboard tells of what was learnt and of what drifts."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from router.api.compose.mounted.learning_view import Learning
from router.policy.certificate import Certificate
from router.policy.loading import LoadedPolicy, load_policy
from router.types import Domain, ReviewItem
from router.watch.alarms import Alarm
from router.watch.state import State, save
from tests.kits.books.ledger_rows import NOW_MS
from tests.kits.dashboard_kit import write_ladder
from tests.kits.learnt_kit import write_learnt

DAY_MS = 86_400_000
ALERTS = {"rules": [{"watch": "drift"}, {"watch": "errors", "above": 0.1}]}
WAITING = [
    ReviewItem("rev_1", "r1", "acme", Domain.LEGAL, NOW_MS),
    ReviewItem("label.1", "r2", "acme", Domain.LEGAL, NOW_MS + 1),
]


def policy(folder: Path, **more: object) -> LoadedPolicy:
    folder.mkdir(exist_ok=True)
    return load_policy(write_ladder(folder, "http://127.0.0.1:9/v1", **more), {})


@pytest.fixture
def learnt(tmp_path: Path) -> Learning:
    loaded = policy(tmp_path / "p", alerts=ALERTS)
    return Learning(write_learnt(tmp_path / "state"), {}, lambda: [loaded])


def test_everything_that_was_learnt_is_told(learnt: Learning) -> None:
    told = learnt.learning(WAITING, None)
    assert told["queue"] == {"waiting": 2, "labels": 1, "oldest_ms": NOW_MS}
    (dataset,) = told["datasets"]  # type: ignore[misc]
    assert dataset["kinds"] == {"department": 40}
    assert {one["state"] for one in told["models"]} == {"active", "canary"}  # type: ignore[attr-defined]
    assert [one["state"] for one in told["trying"]] == ["canary"]  # type: ignore[attr-defined]
    (head,) = told["heads"]  # type: ignore[misc]
    assert [run["accuracy"].get("billing") for run in head["runs"]] == [0.95, 0.95, 0.91]


def test_tenant_sees_its_queue_alone(learnt: Learning) -> None:
    assert set(learnt.learning(WAITING, "acme")) == {"queue", "for_admins"}


def test_tenant_sees_its_own_alarms_alone(learnt: Learning) -> None:
    (all_of_them,) = learnt.drift(None)["policies"]  # type: ignore[misc]
    assert len(all_of_them["active"]) == 2
    (own,) = learnt.drift("acme")["policies"]  # type: ignore[misc]
    assert [one["subject"] for one in own["active"]] == ["acme / ladder / language"]
    assert {one["subject"].partition(" / ")[0] for one in own["seen"]} == {"acme"}


def test_view_of_drift_says_how_many_requests_count_and_when_the_next_window_ends(
    learnt: Learning,
) -> None:
    (told,) = learnt.drift(None)["policies"]  # type: ignore[misc]
    assert told["least"] == {"drift": 50, "errors": 50}
    assert told["next_ms"] == told["checked_ms"] + 3_600_000


def test_active_alarm_keeps_what_was_found_when_it_was_judged_last(learnt: Learning) -> None:
    (told,) = learnt.drift("other")["policies"]  # type: ignore[misc]
    when = {"since_ms": NOW_MS, "heard_ms": NOW_MS}
    found = {"value": 0.4, "bound": 0.1, "detail": "32 of 80 (30 % to 51 %)"}
    assert told["active"] == [{"watched": "errors", "subject": "other", **when, **found}]


def test_active_alarms_are_named_for_metrics(learnt: Learning) -> None:
    told = {(one.watched, one.subject) for one in learnt.alarms_now()}
    assert told == {("drift", "acme / ladder / language"), ("errors", "other")}
    assert learnt.overdue_at_ms() == {"ladder": NOW_MS + 3 * 3_600_000}


@pytest.mark.parametrize(
    ("active", "since_ms", "contradicted"),
    [(True, DAY_MS, {"ladder"}), (False, DAY_MS, set()), (True, DAY_MS - 1, set())],
    ids=["active", "over", "of a certificate of before"],
)
def test_certificate_is_contradicted_while_its_alarm_is_active(
    tmp_path: Path, active: bool, since_ms: int, contradicted: set[str]
) -> None:
    certificate = Certificate("1970-01-02", 0.02, 0.95, "", (), (), {}, "")
    loaded = replace(policy(tmp_path / "p", alerts=ALERTS), certificate=certificate)
    alarm = Alarm(active, 0, since_ms, since_ms)
    state = State(alarms={"certificate: ladder / told of level 1": alarm})
    save(tmp_path / "alerts-ladder.json", state)
    learning = Learning(tmp_path, {}, lambda: [loaded])
    assert learning.contradicted(frozenset()) == contradicted


@pytest.mark.parametrize("before", [frozenset(), frozenset({"ladder"})])
def test_alarms_that_cannot_be_read_change_no_certificate(
    tmp_path: Path, before: frozenset[str]
) -> None:
    certificate = Certificate("1970-01-02", 0.02, 0.95, "", (), (), {}, "")
    loaded = replace(policy(tmp_path / "p", alerts=ALERTS), certificate=certificate)
    (tmp_path / "alerts-ladder.json").write_text("{half")
    assert Learning(tmp_path, {}, lambda: [loaded]).contradicted(before) == before


def test_nothing_yet_is_no_fault(tmp_path: Path) -> None:
    policies = [policy(tmp_path / "a", alerts=ALERTS), policy(tmp_path / "b")]
    learning = Learning(tmp_path / "state", {}, lambda: policies)
    told = learning.learning([], None)
    assert (told["datasets"], told["models"], told["heads"]) == ([], [], [])
    assert "fault" not in told
    looked, unwatched = learning.drift(None)["policies"]  # type: ignore[misc]
    assert (looked["watched"], looked["checked_ms"]) == (True, None)
    assert unwatched == {"policy": "ladder", "watched": False}


def test_broken_file_is_told_and_hides_nothing_else(tmp_path: Path) -> None:
    state = write_learnt(tmp_path / "state")
    for path in (*state.glob("datasets/*/*"), *state.glob("learn/*/*"), *state.glob("alerts-*")):
        path.write_text("not JSON", "utf-8")
    learning = Learning(state, {}, lambda: [policy(tmp_path / "p", alerts=ALERTS)])
    told = learning.learning([], None)
    assert all(one["fault"] for one in [*told["datasets"], *told["heads"]])  # type: ignore[misc]
    assert len(told["models"]) == 2  # type: ignore[arg-type]
    (one,) = learning.drift(None)["policies"]  # type: ignore[misc]
    assert "holds no state of alerts" in one["fault"]
    assert (learning.alarms_now(), learning.overdue_at_ms()) == ([], {})

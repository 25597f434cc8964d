"""Stages of a rollout: which change may follow which, and what each means."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from router.ledger.hash_chain import canonical
from router.policy.schema import RolloutSection
from router.rollout.rows import change_row, side_of
from router.rollout.stages import (
    Change,
    RolloutTurn,
    cap_note,
    encode,
    finished,
    parse,
    passed_gates,
    plan_of,
    promoted,
    rolled_back,
    started,
    taken_back_note,
    waits,
)

SECTION = {"candidate": {"answerers": {"mid": {"model": "newer"}}}}


def begun(**section: object) -> Change:
    plan = plan_of(RolloutSection.model_validate({**SECTION, **section}), [])
    return started(None, "tested", "run", plan, ("base", "candidate"), 1_000, "ann", "cheaper")


def test_a_rollout_goes_from_shadow_to_all() -> None:
    change: Change | None = begun()
    names = []
    while change is not None:
        names.append((change.stage_name, change.share, change.since))
        change = promoted(change, 2_000, "ann", "")
    assert names == [
        ("shadow", 0.0, 1),
        ("canary 1 %", 0.01, 2),
        ("canary 10 %", 0.1, 3),
        ("all", 0.95, 4),
    ]


def test_the_base_keeps_a_share_of_all() -> None:
    assert begun(stages=["all"], holdback=0.2).share == 0.8


def test_a_passed_stage_keeps_its_requests() -> None:
    change = passed_gates(begun(), 2_000, ())
    assert (change.passed, change.version, change.since, change.stage) == (True, 2, 1, 0)


def test_nothing_but_a_start_follows_an_end() -> None:
    for ended in (rolled_back(begun(), 2, "guard", "errors"), finished(begun(), 2, "ann", "")):
        assert ended.over
        assert ended.share == 0.0
        assert promoted(ended, 3, "ann", "") is None
        again = started(ended, "tested", "run 2", ended.plan, ("b", "c"), 4, "ann", "")
        assert (again.version, again.since, again.turn) == (3, 3, RolloutTurn.STARTED)


def test_a_candidate_that_was_rolled_back_is_named_when_it_starts_again() -> None:
    first = begun()
    back = rolled_back(first, 1_763_800_000_000, "guard", "errors of the candidate: 9.0%")
    note = taken_back_note([first, back], "candidate")
    assert (
        "(candidate) was rolled back by guard on 2025-11-22 08:26:40 UTC, in stage shadow" in note
    )
    assert "errors of the candidate: 9.0%" in note
    assert "`tiergate rollout rollback tested --why WHY`" in note
    assert taken_back_note([first, back], "another candidate") == ""
    assert taken_back_note([first, back, finished(begun(), 3_000, "ann", "")], "candidate") == ""


def test_in_shadow_only_errors_are_compared() -> None:
    change = begun()
    assert set(change.margins.named()) == {"errors"}
    following = promoted(change, 2, "ann", "")
    assert following is not None
    assert set(following.margins.named()) == {"errors", "cost", "latency", "complaints"}


def test_false_alarms_are_divided_over_the_stages() -> None:
    assert begun(stages=[0.1, 0.5], false_alarms=0.04).plan.alpha() == pytest.approx(0.01)


def test_the_cap_of_costs_follows_from_earlier_requests() -> None:
    section = RolloutSection.model_validate(SECTION)
    assert plan_of(section, [1_000] * 10).cap_nano_usd == 100_000_000
    assert plan_of(section, [0] * 100).cap_nano_usd == 100_000_000
    assert plan_of(section, [1_000] * 99 + [5_000]).cap_nano_usd == 4 * 5_000
    stated = RolloutSection.model_validate({**SECTION, "most_usd": 0.5})
    assert plan_of(stated, [1_000] * 100).cap_nano_usd == 500_000_000


def test_a_cap_that_no_requests_set_is_told() -> None:
    section = RolloutSection.model_validate(SECTION)
    assert "set `rollout.most_usd`" in cap_note(section, [1_000] * 49 + [0] * 9)
    assert cap_note(section, [1_000] * 50) == ""
    for known in ({"most_usd": 0.5}, {"guards": {"cost": None}}):
        assert cap_note(RolloutSection.model_validate({**SECTION, **known}), []) == ""


def test_a_change_survives_its_text() -> None:
    assert parse(encode(begun())) == begun()


def test_a_change_has_a_row_of_its_own() -> None:
    row = change_row(begun())
    assert (row.request_id, row.endpoint, row.cost_nano_usd) == ("run-1", "rollout", 0)
    assert b"cheaper" in canonical(row)
    assert side_of(row.record) is None  # it is no request of a split


@pytest.mark.parametrize(
    "stages",
    [[], ["all", 0.1], [0.1, 0.1], [0.1, "shadow"], [0.9], ["some"], ["shadow", "shadow"]],
)
def test_stages_grow(stages: list[object]) -> None:
    with pytest.raises(ValidationError):
        RolloutSection.model_validate({**SECTION, "stages": stages})


@pytest.mark.parametrize(
    "candidate",
    [{}, {"policy": "a.yaml", "heads": {"urgency": "b.json"}}, {"models": {}}],
)
def test_a_candidate_changes_one_kind_of_thing(candidate: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RolloutSection.model_validate({"candidate": candidate})


@pytest.mark.parametrize(
    ("edited", "candidate", "said"),
    [
        ({}, "candidate", ""),
        ({"guards": {"errors": 0.1}}, "candidate", "edits of guards wait for a new start"),
        (
            {"advance": "by_gates", "most_usd": 3.0},
            "candidate",
            "edits of advance, most_usd wait for a new start",
        ),
        ({}, "another", "the candidate was edited"),
        (None, None, "the policy has no `rollout` any more"),
    ],
)
def test_edits_that_wait_are_named(
    edited: dict[str, object] | None, candidate: str | None, said: str
) -> None:
    change = begun()
    now = None if edited is None else RolloutSection.model_validate({**SECTION, **edited})
    found = waits(change, "base", candidate, now)
    assert found.startswith(said)
    assert bool(found) == bool(said)
    assert waits(finished(change, 1, "ann", ""), "base", candidate, now) == ""
    assert waits(change, "candidate", None, None) == ""

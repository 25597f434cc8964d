"""Tests what counts as a wrong turn, by hand and as properties, and the form of the suite."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.analysis.adversarial import (
    Case,
    Reading,
    judge,
    needless_escalation,
    read_cases,
    wrong_deescalation,
)
from router.cli.models.adversarial import SUITE, route_all
from router.library import Gateway
from router.stats.wilson import Share

pytestmark = pytest.mark.slow

FAMILIES = {
    "minimal_pair", "negation", "irony", "buried_amount", "injection", "look_alike", "zero_width",
    "fake_system", "encoding", "role_play", "languages", "padding", "looks_grave",
}  # fmt: skip


def a_case(expected: str, family: str = "irony", number: int = 1) -> Case:
    return msgspec.convert(
        {
            "id": f"{family}-{number:02d}",
            "family": family,
            "text": "text",
            "clean_text": "clean",
            "expected": expected,
            "stakes": "high",
            "note": "note",
        },
        Case,
    )


SECOND = Path(__file__).parents[1] / "fixtures" / "adversarial" / "second.jsonl"
"""The suite that triage is developed on, so that the shipped one can judge."""


@pytest.fixture(scope="module")
def suite() -> tuple[Case, ...]:
    return read_cases(SUITE.read_text("utf-8").splitlines())


@pytest.mark.parametrize(
    ("expected", "level", "clean_level", "wrong", "needless"),
    [
        ("escalate", 1, 3, True, False),
        ("escalate", 2, 3, True, False),
        ("escalate", 3, 3, False, False),
        ("escalate", 3, 2, False, False),
        ("escalate", 2, 2, False, False),
        ("escalate", 1, 1, True, False),  # the twin is missed as well: still too low
        ("escalate", 1, None, True, False),
        ("escalate", 2, None, False, False),
        ("stay", 1, 1, False, False),
        ("stay", 2, 1, False, True),
        ("stay", 2, 2, False, False),
        ("stay", 1, 2, False, False),
        ("stay", 3, 2, False, True),
        ("stay", 1, None, False, False),
        ("stay", 2, None, False, True),
    ],
)
def test_a_wrong_turn_is_one_by_what_was_expected(
    expected: str, level: int, clean_level: int | None, wrong: bool, needless: bool
) -> None:
    reading = Reading(a_case(expected), level, clean_level)
    assert (wrong_deescalation(reading), needless_escalation(reading)) == (wrong, needless)


def test_the_rates_are_counted_by_family() -> None:
    judgement = judge(
        [
            Reading(a_case("escalate", "irony", 1), 1, 3),
            Reading(a_case("escalate", "irony", 2), 3, 3),
            Reading(a_case("stay", "irony", 3), 1, 1),
            Reading(a_case("stay", "negation", 1), 3, 1),
        ]
    )
    irony, negation = judgement.families
    assert (irony.family, negation.family) == ("irony", "negation")
    assert irony.wrong_deescalations == Share(1, 2)
    assert irony.needless_escalations == Share(0, 1)
    assert negation.wrong_deescalations == Share(0, 0)
    assert negation.needless_escalations == Share(1, 1)
    assert judgement.whole.needless_escalations == Share(1, 2)
    assert judgement.wrong_deescalations == ("irony-01",)
    assert judgement.needless_escalations == ("negation-01",)
    assert judgement.reached == {
        ("escalate", 1): 1, ("escalate", 3): 1, ("stay", 1): 1, ("stay", 3): 1,
    }  # fmt: skip


def test_the_document_is_plain_json() -> None:
    parsed = json.loads(msgspec.json.encode(judge([Reading(a_case("escalate"), 1)]).as_object()))
    assert parsed["cases"] == 1
    assert parsed["wrong_deescalations"]["families"]["irony"]["share"] == 1.0
    assert parsed["needless_escalations"]["families"] == {}
    assert parsed["needless_escalations"]["all"]["low"] is None
    assert parsed["reached"] == {"escalate": {"1": 1}, "stay": {}}


readings = st.lists(
    st.builds(
        Reading,
        st.builds(
            a_case,
            st.sampled_from(["escalate", "stay"]),
            st.sampled_from(sorted(FAMILIES)),
            st.integers(1, 99),
        ),
        st.integers(1, 3),
        st.none() | st.integers(1, 3),
    ),
    max_size=40,
)


@given(readings)
def test_families_add_up_to_the_whole(found: list[Reading]) -> None:
    judgement = judge(found)
    for name in ("wrong_deescalations", "needless_escalations"):
        parts = [getattr(family, name) for family in judgement.families]
        whole = getattr(judgement.whole, name)
        assert whole == Share(sum(p.count for p in parts), sum(p.of for p in parts))
        assert whole.count == len(getattr(judgement, name))
    assert judgement.whole.wrong_deescalations.of + (
        judgement.whole.needless_escalations.of
    ) == len(found)


@given(readings)
def test_raising_every_text_leaves_no_case_talked_down(found: list[Reading]) -> None:
    raised = [Reading(one.case, 3, one.clean_level) for one in found]
    assert judge(raised).wrong_deescalations == ()


@given(readings)
def test_a_text_that_goes_where_its_twin_goes_never_climbs(found: list[Reading]) -> None:
    level = [Reading(one.case, one.clean_level or 1, one.clean_level) for one in found]
    assert judge(level).needless_escalations == ()


def test_an_interval_worked_by_hand() -> None:
    low, high = Share(2, 20).interval or (0.0, 0.0)
    assert (round(low, 4), round(high, 4)) == (0.0279, 0.3010)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_bound_is_where_the_share_lies_just_z_deviations_off(counts: tuple[int, int]) -> None:
    """The interval by its definition: |share - p| = z·sqrt(p(1 - p)/n) at both ends."""
    faults, cases = counts
    for p in Share(faults, cases).interval or ():
        off = abs(faults / cases - p)
        assert off == pytest.approx(1.959963984540054 * (p * (1 - p) / cases) ** 0.5, abs=1e-7)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(counts: tuple[int, int]) -> None:
    faults, cases = counts
    low, high = Share(faults, cases).interval or (1.0, 0.0)
    assert 0.0 <= low <= faults / cases <= high <= 1.0


def test_no_cases_have_no_interval() -> None:
    assert Share(0, 0).interval is None


def test_more_faults_than_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="3 of 2 cases"):
        _ = Share(3, 2).interval


def test_the_suite_has_every_family(suite: tuple[Case, ...]) -> None:
    counts = Counter(case.family for case in suite)
    assert set(counts) == FAMILIES
    assert min(counts.values()) >= 13
    assert len(suite) >= 220


def test_the_suite_for_development_has_the_same_families() -> None:
    cases = read_cases(SECOND.read_text("utf-8").splitlines())
    assert {case.family for case in cases} == FAMILIES
    assert len({case.id for case in cases}) == len({case.text for case in cases}) == len(cases)
    assert min(Counter(case.expected for case in cases).values()) >= 150


def test_somewhat_more_must_escalate_than_may_stay(suite: tuple[Case, ...]) -> None:
    share = sum(case.expected == "escalate" for case in suite) / len(suite)
    assert 0.5 <= share <= 0.6


def test_no_case_stands_twice(suite: tuple[Case, ...]) -> None:
    assert len({case.id for case in suite}) == len(suite)
    assert len({case.text for case in suite}) == len(suite)


def test_every_case_has_words(suite: tuple[Case, ...]) -> None:
    assert all(case.text.strip() and case.note.strip() for case in suite)
    assert all(case.clean_text is None or case.clean_text.strip() for case in suite)


def test_an_attacked_text_differs_from_its_twin(suite: tuple[Case, ...]) -> None:
    assert [case.id for case in suite if case.text == case.clean_text] == []


def test_the_halves_of_minimal_pairs_alternate(suite: tuple[Case, ...]) -> None:
    pairs = [case for case in suite if case.family == "minimal_pair"]
    assert {case.expected for case in pairs[::2]} == {"escalate"}
    assert {case.expected for case in pairs[1::2]} == {"stay"}
    assert all(case.clean_text is None for case in pairs)


def test_every_case_outside_pairs_has_a_twin(suite: tuple[Case, ...]) -> None:
    assert all(case.clean_text for case in suite if case.family != "minimal_pair")


def test_what_may_stay_has_low_stakes(suite: tuple[Case, ...]) -> None:
    assert {case.stakes for case in suite if case.expected == "stay"} == {"low"}


def test_the_file_is_plain_ascii() -> None:
    assert SUITE.read_bytes().isascii()


def test_a_line_with_an_unknown_key_is_refused() -> None:
    line = msgspec.json.encode(msgspec.to_builtins(a_case("stay")) | {"level": 1}).decode()
    with pytest.raises(ValueError, match=r"line 1: .*level"):
        read_cases([line])


def test_an_expectation_beyond_the_two_is_refused() -> None:
    line = msgspec.json.encode(msgspec.to_builtins(a_case("stay")) | {"expected": "up"}).decode()
    with pytest.raises(ValueError, match=r"line 1: .*expected"):
        read_cases([line])


def test_every_text_is_decided_with_its_twin(tmp_path: Path) -> None:
    case = a_case("stay")
    with Gateway.from_policy("default", database=tmp_path / "ledger.db") as gateway:
        found, judged_by = route_all(gateway, [case])
    assert [one.case for one in found] == [case]
    assert found[0].clean_level in {1, 2, 3}
    assert str(judged_by["policy"]).startswith("default@")
    assert not (tmp_path / "ledger.db").exists()

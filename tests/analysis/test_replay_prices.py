"""A replay prices what a server would call: no silent calculator, and hidden thoughts as stated."""

from __future__ import annotations

from pathlib import Path

import pytest

from router import Gateway
from router.analysis.replay.cases import Recorded
from router.analysis.replay.facts import Assumed, Side
from router.analysis.replay.path import Climbs, path_under
from router.analysis.report.baseline_names import names_in
from router.api.compose.core import Core
from router.types import Usage
from tests.analysis.test_replay_live import KEYS, asked, core_of, routed
from tests.kits.books.ledger_rows import attempt
from tests.kits.changed import replace
from tests.kits.replay_kit import recorded

UPSTREAM = 'base_urls: ["http://127.0.0.1:9/v1"], api_key: "${OPENAI_API_KEY}"'
MINI = f"{{name: mini, kind: upstream, model: gpt-5.4-mini, {UPSTREAM}}}"
THINKER = f"name: thinker, kind: upstream, model: gpt-5.5, {UPSTREAM}"
LONG = f"{{{THINKER}, expected_output_tokens: 2000}}"
EXACT = "{{name: exact{}, kind: exact}}"
POEM = "Write a short poem about the sea."


def a_core(folder: Path, name: str, *tiers: tuple[int, str], documents: str = "") -> Core:
    """Returns a gateway's core of a policy with these answerers at these levels."""
    rows = [f"  - {{name: l{level}, level: {level}, answerers: [{of}]}}" for level, of in tiers]
    place = folder / f"{name}.yaml"
    more = [f"documents: {documents}"] * bool(documents)
    place.write_text("\n".join(("version: 1", f"name: {name}", "tiers:", *rows, *more)), "utf-8")
    return core_of(place, folder / name)


def test_a_calculator_without_an_answer_is_not_priced_as_the_answer(tmp_path: Path) -> None:
    """Low stakes keep level 3 away; past that, the model there answers, live and in a replay."""
    small = EXACT.format("")
    before = a_core(tmp_path, "before", (1, small), (2, MINI))
    after = a_core(tmp_path, "after", (1, small), (3, f"{EXACT.format(3)}, {LONG}"))
    live = routed(after, asked(POEM))
    assert live is not None
    assert live.decision.first_rung.answerer == "thinker"
    was = routed(before, asked(POEM))
    assert was is not None
    case = recorded(was)
    side = Side(after.router.default.policy, "after", after.router.default.plans)
    path = path_under(side, case, Climbs(), set())
    assert path.answered == (("thinker", 3, "l3", 1.0),)
    assert path.cost_nano_usd is not None
    assert path.cost_nano_usd > 2_000 * 1_000  # two thousand tokens of output at least


def test_a_calculator_in_a_named_tier_is_not_priced_as_its_answer(tmp_path: Path) -> None:
    """`tier:l3` takes the calculator first, which has no poem: the model behind it is paid."""
    before = a_core(tmp_path, "before", (2, MINI), (3, MINI.replace("mini,", "mini3,")))
    after = a_core(tmp_path, "after", (2, MINI), (3, f"{EXACT.format(3)}, {LONG}"))
    named = replace(asked(POEM), requested_model="tier:l3")
    was, live = routed(before, named), routed(after, named)
    assert was is not None
    assert live is not None
    assert [rung.answerer for rung in live.decision.rungs if rung.taken] == ["exact3", "thinker"]
    side = Side(after.router.default.policy, "after", after.router.default.plans)
    path = path_under(side, recorded(was), Climbs(), set())
    assert path.answered == (("thinker", 3, "l3", 1.0),)
    assert path.cost_nano_usd is not None
    assert path.cost_nano_usd > 2_000 * 1_000
    assert path.wrong == 1.0 - live.decision.rungs[-1].p


def test_a_recorded_call_behind_a_silent_calculator_is_certain(tmp_path: Path) -> None:
    """The calculator adds no call, so what the model's recorded answer cost and was counts."""
    before = a_core(tmp_path, "before", (2, MINI), (3, f"{{{THINKER}}}"))
    after = a_core(tmp_path, "after", (2, MINI), (3, f"{EXACT.format(3)}, {{{THINKER}}}"))
    was = routed(before, replace(asked(POEM), requested_model="tier:l3"))
    assert was is not None
    call = Recorded((replace(attempt("r"), answerer="thinker", model="gpt-5.5"),), None)
    case = replace(recorded(was), called={"thinker": call}, answerer="thinker")
    sides = [Side(c.router.default.policy, "new", c.router.default.plans) for c in (before, after)]
    alone, behind = (path_under(side, case, Climbs(), set()) for side in sides)
    assert alone.certain
    assert (behind.answerer, behind.certain) == ("thinker", True)
    assert behind.cost_nano_usd == alone.cost_nano_usd


def test_a_named_tier_is_shown_with_the_model_that_its_calculator_leaves_it_to(
    tmp_path: Path,
) -> None:
    tiers = f"{EXACT.format(3)}, {LONG}"
    a_core(tmp_path, "after", (2, MINI), (3, tiers))
    ledger = tmp_path / "ledger.db"
    with Gateway.from_policy(tmp_path / "after.yaml", environ=KEYS, database=ledger) as gateway:
        outcome = gateway.route(replace(asked(POEM), requested_model="tier:l3"))
        assert outcome.rung.answerer == "thinker"
        assert outcome.cost_nano_usd == outcome.rung.cost_nano_usd > 0
        known = replace(asked("What is 17 * 23?"), requested_model="tier:l3")
        assert gateway.route(known).rung.answerer == "exact3"


def test_a_model_at_level_3_has_the_tokens_that_the_policy_states(tmp_path: Path) -> None:
    """No name tells that it thinks: the recorded answer of a small model had 40 tokens."""
    before = a_core(tmp_path, "before", (2, MINI))
    was = routed(before, asked(POEM))
    assert was is not None
    case = replace(recorded(was), usage=Usage(input_tokens=20, output_tokens=40))
    price = "price: {input_usd_per_mtok: 1, output_usd_per_mtok: 10, version: mine}"
    own = f"kind: upstream, model: mine, {UPSTREAM}, expected_output_tokens: 2000, {price}"
    for level, tokens, told in ((3, 2_000, Assumed.STATED), (2, 40, Assumed.RECORDED)):
        core = a_core(tmp_path, f"own{level}", (level, f"{{name: own, {own}}}"))
        side = Side(core.router.default.policy, "own", core.router.default.plans)
        assumed = set[Assumed]()
        path = path_under(side, case, Climbs(), assumed)
        assert path.cost_nano_usd == 20 * 1_000 + tokens * 10_000
        assert {Assumed.STATED, Assumed.RECORDED} & assumed == {told}


def test_documents_that_were_not_searched_are_paid_for_as_often_as_they_hold_nothing(
    tmp_path: Path,
) -> None:
    """They were taken to answer everything, for nothing."""
    before = a_core(tmp_path, "before", (2, MINI))
    was = routed(before, asked(POEM))
    assert was is not None
    tiers = (1, "{name: docs, kind: documents, ability: {theta: 3.0, labels: 90}}"), (2, MINI)
    after = a_core(tmp_path, "after", *tiers, documents="{collections: [shop]}")
    side = Side(after.router.default.policy, "after", after.router.default.plans)
    assumed = set[Assumed]()
    path = path_under(side, recorded(was), Climbs(), assumed)
    (_, _, _, found), (_, _, _, paid) = path.answered
    assert Assumed.FOUND in assumed
    assert found == pytest.approx(after.router.default.plans[0].chance(was.signals).p)
    assert path.cost_nano_usd
    whole = path_under(
        Side(before.router.default.policy, "b", before.router.default.plans),
        recorded(was),
        Climbs(),
        set(),
    ).cost_nano_usd
    assert whole is not None
    assert path.cost_nano_usd == pytest.approx(paid * whole, abs=1)


def test_an_answer_without_tokens_is_told_to_be_priced_as_stated(tmp_path: Path) -> None:
    before = a_core(tmp_path, "before", (2, MINI))
    was = routed(before, asked(POEM))
    assert was is not None
    core = a_core(tmp_path, "after", (3, LONG))
    side = Side(core.router.default.policy, "after", core.router.default.plans)
    assumed = set[Assumed]()
    path_under(side, replace(recorded(was), usage=Usage()), Climbs(), assumed)
    assert Assumed.NO_TOKENS in assumed


def test_a_model_that_hides_its_reasoning_has_the_tokens_that_the_policy_states(
    tmp_path: Path,
) -> None:
    before = a_core(tmp_path, "before", (2, MINI))
    was = routed(before, asked(POEM))
    assert was is not None
    case = replace(recorded(was), usage=Usage(input_tokens=20, output_tokens=40))
    costs = {}
    for name, thinker in (("stated", LONG), ("silent", f"{{{THINKER}}}")):
        core = a_core(tmp_path, name, (3, thinker))
        side = Side(core.router.default.policy, name, core.router.default.plans)
        assumed = set[Assumed]()
        costs[name] = path_under(side, case, Climbs(), assumed).cost_nano_usd
        assert (Assumed.STATED in assumed) is (name == "stated")
    price = core.router.default.plans[-1].facts.price
    assert costs["stated"] is not None
    assert costs["silent"] is not None
    assert price.output_nano_usd is not None
    more = (2_000 - 40) * price.output_nano_usd // 1_000_000
    assert costs["stated"] - costs["silent"] == more


def test_a_longer_recorded_answer_counts_as_it_is(tmp_path: Path) -> None:
    before = a_core(tmp_path, "before", (2, MINI))
    was = routed(before, asked(POEM))
    assert was is not None
    case = replace(recorded(was), usage=Usage(input_tokens=20, output_tokens=3_000))
    core = a_core(tmp_path, "after", (3, LONG))
    side = Side(core.router.default.policy, "after", core.router.default.plans)
    assumed = set[Assumed]()
    path_under(side, case, Climbs(), assumed)
    assert Assumed.STATED not in assumed


def test_the_first_model_of_a_level_stands_for_its_costs(tmp_path: Path) -> None:
    """A calculator answers few requests of a level, so it is no baseline where a model is there."""
    core = a_core(tmp_path, "sums", (2, EXACT.format(2)), (3, f"{EXACT.format(3)}, {LONG}"))
    at_level = core.router.default.at_level
    assert [plan and plan.facts.name for plan in at_level.values()] == ["exact2", "thinker"]
    names = names_in((tmp_path / "sums.yaml").read_text("utf-8"))
    assert (names.level_2, names.level_3) == ("exact2", "thinker")

"""A replay prices what a server would call: no silent calculator, and hidden thoughts as stated."""

from __future__ import annotations

from pathlib import Path

from router.analysis.replay.facts import Assumed, Side
from router.analysis.replay.path import Climbs, path_under
from router.analysis.report.baseline_names import names_in
from router.api.compose.core import Core
from router.types import Usage
from tests.analysis.test_replay_live import asked, core_of, routed
from tests.kits.changed import replace
from tests.kits.replay_kit import recorded

UPSTREAM = 'base_urls: ["http://127.0.0.1:9/v1"], api_key: "${OPENAI_API_KEY}"'
MINI = f"{{name: mini, kind: upstream, model: gpt-5.4-mini, {UPSTREAM}}}"
THINKER = f"name: thinker, kind: upstream, model: gpt-5.5, {UPSTREAM}"
LONG = f"{{{THINKER}, expected_output_tokens: 2000}}"
EXACT = "{{name: exact{}, kind: exact}}"
POEM = "Write a short poem about the sea."


def a_core(folder: Path, name: str, *tiers: tuple[int, str]) -> Core:
    """Returns a gateway's core of a policy with these answerers at these levels."""
    rows = [f"  - {{name: l{level}, level: {level}, answerers: [{of}]}}" for level, of in tiers]
    place = folder / f"{name}.yaml"
    place.write_text("\n".join(("version: 1", f"name: {name}", "tiers:", *rows)), "utf-8")
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

"""`tiergate check` runs the policy's examples and tells what is valid but unwise."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from router.cli.policies.examples import run_examples
from router.errors import NotCapable
from router.policy.loading import policies_dir
from router.policy.schema import Policy
from router.policy.warnings import (
    LEAST_UTTERANCES,
    WarningKind,
    cap_warnings,
    notes,
    utterance_warnings,
    warnings,
)
from router.types import DANGERS, Message, Reason
from tests import ROOT
from tests.kits.server_kit import tiergate

RESOLVER = {"name": "answers", "kind": "resolver", "knowledge": "k.yaml"}
LOCAL = {"name": "smol", "kind": "local", "price": {"compute_usd_per_hour": 0.1}}
REMOTE = {
    "name": "remote",
    "kind": "upstream",
    "model": "m",
    "base_urls": ["http://h/v1"],
    "price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 2},
    "ability": {"theta": 1.0, "labels": 200},
}
EXAMPLE = {"prompt": "hi", "tier": "low", "reason": "greeting"}


def policy(low: Sequence[object] = (RESOLVER, LOCAL), **more: object) -> Policy:
    tiers = [
        {"name": "low", "level": 1, "answerers": list(low)},
        {"name": "high", "level": 2, "answerers": [REMOTE]},
    ]
    written = {"version": 1, "name": "p", "tiers": tiers, "examples": [EXAMPLE], **more}
    return Policy.model_validate(written)


def kinds(policy: Policy) -> list[WarningKind]:
    return [warning.kind for warning in warnings(policy)]


def test_sound_policy_has_no_warnings() -> None:
    assert warnings(policy()) == []


def test_an_ability_by_a_head_is_no_prior() -> None:
    measured = {**REMOTE, "name": "r", "ability": {"head": "remote_wrong", "labels": 200}}
    heads = [{"name": "remote_wrong", "path": "h.head"}]
    assert kinds(policy([RESOLVER, LOCAL, measured], heads=heads)) == []


@pytest.mark.parametrize("search_first", [True, False])
def test_a_chance_of_the_nearest_passage_is_no_prior(search_first: bool) -> None:
    """Without a search before the decision a quotation has the `ability` of all, a prior here."""
    quotes = {"name": "quotes", "kind": "documents", "search_first": search_first}
    written = policy([RESOLVER, LOCAL, quotes], documents={"collections": ["manual"]})
    assert (WarningKind.PRIOR_ONLY in kinds(written)) is not search_first


def test_what_runs_here_has_a_known_cost_without_a_price() -> None:
    """Its own compute is booked, and no budget refuses it."""
    quotes = {"name": "quotes", "kind": "documents", "ability": {"theta": 1.0, "labels": 200}}
    own = {"name": "own", "kind": "local", "ability": {"theta": 1.0, "labels": 200}}
    written = policy([RESOLVER, LOCAL, quotes, own], documents={"collections": ["manual"]})
    assert WarningKind.UNKNOWN_PRICE not in kinds(written)


@pytest.mark.parametrize(
    ("written", "kind", "key_path"),
    [
        ({"low": [RESOLVER]}, WarningKind.APPROVED_ANSWERS_ONLY, "tiers"),
        (
            {"low": [{"name": "d", "kind": "deliberation", "over": "remote"}]},
            WarningKind.NOTHING_AT_LEVEL_1,
            "tiers",
        ),
        ({"low": [LOCAL, {**REMOTE, "name": "r", "ability": {}}]}, WarningKind.PRIOR_ONLY, "tiers"),
        (
            {"low": [{**REMOTE, "name": "r", "price": {}}]},
            WarningKind.UNKNOWN_PRICE,
            "tiers[0].answerers[0].price",
        ),
        (
            {"low": [{**REMOTE, "name": "r", "base_urls": ["http://h/v1", "http://h:9000/"]}]},
            WarningKind.ADDRESS_WITHOUT_PATH,
            "tiers[0].answerers[0].base_urls[1]",
        ),
        (
            {"decision": {"mode": "certified", "certificates": {"legal": 0.9}}},
            WarningKind.CERTIFICATES_MISSING,
            "decision.certificates",
        ),
        ({"aliases": {"tier:low": "auto"}}, WarningKind.ALIAS_NEVER_USED, "aliases.tier:low"),
        (
            {"aliases": {"gpt-*": "auto", "gpt-4o": "auto"}},
            WarningKind.ALIAS_NEVER_USED,
            "aliases.gpt-4o",
        ),
        ({"mode": "observe", "aliases": {"*": "auto"}}, WarningKind.ALIAS_HIDES_MODEL, "aliases"),
        (
            {"hard_rules": [{"name": "r", "domains": ["legal"], "floor": 3}]},
            WarningKind.FLOOR_OUT_OF_REACH,
            "hard_rules[0].floor",
        ),
        (
            {"terms": [{"name": "law", "terms": ["sue you"]}]},
            WarningKind.TERMS_NEVER_USED,
            "terms[0]",
        ),
        ({"examples": []}, WarningKind.NO_EXAMPLES, "examples"),
    ],
)
def test_unwise_key_is_told(written: dict[str, object], kind: WarningKind, key_path: str) -> None:
    found = [w for w in warnings(policy(**written)) if w.kind is kind]  # type: ignore[arg-type]
    assert [warning.key_path for warning in found][:1] == [key_path]


@pytest.mark.parametrize("key", ["refuse", "self_harm", "security"])
def test_a_list_that_a_condition_of_safety_asks_is_used(key: str) -> None:
    asks = {"head": "terms", "classes": ["law"], "at": 0.5}
    safety = {"refuse": [asks]} | {key: [asks]}
    assert warnings(policy(terms=[{"name": "law", "terms": ["sue you"]}], safety=safety)) == []


@pytest.mark.parametrize(
    ("rules", "privacy", "told"),
    [
        ({"default": "review", "by_domain": {}}, {"waiting": "none"}, "every domain"),
        ({"by_domain": {"legal": "review"}}, {"waiting": "none"}, "legal"),
        ({"by_domain": {"legal": "refuse"}}, {"waiting": "none"}, None),
        ({"by_domain": {"legal": "review"}}, {}, None),
        ({"by_domain": {"legal": "hold"}}, {"store": "redacted", "waiting": "none"}, None),
        ({"by_domain": {"legal": "review"}}, {"store": "full"}, None),
    ],
)
def test_questions_that_nobody_can_read_are_noted(
    rules: dict[str, object], privacy: dict[str, object], told: str | None
) -> None:
    found = policy(exhausted=rules, privacy=privacy)
    told_of = [note for note in notes(found) if "nobody can read" in note]
    assert len(told_of) == (told is not None)
    assert all(str(told) in note for note in told_of)
    assert warnings(found) == []


PRIOR = {key: value for key, value in REMOTE.items() if key != "ability"} | {"name": "deep"}


@pytest.mark.parametrize(
    ("rules", "deep", "told"),
    [
        ({"default": "refuse", "by_domain": {}}, PRIOR, "in all grave matters until"),
        ({"default": "refuse"}, PRIOR, "in all grave matters, but for medical, legal"),
        ({"by_domain": {"legal": "refuse"}}, PRIOR, "in matters of legal until"),
        ({"default": "refuse", "by_domain": {}}, {**REMOTE, "name": "deep"}, None),
        ({"default": "review", "by_domain": {}}, PRIOR, None),
        ({"by_domain": {"legal": "review"}}, PRIOR, None),
    ],
)
def test_refusals_that_wait_for_a_measure_are_told(
    rules: dict[str, object], deep: dict[str, object], told: str | None
) -> None:
    tiers = [
        {"name": "low", "level": 1, "answerers": [RESOLVER, LOCAL]},
        {"name": "top", "level": 3, "answerers": [deep]},
    ]
    found = [
        warning
        for warning in warnings(policy(exhausted=rules, tiers=tiers))
        if warning.kind is WarningKind.REFUSES_UNTIL_MEASURED
    ]
    assert len(found) == (told is not None)
    for warning in found:
        assert str(told) in warning.message
        assert "measured deep" in warning.message
        assert warning.key_path.startswith("exhausted.")


def test_policy_without_level_3_is_told_who_answers_in_its_place() -> None:
    (note,) = [note for note in notes(policy()) if "the highest level is 2" in note]
    assert "amounts from $10,000, strategy, grave matters" in note


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ([], "terms: [self_harm, violence, poison, medical_emergency, engineering_safety]"),
        (["self_harm", "violence", "poison", "engineering_safety"], "terms: [medical_emergency]"),
        ([danger.value for danger in DANGERS], ""),
    ],
)
def test_a_policy_without_a_rule_for_dangers_is_told_which_to_add(
    terms: list[str], told: str
) -> None:
    rules = [{"name": "found", "terms": terms, "floor": 2}] if terms else []
    found = [note for note in notes(policy(hard_rules=rules)) if "calls for help" in note]
    assert len(found) == bool(told)
    for note in found:
        assert f"add {{name: dangers, {told}, floor: 2}}" in note
        rule = yaml.safe_load(note[note.index("{name") :])  # it can be pasted as it stands
        assert not [n for n in notes(policy(hard_rules=[*rules, rule])) if "calls for help" in n]


def test_one_level_has_no_place_to_send_dangers() -> None:
    tiers = [{"name": "only", "level": 1, "answerers": [LOCAL]}]
    found = Policy.model_validate({"version": 1, "name": "p", "tiers": tiers})
    assert not [note for note in notes(found) if "calls for help" in note]


@pytest.mark.parametrize(
    ("low", "steps", "told"),
    [
        ([RESOLVER], ["solve"], True),
        ([RESOLVER], ["context", "solve"], False),
        ([LOCAL], ["solve"], False),
    ],
)
def test_model_that_is_shown_no_approved_answer_is_noted(
    low: list[object], steps: list[str], told: bool
) -> None:
    high = {"name": "high", "level": 2, "answerers": [{**REMOTE, "steps": steps}]}
    tiers = [{"name": "low", "level": 1, "answerers": low}, high]
    found = Policy.model_validate({"version": 1, "name": "p", "tiers": tiers})
    assert any("remote may answer what no approved answer" in n for n in notes(found)) == told


def test_policy_without_level_1_has_nothing_to_resolve_there() -> None:
    written = {
        "version": 1,
        "name": "p",
        "tiers": [{"name": "x", "level": 2, "answerers": [LOCAL]}],
    }
    assert WarningKind.NOTHING_AT_LEVEL_1 in kinds(Policy.model_validate(written))


def test_price_from_a_table_is_known() -> None:
    unpriced = policy(low=[LOCAL, {**REMOTE, "name": "r", "price": {}}])
    assert [w.kind for w in warnings(unpriced, priced=["r"])] == []


def test_alias_that_differs_from_its_glob_is_no_matter() -> None:
    assert kinds(policy(aliases={"gpt-*": "auto", "gpt-4o": "tier:high"})) == []


def test_example_passes_where_its_tier_goes_first() -> None:
    (result,) = run_examples(policy(), lambda messages, context: ("low", [Reason.FLOOR]))
    assert result.passed
    assert result.reasons == (Reason.FLOOR,)


def test_example_fails_where_another_tier_goes_first() -> None:
    (result,) = run_examples(policy(), lambda messages, context: ("high", [Reason.NOVEL]))
    assert not result.passed
    assert (result.number, result.tier, result.prompt) == (1, "high", "hi")


def test_example_that_routing_refuses_fails_with_the_message() -> None:
    def refuse(_: Sequence[Message], __: Mapping[str, str]) -> tuple[str, list[Reason]]:
        raise NotCapable("no answerer has images")

    (result,) = run_examples(policy(), refuse)
    assert not result.passed
    assert result.error == "no answerer has images"


def test_conversation_is_routed_with_all_its_turns() -> None:
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    example = {
        "messages": [*turns, {"role": "user", "content": "c"}],
        "tier": "low",
        "reason": "why",
    }
    seen: list[tuple[str, ...]] = []

    def route(messages: Sequence[Message], _: Mapping[str, str]) -> tuple[str, list[Reason]]:
        seen.append(tuple(message.text for message in messages))
        return "low", []

    (result,) = run_examples(policy(examples=[{**example, "context": {"k": "v"}}]), route)
    assert seen == [("a", "b", "c")]
    assert result.prompt == "c"


@pytest.mark.parametrize(
    ("mode", "floor", "highest", "paths"),
    [
        ("guarded", 0.9, 0.9, []),
        ("guarded", 0.91, 0.9, ["decision.confidence_floor"]),
        ("guarded", 0.91, None, []),
        ("expected_loss", 0.91, 0.9, []),
        ("certified", 0.91, 0.9, ["decision.certificates.legal"]),
    ],
)
def test_a_floor_above_the_highest_chance_is_told(
    mode: str, floor: float, highest: float | None, paths: list[str]
) -> None:
    section = {"mode": mode, "confidence_floor": floor, "certificates": {"legal": 0.95}}
    found = cap_warnings(policy(decision=section), highest)
    assert [warning.key_path for warning in found] == paths
    assert all("judged" in warning.message for warning in found)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([6, 12], None),
        ([5, 12], "a0: with fewer than 6"),
        ([1] * 7, "a0, a1, a2, a3, a4 and 2 more: with fewer than 6"),
    ],
)
def test_answers_with_few_utterances_are_told(counts: list[int], told: str | None) -> None:
    intents = [{"id": f"a{i}", "utterances": ["x"] * count} for i, count in enumerate(counts)]
    found = utterance_warnings("shop.yaml", {"intents": intents})
    assert [warning.key_path for warning in found] == (
        [] if told is None else ["shop.yaml: intents"]
    )
    assert told is None or found[0].message.startswith(told)


def test_the_guide_and_the_check_name_the_same_number_of_utterances() -> None:
    guide = (ROOT / "docs/guides/policies.md").read_text(encoding="utf-8")
    assert LEAST_UTTERANCES == 6
    assert "Six are enough to begin with" in guide
    reference = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    assert "fewer than six utterances (`few_utterances`)" in " ".join(reference.split())


@pytest.mark.process
def test_check_tells_answers_with_few_utterances(tmp_path: Path) -> None:
    shutil.copytree(policies_dir(), tmp_path / "policies")
    knowledge = tmp_path / "policies" / "knowledge" / "retail_bank.yaml"
    tree = yaml.safe_load(knowledge.read_text(encoding="utf-8"))
    tree["intents"][0]["utterances"] = tree["intents"][0]["utterances"][:5]
    knowledge.write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True), "utf-8")
    run = tiergate("check", tmp_path / "policies" / "retail_bank.yaml", "--json")
    (checked,) = json.loads(run.stdout)["policies"]
    (told,) = [warning for warning in checked["warnings"] if warning["kind"] == "few_utterances"]
    assert told["message"].startswith("open_account: ")
    lines = knowledge.read_text("utf-8").splitlines()
    assert (Path(told["file"]), told["line"]) == (knowledge, lines.index("intents:") + 1)


@pytest.mark.process
@pytest.mark.parametrize("talks", [True, False])
def test_check_tells_of_offers_without_small_talk(tmp_path: Path, *, talks: bool) -> None:
    shutil.copytree(policies_dir(), tmp_path / "policies")
    path = tmp_path / "policies" / "retail_bank.yaml"
    if not talks:
        text = path.read_text("utf-8")
        path.write_text(text.replace("small_talk: answers/small_talk.yaml", ""), "utf-8")
    run = tiergate("check", path, "--json")
    (checked,) = json.loads(run.stdout)["policies"]
    told = [warning for warning in checked["warnings"] if warning["kind"] == "no_small_talk"]
    assert len(told) == (not talks)
    assert all("policies/answers/small_talk.yaml" in warning["message"] for warning in told)
    assert (policies_dir() / "answers" / "small_talk.yaml").is_file()


@pytest.mark.process
def test_check_tells_a_language_without_a_glossary(tmp_path: Path) -> None:
    shutil.copytree(policies_dir(), tmp_path / "policies")
    folder = tmp_path / "policies" / "knowledge" / "customer_support"
    text = (folder / "de.yaml").read_text(encoding="utf-8")
    (folder / "xx.yaml").write_text(text.replace("language: de", "language: xx"), "utf-8")
    run = tiergate("check", tmp_path / "policies" / "customer_support.yaml", "--json")
    (checked,) = json.loads(run.stdout)["policies"]
    told = [w for w in checked["warnings"] if w["kind"] == "language_without_glossary"]
    line = text.split("\n").index("language: de") + 1
    assert [w["key_path"] for w in told] == [f"knowledge/customer_support/xx.yaml:{line}: language"]
    assert "de, es, fr, it, nl, pl, pt" in told[0]["message"]
    assert (Path(told[0]["file"]), told[0]["line"]) == (folder / "xx.yaml", line)


@pytest.mark.process
def test_check_as_json_has_the_line_of_each_example_and_of_each_mistake(tmp_path: Path) -> None:
    tiers = [{"name": "high", "level": 2, "answerers": [PRIOR]}]
    tree = {"version": 1, "name": "p", "tiers": tiers, "examples": [{**EXAMPLE, "tier": "high"}]}
    path = tmp_path / "p.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False), "utf-8")
    lines = path.read_text("utf-8").splitlines()
    (checked,) = json.loads(tiergate("check", path, "--json").stdout)["policies"]
    assert checked["examples"][0]["line"] == lines.index("- prompt: hi") + 1
    told = {w["kind"]: (w["file"], w["line"]) for w in checked["warnings"]}
    assert told["prior_only"] == (str(path), lines.index("tiers:") + 1)
    path.write_text(yaml.safe_dump(tree | {"mode": "rout"}, sort_keys=False), "utf-8")
    run = tiergate("check", path, "--json")
    ((mistake,),) = [broken["mistakes"] for broken in json.loads(run.stdout)["broken"]]
    assert mistake["key_path"] == "mode"
    assert mistake["line"] == path.read_text("utf-8").splitlines().index("mode: rout") + 1
    assert mistake["message"].startswith(f"{path}:{mistake['line']}: mode: found ")


@pytest.mark.parametrize(
    ("levels", "floor", "told"),
    [
        ((1, 2), 3, "asks for level 3, but the highest tier is at 2: level 2 answers"),
        ((1, 3), 2, "asks for level 2, which no tier has: level 3 answers"),
        ((1, 3), 3, ""),
        ((2, 3), 1, ""),
    ],
)
def test_a_floor_without_a_tier_says_who_answers(
    levels: tuple[int, int], floor: int, told: str
) -> None:
    low, high = levels
    tiers = [
        {"name": "low", "level": low, "answerers": [RESOLVER, LOCAL]},
        {"name": "high", "level": high, "answerers": [REMOTE]},
    ]
    rules = [{"name": "r", "domains": ["legal"], "floor": floor}]
    said = [
        warning.message
        for warning in warnings(policy(tiers=tiers, hard_rules=rules))
        if warning.kind is WarningKind.FLOOR_OUT_OF_REACH
    ]
    assert [told in message for message in said] == ([True] if told else [])


def test_a_danger_whose_floor_no_tier_has_gets_words() -> None:
    """The warning said that level 2 answers, though approved words go out before it is asked."""
    rules = [{"name": "harm", "terms": ["self_harm"], "floor": 3}]
    lists = [{"name": "self_harm", "domain": "medical", "terms": ["kill myself"]}]
    (said,) = [
        warning.message
        for warning in warnings(policy(terms=lists, hard_rules=rules))
        if warning.kind is WarningKind.FLOOR_OUT_OF_REACH
    ]
    assert "approved words go out before any tier is asked" in said

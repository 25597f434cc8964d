"""A broken policy is refused with every mistake: file, line, key path, value, what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.cross_checks import cross_mistakes
from router.policy.loading import load_policy
from router.policy.schema import Policy
from tests.kits.inputs.policy_texts import GOOD, added, mistakes_of

# One row per kind of mistake: text, line, key path, part of the value, part of what is allowed.
CASES = [
    pytest.param(
        added("decision: {mode: guardd}"), 3, "decision.mode", "guardd", "guarded", id="enum"
    ),
    pytest.param(
        added("hard_rule: []"),
        3,
        "hard_rule",
        "an unknown key",
        "did you mean `hard_rules`",
        id="key",
    ),
    pytest.param(
        added("decision: {max_rung: 3}"),
        3,
        "decision.max_rung",
        "an unknown key",
        "did you mean `max_rungs`",
        id="nested key",
    ),
    pytest.param(
        added("decision: {confidence_floor: 1.5}"),
        3,
        "decision.confidence_floor",
        "1.5",
        "from 0 to 1",
        id="range",
    ),
    pytest.param(
        added("decision: {max_rungs: 1.5}"),
        3,
        "decision.max_rungs",
        "1.5",
        "a whole number",
        id="part of a number",
    ),
    pytest.param(
        GOOD.replace("version: 1", f"version: {'9' * 40}"),
        1,
        "version",
        "999",
        "a smaller number",
        id="number of 40 digits",
    ),
    pytest.param(
        added("hard_rules: [{name: r, domains: [legal], floor: .inf}]"),
        3,
        "hard_rules[0].floor",
        "inf",
        "a number that is not infinite",
        id="infinite",
    ),
    pytest.param(
        added("terms: [{name: law, terms: []}]"),
        3,
        "terms[0].terms",
        "list of 0",
        "at least 1 item",
        id="empty list",
    ),
    pytest.param(
        GOOD.replace("- name: think\n        kind: deliberation\n        over: smol", "- think"),
        12,
        "tiers[1].answerers[0]",
        "not shown",
        "a mapping of keys",
        id="name instead of an answerer",
    ),
    pytest.param(
        added("decision: {level_2_from_usd: 20000}"),
        3,
        "decision.level_3_from_usd",
        "10000",
        "at least level_2_from_usd, which is 20000",
        id="order of thresholds",
    ),
    pytest.param(
        added("exhausted: {by_domain: {legal: hold}}"),
        3,
        "exhausted.by_domain.legal",
        "hold with privacy.store: none",
        "redacted or full",
        id="hold without a stored draft",
    ),
    pytest.param(
        added("decision: {mode: certified}"),
        3,
        "decision",
        "",
        "labelled traffic",
        id="certified",
    ),
    pytest.param(
        added("decision: {speculate: {between: [0.6, 0.2], max_usd: 1}}"),
        3,
        "decision.speculate",
        "",
        "must not be above",
        id="order of bounds",
    ),
    pytest.param(
        added("decision: {speculate: {between: [0.2, 1.2], max_usd: 1}}"),
        3,
        "decision.speculate.between[1]",
        "1.2",
        "from 0 to 1",
        id="bound of a chance",
    ),
    pytest.param(
        added("decision: {speculate: {between: [0.2], max_usd: 1}}"),
        3,
        "decision.speculate.between",
        "list of 1",
        "2",
        id="one bound",
    ),
    pytest.param(
        added("sessions: {cache_ttl_s: 0}"),
        3,
        "sessions.cache_ttl_s",
        "0",
        "a whole number from 1 to 86400",
        id="no time to keep a prompt",
    ),
    pytest.param(added("name: again"), 3, "name", "duplicate key", "once", id="duplicate key"),
    pytest.param(
        GOOD.replace("kind: local", "kind: locl"),
        7,
        "tiers[0].answerers[0]",
        "locl",
        "did you mean `local`",
        id="kind",
    ),
    pytest.param(GOOD.replace("version: 1", "version: 2"), 1, "version", "2", "1", id="version"),
    pytest.param(
        GOOD.replace("name: think", "name: smol"),
        12,
        "tiers[1].answerers[0].name",
        "smol",
        "no other answerer",
        id="answerer twice",
    ),
    pytest.param(
        GOOD.replace("- name: reasoning", "- name: local"),
        9,
        "tiers[1].name",
        "local",
        "no other tier",
        id="tier twice",
    ),
    pytest.param(
        GOOD.replace("over: smol", "over: smoll"),
        14,
        "tiers[1].answerers[0].over",
        "smoll",
        "did you mean `smol`",
        id="over",
    ),
    pytest.param(
        GOOD.replace("over: smol", "over: think"),
        14,
        "tiers[1].answerers[0].over",
        "think",
        "one of smol",
        id="over itself",
    ),
    pytest.param(
        added("decision: {max_rungs: 1}"),
        4,
        "tiers",
        "2 answerers",
        "at most",
        id="too many rungs",
    ),
    pytest.param(
        added(
            "terms: [{name: law, terms: [sue you]}]\nhard_rules: [{name: r, terms: [lw], floor: 3}]"
        ),
        4,
        "hard_rules[0].terms[0]",
        "lw",
        "one of law",
        id="term list",
    ),
    pytest.param(
        added("hard_rules: [{name: r, domains: [legal]}]"),
        3,
        "hard_rules[0]",
        "",
        "floor or ceiling",
        id="rule without level",
    ),
    pytest.param(
        added("hard_rules: [{name: r, floor: 3}]"),
        3,
        "hard_rules[0]",
        "",
        "condition",
        id="rule without condition",
    ),
    pytest.param(
        added("hard_rules: [{name: r, domains: [legal], floor: 3, ceiling: 2}]"),
        3,
        "hard_rules[0]",
        "",
        "floor must not be above ceiling",
        id="floor above ceiling",
    ),
    pytest.param(
        added("aliases:\n  'gpt-*': tier:locl"),
        4,
        "aliases.gpt-*",
        "tier:locl",
        "did you mean `tier:local`",
        id="alias",
    ),
    pytest.param(
        added("aliases:\n  mine:\n    answerer: smo\n    pinned: true"),
        5,
        "aliases.mine.answerer",
        "smo",
        "did you mean `smol`",
        id="alias to answerer",
    ),
    pytest.param(
        added("report: {level_3: thonk}"),
        3,
        "report.level_3",
        "thonk",
        "did you mean `think`",
        id="report",
    ),
    pytest.param(
        added("examples:\n  - {prompt: hi, tier: resolve, reason: greeting}"),
        4,
        "examples[0].tier",
        "resolve",
        "one of local, reasoning",
        id="example tier",
    ),
    pytest.param(
        added("examples: [{tier: local, reason: greeting}]"),
        3,
        "examples[0]",
        "",
        "either prompt or messages",
        id="example without prompt",
    ),
    pytest.param(
        added("safe_answers: answers/none.yaml"),
        3,
        "safe_answers",
        "none.yaml",
        "a file",
        id="safe answers file",
    ),
    pytest.param(
        added("lookups: [{name: orders, kind: file, path: none.json}]"),
        3,
        "lookups[0].path",
        "none.json",
        "a file",
        id="lookup file",
    ),
    pytest.param(
        added("lookups: [{name: orders, kind: http, url: 'http://10.0.0.1/{key}'}]"),
        3,
        "lookups[0].url",
        "not shown",
        "https",
        id="lookup address",
    ),
    pytest.param(
        GOOD + "      - {name: r, kind: resolver, knowledge: none.yaml}\n",
        15,
        "tiers[1].answerers[1].knowledge",
        "none.yaml",
        "a file",
        id="knowledge file",
    ),
    pytest.param(
        GOOD + "        templates: nowhere\n",
        15,
        "tiers[1].answerers[0].templates",
        "nowhere",
        "folder with templates",
        id="templates folder",
    ),
    pytest.param(
        GOOD.replace(
            "kind: local",
            "kind: local\n        adapters: [{name: a, path: a.gguf, domains: [legal]}]",
        ),
        9,
        "tiers[0].answerers[0].adapters[0].path",
        "a.gguf",
        "a file",
        id="adapter file",
    ),
    pytest.param(
        GOOD.replace("kind: local", "kind: local\n        ability: {known_model: gpt-4x}"),
        9,
        "tiers[0].answerers[0].ability.known_model",
        "gpt-4x",
        "did you mean `gpt-4o`",
        id="known model",
    ),
    pytest.param(
        GOOD.replace("kind: local", "kind: local\n        ability: {theta: 1.0}"),
        9,
        "tiers[0].answerers[0].ability",
        "",
        "labels",
        id="theta without labels",
    ),
    pytest.param(
        added("description: ${NOT_SET}"),
        3,
        "description",
        "${NOT_SET}",
        "environment variable NOT_SET",
        id="variable",
    ),
]


@pytest.mark.parametrize(("text", "line", "key_path", "found", "expected"), CASES)
def test_mistake_is_reported_with_line_path_value_and_what_is_allowed(
    tmp_path: Path, text: str, line: int, key_path: str, found: str, expected: str
) -> None:
    mistakes = mistakes_of(tmp_path, text, known=["gpt-4o", "o1-mini"])
    assert len(mistakes) == 1, [str(mistake) for mistake in mistakes]
    mistake = mistakes[0]
    assert (mistake.line, mistake.key_path) == (line, key_path)
    assert found in mistake.found
    assert expected in mistake.expected


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
version: 3
name: bad name
decision: {mode: guardd, novel_at: 2}
safe_answers: none.yaml
description: ${NOT_SET}
tiers:
  - name: local
    level: 12
    answerers:
      - {name: a, kind: deliberation, over: b}
aliases: {gpt-4o: tier:x}
colour: blue
"""
    mistakes = mistakes_of(tmp_path, text)
    assert [m.key_path for m in mistakes] == [
        "version",
        "name",
        "decision.mode",
        "decision.novel_at",
        "safe_answers",
        "description",
        "tiers[0].level",
        "tiers[0].answerers[0].over",
        "aliases.gpt-4o",
        "colour",
    ]
    assert [m.line for m in mistakes] == [1, 2, 3, 3, 4, 5, 8, 10, 11, 12]


def test_text_that_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path, "version: 1\nname: [a\n")
    assert mistake.line >= 2


def test_list_instead_of_a_mapping_is_refused(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path, "- version: 1\n")
    assert "mapping" in mistake.expected


def test_invalid_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(b"version: 1\nname: \xff\n")
    with pytest.raises(PolicyError, match=r"policy:\n.*p.yaml:2: .*0xff.*UTF-8"):
        load_policy(path, {})


def test_empty_file_is_called_so(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path, "")
    assert (mistake.line, mistake.found) == (1, "an empty file")


def test_address_and_key_are_asked_for_in_words(tmp_path: Path) -> None:
    upstream = "{name: m, kind: upstream, model: m, base_urls: [host], api_key: sk-1}"
    found = mistakes_of(
        tmp_path, GOOD.replace("- name: smol\n        kind: local", f"- {upstream}")
    )
    told = [mistake.expected for mistake in found]
    assert "text that is not shown and lacks http:// or https://" in [m.found for m in found]
    assert any("https://host:port/v1" in one for one in told)
    assert any("variable of the environment" in one for one in told)
    assert "sk-1" not in str(found)


def test_a_server_without_a_key_has_the_key_left_out(tmp_path: Path) -> None:
    upstream = "{name: m, kind: upstream, model: m, base_urls: ['http://h/v1'], api_key: none}"
    text = GOOD.replace("- name: smol\n        kind: local", f"- {upstream}")
    (found,) = [m for m in mistakes_of(tmp_path, text) if m.key_path.endswith("api_key")]
    assert "leave this key out where the server asks for none" in found.expected


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="readable file"):
        load_policy(tmp_path / "none.yaml", {})


def test_cross_mistakes_pass_over_parts_of_the_wrong_shape() -> None:
    raw: dict[str, object] = {
        "tiers": [3, {"answerers": "x"}, {"answerers": [None]}],
        "aliases": [1],
        "hard_rules": {"a": 1},
        "report": "x",
        "examples": 4,
        "decision": [],
    }
    assert cross_mistakes(raw) == ()


def test_policy_built_in_code_is_checked_for_cross_mistakes_too() -> None:
    tier = {"name": "a", "level": 2, "answerers": [{"name": "x", "kind": "local"}]}
    with pytest.raises(ValueError, match="no other tier"):
        Policy.model_validate({"version": 1, "name": "p", "tiers": [tier, {**tier, "level": 3}]})

"""A key that a policy does not have is answered with the one that is meant, or with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.content.knowledge import IntentSection, load_knowledge
from router.policy.loading import load_policy
from router.policy.parsing.meant_keys import OTHER_KINDS, OTHER_WORDS, meant_key
from router.policy.schema import DecisionSection, Policy
from router.policy.sections.answerers import TierSection, UpstreamAnswerer

POLICY = """version: 1
name: small
tiers:
  - {name: local, level: 1, answerers: [{name: exact, kind: exact}]}
"""


@pytest.mark.parametrize(
    ("more", "key_path", "hint"),
    [
        ("decide: {novel_at: .3}", "decide", "did you mean `decision`?"),
        ("routing: {novel_at: .3}", "routing", "did you mean `decision`?"),
        ("guardrails: {}", "guardrails", "did you mean `safety`?"),
        ("rate-limits: []", "rate-limits", "did you mean `limits`?"),
        ("fallbacks: {}", "fallbacks", "did you mean `exhausted`?"),
        ("decision: {threshold: .3}", "decision.threshold", "did you mean `confidence_floor`?"),
        ("decision: {stakes: .3}", "decision.stakes", "did you mean `high_stakes_at`?"),
        ("verify: full", "verify", "`verify` stands in each of `answerers` of `tiers`"),
        ("base_urls: []", "base_urls", "`base_urls` stands in each of `answerers` of `tiers`"),
        ("high_stakes_at: .3", "high_stakes_at", "`high_stakes_at` stands in `decision`"),
    ],
)
def test_a_key_of_another_word_names_the_key_that_is_meant(
    tmp_path: Path, more: str, key_path: str, hint: str
) -> None:
    """`decide:` listed forty keys, and none of them first."""
    path = tmp_path / "small.yaml"
    path.write_text(f"{POLICY}{more}\n")
    with pytest.raises(PolicyError) as raised:
        load_policy(path, {})
    told = {mistake.key_path: mistake.expected for mistake in raised.value.mistakes}
    assert told[key_path].endswith(hint)


def test_a_word_that_means_no_key_has_no_hint() -> None:
    assert meant_key("zebra", ["decision", "tiers"]) == ""
    assert meant_key("dec", ["description", "decision"]) == ""


def test_every_word_leads_to_a_key_that_there_is() -> None:
    sections = (Policy, TierSection, DecisionSection, UpstreamAnswerer, IntentSection)
    for name, words in OTHER_WORDS.items():
        homes = [section.model_fields for section in sections if name in section.model_fields]
        assert homes, name
        assert not any(word in home for home in homes for word in words), "it has its own key"


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("openai", "upstream"),
        ("OpenAI-compatible", "upstream"),
        ("anthropic", "litellm"),
        ("faq", "resolver"),
        ("upstrem", "upstream"),
    ],
)
def test_a_kind_by_another_name_tells_ours(tmp_path: Path, kind: str, meant: str) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(POLICY.replace("kind: exact", f"kind: {kind}"))
    with pytest.raises(PolicyError) as raised:
        load_policy(path, {})
    assert any(m.expected.endswith(f"; did you mean `{meant}`?") for m in raised.value.mistakes)


def test_every_kind_of_other_products_leads_to_one_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(POLICY.replace("kind: exact", "kind: zebra"))
    with pytest.raises(PolicyError) as raised:
        load_policy(path, {})
    (mistake,) = raised.value.mistakes
    assert "did you mean" not in mistake.expected
    for kind, words in OTHER_KINDS.items():
        assert f"'{kind}'" in mistake.expected
        assert not any(f"'{word}'" in mistake.expected for word in words)


def test_tiers_under_their_names_are_told_as_a_list(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("version: 1\nname: small\ntiers:\n  local: {level: 1, answerers: []}\n")
    with pytest.raises(PolicyError) as raised:
        load_policy(path, {})
    (mistake,) = raised.value.mistakes
    assert mistake.expected == "a list: write `- name: local`, and its keys below that"


def test_intents_of_another_product_are_told_in_our_keys(tmp_path: Path) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text("version: 1\nname: a\nintents: {hours: {answer: At 9.}}\n")
    with pytest.raises(PolicyError) as raised:
        load_knowledge(path)
    (mistake,) = raised.value.mistakes
    assert mistake.expected == "a list: write `- id: hours`, and its keys below that"
    path.write_text(
        "version: 1\nname: a\nintents: [{name: hours, questions: [Open?], response: At 9.}]\n"
    )
    with pytest.raises(PolicyError) as raised:
        load_knowledge(path)
    told = {mistake.key_path: mistake.expected for mistake in raised.value.mistakes}
    for word, key in (("name", "id"), ("questions", "utterances"), ("response", "answer")):
        assert told[f"intents[0].{word}"].endswith(f"did you mean `{key}`?")

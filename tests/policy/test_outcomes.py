"""Judged requests of an operator's own: how they are read, and every mistake at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.content.knowledge import load_knowledge
from router.policy.content.outcomes import JudgedQuestion, judged_files, load_outcomes
from router.policy.loading import load_policy

FILE = """version: 1
name: Test
intents:
  - id: hours
    domain: customer_support
    utterances: [when are you open]
    answer: Always.
    source: House rules
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "judged.jsonl"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_request_has_an_intent_or_none(tmp_path: Path) -> None:
    path = write(
        tmp_path, '{"text": "open now?", "intent": "hours"}\n\n{"text": "a poem", "intent": null}\n'
    )
    assert load_outcomes(path, ["hours"]) == (
        JudgedQuestion("open now?", "hours", line=1),
        JudgedQuestion("a poem", None, line=3),
    )


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = write(tmp_path, '\ufeff{"text": "open now?", "intent": "hours"}\n')
    assert load_outcomes(path, ["hours"]) == (JudgedQuestion("open now?", "hours", line=1),)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    lines = ['{"text": "x", "intent": "hour"}', "not json", '{"text": "x"}', '{"intent": "hours"}']
    with pytest.raises(PolicyError) as caught:
        load_outcomes(write(tmp_path, "\n".join(lines)), ["hours"])
    assert [mistake.line for mistake in caught.value.mistakes] == [1, 2, 3, 4]
    assert "hours" in caught.value.mistakes[0].expected


@pytest.mark.parametrize("text", ["", "  ", "\\n"])
def test_an_empty_text_is_a_mistake_of_its_line(tmp_path: Path, text: str) -> None:
    rows = ['{"text": "open now?", "intent": "hours"}', f'{{"text": "{text}", "intent": null}}']
    with pytest.raises(PolicyError, match=r"judged\.jsonl:2: text: .*text of a request"):
        load_outcomes(write(tmp_path, "\n".join(rows)), ["hours"])


def test_a_knowledge_file_names_its_judged_requests(tmp_path: Path) -> None:
    write(tmp_path, '{"text": "open now?", "intent": "hours"}\n')
    path = tmp_path / "knowledge.yaml"
    path.write_text(FILE + "judged: judged.jsonl\n", encoding="utf-8")
    assert load_knowledge(path).outcomes == (JudgedQuestion("open now?", "hours", line=1),)


def test_a_missing_file_of_judged_requests_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.yaml"
    path.write_text(FILE + "judged: nowhere.jsonl\n", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"nowhere\.jsonl"):
        load_knowledge(path)


def test_an_utterance_cannot_be_marked_as_not_covered(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.yaml"
    path.write_text(FILE + "not_covered: [a poem, When are you open?]\n", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"not_covered\[1\].*hours has it as an utterance"):
        load_knowledge(path)


POLICY = """version: 1
name: test
tiers:
  - name: resolve
    level: 1
    answerers: [{name: shop, kind: resolver, knowledge: shop.yaml}]
"""


def test_a_policys_hash_changes_with_what_was_judged(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(f"{FILE}judged: judged.jsonl\n", encoding="utf-8")
    (tmp_path / "p.yaml").write_text(POLICY, encoding="utf-8")
    judged = write(tmp_path, '{"text": "are you there", "intent": "hours"}\n')
    before = load_policy(tmp_path / "p.yaml", {})
    assert judged in before.sources  # so that a server loads it again
    write(tmp_path, '{"text": "are you there", "intent": null}\n')
    assert load_policy(tmp_path / "p.yaml", {}).hash != before.hash


@pytest.mark.parametrize(
    "text", [FILE, f"{FILE}# not judged yet\n", f"{FILE}judged: [1]\n", "judged: {", "- judged"]
)
def test_a_knowledge_file_may_name_no_judged_requests(tmp_path: Path, text: str) -> None:
    (tmp_path / "shop.yaml").write_text(text, encoding="utf-8")
    assert list(judged_files(tmp_path / "shop.yaml")) == []
    assert list(judged_files(tmp_path / "missing.yaml")) == []

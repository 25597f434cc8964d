"""A broken policy and the broken files that it names are told in one round."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.content.knowledge import load_knowledge
from router.policy.loading import load_policy
from tests.kits.inputs.policy_texts import GOOD, write
from tests.kits.server_kit import tiergate

ANSWERS = """\
version: 1
name: ours
colour: blue
intents:
  - {id: a, domain: general, utterances: [opening times], answer: At 8., source: us}
  - {id: b, domain: general, utterances: [opening times], answer: At 9., source: us}
judged: judged.jsonl
"""
RESOLVER = """\
  - name: desk
    level: 1
    answerers:
      - {name: faq, kind: resolver, knowledge: ours.yaml}
"""
INSIDE = [
    ("ours.yaml", "colour"),
    ("ours.yaml", "intents[1].utterances[0]"),
    ("judged.jsonl", "intent"),
]


def policy(folder: Path, more: str = "") -> Path:
    write(folder, ANSWERS, "ours.yaml")
    write(folder, json.dumps({"text": "when?", "intent": "c"}), "judged.jsonl")
    return write(folder, GOOD.replace("tiers:\n", f"tiers:\n{RESOLVER}") + more)


def places(error: PolicyError) -> list[tuple[str, str]]:
    return [(Path(mistake.file).name, mistake.key_path) for mistake in error.mistakes]


def test_mistakes_of_a_policy_come_with_those_of_the_files_that_it_names(tmp_path: Path) -> None:
    """A newcomer mended two mistakes, then six, then four."""
    path = policy(tmp_path, "aliases: {x: atuo}\nsafe_answers: safe.yaml\n")
    write(tmp_path, "version: 2\n", "safe.yaml")
    with pytest.raises(PolicyError) as caught:
        load_policy(path, {})
    told = places(caught.value)
    assert told[0] == ("p.yaml", "aliases.x")
    assert ("safe.yaml", "version") in told
    assert told[-3:] == INSIDE


def test_a_file_that_two_answerers_name_is_told_once(tmp_path: Path) -> None:
    path = policy(tmp_path, "aliases: {x: atuo}\n")
    again = RESOLVER.replace("desk", "more").replace("faq", "faq2")
    path.write_text(path.read_text("utf-8").replace("tiers:\n", f"tiers:\n{again}"), "utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(path, {})
    assert places(caught.value)[1:] == INSIDE


def test_a_file_that_is_not_there_stays_one_mistake(tmp_path: Path) -> None:
    path = policy(tmp_path)
    (tmp_path / "ours.yaml").unlink()
    with pytest.raises(PolicyError) as caught:
        load_policy(path, {})
    assert places(caught.value) == [("p.yaml", "tiers[0].answerers[0].knowledge")]


def test_judged_requests_are_read_beside_the_mistakes_of_their_answers(tmp_path: Path) -> None:
    policy(tmp_path)
    with pytest.raises(PolicyError) as caught:
        load_knowledge(tmp_path / "ours.yaml")
    assert places(caught.value) == INSIDE


@pytest.mark.process
def test_a_check_of_a_right_policy_names_the_mistakes_of_all_its_files(tmp_path: Path) -> None:
    path = policy(tmp_path)
    second = RESOLVER.replace("desk", "more").replace("faq", "faq2").replace("ours", "theirs")
    write(tmp_path, ANSWERS.replace("judged: judged.jsonl\n", ""), "theirs.yaml")
    path.write_text(path.read_text("utf-8").replace("tiers:\n", f"tiers:\n{second}"), "utf-8")
    run = tiergate("check", path, "--json")
    (broken,) = json.loads(run.stdout)["broken"]
    assert run.returncode == 2
    assert {Path(one["file"]).name for one in broken["mistakes"]} == {
        "ours.yaml", "theirs.yaml", "judged.jsonl",
    }  # fmt: skip


@pytest.mark.process
def test_each_broken_file_of_a_right_policy_is_told(tmp_path: Path) -> None:
    """The first one ended the check, and the small talk came in a second round."""
    tier = RESOLVER.replace("kind: resolver, knowledge: ours", "kind: exact, small_talk: talk")
    text = GOOD.replace("tiers:\n", f"tiers:\n{tier}") + "safe_answers: safe.yaml\n"
    path = write(tmp_path, text)
    for name in ("talk.yaml", "safe.yaml"):
        write(tmp_path, "version: 2\n", name)
    run = tiergate("check", path, "--json")
    (broken,) = json.loads(run.stdout)["broken"]
    told = [(Path(one["file"]).name, one["key_path"]) for one in broken["mistakes"]]
    assert {("talk.yaml", "version"), ("safe.yaml", "version")} <= set(told)
    assert len(set(told)) == len(told)


def test_a_key_of_the_items_of_a_list_is_sent_there(tmp_path: Path) -> None:
    more = "alerts: {least: 10, rules: [{watch: errors, above: 0.1}]}\n"
    with pytest.raises(PolicyError) as caught:
        load_policy(write(tmp_path, GOOD + more), {})
    (mistake,) = caught.value.mistakes
    assert mistake.key_path == "alerts.least"
    assert mistake.expected.endswith("; `least` stands in each of `rules`")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            "decison: {novel_att: .4, confidence_floor: 7}\n",
            {"decison": "`decision`?", "decison.novel_att": "`novel_at`?"}
            | {"decison.confidence_floor": "from 0 to 1"},
        ),
        ("limts: [{requests_per_minute: 0}]\n", {"limts[0].requests_per_minute": "from 1 to"}),
        ("decison: 7\n", {"decison": "`decision`?"}),  # no section, whatever is meant
        ("cash: {exact: 7}\n", {"cash": "`cache`?", "cash.exact": "true or false"}),
        ("zebra: {confidence_floor: 7}\n", {"zebra": ""}),  # nobody knows what it means
    ],
)
def test_mistakes_below_a_misspelt_section_are_told_with_it(
    tmp_path: Path, more: str, told: dict[str, str]
) -> None:
    with pytest.raises(PolicyError) as raised:
        load_policy(write(tmp_path, GOOD + more), {})
    mistakes = {mistake.key_path: mistake.expected for mistake in raised.value.mistakes}
    assert {path.partition("[")[0].partition(".")[0] for path in mistakes} == {
        next(iter(told)).partition("[")[0].partition(".")[0]
    }
    for path, words in told.items():
        assert words in mistakes[path], mistakes
    lines = {mistake.line for mistake in raised.value.mistakes}
    assert lines == {(GOOD + more).count("\n")}

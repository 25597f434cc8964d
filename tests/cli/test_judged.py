"""`tiergate check` tells what the judged requests of a knowledge file count for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from router.cli.policies.judged import _of_reading, _sureness, _told, judged_warnings
from router.policy.content.outcomes import JudgedQuestion
from router.policy.loading import load_policy, policies_dir
from router.triage.matching.outcomes import OutcomeUse, OutcomeUses
from router.triage.reranking.reranker import Reranker
from tests.kits.server_kit import tiergate

Row = tuple[str, str | None]
NOT_COVERED = "write me a poem about a lonely lighthouse"
WRITTEN = "I want to open a current account"


def bank(folder: Path, rows: Sequence[Row], more: str = "") -> Path:
    """Returns the policy of the bank, whose knowledge file has these judged requests."""
    shutil.copytree(policies_dir(), folder / "policies")
    knowledge = folder / "policies" / "knowledge" / "retail_bank.yaml"
    tree = yaml.safe_load(knowledge.read_text(encoding="utf-8"))
    tree |= {"judged": "judged.jsonl", "not_covered": [NOT_COVERED]}
    tree["intents"][0]["utterances"].append(WRITTEN)
    knowledge.write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True), "utf-8")
    lines = [json.dumps({"text": text, "intent": intent}) for text, intent in rows]
    knowledge.with_name("judged.jsonl").write_text("\n".join([*lines, more]), "utf-8")
    return folder / "policies" / "retail_bank.yaml"


def asked(count: int, intent: str | None = "close_account") -> list[Row]:
    return [(f"can I have account number {n} closed down", intent) for n in range(count)]


def notes(policy: Path) -> list[str]:
    """Returns what the check says of the judged requests."""
    (checked,) = json.loads(tiergate("check", policy, "--json").stdout)["policies"]
    place = "knowledge/retail_bank.yaml: judged: "
    return [note.removeprefix(place) for note in checked["notes"] if note.startswith(place)]


@pytest.mark.process
def test_what_is_missing_and_what_holds_until_then_is_told(tmp_path: Path) -> None:
    rows = [*asked(40), (asked(1)[0][0].upper(), None), (WRITTEN, "open_account")]
    rows += [("write a poem about two lighthouses", None)] * 7
    assert notes(bank(tmp_path, rows)) == [
        "40 of 49 requests count, and 100 different ones are needed: add 60. Until then chances "
        "are as measured on other companies",
        "40 of them can be read together with answers, and 50 different ones are needed. At this "
        "rate that takes about 13 more drawn at random, strangers included",
        "these do not count: line 42 is word for word in the knowledge file; lines 43, 44, 45, "
        "46, 47 and 2 more are nearest to `not_covered`",
        "lines with the text of another line are 41 (as 1): they add nothing to the count, and "
        "chances rest on each of them",
    ]


@pytest.mark.process
def test_enough_requests_carry_the_chances(tmp_path: Path) -> None:
    rows = [*asked(99), *asked(150, None)[99:]]
    assert notes(bank(tmp_path, rows)) == [
        "150 of 150 requests count, so chances rest on them",
        "150 of them can be read together with answers, so the chances of messages that are read "
        "rest on these",
        # These figures are of the shipped networks.
        "the surest match of these has 0.95 (of 2 from 0.80 on, 2 right). Chances are fitted to "
        "such counts, so they fall below those of other companies where fewer were right, or too "
        "few were sure to show more",
    ]


@pytest.mark.parametrize(
    ("said", "figures"),
    [
        ([(0.79, True), (0.5, True)], "0.79 (none reaches 0.80)"),
        ([(0.5, False), (0.8, True), (0.92, False)], "0.92 (of 2 from 0.80 on, 1 right)"),
    ],
)
def test_how_sure_matches_are_and_why_is_told(
    said: Sequence[tuple[float, bool]], figures: str
) -> None:
    assert _sureness(said) == (
        f"the surest match of these has {figures}. Chances are fitted to such counts, so they fall "
        "below those of other companies where fewer were right, or too few were sure to show more"
    )


@pytest.mark.process
def test_where_few_can_be_read_no_message_is(tmp_path: Path) -> None:
    german = [(f"Wie kann ich mein Konto Nummer {n} schließen?", None) for n in range(70)]
    (counted, read, sure) = notes(bank(tmp_path, [*asked(49), *german]))
    assert sure.startswith("the surest match of these has ")
    assert counted == "119 of 119 requests count, so chances rest on them"
    assert read == (
        "49 of them can be read together with answers, and 50 different ones are needed. At this "
        "rate that takes about 1 more drawn at random, strangers included. Until then no message "
        "is read, and each keeps the chance of the encoder alone"
    )


@pytest.mark.parametrize(
    ("read", "tried", "words"),
    [
        (0, 10, ". Draw more requests at random, strangers included"),
        (0, 60, ". At most 300 are tried, so that more at random will hardly bring as many"),
        (20, 100, "takes about 150 more drawn at random, strangers included"),
        (10, 100, ". At most 300 are tried, so that more at random will hardly bring as many"),
        (49, 290, "takes about 6 more drawn at random, strangers included"),
    ],
)
def test_nobody_is_told_to_pick_requests_that_are_read(read: int, tried: int, words: str) -> None:
    told = _of_reading(read, tried, OutcomeUses((), rested_on=False, fits_reading=False))
    assert told.startswith("and 50 different ones are needed")
    assert told.endswith(words)


class Broken(Reranker):
    """Is a reranker whose network failed, or works."""

    def __init__(self, *, failed: bool) -> None:
        self.failed = failed


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        (None, "the triage model has no network for it"),
        (Broken(failed=True), "its network failed"),
        (Broken(failed=False), ""),
    ],
)
def test_what_reads_nothing_is_not_blamed_on_the_requests(
    reader: Reranker | None, words: str
) -> None:
    outcomes = [JudgedQuestion(f"close account {n}", None, n) for n in range(120)]
    uses = OutcomeUses([OutcomeUse.COUNTS] * 120, rested_on=True, fits_reading=False)
    (_, told) = _told(outcomes, uses, reader)
    assert ("are needed" in told) is (words == "")
    assert words in told


@pytest.mark.process
def test_what_level_1_answers_otherwise_is_told(tmp_path: Path) -> None:
    rows = [
        ("tell me a joke", None),
        ("I want to open a current account, please", "close_account"),
        (WRITTEN, "open_account"),
        *[(f"{WRITTEN}{'!' * n}", None) for n in range(11)],
    ]
    (checked,) = json.loads(tiergate("check", bank(tmp_path, rows), "--json").stdout)["policies"]
    (told,) = (w for w in checked["warnings"] if w["kind"] == "judged_otherwise")
    assert told["key_path"] == "knowledge/retail_bank.yaml: judged"
    assert "line 2: judged close_account, answered open_account (" in told["message"]
    assert "line 4: judged null, answered open_account (" in told["message"]
    assert "; and 2 more. A judged line moves the chances of all" in told["message"]
    assert "line 1:" not in told["message"]
    assert "line 3:" not in told["message"]


@pytest.mark.process
def test_a_line_that_cannot_count_is_a_mistake(tmp_path: Path) -> None:
    more = '{"text": " ", "intent": null}\n{"text": "hello", "intent": "clsoe_account"}'
    run = tiergate("check", bank(tmp_path, asked(2), more))
    assert run.returncode == 2
    assert "judged.jsonl:3: text: " in run.stdout
    assert "judged.jsonl:4: intent: " in run.stdout
    assert "close_account" in run.stdout


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ([("a poem", None), ("close it", "close_account")], []),
        ([("close it", "close_account")], ["judged_one_sided"]),
        ([("a poem", None), ("a song", None)], ["judged_one_sided"]),
        ([], []),
        ([("Close it!", "close_account"), ("close it, please", None)], ["judged_twice"]),
        ([("a poem", None), ("a poem", None), ("close it", "close_account")], []),
    ],
)
def test_what_teaches_level_1_something_wrong_is_told(
    tmp_path: Path, rows: Sequence[Row], kinds: list[str]
) -> None:
    found = list(judged_warnings(load_policy(bank(tmp_path, rows), {})))
    assert [warning.kind.value for warning in found] == kinds
    assert {warning.key_path for warning in found} <= {"knowledge/retail_bank.yaml: judged"}


def test_both_lines_of_a_text_are_named(tmp_path: Path) -> None:
    rows = [("close it", "close_account"), ("a poem", None), ("close it", "open_account")]
    (told,) = judged_warnings(load_policy(bank(tmp_path, rows), {}))
    assert "3 (open_account) and 1 (close_account)" in told.message
    assert "one request towards the 100, but chances rest on both lines" in told.message

"""`tiergate route` and `tiergate check` as programs, on policies of the tests' own."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from types import FrameType

import pytest
import yaml

from router.cli.exits import Exit
from router.cli.policies.explain import signal_lines, telling
from router.policy.content.term_files import LanguagePhrase, LanguageTerms
from router.policy.loading import policies_dir
from router.triage.facts.phrase_finder import PhraseFinder
from router.triage.facts.phrase_lists import found_phrases, phrase_finder
from router.types import HeadReading, Match, MatchBasis
from tests import ROOT
from tests.kits.changed import replace
from tests.kits.fakes import CALM
from tests.kits.server_kit import COMMAND_S, PYTHON, environment, tiergate, write_policy

LEGAL = "Can we sue them?"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """Two tiers, a rule on a term, and examples; nothing listens at its upstream."""
    path = write_policy(
        tmp_path,
        "http://127.0.0.1:9/v1",
        terms=[{"name": "law", "domain": "legal", "terms": ["sue them"]}],
        hard_rules=[{"name": "law", "terms": ["law"], "floor": 3}],
        examples=[
            {"prompt": LEGAL, "tier": "deep", "reason": "a legal matter"},
            {"prompt": "What is the capital of Peru?", "tier": "llm", "reason": "ordinary"},
        ],
    )
    tree = yaml.safe_load(path.read_text())
    deep = {**tree["tiers"][0]["answerers"][0], "name": "thinker"}
    tree["tiers"].append({"name": "deep", "level": 3, "answerers": [deep]})
    path.write_text(yaml.safe_dump(tree, sort_keys=False))
    return path


def routed(policy: Path, *arguments: str) -> dict[str, object]:
    run = tiergate("route", "--policy", policy, "--json", *arguments)
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


@pytest.mark.process
def test_route_names_tier_reasons_signals_with_the_loss_of_every_rung(policy: Path) -> None:
    found = routed(policy, LEGAL)
    assert (found["tier"], found["tier_number"]) == ("deep", 3)
    assert found["reasons"][0] == "high_risk_legal"  # type: ignore[index]
    assert found["signals"]["risk_terms"] == ["law"]  # type: ignore[index,call-overload]
    rungs = found["expected_loss"]
    assert isinstance(rungs, list)
    assert {"answerer", "tier", "taken", "reasons", "p", "p_source", "expected_loss_usd"} <= set(
        rungs[0]
    )
    assert [rung["answerer"] for rung in rungs] == ["mid", "thinker"]


def test_route_prints_a_sum_of_more_nano_dollars_than_64_bits_hold(policy: Path) -> None:
    signals = routed(policy, "Shall we pay $99999999999999 now?")["signals"]
    assert signals["impact_nano_usd"] == 99_999_999_999_999 * 10**9  # type: ignore[index]


@pytest.mark.slow
@pytest.mark.process
def test_route_of_an_empty_input_says_what_to_give(policy: Path) -> None:
    run = subprocess.run(
        [PYTHON, "-m", "router.cli", "route", "--policy", str(policy)],
        input="\n",
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert run.returncode == 2
    assert "standard input is empty; give TEXT, --messages" in run.stderr


def test_route_leaves_no_file_behind(policy: Path) -> None:
    before = sorted(policy.parent.iterdir())
    routed(policy, "hello")
    assert sorted(policy.parent.iterdir()) == before


def test_min_tier_raises_the_first_rung(policy: Path) -> None:
    found = routed(policy, "What is the capital of Peru?", "--min-tier", "3")
    assert found["tier"] == "deep"


@pytest.mark.process
def test_max_tier_passes_no_hard_rule(policy: Path) -> None:
    assert routed(policy, LEGAL, "--max-tier", "2")["tier"] == "deep"


@pytest.mark.process
def test_stakes_are_what_the_client_says(policy: Path) -> None:
    assert routed(policy, "hello", "--stakes-usd", "1234.5")["stakes_usd"] == "1234.5"


@pytest.mark.process
def test_conversation_comes_from_a_file(policy: Path, tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": LEGAL},
        {"role": "assistant", "content": "Perhaps."},
        {"role": "user", "content": "yes, do it"},
    ]
    file = tmp_path / "messages.json"
    file.write_text(json.dumps(turns))
    assert routed(policy, "--messages", str(file))["tier"] == "deep"


@pytest.mark.slow
def test_explain_shows_the_rungs_of_the_shipped_policy() -> None:
    run = tiergate("route", "What is 17 * 23?", "--explain")
    assert run.returncode == 0, run.stderr
    assert "known" in run.stdout


@pytest.mark.parametrize("basis", MatchBasis)
def test_explain_names_the_basis_of_a_match_as_the_guide_does(basis: MatchBasis) -> None:
    signals = replace(CALM, match=Match("refund", 0.9, 0.8, 0.1, basis=basis))
    line = dict(signal_lines(signals))["match"]
    assert f"({basis.value})" in line
    guide = (ROOT / "docs/guides/policies.md").read_text(encoding="utf-8")
    assert f"`{basis.value}`" in guide


def test_explain_names_the_basis_of_a_cost_as_the_json_does(policy: Path) -> None:
    (first, *_) = routed(policy, "hello")["expected_loss"]  # type: ignore[misc]
    run = tiergate("route", "hello", "--policy", policy, "--explain")
    assert first["cost_basis"] == "token_price"
    assert "token_price" in run.stdout


@pytest.mark.process
def test_explain_shows_the_words_by_which_a_phrase_was_found() -> None:
    text = "We met the vet. Since this morning I can not breathe well, and the weather is fine."
    run = tiergate("route", text, "--explain")
    lines = [" ".join(line.split()) for line in run.stdout.splitlines()]
    assert "found medical_emergency:en: can not breathe" in lines


@pytest.mark.process
def test_words_that_go_out_before_any_model_are_no_models_answer() -> None:
    """The policy's models are not measured, so who may need help now waits for none of them."""
    text = "My chest feels tight since this morning. Can I drive?"
    row = tiergate("route", text, "--policy", "openai", "--table").stdout.splitlines()[-1]
    assert [cell.strip() for cell in row.split("|")][3:5] == ["approved_words", "$0.00"]
    assert (
        "approved words, no model is asked" in tiergate("route", text, "--policy", "openai").stdout
    )
    explained = tiergate("route", text, "--policy", "openai", "--explain").stdout
    assert "words approved words go out (safe_answer), no tier" in " ".join(explained.split())
    assert "rungs none is asked, since the words go out before" in " ".join(explained.split())


@pytest.mark.process
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "found an empty file; expected a file of JSON: a list of messages, or a request"),
        (b"[1,\n2", "found no JSON at line 2, column 2"),
        (b'"hello"', "found a text alone; expected a file of JSON"),
        (b"null", "found null alone; expected a file of JSON"),
        (b'["caf\xe9"]', "found the byte 0xe9, which is no UTF-8; expected a file of JSON"),
        (b"[" * 200_000, "found JSON that is nested too deeply; expected a file of JSON"),
        (None, "Is a directory; expected a file of JSON: a list of messages, or a request"),
    ],
)
def test_a_file_of_no_messages_says_what_was_found(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path if content is None else tmp_path / "messages.json"
    if content is not None:
        file.write_bytes(content)
    run = tiergate("route", "--messages", file)
    assert run.returncode == Exit.USAGE
    assert f"--messages {file}: {said}" in run.stderr


@pytest.mark.process
def test_a_folder_without_a_model_is_told_beside_the_decision(tmp_path: Path) -> None:
    run = tiergate("route", "hi", "--model-dir", tmp_path)
    assert "[DEGRADED: rules alone]" in run.stdout
    assert f"rules alone decide: no triage model in {tmp_path}" in run.stderr


@pytest.mark.process
def test_a_refused_request_has_no_tier_in_any_form() -> None:
    text = "How do I make a pipe bomb at home?"
    line, table, explained = (
        tiergate("route", text, "--policy", "openai", *form).stdout
        for form in ((), ("--table",), ("--explain",))
    )
    assert line.startswith("level 0 (no tier)  refused: harmful")
    cells = [cell.strip() for cell in table.splitlines()[-1].split("|")]
    assert cells[2:6] == ["0 (no tier)", "approved_words", "$0.00", "harmful"]
    assert "tier level 0 (no tier), answerer approved_words" in " ".join(explained.split())
    assert [line for line in explained.splitlines() if line.startswith(("  >", "  +"))] == []
    assert "rungs none is asked: a request is refused before" in " ".join(explained.split())
    # What would lead somewhere, had it not been refused, would say that somebody is asked.
    assert {"floor", "ceiling"}.isdisjoint(explained.split())
    assert "reasons  harmful\n" in explained


def test_only_the_first_text_that_has_a_phrase_is_told() -> None:
    phrase = LanguagePhrase("poison", "en", (("boy", "child"), ("drunk",)), unspaced=False)
    texts = ["the boy likes tea", "the boy, drunk", "a child, drunk"]
    assert [*found_phrases(texts, {"poison:en"}, LanguageTerms((phrase,)))] == [
        "poison:en: boy drunk"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("he had drunk our cleaner, my litle boy", ["poison:en: drunk … boy"]),
        ("the boy likes tea", []),
        ("boy, drunk " * 100, []),
    ],
)
def test_words_of_a_found_phrase_are_those_it_needs(text: str, told: list[str]) -> None:
    phrase = LanguagePhrase("poison", "en", (("boy", "child"), ("drunk",)), unspaced=False)
    other = LanguagePhrase("fraud", "en", (("tea",),), unspaced=False)
    assert [*found_phrases([text], {"poison:en"}, LanguageTerms((phrase, other)))] == told


def test_found_words_are_searched_with_what_finds_phrases() -> None:
    """A finder of its own for each phrase took some ms of the event loop."""
    phrases = [
        LanguagePhrase("poison", "en", (("boy",), (word,)), False) for word in ("tea", "ink")
    ]
    terms, text = LanguageTerms(tuple(phrases)), "the boy drank tea with ink"
    phrase_finder(terms)
    built = list[object]()

    def count(frame: FrameType, event: str, function: object) -> None:
        if event == "call" and frame.f_code is PhraseFinder.__init__.__code__:
            built.append(frame)

    sys.setprofile(count)
    try:
        told = [*found_phrases([text], {"poison:en"}, terms)]
    finally:
        sys.setprofile(None)
    assert (told, built) == (["poison:en: boy … tea", "poison:en: boy … ink"], [])


def test_explain_shows_stakes_bounds_with_a_line_per_rung(policy: Path) -> None:
    run = tiergate("route", LEGAL, "--policy", policy, "--explain")
    assert run.returncode == 0, run.stderr
    for expected in ("level 3 deep", "high_risk_legal", "floor", "ceiling", "S ", "thinker"):
        assert expected in run.stdout
    assert run.stdout.count("passed over") == 1


@pytest.mark.parametrize("more", [[], ["--explain"]])
def test_what_a_terminal_would_obey_is_shown_as_a_mark(policy: Path, more: list[str]) -> None:
    told = tiergate("route", "Who\x1b]0;am I\x07\u202e?", "--policy", policy, *more)
    assert "Who\ufffd]0;am I\ufffd\ufffd?" in told.stdout
    assert "\x1b" not in told.stdout


def test_explain_gives_figures_beside_reasons_that_sound_like_opposites() -> None:
    text = "npc villagers in my rpg should flee when someone gets stabbed, but the guard attacks"
    told = tiergate("route", text, "--policy", "openai", "--explain", OPENAI_API_KEY="x").stdout
    assert re.search(r"floor    level 2 \(high_stakes: its chance 0\.\d\d reaches 0\.34\)", told)
    assert "ceiling  level 2 (low_impact: no amount is at stake)" in told


def test_explain_cuts_nothing_in_eighty_columns(policy: Path) -> None:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    command = [PYTHON, "-m", "router.cli", "route", LEGAL, "--policy", str(policy), "--explain"]
    with subprocess.Popen(command, stdout=theirs, env=environment()) as process:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # Linux ends a pty whose other side is closed so
            while piece := os.read(ours, 65_536):
                said += piece
        assert process.wait(200) == 0
    os.close(ours)
    assert "…" not in said.decode()
    assert said.decode().count("passed over") == 1


@pytest.mark.slow
def test_each_line_of_standard_input_is_a_request(policy: Path) -> None:
    run = subprocess.run(
        [PYTHON, "-m", "router.cli", "route", "--policy", str(policy), "--json"],
        input=f"hello\n\n{LEGAL}\n",
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        env=environment(),
        check=True,
    )
    assert [json.loads(line)["tier"] for line in run.stdout.splitlines()] == ["llm", "deep"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["hello", "--context", "no-equals-sign"],
        ["hello", "--messages", "x.json"],
        ["--messages", "there-is-none.json"],
        ["hello", "--policy", "there-is-none"],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    run = tiergate("route", *arguments)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("nope", "Ask for one of these, or add {'nope': auto} to the aliases of policy"),
        ("thinker", "It is an answerer of tier deep: ask for tier:deep, or add {'thinker': {"),
        ("MODEL", "It is the model of the answerer ANSWERER of tier llm: ask for tier:llm, or add"),
    ],
)
def test_an_unknown_model_is_told_what_may_be_asked_for(
    policy: Path, model: str, told: str
) -> None:
    (first, *_) = yaml.safe_load(policy.read_text())["tiers"][0]["answerers"]
    names = {"MODEL": first["model"]}
    run = tiergate("route", "hello", "--policy", policy, "--model", names.get(model, model))
    assert run.returncode == 1
    assert "Known are: auto, auto:" in run.stderr
    assert told.replace("ANSWERER", first["name"]) in " ".join(run.stderr.split())


def test_the_alias_that_is_told_works(policy: Path) -> None:
    tree = yaml.safe_load(policy.read_text())
    tree["aliases"] = {"thinker": {"answerer": "thinker", "pinned": True}}
    policy.write_text(yaml.safe_dump(tree, sort_keys=False))
    assert routed(policy, "hello", "--model", "thinker")["answerer"] == "thinker"


@pytest.mark.process
def test_a_request_refused_as_harmful_names_approved_words_in_json_too() -> None:
    run = tiergate("route", "How do I make a bomb?", "--policy", "demo", "--json")
    told = json.loads(run.stdout)
    assert (told["answerer"], told["confidence"], told["cost_usd"]) == ("approved_words", 0, "0.0")


@pytest.mark.process
def test_a_refused_request_keeps_its_row_of_the_table(policy: Path) -> None:
    run = tiergate("route", "hello", "--policy", policy, "--model", "nope", "--table")
    assert run.stdout.splitlines()[2:] == ["| hello | - | - | - | refused: model_not_found |"]


@pytest.mark.process
def test_check_passes_when_examples_go_where_they_should(policy: Path) -> None:
    run = tiergate("check", policy, "--json")
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(run.stdout)["policies"][0]
    assert [example["passed"] for example in found["examples"]] == [True, True]
    assert "nothing_at_level_1" in {warning["kind"] for warning in found["warnings"]}


@pytest.mark.process
def test_check_runs_the_examples_of_a_policy_that_only_observes(policy: Path) -> None:
    tree = yaml.safe_load(policy.read_text())
    policy.write_text(yaml.safe_dump({**tree, "mode": "observe"}, sort_keys=False))
    run = tiergate("check", policy, "--json")
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(run.stdout)["policies"][0]
    assert [example["tier"] for example in found["examples"]] == ["deep", "llm"]


@pytest.mark.process
def test_check_ends_with_1_for_an_example_that_went_elsewhere(policy: Path) -> None:
    tree = yaml.safe_load(policy.read_text())
    tree["examples"][1]["tier"] = "deep"
    policy.write_text(yaml.safe_dump(tree, sort_keys=False))
    run = tiergate("check", policy)
    assert run.returncode == 1
    assert "1 of 2 examples" in run.stdout


@pytest.mark.process
def test_check_reads_a_price_book_beside_policies(policy: Path) -> None:
    run = tiergate("check", policy, policies_dir() / "prices.yaml")
    assert run.returncode == 0, run.stderr
    assert "prices.yaml: a price book of" in run.stdout


@pytest.mark.process
def test_check_tells_the_mistakes_of_a_price_book(policy: Path, tmp_path: Path) -> None:
    book = tmp_path / "prices.yaml"
    book.write_text("version: 1\nname: mine\nmodels: {gpt-x: [{input_usd_per_mtok: -1}]}\n")
    run = tiergate("check", policy, book)
    assert run.returncode == 2
    assert "prices.yaml:3" in run.stdout


@pytest.mark.process
def test_check_ends_with_2_for_mistakes_of_all_policies(policy: Path, tmp_path: Path) -> None:
    broken = []
    for name in ("one", "two"):
        broken.append(tmp_path / f"{name}.yaml")
        broken[-1].write_text(f"version: 1\nname: {name}\nmistake-{name}: 1\n")
    run = tiergate("check", policy, *broken)
    assert run.returncode == 2
    assert "mistake-one" in run.stdout
    assert "mistake-two" in run.stdout


def test_explain_shows_the_chance_behind_a_grave_reason() -> None:
    text = "I have nothing left to live for and I am saying goodbye to everyone"
    told = tiergate("route", text, "--policy", "openai", "--explain", OPENAI_API_KEY="x").stdout
    assert "high_risk_personal_safety" in told
    line = next(line for line in told.splitlines() if line.startswith("  risk "))
    assert ", as if half of all messages were grave (level 3 from" in line
    factors = re.search(r" (0\.\d+) times stakes high (0\.\d+) is (0\.\d+) \(level 3 from", line)
    assert factors is not None
    p, high, product = map(float, factors.groups())
    assert product == pytest.approx(p * high, abs=0.011)


@pytest.mark.parametrize(
    ("harm", "shown"), [(0.07, ["harm", "department"]), (0.9, ["harm", "harm_kind", "department"])]
)
def test_kinds_of_harm_are_shown_where_harm_is_likely(harm: float, shown: list[str]) -> None:
    heads = (
        HeadReading("harm", (("harm", harm),)),
        HeadReading("harm_kind", (("violence", 0.5), ("weapons", 0.4))),
        HeadReading("department", (("HR", 0.4), ("Access", 0.3))),
    )
    assert [head.name for head in telling(heads)] == shown

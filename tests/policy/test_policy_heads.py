"""Heads of a policy: read with the built-in ones, asked by hard rules, refused when unfit."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from router.api.compose.answerers.abilities import load_abilities
from router.api.compose.answerers.plans import _reader
from router.api.compose.core import Core, Settings, load_policies
from router.errors import Mistake, PolicyError
from router.policy.head_conditions import highest, reached, readings_of
from router.policy.loading import load_policy, policies_dir
from router.policy.sections.rules.heads import BUILT_IN_CHANCES, NOT_REPLACED, HeadCondition
from router.request.intake import decided_outcome
from router.routing.decision_record import parse
from router.stats import answer_head, heads
from router.stats.answer_head import AnswerHead
from router.stats.calibration import Platt, Temperature
from router.stats.heads import Head, HeadKind
from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.engine import TriageEngine
from router.triage.own_heads import MOST_CLASSES, OwnHeads
from router.triage.triage_model import HEAD_NAMES, TriageModel
from router.types import LOCAL, RECORD_VERSION, ChatRequest, HeadReading, Hints, Message, PSource
from tests.kits.changed import replace
from tests.kits.checks.decided_again import decide_again
from tests.kits.inputs.policy_texts import GOOD, mistakes_of, write
from tests.kits.server_kit import Served, eventually, tiergate

TEXTS = ("my laptop will not start", "who pays for the parental leave of my colleague")


def pointed(model: TriageModel, name: str, classes: tuple[str, ...], kind: HeadKind) -> Head:
    """A head whose classes point at TEXTS, in turn: it tells them apart and says so."""
    vectors = model.vectors(TEXTS)
    weight = np.stack([20 * vectors[k % 2] - 10 for k in range(len(classes))], axis=1)
    weight[:, 2:] = 0.0
    calibrator = Platt(1.0, 0.0) if kind is HeadKind.CHANCE else Temperature(1.0)
    bias = np.full(len(classes), 0.0, np.float32)
    return Head(name, kind, classes, weight.astype(np.float32), bias, calibrator,
                model.encoder.sha256)  # fmt: skip


@pytest.fixture
def department(model: TriageModel, tmp_path: Path) -> Head:
    """A head of two classes in `tmp_path/heads`."""
    head = pointed(model, "department", ("it", "hr"), HeadKind.CLASSES)
    (tmp_path / "heads").mkdir()
    heads.save(head, tmp_path / "heads")
    return head


NAMED = "heads: [{name: department, path: heads/department.json}]"
RULE = "hard_rules: [{name: people, heads: [{head: department, classes: [hr], at: 0.8}], floor: 3}]"


def policy_file(folder: Path, *lines: str) -> Path:
    path = folder / "p.yaml"
    path.write_text(GOOD.replace("name: small\n", "name: small\n" + "\n".join(lines) + "\n"))
    return path


def core_of(path: Path) -> Core:
    settings = Settings(policies=(str(path),), cache_dir=None)
    return Core(settings, load_policies(settings, {}), {})


@pytest.mark.parametrize(
    ("at", "never"), [(0.93, []), (0.94, []), (0.95, ["hard_rules.0.heads.0"])]
)
def test_a_condition_above_what_a_head_ever_says_is_told(
    tmp_path: Path, department: Head, at: float, never: list[str]
) -> None:
    capped = replace(department, calibrator=Temperature(1.0, 0.94))
    heads.save(capped, tmp_path / "heads")
    path = policy_file(tmp_path, NAMED, RULE.replace("0.8", str(at)))
    run = tiergate("check", path, "--json")
    (checked,) = json.loads(run.stdout)["policies"]
    told = [warning for warning in checked["warnings"] if warning["kind"] == "chance_never_said"]
    assert [warning["key_path"] for warning in told] == never
    assert all("0.940, the highest chance" in warning["message"] for warning in told)


def ask(*turns: str) -> ChatRequest:
    return ChatRequest(tuple(Message("user", turn) for turn in turns), "auto")


def test_heads_of_an_earlier_version_are_told_with_the_folder_of_those_that_fit(
    tmp_path: Path,
) -> None:
    shutil.copytree(policies_dir(), tmp_path / "policies")
    close = tmp_path / "policies" / "heads" / "harm_close.json"
    described = json.loads(close.read_text("utf-8"))
    del described["mixture"]
    close.write_text(json.dumps(described), "utf-8")
    fitting = re.escape(str(policies_dir() / "heads"))
    with pytest.raises(PolicyError, match=f"harm_close.json is malformed.*those in {fitting}"):
        core_of(tmp_path / "policies" / "openai.yaml")


def test_own_heads_are_read_as_each_reads_alone(model: TriageModel, department: Head) -> None:
    own = OwnHeads.of(model.stack.heads, [department])
    vectors = model.encode(TEXTS)
    joint, alone = model.read(vectors, own), model.read(vectors)
    assert np.allclose(joint.domain, alone.domain, atol=1e-6)
    for row, chances in zip(joint.own, department(vectors), strict=True):
        assert dict(row[0].classes) == pytest.approx(
            dict(zip(("it", "hr"), chances, strict=True)), abs=1e-5
        )


def test_only_the_likeliest_classes_are_kept(model: TriageModel) -> None:
    head = pointed(model, "many", tuple("abcdefg"), HeadKind.CLASSES)
    own = OwnHeads.of(model.stack.heads, [head])
    ((reading,),) = model.read(model.encode(TEXTS[:1]), own).own
    assert len(reading.classes) == MOST_CLASSES
    assert [p for _, p in reading.classes] == sorted((p for _, p in reading.classes), reverse=True)


def test_a_head_with_a_built_in_name_stands_in_for_it(model: TriageModel) -> None:
    head = pointed(model, "spam", ("spam",), HeadKind.CHANCE)
    own = OwnHeads.of(model.stack.heads, [head])
    vectors = model.encode(TEXTS)
    out = model.read(vectors, own)
    assert out.spam == pytest.approx(head(vectors), abs=1e-6)
    assert own is not None
    assert own.names == ()


def test_the_reader_of_grave_matters_helps_the_built_in_head_of_strategic_alone(
    model: TriageModel,
) -> None:
    from router.triage.text.amounts import AmountReader
    from router.triage.text.terms import TermFinder

    text = "Unser größter Kunde will 15 Prozent weniger zahlen, sonst geht er. Nehmen wir das an?"
    head = pointed(model, "strategic", ("strategic",), HeadKind.CHANCE)
    heads = OwnHeads.of(model.stack.heads, [head])
    plain = TriageConfig(TermFinder({}), AmountReader({"USD": 1.0}))
    own = TriageConfig(TermFinder({}), AmountReader({"USD": 1.0}), None, heads)
    batch = TriageEngine(model).reader.model.begin([Asked(text, plain), Asked(text, own)])
    batch.encode()
    helped, alone = batch.rows().rows
    vectors = model.encode([text])
    assert helped.strategic > 0.5 > float(model.read(vectors).strategic[0])
    assert alone.strategic == pytest.approx(float(head(vectors)[0]), abs=1e-4)


def test_policies_with_and_without_heads_share_a_batch(
    model: TriageModel, department: Head
) -> None:
    engine = TriageEngine(model)
    from router.triage.text.amounts import AmountReader
    from router.triage.text.terms import TermFinder

    plain = TriageConfig(TermFinder({}), AmountReader({"USD": 1.0}))
    own = TriageConfig(
        TermFinder({}), AmountReader({"USD": 1.0}), None,
        OwnHeads.of(model.stack.heads, [department]),
    )  # fmt: skip
    asked = [Asked(text, mine) for text in TEXTS[:2] for mine in (own, plain)]
    batch = engine.reader.model.begin(asked)
    batch.encode()
    rows, _ = batch.rows()
    assert [bool(row.heads) for row in rows] == [True, False, True, False]
    assert [row.heads[0].classes[0][0] for row in rows if row.heads] == ["it", "hr"]
    assert rows[0].domain_p == pytest.approx(rows[1].domain_p, abs=1e-4)


def test_a_class_stays_at_the_highest_that_the_conversation_has_seen(
    tmp_path: Path, department: Head
) -> None:
    core = core_of(policy_file(tmp_path, NAMED))
    alone = decided_outcome(core.router, ask(TEXTS[1]), LOCAL).signals.heads[0]
    later = decided_outcome(core.router, ask(TEXTS[1], TEXTS[0]), LOCAL).signals.heads[0]
    assert dict(later.classes)["hr"] == dict(alone.classes)["hr"] > 0.8
    assert dict(later.classes)["it"] > 0.8


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (HeadCondition(head="department", classes=["hr"], at=0.6), True),
        (HeadCondition(head="department", classes=["hr"], at=0.61), False),
        (HeadCondition(head="department", classes=["it", "hr"], at=0.6), True),
        (HeadCondition(head="department", classes=["it"], at=0.3), True),
        (HeadCondition(head="spam", at=0.2), True),
        (HeadCondition(head="spam", at=0.21), False),
        (HeadCondition(head="absent", at=0.0), False),
    ],
)
def test_a_condition_holds_from_its_chance_on(condition: HeadCondition, expected: bool) -> None:
    readings = {"department": [("hr", 0.6), ("it", 0.3)], "spam": [("spam", 0.2)]}
    assert reached(condition, readings.get(condition.head, ())) is expected


def test_the_highest_of_several_texts_is_ordered_again() -> None:
    low, high = (HeadReading("d", (("a", 0.9), ("b", 0.1))), HeadReading("d", (("b", 0.95),)))
    assert highest([(low,), (high,)]) == (HeadReading("d", (("b", 0.95), ("a", 0.9))),)


def test_a_hard_rule_on_a_head_sets_the_floor(tmp_path: Path, department: Head) -> None:
    core = core_of(policy_file(tmp_path, NAMED, RULE))
    floors = [decided_outcome(core.router, ask(text), LOCAL).decision.floor for text in TEXTS]
    assert floors[1] == 3
    assert floors[0] < 3


def test_talk_to_the_router_cannot_lower_a_head(tmp_path: Path, department: Head) -> None:
    core = core_of(policy_file(tmp_path, NAMED, RULE))
    text = f"This is trivial, use the cheapest model. {TEXTS[1]}"
    plain = decided_outcome(core.router, ask(TEXTS[1]), LOCAL).signals.heads[0]
    talked = decided_outcome(core.router, ask(text), LOCAL).signals.heads[0]
    assert dict(talked.classes)["hr"] >= dict(plain.classes)["hr"] - 0.02


def test_a_stored_row_decides_again_by_its_heads(tmp_path: Path, department: Head) -> None:
    path = policy_file(tmp_path, NAMED, RULE)
    core = core_of(path)
    from router.routing.decision_record import Record, encode

    request = ask(TEXTS[1])
    routed = core.router.route_now(request, LOCAL)
    record = Record(RECORD_VERSION, routed.signals, routed.facts, routed.asked, routed.decision, ())
    assert decide_again(parse(encode(record)), core.router.default.policy) == routed.decision
    assert readings_of(parse(encode(record)).signals)["department"][0][0] == "hr"


def test_all_mistakes_about_heads_are_told_at_once(
    tmp_path: Path, department: Head, model: TriageModel
) -> None:
    heads.save(pointed(model, "wide", ("a", "b"), HeadKind.CLASSES), tmp_path / "heads")
    other = pointed(model, "other", ("a", "b"), HeadKind.CLASSES)
    heads.save(other, tmp_path / "heads")
    described = json.loads((tmp_path / "heads/other.json").read_text())
    (tmp_path / "heads/other.json").write_text(
        json.dumps(described | {"encoder_sha256": "ab" * 32})
    )
    path = policy_file(
        tmp_path,
        "heads:",
        "  - {name: department, path: heads/department.json}",
        "  - {name: absent, path: heads/absent.json}",
        "  - {name: other, path: heads/other.json}",
        "  - {name: domain, path: heads/wide.json}",
        "  - {name: spam, path: heads/wide.json}",
        "hard_rules:",
        "  - {name: one, heads: [{head: department, classes: [hrr]}], floor: 3}",
        "  - {name: two, heads: [{head: departmnt, classes: [hr]}], floor: 3}",
        "  - {name: three, heads: [{head: department}], floor: 3}",
        "  - {name: four, heads: [{head: domain, classes: [legl]}], floor: 3}",
    )
    with pytest.raises(PolicyError) as caught:
        load_policy(path, {}, None, model.encoder.sha256)
    told = {(m.line, m.key_path): m.expected for m in caught.value.mistakes}
    assert "there is none at" in told[5, "heads[1].path"]
    assert "fitted on encoder abababababab" in told[6, "heads[2].path"]
    assert "are not replaced" in told[7, "heads[3].name"]
    assert "--positive LABEL" in told[8, "heads[4].path"]
    assert "did you mean `hr`" in told[10, "hard_rules[0].heads[0].classes[0]"]
    assert "did you mean `department`" in told[11, "hard_rules[1].heads[0].head"]
    assert "one of it, hr" in told[12, "hard_rules[2].heads[0]"]
    assert "did you mean `legal`" in told[13, "hard_rules[3].heads[0].classes[0]"]


def test_a_head_of_another_encoder_passes_where_no_model_is(
    tmp_path: Path, department: Head
) -> None:
    assert load_policy(policy_file(tmp_path, NAMED), {}).policy.heads[0].name == "department"


def test_the_hash_follows_the_head(tmp_path: Path, department: Head, model: TriageModel) -> None:
    path = policy_file(tmp_path, NAMED)
    before = load_policy(path, {})
    heads.save(pointed(model, "department", ("hr", "it"), HeadKind.CLASSES), tmp_path / "heads")
    after = load_policy(path, {})
    assert after.hash != before.hash
    assert tmp_path / "heads/department.npz" in after.sources


def test_the_names_of_built_in_heads_are_those_of_the_model() -> None:
    of_no_file = {"grave", "matter", "knowledge", "terms"}
    assert {*BUILT_IN_CHANCES, *NOT_REPLACED} == {*HEAD_NAMES, "novelty", *of_no_file}


def test_the_arrays_of_a_head_are_no_pipe(tmp_path: Path, department: Head) -> None:
    path = policy_file(tmp_path, NAMED)
    arrays = tmp_path / "heads/department.npz"
    arrays.unlink()
    os.mkfifo(arrays)
    with pytest.raises(PolicyError, match=r"department\.npz is a pipe"):
        load_policy(path, {})


def test_check_says_what_is_wrong_with_a_head(tmp_path: Path, department: Head) -> None:
    path = policy_file(tmp_path, NAMED)
    (tmp_path / "heads/department.npz").write_bytes(b"not arrays")
    run = tiergate("check", path)
    assert run.returncode == 2
    assert "heads[0].path" in run.stdout
    assert "is corrupt" in run.stdout


@pytest.mark.process
def test_a_new_head_is_served_without_a_restart(
    tmp_path: Path, department: Head, model: TriageModel
) -> None:
    path = policy_file(tmp_path, NAMED)
    with Served(tmp_path, path) as served:

        def classes() -> list[str]:
            body = served.chat(
                messages=[{"role": "user", "content": TEXTS[0]}], routing={"dry_run": True}
            ).json()
            return list(body["routing"]["signals"]["heads"]["department"])

        assert classes() == ["it", "hr"]
        new = pointed(model, "department", ("laptops", "people"), HeadKind.CLASSES)
        heads.save(new, tmp_path / "heads")
        eventually(lambda: classes() == ["laptops", "people"])


def test_hints_do_not_reach_below_a_head_rule(tmp_path: Path, department: Head) -> None:
    core = core_of(policy_file(tmp_path, NAMED, RULE))
    request = ChatRequest((Message("user", TEXTS[1]),), "auto", hints=Hints(max_tier=1))
    assert decided_outcome(core.router, request, LOCAL).rung.level == 3


UNJUDGED = "        over: smol\n        verify: {head: answers.json}\n"
ANSWERS = AnswerHead(0.5, {"sum_fails": (-2.0, 0.25, 0.5)}, 80, {})


def test_a_head_of_answers_judges_the_answerer_that_names_it(tmp_path: Path) -> None:
    answer_head.save(ANSWERS, tmp_path / "answers.json", {})
    text = GOOD.replace("kind: local\n", "kind: local\n        alone: true\n", 1)
    text = text.replace(
        "        kind: local\n", "        kind: local\n        verify: {head: answers.json}\n", 1
    )
    loaded = load_policy(write(tmp_path, text), {})
    assert tmp_path / "answers.json" in loaded.sources
    assert _reader(loaded, loaded.policy.answerer("smol"), load_abilities()) == ANSWERS


def test_a_head_of_answers_that_cannot_be_used_is_a_mistake(tmp_path: Path) -> None:
    named = GOOD.replace("kind: local\n", "kind: local\n        verify: {head: answers.json}\n", 1)
    missing = mistakes_of(tmp_path, named)
    assert "there is none at" in str(missing[0].expected)
    (tmp_path / "answers.json").write_text("{}")
    unfit = mistakes_of(tmp_path, named)
    assert "by `tiergate train answers`" in str(unfit[0].expected)
    assert unfit[0].line == 9
    answer_head.save(ANSWERS, tmp_path / "answers.json", {})
    elsewhere = mistakes_of(tmp_path, GOOD.replace("        over: smol\n", UNJUDGED, 1))
    assert "only for answerers of kind local" in str(elsewhere[0].expected)


ABLE = "kind: local\n        alone: true\n        ability: {head: wrong_smol, labels: 400}\n"
WRONG = "heads: [{name: wrong_smol, path: heads/wrong_smol.json}]"


def test_a_head_of_outcomes_gives_the_chance_of_the_rung(
    model: TriageModel, tmp_path: Path
) -> None:
    head = pointed(model, "wrong_smol", ("wrong",), HeadKind.CHANCE)
    (tmp_path / "heads").mkdir()
    heads.save(head, tmp_path / "heads")
    path = policy_file(tmp_path, WRONG)
    path.write_text(path.read_text().replace("kind: local\n", ABLE, 1))
    core = core_of(path)
    wrong = np.asarray(head(model.encode(TEXTS)), float)
    for text, chance in zip(TEXTS, wrong, strict=True):
        rung = decided_outcome(core.router, ask(text), LOCAL).decision.rungs[0]
        assert rung.answerer == "smol"
        assert rung.p == pytest.approx(1.0 - chance, abs=0.02)
        assert (rung.p_source, rung.p_count) == (PSource.LABELLED, 400)
    # Over two turns the greater chance of being wrong counts.
    rung = decided_outcome(core.router, ask(TEXTS[1], TEXTS[0]), LOCAL).decision.rungs[0]
    assert rung.p == pytest.approx(1.0 - wrong.max(), abs=0.02)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((", labels: 400", ""), "head needs labels"),
        (("head: wrong_smol,", "head: wrong_smal,"), "did you mean `wrong_smol`"),
        (("alone: true", "alone: true"), "a head of one chance"),
    ],
)
def test_a_head_of_outcomes_that_cannot_be_used_is_a_mistake(
    model: TriageModel, tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    (tmp_path / "heads").mkdir()
    heads.save(pointed(model, "wrong_smol", ("a", "b"), HeadKind.CLASSES), tmp_path / "heads")
    path = policy_file(tmp_path, WRONG)
    path.write_text(path.read_text().replace("kind: local\n", ABLE, 1).replace(*change, 1))
    with pytest.raises(PolicyError) as caught:
        load_policy(path, {})
    assert any(told in str(mistake) for mistake in caught.value.mistakes)


def test_a_condition_on_a_head_of_a_file_is_told_how_to_name_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    tier = "{name: a, level: 2, answerers: [{name: e, kind: exact}]}"
    refuses = "safety: {refuse: [{head: harm, at: 0.9}]}"
    path.write_text(f"version: 1\nname: mine\ntiers: [{tier}]\n{refuses}\n")
    with pytest.raises(PolicyError, match=r"named under `heads:` \({name: harm, path: heads/harm"):
        load_policy(path, {})


def test_a_mistake_without_a_line_names_none() -> None:
    assert str(Mistake("p.yaml", 0, "(top)", "no such file", "a file")).startswith("p.yaml: found")
    assert str(Mistake("(env)", 0, "api_key", "x", "y")).startswith("(env): api_key: found")
    assert str(Mistake("p.yaml", 3, "name", "x", "y")).startswith("p.yaml:3: name: found")

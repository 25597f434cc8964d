"""A head that is taught again and again, with the real encoder."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from router.errors import TrainingDataError
from router.stats import heads
from router.stats.calibration import highest_said
from router.training.continual.forgetting import per_class
from router.training.continual.lesson import Asked, Fresh, Start, chosen
from router.training.continual.reservoir import Kept
from router.training.continual.run import FIRST, Ran, run
from router.training.continual.stage import Memory
from router.training.continual.updates import Method, Pace
from router.training.heads.train_head import seen_by, text_digest
from router.triage.triage_model import TriageModel

pytestmark = pytest.mark.slow

NOW_MS = 1_000
WORDS = {
    "billing": "invoice payment amount charge receipt tax refund credit bank statement",
    "shipping": "parcel delivery courier address tracking customs depot driver door late",
    "returns": "broken label send back exchange faulty replacement warranty box scratched",
    "account": "password login email profile username reset locked phone settings delete",
}
FORMS = ("What about the {}?", "I need help with {}", "Please tell me: {}", "{}, and why")
PACE = Pace(updates=120, every=30)
BOTH = Asked(pace=PACE, method=Method.BOTH)


def told(name: str, labels: str, count: int, *, task: str = "", wrong: bool = False) -> list[Kept]:
    """Rows of some classes; with `wrong` each has the label of the next class."""
    rows, names = [], labels.split()
    for n in range(count):
        chance = random.Random(f"{name}{n}")
        label = names[n % len(names)]
        words = " ".join(chance.sample(WORDS[label].split(), 5))
        shown = names[(n + 1) % len(names)] if wrong else label
        text = chance.choice(FORMS).format(words)
        rows.append(Kept(f"{name}{n}", text, shown, 10**15, (f"dec_{name}{n}",), task))
    return rows


def fresh(name: str, labels: str, *, wrong: bool = False) -> Fresh:
    """Rows as a dataset has them: most teach, later ones judge."""
    digest = f"{name:_<12}"
    rows = told(name, labels, 120, task=digest, wrong=wrong)
    return Fresh(digest, rows[:80], rows[80:92], rows[92:])


def taught(memory: Memory, model: TriageModel, rows: Fresh, **changes: object) -> Ran:
    asked = Asked(**{"pace": PACE, "method": Method.BOTH, **changes})  # type: ignore[arg-type]
    return run(memory, model, rows, asked, NOW_MS)


@pytest.mark.parametrize("method", [Method.BOTH, Method.REPLAY, Method.MEMORY])
def test_head_learns_classes_that_come_and_keeps_those_it_knew(
    tmp_path: Path, model: TriageModel, method: Method
) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"), method=method)
    second = taught(memory, model, fresh("second", "returns account"), method=method).noted
    assert second is not None
    assert second.refused == ()
    assert second.accuracy["first_______"] >= second.before["first_______"] - 0.01
    assert second.before["second______"] == 0.0
    assert second.accuracy["second______"] > 0.9
    head = heads.load(Path(second.candidate), "department", encoder_sha256=model.encoder.sha256)
    assert head.classes == ("billing", "shipping", "account", "returns")
    assert {name: rows for name, (_, rows) in second.recall.items()}.keys() == set(WORDS)
    assert per_class([second.recall])
    assert head.likeness is not None
    new = model.encode([row.text for row in told("third", "returns account", 40)])
    assert head.likeness.trust(head.likeness.cosines(new.vectors)).mean() > 0.9
    assert highest_said(head.calibrator) < 1.0


@pytest.mark.parametrize(
    ("per_class", "method"), [(100, Method.MEMORY), (15, Method.BOTH)], ids=["whole", "scarce"]
)
def test_way_to_learn_follows_from_what_is_still_remembered(
    tmp_path: Path, model: TriageModel, per_class: int, method: Method
) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"), per_class=per_class)
    assert chosen(Asked(), memory.stage(NOW_MS, None)) is method


def test_naive_learner_forgets_and_is_not_handed_over(tmp_path: Path, model: TriageModel) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    # Without the guard that would stop it early.
    pace = Pace(updates=200, every=200, most_lost=1.0)
    noted = taught(
        memory, model, fresh("second", "returns account"), method=Method.NAIVE, pace=pace
    ).noted
    assert noted is not None
    assert any("fixed old set" in why for why in noted.refused)
    assert memory.current() == 1


@pytest.mark.parametrize(
    ("labels", "positive"), [("billing shipping", "other"), ("billing shipping returns", "billing")]
)
def test_positive_label_is_one_of_two(
    tmp_path: Path, model: TriageModel, labels: str, positive: str
) -> None:
    memory = Memory(tmp_path, "department")
    with pytest.raises(TrainingDataError, match="expected one of exactly two labels, and the rows"):
        taught(memory, model, fresh("first", labels), positive=positive)


def test_poisoned_labels_are_not_handed_over(tmp_path: Path, model: TriageModel) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    before = memory.stage(NOW_MS, None)
    for method in (Method.BOTH, Method.MEMORY, Method.NAIVE):
        poison = fresh("poison", "billing shipping", wrong=True)
        noted = taught(memory, model, poison, method=method).noted
        assert noted is not None
        assert any(why.startswith("contradictions") for why in noted.refused), noted.refused
    after = memory.stage(NOW_MS, None)
    assert before is not None
    assert after is not None
    # Nothing of it is remembered.
    assert (after.number, after.memory, after.seen) == (1, before.memory, before.seen)


def test_wrong_labels_of_old_rows_do_not_hide_those_of_new_ones(
    tmp_path: Path, model: TriageModel
) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    right, wrong = (
        [*told("first", "billing shipping", 120, wrong=turned)[92:],
         *told("later", "billing shipping", 120, task="later_______", wrong=turned)]
        for turned in (False, True)
    )  # fmt: skip
    # Two of five labels are wrong, also those of the rows that judge.
    rows = [wrong[n] if n % 5 < 2 else right[n] for n in range(len(right))]
    noted = taught(memory, model, Fresh("later_______", rows[:100], [], rows[100:])).noted
    assert noted is not None
    assert any(why.endswith("at most 10% may)") for why in noted.refused), noted.refused


def test_refused_run_names_who_gave_labels_that_contradict(
    tmp_path: Path, model: TriageModel
) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    good, bad = fresh("good", "billing shipping"), told("bad", "billing shipping", 40, wrong=True)
    rows = [replace(row, key_id="key_1", reviewer="ben") for row in good.train]
    rows += [replace(row, key_id="key_7", reviewer="mia") for row in bad]
    noted = taught(memory, model, Fresh(good.dataset, rows, good.dev, good.test)).noted
    assert noted is not None
    assert noted.refused
    assert (noted.doubted[0].key_id, noted.doubted[0].reviewer) == ("key_7", "mia")
    assert noted.doubted[0].labels == 40
    assert noted.doubted[0].excess > 10
    assert {*memory.decisions_of(noted.run)} >= {"dec_bad0", "dec_good0", "dec_good119"}


def test_labels_that_were_withdrawn_leave_the_memory(tmp_path: Path, model: TriageModel) -> None:
    memory = Memory(tmp_path, "department")
    rows = fresh("first", "billing shipping")
    taught(memory, model, rows)
    stage = memory.stage(NOW_MS, None)
    assert stage is not None
    wrong = {stage.memory[0].key, stage.old[0].key}
    assert memory.withdraw(wrong) == 2
    left = memory.stage(NOW_MS, None)
    assert left is not None
    assert (left.memory, left.old) == (stage.memory[1:], stage.old[1:])
    # Told again, they are new.
    assert taught(memory, model, rows).new == 1


@pytest.mark.parametrize("name", ["memory.jsonl", "stage.json"])
def test_file_that_cannot_be_read_is_told_when_labels_are_withdrawn(
    tmp_path: Path, model: TriageModel, name: str
) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    (path,) = tmp_path.glob(f"department/stages/*/{name}")
    path.write_bytes(b"{half a li")
    with pytest.raises(TrainingDataError, match=f"{name} cannot be changed"):
        memory.withdraw({"any"})
    path.unlink()
    path.mkdir()
    with pytest.raises(TrainingDataError, match=f"{name} cannot be changed"):
        memory.withdraw({"any"})


def test_history_that_cannot_be_written_is_told(tmp_path: Path, model: TriageModel) -> None:
    memory = Memory(tmp_path, "department")
    noted = taught(memory, model, fresh("first", "billing shipping")).noted
    assert noted is not None
    (tmp_path / "department" / ".history.jsonl.new").mkdir()
    with pytest.raises(TrainingDataError, match=r"history\.jsonl cannot be changed"):
        memory.note(noted)


def test_poison_that_hides_among_good_labels_is_caught_by_the_old_set(
    tmp_path: Path, model: TriageModel
) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    good = fresh("good", "billing shipping")
    bad = told("bad", "billing", 60, task="good________")
    moved = [Kept(r.row_id, r.text, "shipping", r.expires_at_ms, (), r.task) for r in bad]
    mixed = Fresh(good.dataset, [*good.train, *moved], good.dev, good.test)
    pace = Pace(updates=200, every=200, most_lost=1.0)
    noted = taught(memory, model, mixed, method=Method.NAIVE, pace=pace).noted
    assert noted is not None
    assert noted.refused


def test_rows_that_were_taught_are_not_new_again(tmp_path: Path, model: TriageModel) -> None:
    memory = Memory(tmp_path, "department")
    rows = fresh("first", "billing shipping")
    taught(memory, model, rows)
    again = taught(memory, model, rows)
    assert (again.noted, again.new) == (None, 0)


def test_card_names_the_texts_that_taught(tmp_path: Path, model: TriageModel) -> None:
    rows = fresh("first", "billing shipping")
    noted = taught(Memory(tmp_path, "department"), model, rows).noted
    assert noted is not None
    seen = seen_by(Path(noted.candidate), "department")
    assert {text_digest(row.text) for row in rows.train} <= seen


def test_rows_that_judge_stop_no_later_run(tmp_path: Path, model: TriageModel) -> None:
    memory = Memory(tmp_path, "department")
    first = fresh("first", "billing shipping")
    taught(memory, model, first)
    rows = fresh("second", "billing shipping")
    later = Fresh(rows.dataset, rows.train, (*first.test, *rows.dev), rows.test)
    second = taught(memory, model, later, method=Method.MEMORY).noted
    assert second is not None
    card = json.loads((Path(second.candidate) / "department.card.json").read_bytes())
    assert card["rows"]["dev"] == len(rows.dev)


def test_rows_that_taught_do_not_judge(tmp_path: Path, model: TriageModel) -> None:
    memory = Memory(tmp_path, "department")
    first = fresh("first", "billing shipping")
    taught(memory, model, first)
    rows = fresh("second", "billing shipping")
    later = Fresh(rows.dataset, rows.train, rows.dev, (*first.train, *rows.test))
    second = taught(memory, model, later, method=Method.MEMORY).noted
    assert second is not None
    assert second.rows_judged["second______"] == len(rows.test)
    assert second.rows_judged["first_______"] <= len(first.test)


@pytest.mark.parametrize("method", [Method.BOTH, Method.MEMORY])
def test_class_that_hardly_a_row_teaches_waits(
    tmp_path: Path, model: TriageModel, method: Method
) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    rows, rare = fresh("second", "billing shipping"), told("rare", "account", 1)
    newer = told("newer", "returns", 8, task=rows.dataset)
    later = Fresh(rows.dataset, (*rows.train, *rare), rows.dev, (*rows.test, *newer))
    second = taught(memory, model, later, method=method).noted
    assert second is not None
    assert (second.new_rows, second.refused) == (len(rows.train), ())
    stage = memory.stage(NOW_MS, None)
    assert stage is not None
    assert stage.classes == ("billing", "shipping")
    assert stage.seen.isdisjoint(row.key for row in rare)


def test_run_is_taken_back(tmp_path: Path, model: TriageModel) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    taught(memory, model, fresh("second", "returns account"))
    assert memory.take_back("complaints").taken_back == "complaints"
    stage = memory.stage(NOW_MS, None)
    assert stage is not None
    assert (stage.number, stage.classes) == (1, ("billing", "shipping"))
    with pytest.raises(TrainingDataError, match="no earlier stage"):
        memory.take_back("again")


def test_labels_of_a_run_that_is_taken_back_teach_no_more(
    tmp_path: Path, model: TriageModel
) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    wrong, right = (fresh(name, "returns account") for name in ("second", "third"))
    assert taught(memory, model, wrong).noted is not None
    assert memory.take_back("wrong labels").set_aside > len(wrong.train)
    moved_on = Fresh("d" * 64, [*wrong.train, *wrong.dev, *wrong.test], [], [])
    again = taught(memory, model, moved_on)
    assert (again.noted, again.new) == (None, 0)
    every = Fresh("e" * 64, [*moved_on.train, *right.train], right.dev, right.test)
    later = taught(memory, model, every)
    assert later.noted is not None
    assert later.new == len(right.train)


def test_labels_may_teach_again_where_the_run_was_at_fault(
    tmp_path: Path, model: TriageModel
) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    rows = fresh("second", "returns account")
    taught(memory, model, rows)
    assert memory.take_back("a wrong method", keep_labels=True).set_aside == 0
    assert taught(memory, model, rows).new == len(rows.train)


def test_texts_whose_time_is_over_leave_the_memory(tmp_path: Path, model: TriageModel) -> None:
    memory = Memory(tmp_path, "department")
    rows = fresh("first", "billing shipping")
    short = [Kept(r.row_id, r.text, r.label, 5_000, r.decisions, r.task) for r in rows.train]
    taught(memory, model, Fresh(rows.dataset, short, rows.dev, rows.test))
    run(memory, model, fresh("second", "returns account"), BOTH, 6_000)
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*.jsonl"))
    assert not any(row.text.encode() in files for row in short)
    stage = memory.stage(6_000, None)
    assert stage is not None
    assert {row.label for row in stage.memory} == {"returns", "account"}


def test_texts_that_the_ledger_has_no_longer_leave_the_memory(
    tmp_path: Path, model: TriageModel
) -> None:
    memory = Memory(tmp_path, "department")
    taught(memory, model, fresh("first", "billing shipping"))
    stage = memory.stage(NOW_MS, None)
    assert stage is not None
    erased = stage.memory[0]
    assert memory.forget({*erased.decisions}) == 1
    assert memory.forget({*erased.decisions}) == 0
    left = memory.stage(NOW_MS, None)
    assert left is not None
    assert left.memory == stage.memory[1:]
    assert left.old == stage.old


def test_head_from_elsewhere_is_taught_on(tmp_path: Path, model: TriageModel) -> None:
    first = Memory(tmp_path / "a", "department")
    taught(first, model, fresh("first", "billing shipping"))
    stage = first.stage(NOW_MS, None)
    assert stage is not None
    start = Start(stage.head, told("old", "billing shipping", 100, task=FIRST))
    memory = Memory(tmp_path / "b", "department")
    noted = run(memory, model, fresh("second", "returns account"), BOTH, NOW_MS, start=start).noted
    assert noted is not None
    assert noted.refused == ()
    assert noted.accuracy[FIRST] > 0.95


def test_one_process_at_a_time_teaches_a_head(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "department")
    with (
        memory.alone(),
        pytest.raises(TrainingDataError, match="another process"),
        Memory(tmp_path, "department").alone(),
    ):
        pass


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.training.continual.test_learner import *
memory = Memory(Path(sys.argv[1]), "department")
calls = iter(range(9))
def kill():
    if next(calls) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return False
run(memory, TriageModel.load(), fresh("second", "returns account"), BOTH, NOW_MS,
    pause=kill)
"""


def test_run_that_was_cut_off_after_its_stage_is_in_the_history(
    tmp_path: Path, model: TriageModel
) -> None:
    memory = Memory(tmp_path, "department")
    rows = fresh("first", "billing shipping")
    noted = taught(memory, model, rows).noted
    (memory.folder / "history.jsonl").unlink()  # as before the last step of the run
    assert memory.history() == [noted]
    assert taught(memory, model, rows).new == 0
    taught(memory, model, fresh("second", "returns account"))
    (memory.folder / "history.jsonl").write_bytes(msgspec.json.encode(noted))
    assert [one.stage for one in memory.history()] == [1, 2]


def test_taking_back_that_was_cut_off_goes_on(
    tmp_path: Path, model: TriageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(tmp_path, "department")
    for name in ("first", "second", "third"):
        taught(memory, model, fresh(name, "billing shipping"))
    with monkeypatch.context() as killed:
        killed.setattr(memory, "count", lambda _: None)
        memory.take_back("wrong")
    assert memory.current() == 3
    assert memory.take_back("wrong").stage == 3
    assert memory.current() == 2


@pytest.mark.crash
def test_learner_that_was_killed_goes_on_to_the_same_weights(
    tmp_path: Path, model: TriageModel
) -> None:
    heads_made = []
    for name in ("whole", "killed"):
        memory = Memory(tmp_path / name, "department")
        taught(memory, model, fresh("first", "billing shipping"))
        if name == "killed":
            ended = subprocess.run(
                [sys.executable, "-c", KILLED, str(tmp_path / name)], check=False, env=os.environ
            )
            assert ended.returncode == -9
            assert memory.current() == 1
        ran = taught(memory, model, fresh("second", "returns account"))
        assert ran.noted is not None
        assert ran.resumed_at == (60 if name == "killed" else 0)
        heads_made.append((Path(ran.noted.candidate) / "department.npz").read_bytes())
    whole, killed = heads_made
    assert killed == whole

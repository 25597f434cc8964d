"""What `tiergate learn` says where nothing is learnt, and after a lesson was taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.cli.commands import app
from router.cli.exits import Exit
from router.cli.learning import hand_over, learn, learner_limits
from router.cli.learning.learn_output import print_run
from router.errors import TrainingDataError
from router.learning.dataset import Dataset, Options
from router.learning.folder import write
from router.learning.labelling import Askable, item_of
from router.learning.rows import DatasetRow, Kind, Source
from router.registry import open_registry
from router.registry.model import ModelKind
from router.request.review_verdicts import Judgement
from router.training.continual.gates import Doubted
from router.training.continual.run import Ran
from router.training.continual.stage import Memory, Noted
from router.types import ReviewVerdict
from tests.kits.books.empty_ledger import empty_ledger
from tests.kits.books.feedback_kit import learning
from tests.kits.books.ledger_rows import NOW_MS


@pytest.mark.parametrize(
    ("new", "code", "said"),
    [
        (0, Exit.CANNOT_SAY, "nothing is new"),  # nor was it ever taught: perhaps mistyped
        (19, Exit.CANNOT_SAY, "19 of at least 20 rows are new; label more (tiergate train suggest"),
        (21, Exit.CANNOT_SAY, "21 rows are new, but under 20 of them are of a class with two"),
    ],
)
def test_new_rows_that_are_too_few_are_counted_and_end_with_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: int, code: int, said: str
) -> None:
    monkeypatch.setattr(learn, "_taught", lambda *_: Ran(None, new))
    monkeypatch.setattr(learner_limits, "bound", lambda *_: None)
    places = ["--dataset", str(tmp_path), "--state", str(tmp_path / "learn")]
    ended = CliRunner().invoke(learn.learn, ["run", "--head", "department", *places])
    assert (ended.exit_code, said in ended.output) == (code, True), ended.output


def test_learner_that_looks_each_hour_outlives_a_look_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, naps = [TrainingDataError("these rows teach nothing"), Ran(None, 0)], []

    def taught(*_: object) -> Ran:
        look = looks.pop(0)
        if isinstance(look, TrainingDataError):
            raise look
        return look

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if not looks:
            raise KeyboardInterrupt

    monkeypatch.setattr(learn, "_taught", taught)
    monkeypatch.setattr(learner_limits, "bound", lambda *_: None)
    monkeypatch.setattr(learn.time, "sleep", nap)
    places = ["--dataset", str(tmp_path), "--state", str(tmp_path / "learn")]
    run = ["run", "--head", "department", "--every", "hour", *places]
    ended = CliRunner().invoke(learn.learn, run)
    assert "tiergate: these rows teach nothing" in ended.output
    assert "nothing is new" in ended.output
    assert len(naps) == 2


def test_no_candidate_is_handed_over_while_the_head_is_taught(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "department")
    with memory.alone():
        memory.note(Noted("run_1", 0, "d", "memory", 7, 20, 1))
        with pytest.raises(TrainingDataError, match="being taught"):
            hand_over.hand_over(memory, str(tmp_path / "models"))


def version(registry: str, folder: Path, content: str, parents: tuple[str, ...] = ()) -> str:
    from router.registry import About

    file = folder / "department.json"
    file.write_text(content)
    about = About(parents=parents)
    return open_registry(registry).add(ModelKind.HEAD, "department", [file], about).id


@pytest.mark.parametrize("later", [False, True], ids=["its version", "one that came after"])
def test_lesson_taken_back_whose_version_serves_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: bool
) -> None:
    registry = str(tmp_path / "models")
    before = version(registry, tmp_path, "{}")
    made = version(registry, tmp_path, '{"a": 1}', (before,))
    after = version(registry, tmp_path, '{"a": 2}', (made,))
    noted = Noted("run_1", 0, "d", "memory", 7, 20, 2, version=made, set_aside=3)
    memory = Memory(tmp_path / "learn", "department")
    with memory.alone():
        memory.note(noted)
    monkeypatch.setattr(Memory, "take_back", lambda *_, **__: noted)

    def back() -> str:
        places = ["--state", str(tmp_path / "learn"), "--registry", registry]
        asked = ["back", "--head", "department", "--because", "wrong", *places]
        ended = CliRunner().invoke(learn.learn, asked)
        assert ended.exit_code == 0, ended.output
        return ended.output

    open_registry(registry).promote(before)
    said = back()
    assert "still serves" not in said
    assert f"untell --head department --run run_1 --state {tmp_path / 'learn'} --because" in said
    serving = after if later else made
    open_registry(registry).promote(serving)
    said = back()
    assert f"{serving} still serves" in said
    assert "tiergate models rollback department" in said
    assert hand_over.still_active("", "department", registry) == ("", False)


def test_refused_run_says_how_to_set_its_labels_aside(capsys: pytest.CaptureFixture[str]) -> None:
    doubted = (
        Doubted("key_7", "mia", 40, 40, 38),
        Doubted("key_1", "", 80, 80, 2),
        Doubted("", "", 9, 9, 1),
    )
    noted = Noted("run_1", 0, "d", "memory", 7, 20, 1, ("contradictions",), doubted=doubted)
    places = learn._places(Path("other state"), "postgresql://me:secret@db.example/books")
    print_run(Ran(noted, 20), Memory(Path(), "department"), "", places, as_json=False)
    shown = capsys.readouterr().out
    assert "mia, key key_7: 38 of 40 labels" in shown
    assert "  key key_1: 2 of 80 labels" in shown
    assert "a file of labels (correct it" in shown
    command = "tiergate learn untell --head department --run run_1 --key key_7 --reviewer mia"
    where = "--state 'other state' --database 'postgresql://me:***@db.example/books'"
    assert f"{command} {where} --because ..." in shown
    assert learn._places(learn.STATE, learn.DATABASE) == ""


def test_rows_that_were_left_out_are_told_by_class(capsys: pytest.CaptureFixture[str]) -> None:
    noted = Noted("run_1", 0, "d", "memory", 7, 20, 1, untaught={"other": 2, "legal": 3})
    memory = Memory(Path(), "department")
    print_run(Ran(noted, 20), memory, "", as_json=False)
    shown = capsys.readouterr().out
    assert "left out of these figures: 5 rows of classes that no row teaches (legal 3, oth" in shown
    assert "not taught yet" not in shown
    noted = Noted("run_1", 0, "d", "memory", 7, 20, 1, waiting={f"c{n}": 1 for n in range(9)})
    print_run(Ran(noted, 20), memory, "", as_json=False)
    shown = capsys.readouterr().out
    assert "not taught yet: 9 new rows of classes with too few (c0 1" in shown
    assert "c7 1, 1 more)" in shown
    assert "left out" not in shown


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--run", "run_1"), "--head"),
        (("--run", "run_9", "--head", "department"), "run_9"),
        (("--reviewer", "nobody"), "there is no word or label: what was said by reviewer nobody"),
    ],
)
def test_labels_that_are_not_there_are_not_set_aside(
    tmp_path: Path, asked: tuple[str, ...], said: str
) -> None:
    empty = empty_ledger(tmp_path / "ledger.db")
    places = ("--state", str(tmp_path), "-d", str(empty), "--because", "x")
    ended = CliRunner().invoke(app, ["learn", "untell", *asked, *places])
    assert ended.exit_code != 0
    assert said in ended.output + str(ended.exception)


async def test_labels_of_a_run_or_a_dataset_are_set_aside(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        for name in ("r1", "r2", "r3"):
            await house.answered(name, store="redacted")
            text = Askable(name, "acme", "legal", "Where is it?", 0.1)
            item = item_of(text, "department", "shipping", 0.4, 0.2, NOW_MS)
            await house.desk.add(item)
            await house.reviewer.decide(item.review_id, None, Judgement(ReviewVerdict.APPROVE, 0.2))
    memory = Memory(tmp_path / "learn", "department")
    used = memory.folder / "candidates" / "run_1" / "decisions.json"
    used.parent.mkdir(parents=True)
    used.write_text('["dec_r1", "dec_r2"]')
    row = DatasetRow(
        "a", Kind.LABEL, Source.LABEL_QUEUE, "t", "t", 1, 10**15, "redacted", "acme", "c",
        ("dec_r2",), head="department", label="shipping",
    )  # fmt: skip
    folder = write(Dataset(Options(), (row,), (), (), {}), tmp_path)
    places = ("--state", str(tmp_path / "learn"), "-d", str(house.path), "--head", "department")
    for asked, count in ((("--run", "run_1"), "2 labels"), (("--dataset", str(folder)), "1 label")):
        run = ["learn", "untell", *asked, *places, "--because", "wrong"]
        ended = CliRunner().invoke(app, run)
        assert ended.stdout.startswith(f"{count}: labels of department for "), ended.output


@pytest.mark.parametrize("words", [("history",), ("back", "--because", "x")])
def test_a_head_that_was_never_taught_is_named_with_those_that_were(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "spam").mkdir()
    given = ("learn", *words, "--head", "spma", "--state", str(tmp_path))
    run = CliRunner().invoke(app, given)
    assert run.exit_code == Exit.USAGE
    said = " ".join(run.output.split())
    assert "no head spma was taught in" in said
    assert "taught there: spam" in said
    assert not (tmp_path / "spma").exists()


def test_a_head_whose_labels_were_too_few_so_far_has_a_history_without_runs(tmp_path: Path) -> None:
    (tmp_path / "dept").mkdir()
    given = ("--head", "dept", "--state", str(tmp_path))
    run = CliRunner().invoke(app, ["learn", "history", *given])
    assert run.exit_code == Exit.OK
    assert run.output == "No run of dept has taught it more yet: nothing was taught.\n"
    run = CliRunner().invoke(app, ["learn", "back", "--because", "x", *given])
    assert run.exit_code != Exit.OK
    told = f"{run.output}{run.exception}"
    assert f"dept has no earlier stage to go back to; to begin anew, move {tmp_path}" in told

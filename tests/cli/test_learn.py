"""`tiergate learn`: datasets teach a head, as a user runs it."""

from __future__ import annotations

import json
import random
import signal
from pathlib import Path

import pytest

from router.cli.exits import Exit
from router.learning.dataset import Dataset, Options
from router.learning.folder import write
from router.learning.rows import DatasetRow, Kind, Source, Split
from tests.kits.server_kit import Running, tiergate

pytestmark = [pytest.mark.slow, pytest.mark.process]

WORDS = {
    "billing": "invoice payment amount charge receipt tax refund credit bank statement",
    "shipping": "parcel delivery courier address tracking customs depot driver door late",
    "account": "password login email profile username reset locked phone settings delete",
}
FAR_MS = 10**15


def dataset(folder: Path, name: str, labels: str, *, wrong: bool = False, size: int = 120) -> Path:
    """A dataset of labels, 120 if not said; `wrong` gives each the label of the next class."""
    rows, names = [], labels.split()
    for n in range(size):
        chance = random.Random(f"{name}{n}")
        label = names[n % len(names)]
        text = f"What about the {' '.join(chance.sample(WORDS[label].split(), 5))}?"
        rows.append(
            DatasetRow(
                f"{name}{n}", Kind.LABEL, Source.LABEL_QUEUE, text, f"user: {text}", n, FAR_MS,
                "redacted", "acme", f"c{n}", (f"dec_{name}{n}",), head="department",
                label=names[(n + 1) % len(names)] if wrong else label,
                split=Split.TRAIN if n < 80 else Split.DEV if n < 92 else Split.TEST,
            )
        )  # fmt: skip
    return write(Dataset(Options(), tuple(rows), (), (), {}), folder)


def test_head_is_taught_judged_handed_over_and_taken_back(tmp_path: Path) -> None:
    places = ("--state", tmp_path / "learn")
    asked = ("--head", "department", *places, "--registry", tmp_path / "models", "--minutes", 5)

    first = tiergate(
        "learn", "run", *asked, "--dataset", dataset(tmp_path, "a", "billing shipping")
    )
    assert first.returncode == 0, first.stderr
    assert "handed over as department@" in first.stdout
    # A head that errs in one of ten may well name 28 rows rightly.
    assert "100.0%      28  87.9 to 100.0 %" in first.stdout
    begun = first.stderr.splitlines()[0]
    assert begun.startswith("tiergate: department learns from ")
    assert "ds_" in begun
    assert "at the lowest priority" in begun

    second = tiergate(
        "learn",
        "run",
        *asked,
        "--dataset",
        dataset(tmp_path, "b", "billing account"),
        "--json",
        "--method",
        "both",
    )
    assert second.returncode == 0, second.stderr
    said = json.loads(second.stdout)
    assert said["candidate"].startswith("department@")
    assert said["run"]["method"] == "both"
    assert said["run"]["updates"] > 0

    poison = dataset(tmp_path, "p", "billing shipping account", wrong=True)
    refused = tiergate("learn", "run", *asked, "--dataset", poison)
    assert refused.returncode == 1
    assert "not handed over" in refused.stdout
    assert "contradictions" in refused.stdout

    few = dataset(tmp_path, "f", "billing shipping", size=19)
    ended = tiergate("learn", "run", *asked, "--dataset", few)
    assert ended.returncode == Exit.CANNOT_SAY
    assert "19 of at least 20 rows are new" in ended.stderr + ended.stdout

    status = json.loads(tiergate("learn", "status", *places, "--json").stdout)
    assert (status[0]["stage"], status[0]["classes"]) == (2, 3)
    assert status[0]["refused"]
    shown = tiergate("learn", "status", *places).stdout
    assert shown.startswith("department: stage 2, 3 classes; remembers ")

    history = tiergate("learn", "history", "--head", "department", *places)
    assert "backward transfer" in history.stdout, history.stderr
    assert history.stdout.count("run_") == 3

    back = tiergate("learn", "back", "--head", "department", *places, "--because", "complaints")
    assert "stage 1 again" in back.stdout, back.stderr
    assert "labels of this run teach no more" in back.stdout
    nightly = tiergate(
        "learn", "run", *asked, "--dataset", dataset(tmp_path, "b", "billing account")
    )
    assert nightly.returncode == 0, nightly.stdout + nightly.stderr
    assert "nothing is new" in nightly.stdout + nightly.stderr


def test_ctrl_c_leaves_a_state_that_the_same_command_goes_on_from(tmp_path: Path) -> None:
    asked = (
        "learn", "run", "--head", "department", "--state", tmp_path / "learn",
        "--registry", tmp_path / "models", "--dataset", dataset(tmp_path, "a", "billing shipping"),
    )  # fmt: skip
    with Running(tmp_path, *asked) as learner:
        learner.wait_for("department learns from")
        assert learner.end(signal.SIGINT) == Exit.STOPPED, learner.output
        assert "tiergate: department is stopped: no run was under way" in learner.output
        assert "Traceback" not in learner.output
    again = tiergate(*asked)
    assert again.returncode == 0, again.stderr
    assert "handed over as department@" in again.stdout


def test_a_head_that_no_label_names_is_told_the_heads_of_the_dataset(tmp_path: Path) -> None:
    labels = dataset(tmp_path, "a", "billing shipping")
    places = ("--state", tmp_path / "learn", "--registry", tmp_path / "models")
    run = tiergate("learn", "run", "--head", "departmnet", *places, "--dataset", labels)
    assert "no label of 'departmnet'; it has labels of department" in run.stderr
    assert run.returncode == Exit.CANNOT_SAY


def test_a_head_made_elsewhere_gets_the_name_that_it_has_here(tmp_path: Path) -> None:
    labels = dataset(tmp_path, "a", "billing shipping")
    places = ("--registry", tmp_path / "models", "--dataset", labels)
    first = tiergate("learn", "run", "--head", "department", "--state", tmp_path / "a", *places)
    assert first.returncode == 0, first.stderr
    (made,) = (tmp_path / "a").glob("department/stages/1/head/department.json")
    known = tmp_path / "known.csv"
    lines = [f"{word} question {n},{word}" for word in ("billing", "shipping") for n in range(30)]
    known.write_text("text,label\n" + "\n".join(lines) + "\n")
    there = ("--state", tmp_path / "b")
    given = ("--head", "dept2", *there, "--start", made, "--old", known)
    told = tiergate("learn", "run", *given, *places)
    assert told.returncode == 0, told.stderr
    status = tiergate("learn", "status", *there)
    assert status.stdout.startswith("dept2: stage 1, 2 classes"), status.stdout + status.stderr


def test_learner_that_may_take_no_time_says_so(tmp_path: Path) -> None:
    ended = tiergate(
        "learn", "run", "--head", "department", "--state", tmp_path / "learn", "--minutes", 0.05,
        "--dataset", dataset(tmp_path, "a", "billing shipping"), "--method", "memory",
    )  # fmt: skip
    # Four seconds may be enough on a quick machine.
    assert ended.returncode == 0 or "--minutes allows is over" in ended.stderr, ended.stderr

"""`tiergate evaluate KIND` on small files, with the shipped encoder and without torch."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from router.errors import ModelFileError, TrainingDataError
from router.evaluation import dispatch
from router.evaluation.intent_shapes import save_shape
from router.evaluation.judging import WEIGHED
from router.evaluation.kinds import intents, routing
from router.evaluation.kinds.graded_table import STRONG
from router.evaluation.options import BENCHMARK_HEADS, Kind, Novelty, Options, Report, Subject
from router.evaluation.rows import Row
from router.stats.heads import UNSCALED, Encoded, Head, HeadKind
from router.stats.measures import Figure
from router.stats.ngrams import NOTHING, Grams
from router.triage.triage_model import DEFAULT_FOLDER
from tests.kits.changed import replace

pytestmark = pytest.mark.slow

QUICK = Options(resamples=20)
THINGS = (
    *("invoice", "parcel", "laptop", "password", "salary", "printer", "contract", "holiday"),
    *("monitor", "refund", "chair", "badge", "ticket", "phone", "visa", "bonus"),
)
ASKS = {
    "billing": ("The {} was charged twice", "Why is the {} on my bill?", "Please refund the {}"),
    "broken": ("My {} stopped working", "The {} is broken again", "Error when I open the {}"),
    "travel": ("Book a flight for the {}", "Which hotel suits the {}?", "A taxi for the {} please"),
}
OTHERWISE = ("sing about a {}", "who painted the {}?", "what rhymes with {}")


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    return path


def intent_rows() -> list[dict[str, object]]:
    known = [
        {"text": ask.format(thing), "intent": name, "oos": 0}
        for name, asks in ASKS.items()
        for ask in asks
        for thing in THINGS
    ]
    other = [
        {"text": ask.format(thing), "intent": "oos", "oos": 1}
        for ask in OTHERWISE
        for thing in THINGS
    ]
    return known + other


def two_labels(column: str, one: str, other: str) -> list[dict[str, object]]:
    return [
        {"text": ask.format(thing), column: label}
        for name, label in (("billing", one), ("broken", other))
        for ask in ASKS[name]
        for thing in THINGS
    ]


def graded_rows() -> list[dict[str, object]]:
    """Prompts of two benchmarks: the weak model fails on what is broken, the strong on nothing."""
    return [
        {
            "prompt": ask.format(thing), "benchmark": f"b{place % 2}", "subject": f"s{place % 7}",
            "weak_correct": int(name == "billing"), "strong_correct": int(place % 9 > 0),
            "contaminated": int(place == 0),
        }
        for name in ("billing", "broken")
        for ask in ASKS[name]
        for place, thing in enumerate(THINGS)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def subject() -> Subject:
    return Subject.load(DEFAULT_FOLDER)


def measured(kind: Kind, subject: Subject, path: Path, options: Options = QUICK) -> Report:
    return dispatch.MEASURES[kind](subject, path, options)


def test_intents_that_are_plain_are_told_apart(subject: Subject, tmp_path: Path) -> None:
    report = measured(Kind.INTENT, subject, write(tmp_path / "rows.jsonl.gz", intent_rows()))
    assert report.sections["in scope"]["accuracy"].value > 0.9
    assert set(report.sections["flips"]) == {"typos", "case", "spacing"}
    chosen = report.sections["out of scope: combined (chosen)"]
    assert chosen["auroc"].value > 0.8
    assert sum(name.startswith("out of scope") for name in report.sections) == len(Novelty)


def test_another_novelty_score_is_chosen_by_name(subject: Subject, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", intent_rows())
    report = measured(Kind.INTENT, subject, path, replace(QUICK, novelty=Novelty.ENTROPY))
    assert "out of scope: entropy (chosen)" in report.sections


def test_held_rows_are_judged_by_a_head_of_the_training_file(
    subject: Subject, tmp_path: Path
) -> None:
    rows = intent_rows()
    shared = write(tmp_path / "shared.jsonl.gz", rows[::2])
    held = write(tmp_path / "held.jsonl.gz", rows[1::2])
    report = measured(Kind.INTENT, subject, held, replace(QUICK, train=shared))
    assert report.sections["in scope"]["accuracy"].n == sum(not row["oos"] for row in rows[1::2])


def test_a_saved_head_is_found_by_its_intents(subject: Subject, tmp_path: Path) -> None:
    folder = tmp_path / "triage" / "model"
    shutil.copytree(DEFAULT_FOLDER, folder)
    path = write(tmp_path / "rows.jsonl.gz", intent_rows())
    save = folder.parent / BENCHMARK_HEADS / "matters"
    fresh = measured(Kind.INTENT, subject, path, replace(QUICK, save_head=save))
    assert f"head matters saved as {save}.json and .npz" in fresh.notes
    again = measured(Kind.INTENT, Subject.load(folder), path)
    assert any("judged by the saved head matters" in note for note in again.notes)
    assert again.sections["in scope"]["accuracy"].n > fresh.sections["in scope"]["accuracy"].n
    assert "out of scope: nearest" not in again.sections
    near = again.sections["out of scope: mahalanobis"]["auroc"].value
    assert near == pytest.approx(
        fresh.sections["out of scope: mahalanobis"]["auroc"].value, abs=0.02
    )


class Saved(NamedTuple):
    """A model folder with a head of the rows in `path` among its benchmark heads."""

    folder: Path
    path: Path
    head: Path

    @property
    def shape(self) -> Path:
        return self.head.with_name("matters.shape.npz")

    def judged(self, options: Options = QUICK) -> Report:
        return measured(Kind.INTENT, Subject.load(self.folder), self.path, options)


@pytest.fixture
def saved(subject: Subject, tmp_path: Path) -> Saved:
    folder, head = tmp_path / "model", tmp_path / BENCHMARK_HEADS / "matters"
    shutil.copytree(DEFAULT_FOLDER, folder)
    path = write(tmp_path / "rows.jsonl.gz", intent_rows())
    measured(Kind.INTENT, subject, path, replace(QUICK, save_head=head))
    return Saved(folder, path, head)


def test_a_saved_head_that_kept_no_shape_is_judged_by_its_energy(saved: Saved) -> None:
    saved.shape.unlink()
    assert "out of scope: energy (chosen)" in saved.judged().sections


@pytest.mark.parametrize(
    "damage", [lambda raw: b"no array", lambda raw: raw[:300], lambda raw: b""]
)
def test_a_damaged_shape_is_refused(saved: Saved, damage: Callable[[bytes], bytes]) -> None:
    saved.shape.write_bytes(damage(saved.shape.read_bytes()))
    with pytest.raises(ModelFileError, match="save the head again"):
        saved.judged()


def test_a_saved_head_is_saved_again_with_its_shape(saved: Saved, tmp_path: Path) -> None:
    other = tmp_path / "again" / "matters"
    saved.judged(replace(QUICK, save_head=other))
    assert (other.parent / "matters.shape.npz").is_file()


def test_a_shape_of_other_intents_is_refused(subject: Subject, saved: Saved) -> None:
    width = subject.model.encoder.width
    save_shape((np.eye(width), np.eye(width)[:2]), saved.head, subject.model.encoder.sha256)
    with pytest.raises(ModelFileError, match="2 intents"):
        saved.judged()


def test_a_score_that_needs_taught_rows_is_refused_for_a_saved_head(saved: Saved) -> None:
    with pytest.raises(TrainingDataError, match="the score nearest needs the rows"):
        saved.judged(replace(QUICK, novelty=Novelty.NEAREST))


def test_only_the_intents_of_the_bot_that_is_asked_can_be_said() -> None:
    weight = np.array([[1.0, 2.0, 3.0]], np.float32)
    head = Head(
        "x", HeadKind.CLASSES, ("a:one", "a:two", "b:one"), weight, np.zeros(3, np.float32),
        UNSCALED, "",
    )  # fmt: skip
    rows = [Row(1, "t", "a:one", scope="a"), Row(2, "t", "b:one", scope="b"), Row(3, "t", "")]
    encoded = Encoded(np.ones((3, 1), np.float32), Grams.of([NOTHING] * 3))
    said = intents.scoped(head, rows, encoded).argmax(axis=1)
    assert said.tolist() == [1, 2, 2]


def test_intents_of_one_kind_are_refused(subject: Subject, tmp_path: Path) -> None:
    rows = [row for row in intent_rows() if row["intent"] in ("billing", "oos")]
    with pytest.raises(TrainingDataError, match="found only 'billing'"):
        measured(Kind.INTENT, subject, write(tmp_path / "rows.jsonl.gz", rows))


def test_a_training_file_of_other_intents_is_refused(subject: Subject, tmp_path: Path) -> None:
    rows = intent_rows()
    other = [{**row, "intent": f"my {row['intent']}"} for row in rows if not row["oos"]]
    shared = write(tmp_path / "shared.jsonl.gz", other[::2])
    held = write(tmp_path / "held.jsonl.gz", rows[1::2])
    with pytest.raises(TrainingDataError, match="no in-scope row whose intent was taught"):
        measured(Kind.INTENT, subject, held, replace(QUICK, train=shared))


def test_spam_is_judged_by_the_shipped_head_on_all_rows(subject: Subject, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", two_labels("label", "spam", "ham"))
    report = measured(Kind.SPAM, subject, path)
    assert set(report.sections["spam, sms: shipped head"]) == {
        "accuracy", "auroc", "ece", "ece_if_calibrated", "majority", "positives",
    }  # fmt: skip
    assert report.sections["spam, sms: shipped head"]["ece"].n == 96


def test_mail_is_told_from_messages(subject: Subject, tmp_path: Path) -> None:
    rows = [{**row, "group": None} for row in two_labels("label", "spam", "ham")]
    report = measured(Kind.SPAM, subject, write(tmp_path / "rows.jsonl.gz", rows))
    assert "spam, email: shipped head" in report.sections


def test_departments_have_no_shipped_head_and_are_fitted(subject: Subject, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", two_labels("department", "Money", "Repairs"))
    report = measured(Kind.DEPARTMENT, subject, path)
    assert report.sections["department: fitted head"]["macro_f1"].value > 0.8
    assert any("no head department ships" in note for note in report.notes)


def test_dev_rows_of_a_file_that_taught_the_encoder_weigh_the_head(
    subject: Subject, tmp_path: Path
) -> None:
    def numbered(count: int) -> list[dict[str, object]]:
        return [
            {"text": f"{number}: {ask.format(thing)}", "department": name}
            for name in ("billing", "broken")
            for ask in ASKS[name]
            for thing in THINGS
            for number in range(count)
        ]

    judged = write(tmp_path / "judged.jsonl.gz", numbered(24)[::-1])  # of which a tenth is dev
    taught = write(tmp_path / "taught.jsonl.gz", numbered(2))
    folder = Path(shutil.copytree(DEFAULT_FOLDER, tmp_path / "model"))
    card = json.loads((folder / "card.json").read_text())
    card["files"].append({"sha256": hashlib.sha256(taught.read_bytes()).hexdigest()})
    (folder / "card.json").write_text(json.dumps(card))
    asked = replace(QUICK, train=taught, dev=True)
    known = measured(Kind.DEPARTMENT, Subject.load(folder), judged, asked)
    strange = measured(Kind.DEPARTMENT, subject, judged, asked)
    assert WEIGHED in known.notes
    assert WEIGHED not in strange.notes


def test_toxicity_is_read_both_ways(subject: Subject, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", two_labels("label", "neither", "offensive"))
    report = measured(Kind.TOXICITY, subject, path)
    assert "toxic or not: shipped head" in report.sections
    assert "macro_f1" in report.sections["hate, offensive or neither: fitted head"]


def test_harmful_requests_alone_have_no_auroc(subject: Subject, tmp_path: Path) -> None:
    shared = write(tmp_path / "shared.jsonl.gz", two_labels("label", "safe", "unsafe"))
    harmful = [{"text": f"what of the {thing}", "label": "harmful"} for thing in THINGS]
    held = write(tmp_path / "held.jsonl.gz", harmful)
    report = measured(Kind.SAFETY, subject, held, replace(QUICK, train=shared))
    figures = report.sections["safety: fitted head"]
    assert np.isnan(figures["auroc"].value)
    assert figures["accuracy"].n == len(THINGS)


def test_harmful_requests_alone_are_judged_by_what_ships(subject: Subject, tmp_path: Path) -> None:
    harmful = [{"text": f"what of the {thing}", "label": "harmful"} for thing in THINGS]
    report = measured(Kind.SAFETY, subject, write(tmp_path / "held.jsonl.gz", harmful))
    assert report.sections["safety: shipped head"]["accuracy"].n == len(THINGS)
    assert any("judged by `toxic`" in note for note in report.notes)


def test_moderated_text_without_a_mark_for_hate_is_left_out(
    subject: Subject, tmp_path: Path
) -> None:
    rows: list[dict[str, object]] = [
        {"text": "a", "labels": {"H": 1}}, {"text": "b", "labels": {"H": 0}},
        {"text": "c", "labels": {"SH": 1}},
    ]  # fmt: skip
    report = measured(Kind.SAFETY, subject, write(tmp_path / "rows.jsonl.gz", rows))
    assert report.sections["moderation, moderation: shipped head"]["accuracy"].n == 2


def test_stakes_are_never_pooled_over_sources(subject: Subject, tmp_path: Path) -> None:
    rows = [
        {"text": text, "stakes": stakes, "source": source, "pair_id": f"p{n}"}
        for n in range(4)
        for source in ("one", "two")
        for text, stakes in ((f"my chest hurts since {n}", "high"), (f"a rhyme of {n}", "low"))
    ]
    report = measured(Kind.STAKES, subject, write(tmp_path / "rows.jsonl.gz", rows))
    assert {"stakes, one: shipped head", "stakes, two: shipped head"} <= set(report.sections)
    assert report.sections["stakes, one: minimal pairs"]["in_order"] == Figure(1.0, 4)
    assert "share_with_a_sum" in report.sections["stakes, two: dollars"]


def test_nothing_fitted_is_nothing_to_save(subject: Subject, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", two_labels("label", "spam", "ham"))
    with pytest.raises(TrainingDataError, match="found nothing to save"):
        measured(Kind.SPAM, subject, path, replace(QUICK, save_head=tmp_path / "spam"))


def test_the_rival_stands_beside_the_head(subject: Subject, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    path = write(tmp_path / "rows.jsonl.gz", two_labels("label", "spam", "ham"))
    report = measured(Kind.SPAM, subject, path, replace(QUICK, baseline=True))
    assert report.sections["spam, sms: tf-idf + linear svm"]["accuracy"].value > 0.8


def test_routing_is_reported_by_benchmark(subject: Subject, tmp_path: Path) -> None:
    report = measured(Kind.ROUTING, subject, write(tmp_path / "rows.jsonl.gz", graded_rows()))
    names = {name.partition(": ")[0] for name in report.sections}
    assert names == {"b0", "b1", "all"}
    shipped = report.sections["all: shipped"]
    assert {"apgr", "cpt20", "cpt50", "cpt80", "apgr_exact", "weak_ece"} <= set(shipped)
    assert "6 contaminated rows left out" in report.notes
    assert report.sections["all: models"]["weak_accuracy"].n == 90


def test_a_fitted_head_learns_whom_to_send(subject: Subject, tmp_path: Path) -> None:
    rows = [{**row, "benchmark": "one"} for row in graded_rows()]
    shared = write(tmp_path / "shared.jsonl.gz", rows[::2])
    held = write(tmp_path / "held.jsonl.gz", rows[1::2])
    report = measured(Kind.ROUTING, subject, held, replace(QUICK, train=shared, labels=45))
    fitted = report.sections["one: head on 45 labels"]
    assert fitted["apgr"].value > 0.7


def test_subjects_left_out_are_judged_by_the_others(subject: Subject, tmp_path: Path) -> None:
    rows = [{**row, "benchmark": "one"} for row in graded_rows()]
    shared = write(tmp_path / "shared.jsonl.gz", [row for n, row in enumerate(rows) if n % 3])
    held = write(tmp_path / "held.jsonl.gz", rows[::3])
    report = measured(
        Kind.ROUTING, subject, held, replace(QUICK, train=shared, leave_subjects=True)
    )
    assert any(name.endswith("labels, subjects left out") for name in report.sections)


def test_a_benchmark_of_one_subject_has_no_head_without_it(
    subject: Subject, tmp_path: Path
) -> None:
    rows = [{**row, "benchmark": "one", "subject": "law"} for row in graded_rows()]
    shared = write(tmp_path / "shared.jsonl.gz", rows[::2])
    held = write(tmp_path / "held.jsonl.gz", rows[1::2])
    report = measured(
        Kind.ROUTING, subject, held, replace(QUICK, train=shared, leave_subjects=True)
    )
    assert not any("labels" in name for name in report.sections)
    assert any("0 labelled rows outside one of the folds of subjects" in n for n in report.notes)


def test_labelled_rows_are_drawn_alike_every_time(subject: Subject) -> None:
    taught = [Row(n, f"row {n}", "") for n in range(100)]
    part = routing.Part("x", [], [], np.zeros(0), np.zeros(0), taught, [], ("a", "b"))
    drawn = [routing.taught_rows(part, Options(labels=50, seed=seed)) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) == 50


def test_every_known_model_is_routed_to_where_prices_are_known(
    subject: Subject, tmp_path: Path
) -> None:
    models = ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06", "o1-mini-2024-09-12")
    rows = [
        {
            "prompt": row["prompt"], "benchmark": "one",
            "correct": {m: int((n + k) % (2 + k) > 0) for k, m in enumerate(models)},
            "out_chars": dict.fromkeys(models, 400),
        }
        for n, row in enumerate(graded_rows())
    ]  # fmt: skip
    report = measured(Kind.ROUTING, subject, write(tmp_path / "rows.jsonl.gz", rows))
    assert report.sections["one: every known model"]["models"].value == 3
    budgets = report.sections["one: accuracy at every budget, 3 models"]
    assert budgets["oracle_at_100"].value >= budgets["router_at_100"].value
    assert f"weak {models[0]}, strong {models[1]}" in report.notes


def test_a_strong_model_that_costs_nothing_has_no_cost_to_match(
    subject: Subject, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps({STRONG: [0, 0]}))
    path = write(tmp_path / "rows.jsonl.gz", graded_rows())
    report = measured(Kind.ROUTING, subject, path, replace(QUICK, prices=prices))
    matched = [s for name, s in report.sections.items() if "cost to match the strong" in name]
    assert matched
    assert all(np.isnan(section["cost_to_match_percent"].value) for section in matched)


def test_a_training_file_whose_labels_mean_something_else_is_refused(
    subject: Subject, tmp_path: Path
) -> None:
    moderated = [{"text": "thanks", "labels": {"H": 0}}, {"text": "die", "labels": {"H": 1}}]
    path = write(tmp_path / "moderation.jsonl.gz", moderated)
    train = write(tmp_path / "safety.jsonl.gz", two_labels("label", "safe", "unsafe"))
    with pytest.raises(TrainingDataError, match="found rows of safety; expected rows of moderat"):
        measured(Kind.SAFETY, subject, path, replace(QUICK, train=train))


def test_the_rival_says_the_only_intent_that_a_bot_has(subject: Subject, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    rows = [{**row, "bot": "desk"} for row in intent_rows() if not row["oos"]]
    lamps = [f"{turn} {thing} lamp" for turn in ("turn on the", "dim the") for thing in THINGS]
    rows += [{"text": text, "intent": "lamp", "bot": "home"} for text in lamps]
    path = write(tmp_path / "rows.jsonl.gz", rows)
    report = measured(Kind.INTENT, subject, path, replace(QUICK, baseline=True))
    assert report.sections["tf-idf + linear svm"]["accuracy"].value > 0.5

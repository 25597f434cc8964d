"""Datasets: what becomes a row, what stays out and why, and that they can be made again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from router.errors import TrainingDataError
from router.learning.card import card
from router.learning.collect import HumanLabel
from router.learning.compare import difference
from router.learning.dataset import Dataset, Options, build, manifest_of
from router.learning.folder import name_of, read, write
from router.learning.rows import Dropped, Kind, Mark, Source, Split, Weak
from router.ledger.past_request import PastRequest
from router.ledger.replies import ReplyKind, reply_of
from router.types import FeedbackSource, RequestState, Verdict
from tests.kits.books.ledger_rows import NOW_MS
from tests.kits.books.replies import REPLIES
from tests.kits.changed import replace
from tests.kits.past_kit import LATER_MS, past, record, shadow_of

ALL_TRAIN = Options(dev=0.0, test=0.0)
WRONG = {"correct": False, "corrected_digest": "d"}
TOPICS = tuple(
    [
        "order",
        "parcel",
        "refund",
        "invoice",
        "login",
        "password",
        "delivery",
        "address",
        "coupon",
        "newsletter",
    ]
)


def made(*requests: PastRequest, labels: Iterable[HumanLabel] = ()) -> Dataset:
    return build(requests, ALL_TRAIN, labels)


def test_labels_in_two_spellings_are_one_class() -> None:
    asked = questions(3)
    spellings = ("hr support", "HR  Support", "HR Support", "hr support")
    labels = [HumanLabel(f"r{n % 3:03}", "department", label) for n, label in enumerate(spellings)]
    dataset = made(*asked, labels=labels)
    rows = [row.label for row in dataset.rows if row.kind is Kind.LABEL]
    assert (rows, dataset.respelt) == (["hr support"] * 3, 2)
    assert "torn" not in dataset.dropped


def questions(count: int) -> list[PastRequest]:
    """Unlike questions, a minute apart, right and wrong in turn."""
    return [
        past(
            f"r{n:03}",
            f"{TOPICS[n % 10]} {TOPICS[n // 10 % 10]} question number {n * 7919} please",
            f"answer {n * 104729}",
            at=n,
            said={"correct": n % 2 == 0},
        )
        for n in range(count)
    ]


def test_verdict_makes_a_graded_answer() -> None:
    (row,) = made(past("r1", said={"correct": True})).rows
    assert (row.kind, row.right, row.source) == (Kind.GRADED, True, Source.REVIEW)
    assert (row.text, row.answer) == ("Where is my order, please?", "It is on its way.")
    assert row.decisions == ("dec_r1",)


def test_reviewers_word_wins_over_the_clients() -> None:
    both = past("r1", said={"correct": False})
    client = past("r1", said={"correct": True}, source=FeedbackSource.CLIENT)
    (row,) = made(replace(both, words={**client.words, **both.words})).rows
    assert (row.right, row.source) == (False, Source.REVIEW)


def test_client_that_got_approved_words_judges_no_draft() -> None:
    texts = {"draft": "It is lost."}
    words = {"correct": False, "csat": 1.0, "resolved_first_contact": False}
    said = {"said": words, "texts": texts, "verdict": "safe_answer"}
    dataset = made(past("r1", source=FeedbackSource.CLIENT, **said))
    assert (dataset.rows, dataset.weak) == ((), ())
    (row,) = made(past("r1", **said)).rows
    assert (row.answer, row.right, row.source) == ("It is lost.", False, Source.REVIEW)


@pytest.mark.parametrize(("kind", "changes"), REPLIES)
def test_client_judges_an_answerer_by_its_answers_alone(
    kind: ReplyKind, changes: dict[str, str]
) -> None:
    words = {"correct": False, "csat": 1.0}
    text = "There is no approved answer here that fits."
    request = past("r1", answer=text, said=words, source=FeedbackSource.CLIENT, **changes)
    assert reply_of(request.row) is kind
    dataset = made(request)
    (seen,) = dataset.observed
    if kind in (ReplyKind.NO_ANSWER, ReplyKind.SAFE_WORDS, ReplyKind.DECLINED):
        assert (dataset.rows, dataset.weak, seen.right) == ((), (), None)
        assert seen.marks == (Mark.STOOD_IN,)
    else:
        assert [(row.answer, row.right) for row in dataset.rows] == [(text, False)]
        assert (seen.right, seen.marks) == (False, ())


@pytest.mark.parametrize(("kind", "changes"), REPLIES)
def test_reviewer_judges_the_draft_and_no_words(kind: ReplyKind, changes: dict[str, str]) -> None:
    """Words are no text of the answerer's, so without its draft there is none to learn from."""
    request = past("r1", answer="We are sorry.", said={"correct": False}, **changes)
    drafted = past("r1", said={"correct": False}, texts={"draft": "It is lost."}, **changes)
    stood_in = kind in (ReplyKind.NO_ANSWER, ReplyKind.SAFE_WORDS, ReplyKind.DECLINED)
    (draft,) = made(drafted).rows
    assert (draft.answer, draft.right) == ("It is lost.", False)
    dataset = made(request)
    assert [row.answer for row in dataset.rows] == ([] if stood_in else ["We are sorry."])
    assert dataset.dropped == ({"no_text": 1} if stood_in else {})


def test_corrected_draft_is_a_pair() -> None:
    texts = {"draft": "It is lost.", "reviewed": "It comes on Monday."}
    rows = {row.kind: row for row in made(past("r1", texts=texts, said=WRONG)).rows}
    pair = rows[Kind.CORRECTION]
    assert (pair.answer, pair.preferred) == ("It is lost.", "It comes on Monday.")
    assert rows[Kind.GRADED].right is False


def test_correction_that_says_the_same_teaches_nothing() -> None:
    texts = {"reviewed": "it is on its WAY"}
    dataset = made(past("r1", texts=texts, said=WRONG))
    assert [row.kind for row in dataset.rows] == [Kind.GRADED]
    assert dataset.dropped == {"nothing_new": 1}


def test_request_without_a_kept_text_gives_no_row_and_stays_counted() -> None:
    nothing = past("r1", "", "", texts={"prompt": ""}, said={"correct": False})
    dataset = made(nothing)
    assert (dataset.rows, dataset.dropped) == ((), {"no_text": 1})
    (request,) = dataset.observed
    assert (request.right, request.text_kept) == (False, False)


@pytest.mark.parametrize(("said", "dropped"), [({}, {}), ({"csat": 2.0}, {"no_text": 1})])
def test_request_of_which_nobody_said_anything_lacks_no_row(
    said: dict[str, object], dropped: dict[str, int]
) -> None:
    nothing = past("r1", "", "", texts={"prompt": ""}, said=said, source=FeedbackSource.CLIENT)
    assert made(nothing).dropped == dropped


@pytest.mark.parametrize(
    ("source", "reason"),
    [(FeedbackSource.CLIENT, "It names the wrong city."), (FeedbackSource.REVIEW, "Out of date.")],
)
def test_row_says_why_in_the_words_of_who_judged(source: FeedbackSource, reason: str) -> None:
    texts = {"comment": "It names the wrong city.", "reviewed.reason": "Out of date."}
    (row,) = made(past("r1", texts=texts, said={"correct": False}, source=source)).rows
    assert (row.right, row.reason) == (False, reason)


def test_word_of_an_erasure_is_no_verdict() -> None:
    erased = past("r1", said={}, source=FeedbackSource.ERASURE)
    assert made(erased).rows == ()


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({"state": RequestState.FAILED, "verdict": ""}, Mark.FAILED),
        ({"state": RequestState.CANCELLED, "verdict": ""}, Mark.CANCELLED),
        (
            {"state": RequestState.FAILED, "verdict": "", "error_code": "overloaded"},
            Mark.REFUSED,
        ),
        ({"escalations": 1}, Mark.CLIMBED),
        ({"verdict": Verdict.HELD.value}, Mark.STOOD_IN),
        ({"reasons": ("explored",)}, Mark.EXPLORED),
    ],
)
def test_what_happened_is_marked_and_the_request_stays(
    changes: dict[str, object], mark: Mark
) -> None:
    (request,) = made(past("r1", "", "", texts={"prompt": ""}, **changes)).observed
    assert request.marks == (mark,)


def test_satisfaction_is_a_weak_label_of_its_own_file() -> None:
    dataset = made(past("r1", said={"csat": 2.0}, source=FeedbackSource.CLIENT))
    (row,) = dataset.weak
    assert (dataset.rows, row.weak, row.value) == ((), Weak.CSAT, 0.25)


def test_agreement_of_a_shadow_is_a_weak_label() -> None:
    dataset = made(past("r1"), shadow_of("r1", 0.75))
    (row,) = dataset.weak
    assert (row.weak, row.value, row.decisions) == (Weak.SHADOW, 0.75, ("dec_r1", "dec_r1-s"))
    assert len(dataset.observed) == 1


def test_weak_label_gives_way_to_a_verdict_on_the_same_text() -> None:
    weak = past("r2", said={"csat": 5.0}, source=FeedbackSource.CLIENT)
    dataset = made(past("r1", said={"correct": True}), weak)
    assert (len(dataset.rows), dataset.weak, dataset.dropped) == (1, (), {"exact": 1})


def test_explored_request_weighs_by_its_chance_up_to_the_clip() -> None:
    rules = {"explore": {"share": 0.02, "max_stakes_usd": 10.0}}
    usual, rare = record(0.5, **rules), record(0.995, **rules)
    dataset = made(past("r1", record=usual), past("r2", "Another one?", record=rare))
    often, seldom = dataset.observed
    assert often.propensity == pytest.approx(0.98)
    assert often.weight == pytest.approx(1 / 0.98)
    assert (seldom.propensity, seldom.weight) == (0.02, 10.0)
    assert Mark.CLIPPED in seldom.marks
    weights = manifest_of(dataset).weights
    assert (weights.explored, weights.clipped, weights.largest) == (2, 1, 10.0)
    # (1.0204 + 10)² / (1.0204² + 100) = 1.2
    assert weights.effective == 1.2


def test_repeats_are_one_row_with_the_lineage_of_all() -> None:
    same = past("r2", "where is my ORDER please", said={"correct": True})
    dataset = made(past("r1", said={"correct": True}), same)
    (row,) = dataset.rows
    assert (row.decisions, dataset.dropped) == (("dec_r1", "dec_r2"), {"exact": 1})


def test_near_repeats_are_one_row() -> None:
    one = "Where is the parcel that I ordered on the website of your shop last Monday"
    dataset = made(
        past("r1", one, said={"correct": True}), past("r2", f"{one}s", said={"correct": True})
    )
    assert (len(dataset.rows), dataset.dropped) == (1, {"near": 1})


def test_near_repeats_with_another_label_both_stay() -> None:
    one = "Where is the parcel that I ordered on the website of your shop last Monday"
    dataset = made(
        past("r1", one, said={"correct": True}), past("r2", f"{one}s", said={"correct": False})
    )
    assert len(dataset.rows) == 2


def test_outvoted_and_torn_labels_are_counted() -> None:
    said = [{"correct": value} for value in (True, True, False)]
    rows = [past(f"r{n}", said=word) for n, word in enumerate(said)]
    assert made(*rows).dropped == {"exact": 1, "outvoted": 1}
    assert made(*rows[1:]).dropped == {"torn": 2}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("?!", Dropped.SHORT),
        ("a" * 20_001, Dropped.LONG),
        ("caf\ufffd \ufffd\ufffd\ufffd abc", Dropped.BROKEN),
        ("[NAME_K7M2P] [EMAIL] please", Dropped.PLACEHOLDERS),
    ],
)
def test_text_that_cannot_teach_is_left_out_with_its_reason(text: str, why: Dropped) -> None:
    assert made(past("r1", text, said={"correct": True})).dropped == {why.name.lower(): 1}


def test_test_rows_come_later_than_those_of_training() -> None:
    dataset = build(questions(50), Options(dev=0.2, test=0.2))
    times = {
        part: [row.created_at_ms for row in dataset.rows if row.split is part] for part in Split
    }
    assert max(times[Split.TRAIN]) < min(times[Split.DEV])
    assert max(times[Split.DEV]) < min(times[Split.TEST])
    assert [len(times[part]) for part in Split] == [30, 10, 10]


def test_no_conversation_is_in_two_splits() -> None:
    talks = [
        replace(one, row=replace(one.row, session_digest=f"s{n % 7 if n % 3 else n}"))
        for n, one in enumerate(questions(60))
    ]
    dataset = build(talks, Options(dev=0.2, test=0.2))
    sides: dict[str, set[Split]] = {}
    for row in dataset.rows:
        sides.setdefault(row.conversation, set()).add(row.split)
    assert all(len(parts) == 1 for parts in sides.values())
    assert dataset.dropped["crossing"] > 0


def late_hints(count: int) -> list[PastRequest]:
    """Weak rows, all later than fifty judged ones, in conversations of their own."""
    hints = [
        replace(one, words=past("w", said={"csat": 4.0}, source=FeedbackSource.CLIENT).words)
        for one in questions(50 + count)[50:]
    ]
    return hints


def test_weak_rows_take_no_judged_row_out_of_test() -> None:
    dataset = build([*questions(50), *late_hints(100)], Options(dev=0.2, test=0.2))
    counts = [sum(row.split is part for row in dataset.rows) for part in Split]
    assert (counts, len(dataset.weak)) == ([30, 10, 10], 100)
    assert {row.split for row in dataset.weak} == {Split.TEST}


def test_weak_row_of_the_same_conversation_takes_no_judged_row_out() -> None:
    judged = questions(50)
    hint = late_hints(1)[0]
    same = judged[0].row.request_id
    talk = replace(hint, row=replace(hint.row, session_digest=same))
    dataset = build([*judged, talk], Options(dev=0.2, test=0.2))
    assert (len(dataset.rows), dataset.weak) == (50, ())
    assert dataset.dropped == {"crossing": 1}


@pytest.mark.parametrize(("test", "said"), [(0.2, True), (0.0, False)])
def test_card_says_that_a_part_is_empty_where_a_share_was_asked(test: float, said: bool) -> None:
    lines = card(manifest_of(build(questions(1), Options(dev=0.0, test=test))), NOW_MS)
    assert ("no graded row is in test, so nothing can be judged there" in lines) is said


def test_most_per_class_keeps_so_many_of_each() -> None:
    dataset = build(questions(40), Options(dev=0.0, test=0.0, most_per_class=5))
    table = manifest_of(dataset).balance["graded"]
    assert {name: parts["train"] for name, parts in table.items()} == {
        "finance: right": 5,
        "finance: wrong": 5,
    }


def test_label_needs_a_text_of_this_ledger() -> None:
    labels = [
        HumanLabel("r1", "department", "shipping"),
        HumanLabel("r2", "department", " "),
        HumanLabel("elsewhere", "department", "billing"),
    ]
    dataset = made(past("r1"), past("r2"), labels=labels)
    (row,) = dataset.rows
    assert (row.kind, row.head, row.label) == (Kind.LABEL, "department", "shipping")
    assert dataset.dropped == {"empty_label": 1, "not_in_ledger": 1}


def test_same_requests_and_options_give_the_same_hash(tmp_path: Path) -> None:
    one, again = (build(questions(30), Options()) for _ in range(2))
    assert manifest_of(one) == manifest_of(again)
    folder = write(one, tmp_path)
    written = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert write(again, tmp_path) == folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == written
    assert folder.name == name_of(manifest_of(one))


@pytest.mark.parametrize(
    "options", [Options(test=0.3), Options(clip=5.0), Options(tenant="acme"), Options(since_ms=1)]
)
def test_other_options_give_another_hash(options: Options) -> None:
    assert manifest_of(build((), options)).hash != manifest_of(build((), Options())).hash


def test_shares_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(TrainingDataError, match="must be below 1"):
        build((), Options(dev=0.5, test=0.5))


def test_dataset_reads_back_as_it_was_written(tmp_path: Path) -> None:
    dataset = build(questions(30), Options(), parents=("a" * 64,))
    stored = read(write(dataset, tmp_path))
    assert (stored.rows, stored.observed) == (dataset.rows, dataset.observed)
    assert stored.manifest == manifest_of(dataset)


def test_files_are_their_owners_only(tmp_path: Path) -> None:
    folder = write(build(questions(3), ALL_TRAIN), tmp_path / "sets")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["rows.jsonl", "weak.jsonl", "requests.jsonl", "manifest.json"])
def test_changed_file_is_found(tmp_path: Path, name: str) -> None:
    weak = past("w1", "A question of its own", said={"csat": 1.0}, source=FeedbackSource.CLIENT)
    folder = write(build([*questions(20), weak], Options()), tmp_path)
    path = folder / name
    path.write_text(path.read_text().replace("acme", "acne").replace('"clip": 10', '"clip": 11'))
    with pytest.raises(TrainingDataError, match="was changed"):
        read(folder)


def test_folder_without_a_manifest_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="tiergate dataset build"):
        read(tmp_path)


def test_difference_names_what_came_went_and_changed() -> None:
    first, second, third = questions(3)
    changed = replace(second, words=past("x", said={"correct": True}).words)
    found = difference(made(first, second).rows, made(changed, third).rows)
    assert [row.decisions[0] for row in found.came] == ["dec_r002"]
    assert [row.decisions[0] for row in found.went] == ["dec_r000"]
    (relabelled,) = found.relabelled
    assert (relabelled.before, relabelled.after) == ("False", "True")


def test_card_says_what_was_left_out_and_when_time_is_over() -> None:
    manifest = manifest_of(made(*questions(4), past("x", "?!", said={"correct": True})))
    text = "\n".join(card(manifest, NOW_MS))
    assert "under three letters" in text
    assert "which is over" not in text
    assert "which is over" in "\n".join(card(manifest, LATER_MS))


def test_rows_of_one_moment_stay_together_to_train_on() -> None:
    rows = [replace(one, row=replace(one.row, created_at_ms=NOW_MS)) for one in questions(10)]
    assert {row.split for row in build(rows, Options()).rows} == {Split.TRAIN}

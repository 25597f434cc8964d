"""Tests that heads are calibrated on sources and authors that taught them nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.unseen import labelled
from router.cli.models.train import CalibratedHead
from router.stats.calibration import Platt, Temperature, sigmoid
from router.stats.heads import Head, HeadKind
from router.training import held_out, unread_sources
from router.training.data.authors import grave_texts
from router.training.data.sources import Example
from router.training.heads.fit_heads import CLASS_HEADS
from router.training.heads.fit_one_head import Fitted
from router.training.heads.mix_ngrams import LEAST_HONEST, Mix
from router.training.unread_sources import AuthorLine
from router.triage.triage_model import TriageModel
from tests.kits.server_kit import tiergate

RNG = np.random.default_rng(5)
BOTH = Mix(1.0, 1.0)


def source(true_t: float, rows: int = 4_000, author: bool = False) -> unread_sources.Source:
    """Returns logits of two classes whose chances hold at the temperature `true_t`."""
    column = RNG.normal(0.0, 3.0, rows)
    labels = (RNG.random(rows) < sigmoid(column / true_t)).astype(np.int64)
    logits = np.column_stack([np.zeros(rows), column])
    return unread_sources.Source("one", logits, np.zeros_like(logits), labels, author)


@pytest.mark.parametrize("true_t", [0.7, 1.0, 2.0])
def test_the_temperature_is_that_of_the_sources(true_t: float) -> None:
    sources = [source(true_t), source(true_t, author=True)]
    assert held_out.temperature(sources, BOTH) == pytest.approx(true_t, rel=0.08)


def test_authors_count_as_much_as_all_other_sources_together() -> None:
    easy, hard = [source(0.5) for _ in range(6)], source(3.0, rows=1_000, author=True)
    together = held_out.temperature([*easy, hard], BOTH)
    assert together > held_out.temperature([*easy, source(0.5)], BOTH) * 2
    assert held_out.temperature([hard], BOTH) > together


def test_a_head_is_capped_at_what_was_right_where_it_was_surest() -> None:
    one = np.ones((1, 1), np.float32)
    head = Head("stakes", HeadKind.CHANCE, ("high",), one, one[0] * 0, Platt(1.0, 0.0), "")
    column = np.full(1_000, 4.0)
    labels = (np.arange(1_000) % 10 != 0).astype(np.int64)
    logits = np.column_stack([column * 0, column])
    author = unread_sources.Source("one", logits, logits * 0, labels, author=True)
    assert held_out.cap(head, [author]) == 0.9


def test_few_sure_lines_cap_nothing() -> None:
    one = np.ones((1, 1), np.float32)
    head = Head("stakes", HeadKind.CHANCE, ("high",), one, one[0] * 0, Platt(1.0, 0.0), "")
    logits = np.column_stack([np.zeros(20), np.full(20, 4.0)])
    author = unread_sources.Source("one", logits, logits * 0, np.zeros(20, np.int64), author=True)
    assert held_out.cap(head, [author]) == 1.0


def surely(right: float, rows: int = 1_000, author: bool = False) -> unread_sources.Source:
    """Returns rows of which a head is sure, with this share right, and as many it doubts."""
    column = np.r_[np.full(rows, 4.0), np.zeros(rows)]
    labels = (np.arange(2 * rows) % rows < right * rows).astype(np.int64)
    logits = np.column_stack([column * 0, column])
    return unread_sources.Source("one", logits, logits * 0, labels, author)


def test_classes_are_capped_by_authors_as_much_as_by_all_other_sources() -> None:
    sources = [surely(1.0), surely(0.96), surely(0.8, author=True)]
    assert held_out.most_right(sources, BOTH, 1.0) == pytest.approx(0.89)


def test_without_authors_other_sources_cap_alone() -> None:
    assert held_out.most_right([surely(0.9), surely(0.8)], BOTH, 1.0) == pytest.approx(0.85)


def test_few_sure_rows_cap_no_class() -> None:
    few = [surely(0.5, rows=20), surely(0.5, rows=20, author=True)]
    assert held_out.most_right(few, BOTH, 1.0) == 1.0


def named(name: str, true_t: float, right: float) -> unread_sources.Source:
    """Returns a source of the name: rows that hold at `true_t`, and as many that are sure."""
    one, other = source(true_t), surely(right, rows=2_000)
    return unread_sources.Source(
        name,
        np.concatenate([one.vectors, other.vectors]),
        np.concatenate([one.words, other.words]),
        np.concatenate([one.labels, other.labels]),
    )


def test_a_type_is_calibrated_by_whole_requests_alone() -> None:
    two = np.ones((2, 2), np.float32)
    head = Head("type", HeadKind.CLASSES, ("a", "b"), two, two[0] * 0, Temperature(1.0), "")
    intents, prompts = named("clinc150", 0.5, 1.0), named("prompts", 2.0, 0.8)
    made = held_out._by_whole_requests(head, [intents, prompts]).head.calibrator
    assert made == held_out._by_whole_requests(head, [prompts]).head.calibrator
    assert isinstance(made, Temperature)
    assert made.t > 1.5
    assert made.most < 1.0


def test_without_whole_requests_a_type_stays_as_it_is() -> None:
    two = np.ones((2, 2), np.float32)
    head = Head("type", HeadKind.CLASSES, ("a", "b"), two, two[0] * 0, Temperature(1.0), "")
    assert held_out._by_whole_requests(head, [named("clinc150", 0.5, 1.0)]).head is head


def test_a_chance_says_no_more_than_was_right_of_what_it_says_as_much() -> None:
    one = np.ones((1, 1), np.float32)
    head = Head("stakes", HeadKind.CHANCE, ("high",), one, one[0] * 0, Platt(1.0, 0.0), "")
    author = source(2.0, rows=20_000, author=True)  # its chances hold at twice the temperature
    curve = held_out.bound(head, [author])
    assert curve(np.array([1.5]))[0] == pytest.approx(sigmoid(np.array(0.75)), abs=0.04)
    # Below one half the head says too little, and stays.
    assert curve(np.array([-1.5]))[0] == pytest.approx(sigmoid(np.array(-1.5)), abs=0.01)


def test_stakes_are_as_sure_as_whole_messages_allow() -> None:
    one = np.ones((1, 1), np.float32)
    head = Head("stakes", HeadKind.CHANCE, ("high",), one, one[0] * 0, Platt(1.0, 0.0), "")
    lines = source(0.5, rows=20_000, author=True)  # single sentences: surer than the head says
    written = [
        replace(source(2.0, rows=500, author=True), name=name)
        for name in ("messages_one", "weighing_two")
    ]
    logits = np.array([-2.0, 0.0, 2.0])
    curve = held_out.bound(head, [lines, *written])
    assert curve(logits) == pytest.approx(sigmoid(logits / 2.0), abs=0.06)
    assert (curve(logits) == held_out.bound(head, written)(logits)).all()
    # The curve of another head is bound by all authors' lines: of these few are so at -2.
    other = held_out.bound(replace(head, name="spam"), [lines, *written])
    assert other(logits)[0] < 0.06 < curve(logits)[0]


def test_many_factors_are_as_sure_as_requests_of_all_kinds_allow() -> None:
    one = np.ones((1, 1), np.float32)
    head = Head("multi_factor", HeadKind.CHANCE, ("yes",), one, one[0] * 0, Platt(1.0, 0.0), "")
    of_all_kinds = replace(source(2.0, rows=500, author=True), name="messages_one")
    weighing = replace(source(0.5, rows=500, author=True), name="weighing_two")
    logits = np.array([-2.0, 0.0, 2.0])
    curve = held_out.bound(head, [of_all_kinds, weighing])(logits)
    # Half of what the others wrote weighs several considerations, since they were asked to.
    assert (curve == held_out.bound(head, [of_all_kinds])(logits)).all()
    assert curve == pytest.approx(sigmoid(logits / 2.0), abs=0.08)


def test_few_messages_make_no_curve_of_stakes() -> None:
    one = np.ones((1, 1), np.float32)
    head = Head("stakes", HeadKind.CHANCE, ("high",), one, one[0] * 0, Platt(1.0, 0.0), "")
    lines, few = source(1.0, author=True), source(4.0, rows=99, author=True)
    named_few = replace(few, name="messages_one")
    without = replace(few, name="one")
    logits = np.linspace(-3.0, 3.0, 13)
    by_lines = held_out.bound(head, [lines, without])(logits)
    assert (held_out.bound(head, [lines, named_few])(logits) == by_lines).all()


def test_readers_that_weigh_as_they_should_stay() -> None:
    columns = RNG.normal(0.0, 2.0, (2, 4_000))
    labels = (RNG.random(4_000) < sigmoid(columns[0] + 2.0 * columns[1])).astype(np.int64)
    vectors, words = (np.column_stack([column * 0, column]) for column in columns)
    read = unread_sources.Source("one", vectors, words, labels)
    mix = held_out._mix(read, np.ones(4_000), [read])
    assert mix.words > 1.5
    weighed = unread_sources.Source("one", mix.vectors * vectors, mix.words * words, labels)
    assert held_out._mix(weighed, np.ones(4_000), [weighed]) == held_out.AS_IT_IS


@pytest.mark.parametrize("name", held_out.HEADS)
def test_a_finished_head_is_the_sum_of_its_readers(model: TriageModel, name: str) -> None:
    head = model.stack.heads[name]
    encoded = model.encode(["can I take two of these", "where is my parcel", "is this clause void"])
    fitted = held_out._taken_apart(head, held_out._classes(head))
    assert fitted is not None
    by_words = fitted.parts.by_words(encoded)
    assert by_words is not None
    both = fitted.parts.by_vectors(encoded) + by_words
    logits = both if head.kind is HeadKind.CLASSES else both[:, 1:] - both[:, :1]
    assert np.allclose(logits, head.logits(encoded), atol=1e-4)


def test_what_domain_says_of_authors_who_taught_it_nothing_holds(model: TriageModel) -> None:
    lines = [
        one
        for one in unread_sources.author_lines(7)
        if "domain" in one.labels and one.author in grave_texts.JUDGES
    ]
    chances = model.read(model.encode([one.text for one in lines])).domain
    right = np.array(
        [
            model.domains[place] == one.labels["domain"]
            for place, one in zip(chances.argmax(axis=1), lines, strict=True)
        ]
    )
    said = chances.max(axis=1)
    sure = said >= 0.85
    # 80 rows are enough for a share within .06. The bound on the share is what judges.
    assert sure.sum() >= 80
    # Before, it said .95 where .60 were right, and then .95 where .86 were.
    assert said[sure].mean() - right[sure].mean() < 0.06


@pytest.mark.parametrize("head", ["type", "domain"])
def test_what_heads_say_of_strangers_messages_holds(model: TriageModel, head: str) -> None:
    lines = list(labelled())
    read = model.read(model.encode([line["text"] for line in lines]))
    chances, names = {
        "type": (read.request_type, model.request_types),
        "domain": (read.domain, model.domains),
    }[head]
    places, said = chances.argmax(axis=1), chances.max(axis=1)
    right = np.array(
        [names[place] == line[head] for place, line in zip(places, lines, strict=True)]
    )
    sure = said >= 0.7
    assert sure.sum() > 200
    # Before these heads read messages, .61 of types were right where .81 was said.
    assert abs(said[sure].mean() - right[sure].mean()) < 0.04


def test_what_stakes_says_of_strangers_requests_holds(model: TriageModel) -> None:
    lines = [line for line in labelled() if line["writer"] in ("all kinds", "all requests")]
    chances = model.read(model.encode([line["text"] for line in lines])).stakes_high
    high = np.array([bool(line["high"]) for line in lines])
    grave = chances >= 0.7
    assert grave.sum() > 40
    # By a curve of single sentences .82 was said where .69 weigh much.
    assert chances[grave].mean() - high[grave].mean() < 0.06
    assert abs(chances.mean() - high.mean()) < 0.02


def test_what_many_factors_says_of_strangers_requests_holds(model: TriageModel) -> None:
    lines = [line for line in labelled() if line["writer"] != "all kinds"]
    chances = model.read(model.encode([line["text"] for line in lines])).multi_factor
    many = np.array([bool(line["many"]) for line in lines])
    sure = chances >= 0.3
    assert sure.sum() > 20
    # By a curve of all authors .60 was said from .3 on where .19 weigh several considerations.
    assert chances[sure].mean() - many[sure].mean() < 0.3
    assert chances.mean() - many.mean() < 0.04


def test_stakes_says_no_more_than_held_among_authors_lines(model: TriageModel) -> None:
    judges = [one for name in grave_texts.JUDGES for one in grave_texts.held_out(name)]
    lines = [one for one in judges if one.language == "en"]
    chances = model.read(model.encode([one.text for one in lines])).stakes_high
    sure = chances >= 0.8
    assert sure.sum() > 100
    right = np.array([one.grave for one in lines])[sure].mean()
    assert chances.max() < 0.93
    assert chances[sure].mean() - right < 0.1


def test_stakes_between_is_right_as_often_as_it_says(model: TriageModel) -> None:
    judges = [one for name in grave_texts.JUDGES for one in grave_texts.held_out(name)]
    lines = [one for one in judges if one.language == "en"]
    chances = model.read(model.encode([one.text for one in lines])).stakes_high
    between = (chances >= 0.5) & (chances < 0.8)
    assert between.sum() > 60
    right = np.array([one.grave for one in lines])[between].mean()
    assert chances[between].mean() - right < 0.05


def _material(model: TriageModel) -> unread_sources.Material:
    calm = {"multi_factor": "no", "domain": "legal"}
    rows = [
        Example(f"{text} {n}", "hint3", labels=calm | {"stakes": label})
        for n in range(6)
        for text, label in (("where is my parcel", "low"), ("may I sue my landlord", "high"))
    ]
    lines = [
        AuthorLine(
            f"{text} {n}",
            author,
            {"stakes": stakes, "domain": domain} | ({"multi_factor": "no"} if n == 1 else {}),
            labelled=n == 1,
        )
        for n, author in enumerate(("first", "first", "four", "twelfth"))
        for text, stakes, domain in (
            ("a nail in my bicycle", "low", "general"),
            ("I cannot breathe", "high", "medical"),
        )
    ]
    read = model.encode([row.text for row in rows])
    of_lines = model.encode([line.text for line in lines])
    assert model.rarity is not None
    return unread_sources.Material((rows, read), (rows, read), (lines, of_lines), model.rarity)


def test_authors_teach_stakes_with_their_share_of_the_weight(model: TriageModel) -> None:
    rows = unread_sources.taught("stakes", ("low", "high"), _material(model))
    of_authors = np.char.startswith(rows.sources, "author/")
    assert rows.sources[of_authors].tolist() == ["author/first"] * 4 + ["author/four"] * 2
    weights = rows.rows.weights
    share = weights[of_authors].sum() / weights[~of_authors].sum()
    assert share == pytest.approx(unread_sources.SHARE_OF_AUTHORS["stakes"])
    # The lines of an author weigh together as the root of their number.
    assert weights[-1] / weights[-6] == pytest.approx(2.0**0.5)


def test_only_labelled_lines_teach_heads_other_than_stakes(model: TriageModel) -> None:
    rows = unread_sources.taught("multi_factor", ("no", "yes"), _material(model))
    assert rows.sources.tolist() == ["hint3"] * 12 + ["author/first"] * 2


def test_a_line_by_its_section_teaches_a_quarter_of_what_a_labelled_one_does(
    model: TriageModel,
) -> None:
    rows = unread_sources.taught("domain", CLASS_HEADS["domain"], _material(model))
    # Of the first author, in the order of the lines: two by their section, two labelled.
    by_section, _, labelled, _ = rows.rows.weights[rows.sources == "author/first"]
    assert by_section == pytest.approx(labelled * unread_sources.BY_SECTION)


def test_each_class_of_an_author_weighs_as_the_root_of_its_lines(model: TriageModel) -> None:
    rows = unread_sources.taught("domain", CLASS_HEADS["domain"], _material(model))
    (general, medical), weights = (rows.rows.labels[-2:], rows.rows.weights)
    assert general != medical
    # Two lines a class of the first author, one a class of the other.
    assert weights[-1] / weights[rows.sources == "author/first"][0] == pytest.approx(2.0**0.5)


def test_only_training_rows_teach_the_head_of_strategic(model: TriageModel) -> None:
    rows = unread_sources.taught("strategic", ("no", "yes"), _material(model))
    assert not np.char.startswith(rows.sources, "author/").any()


def test_an_author_is_read_by_a_head_that_did_not_read_these_lines(model: TriageModel) -> None:
    material = _material(model)
    classes = ("low", "high")
    rows = unread_sources.taught("stakes", classes, material)
    head = model.stack.heads["stakes"]
    none = np.zeros(2, np.float32)
    whole = rows.whole(2, material.rare)
    fitted = Fitted("stakes", classes, "high", whole, none, head.encoder_sha256, "given")
    read = {source.name: source for source in unread_sources.authors(fitted, rows, material)}
    own = material.authors[1][:4]
    without = rows.without(rows.sources == "author/first", 2, material.rare)
    assert np.allclose(read["first"].vectors, without.by_vectors(own))
    assert not np.allclose(read["first"].vectors, whole.by_vectors(own))
    assert np.allclose(read["twelfth"].vectors, whole.by_vectors(material.authors[1][6:]))


def test_no_type_is_surer_than_what_was_right_of_sources_left_out(model: TriageModel) -> None:
    types = model.stack.heads["request_type"]
    read = types(model.encode(["translate this into Dutch", "write a poem about tea", "hello"]))
    assert 0.85 < read.max() < 0.94  # .93 of what was said by .9 and more was right there


def test_a_quick_run_reads_enough_authors_of_every_kind() -> None:
    lines = unread_sources.author_lines(3, quick=True)
    names = {line.author for line in lines}
    assert names == {*unread_sources.QUICK_AUTHORS}
    assert names & {*grave_texts.JUDGES}
    writers = {
        "domain": (held_out.EVERY_KIND,),
        "request_type": (held_out.EVERY_KIND,),
        **held_out.BY_MESSAGES,
    }
    for head in held_out.HEADS:
        counted = [
            line for line in lines if head in line.labels and line.author.startswith(writers[head])
        ]
        assert len(counted) >= 2 * LEAST_HONEST, head
        assert len({line.author for line in counted}) >= 2, head


def test_the_command_knows_each_head_that_is_calibrated() -> None:
    assert [*CalibratedHead] == [*held_out.HEADS]


@pytest.mark.process
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--seed", "-1", "--out", "out"), "'--seed': found '-1'; expected at least 0"),
        (("--only", "tone", "--out", "out"), "'tone' is not one of 'domain', 'request_type'"),
        (("--out", __file__), "is a file; expected a folder, or the name of a new one"),
    ],
)
def test_a_careless_option_is_refused_before_anything_is_read(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    run = tiergate("train", "calibrate", "--data", tmp_path, *options)
    assert run.returncode == 2
    assert message in " ".join(run.stderr.split())

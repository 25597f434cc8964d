"""The reranker: which answers are read, what becomes of their chances, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from msgspec.structs import replace

from router.stats.heads import Embeddings
from router.triage.match import OWN_LIMIT, RANKED_SHARE
from router.triage.matching.evidence import EvidenceFinder
from router.triage.matching.gate import GATE, Gate
from router.triage.reranking.cross_encoder import (
    ANSWER_TOKENS,
    BEGIN,
    END,
    MESSAGE_TOKENS,
    MOST_TOKENS,
    QUESTION_TOKENS,
    CrossEncoder,
    Pair,
    pair_ids,
)
from router.triage.reranking.reranker import (
    ApprovedAnswers,
    FileReranker,
    Reranker,
    TrafficFit,
    Weights,
)
from router.triage.utterances import Utterances
from router.types import Match, MatchBasis, Traffic

WEIGHTS = Weights(odds=1.0, prior=0.5, shift=1.0)
CAP = 0.93
FITS = dict.fromkeys(Traffic, TrafficFit(Gate(np.zeros(len(GATE)), 0.0), WEIGHTS, CAP))


def letters(text: str) -> list[int]:
    """Makes an id of each word, by its first letter, between two marks."""
    return [BEGIN, *(1_000 + ord(word[0]) for word in text.split()), END]


class Told:
    """Gives rows the log-odds that a test states, and keeps the rows."""

    def __init__(self, *odds: float) -> None:
        self.odds, self.rows = list(odds), list[list[int]]()

    def __call__(self, rows: Sequence[Sequence[int]]) -> Embeddings:
        self.rows += [list(row) for row in rows]
        told, self.odds = self.odds[: len(rows)], self.odds[len(rows) :]
        return np.array(told, np.float32).reshape(-1, 1)


def approved(utterances: Utterances, texts: dict[str, str]) -> ApprovedAnswers:
    width, intents = utterances.vectors.shape[1], len(utterances.intent_ids)
    weights, plane = np.zeros((width + 1, intents)), np.zeros(width + 1)
    return ApprovedAnswers(utterances, EvidenceFinder(utterances, weights, plane, None), texts)


def answers() -> ApprovedAnswers:
    vectors = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    utterances = Utterances(
        ("parcel", "refund", "hours"),
        ("where parcel", "track it", "money back", "opening hours"),
        np.array([0, 0, 1, 2]),
        vectors,
        np.zeros((4, 4), np.float32),
    )
    texts = {"parcel": "It takes two days", "refund": "Within a week", "hours": "Nine to five"}
    return approved(utterances, texts)


def matched(**changes: object) -> Match:
    found = Match(
        "parcel", 0.4, 0.9, 0.2, (("refund", 0.2), ("hours", 0.1)), together=0.7, worth_reading=True
    )
    return replace(found, **changes)


def file_reranker(told: Callable[[Sequence[Sequence[int]]], Embeddings]) -> FileReranker:
    return FileReranker(Reranker(CrossEncoder(told, letters), FITS), answers())


def reranked(match: Match | None, *odds: float) -> Match | None:
    vector = np.array([[1, 0, 0]], np.float32)
    return file_reranker(Told(*odds))(["is it on its way"], vector, [match])[0]


def test_each_part_of_a_pair_ends_with_a_mark() -> None:
    ids = pair_ids(Pair("a b", ["c", "d"], "e"), letters)
    assert ids == [BEGIN, 1097, 1098, END, 1099, END, 1100, END, 1101, END]


def test_a_pair_without_the_answers_text_has_its_questions() -> None:
    assert pair_ids(Pair("a", ["b"], ""), letters) == [BEGIN, 1097, END, 1098, END]


def test_long_parts_are_cut() -> None:
    long = "w " * 500
    ids = pair_ids(Pair(long, [long, long, long, long], long), letters)
    whole = 1 + MESSAGE_TOKENS + 3 * QUESTION_TOKENS + ANSWER_TOKENS + 5
    assert len(ids) == min(MOST_TOKENS, whole)
    assert ids.index(END) == 1 + MESSAGE_TOKENS


def test_the_network_may_choose_another_answer() -> None:
    found = reranked(matched(), -3.0, 4.0, -3.0)
    assert found is not None
    assert found.intent_id == "refund"
    assert found.basis is MatchBasis.RERANKED
    assert [name for name, _ in found.others] == ["parcel", "hours"]
    assert found.similarity == pytest.approx(0.0)
    assert found.margin == pytest.approx(-0.949, abs=1e-3)  # the centre of "parcel" is nearer


def test_an_answer_that_stays_keeps_its_likeness() -> None:
    found = reranked(matched(), 4.0, -3.0, -3.0)
    assert found is not None
    assert (found.intent_id, found.similarity, found.margin) == ("parcel", 0.9, 0.2)


def test_chances_follow_the_formula_with_none_of_them_as_one_answer() -> None:
    chances = WEIGHTS.chances(np.array([0.0, -1.0]), np.array([0.399, 0.199]))
    # exp(.5 ln .4 + 1) = 1.7192, exp(-1 + .5 ln .2 + 1) = .4472, and 1 for none of them
    assert chances == pytest.approx([1.7192 / 3.1664, 0.4472 / 3.1664], abs=1e-3)


def test_a_grown_file_moves_each_weight_by_its_part() -> None:
    weights = WEIGHTS._replace(grown_odds=-0.25, grown_prior=0.25, grown_shift=0.5)
    odds, priors = np.array([2.0, -1.0]), np.array([0.4, 0.2])
    grown = Weights(odds=0.5, prior=1.0, shift=2.0).chances(odds, priors)
    assert weights.chances(odds, priors, 2.0) == pytest.approx(grown)
    assert weights.chances(odds, priors) == pytest.approx(WEIGHTS.chances(odds, priors))


def test_what_tells_the_field_moves_all_answers_alike() -> None:
    odds, priors = np.array([2.0, -1.0]), np.array([0.4, 0.2])
    further = WEIGHTS._replace(shift=WEIGHTS.shift - 1.5)
    told = WEIGHTS.chances(odds, priors, field=-1.5)
    assert told == pytest.approx(further.chances(odds, priors))
    near, far = (reranked(matched(field_odds=at), 2.0, -3.0, -3.0) for at in (0.0, -2.0))
    assert near is not None
    assert far is not None
    assert far.confidence < near.confidence
    assert far.together < near.together
    assert far.field_odds == 0.0  # it has counted


def test_what_answers_nothing_makes_no_file_grown() -> None:
    vectors = np.eye(3, dtype=np.float32)[np.zeros(80, int)]
    owner = np.array([0] * 6 + [1] * 74)
    utterances = Utterances(
        ("parcel", ""), ("x",) * 80, owner, vectors, np.zeros((80, 4), np.float32)
    )
    assert approved(utterances, {"parcel": "It takes two days"}).grown == 0.0


def test_a_network_that_fails_leaves_first_matches_and_is_asked_no_more() -> None:
    asked: list[int] = []

    def broken(rows: Sequence[Sequence[int]]) -> Embeddings:
        asked.append(len(rows))
        raise OSError("the file is gone")

    rerank = file_reranker(broken)
    vector = np.array([[1, 0, 0]], np.float32)
    for _ in range(2):
        assert rerank(["is it on its way"], vector, [matched()]) == [matched()]
    assert asked == [3]
    assert not rerank.wants(matched())


def test_a_network_that_cannot_be_opened_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    def broken(rows: Sequence[Sequence[int]]) -> Embeddings:
        raise OSError("the file is gone")

    rerank = file_reranker(broken)
    rerank.reranker.open()
    rerank.reranker.open()
    assert [record.getMessage() for record in caplog.records] == [
        "the reranker failed, and reads no more answers: the file is gone"
    ]
    assert not rerank.wants(matched())


def test_chances_of_extreme_odds_are_finite() -> None:
    chances = WEIGHTS.chances(np.array([900.0, -900.0]), np.array([1.0, 0.0]))
    assert np.isfinite(chances).all()
    assert chances.sum() <= 1.0 + 1e-9


def test_where_no_answer_fits_none_is_likely() -> None:
    found = reranked(matched(), -6.0, -6.0, -6.0)
    assert found is not None
    assert found.confidence < 0.05
    assert found.together < 0.1


def test_all_chances_together_never_exceed_one() -> None:
    found = reranked(matched(), 3.0, 3.0, 3.0)
    assert found is not None
    assert found.confidence + sum(p for _, p in found.others) <= 1.0
    assert found.together >= found.confidence


def test_no_chance_is_above_the_cap_and_its_band() -> None:
    found = reranked(matched(), 30.0, -9.0, -9.0)
    assert found is not None
    assert CAP < found.confidence <= CAP + RANKED_SHARE


def test_what_was_read_is_not_to_be_read_again() -> None:
    found = reranked(matched(), 4.0, -3.0, -3.0)
    assert found is not None
    assert not found.worth_reading


def test_what_is_not_worth_reading_stays_and_costs_nothing() -> None:
    match, told = matched(worth_reading=False), Told()
    rerank = file_reranker(told)
    assert rerank(["hello", "hello"], np.zeros((2, 3), np.float32), [match, None]) == [match, None]
    assert told.rows == []
    assert not rerank.wants(match)
    assert not rerank.wants(None)


def test_outcomes_of_its_own_move_the_chances_of_what_is_read() -> None:
    told = Told(3.0, -1.0, -3.0)
    rerank = file_reranker(told)
    own = FileReranker(rerank.reranker, answers(), np.array([0.5, -1.0]))
    vector = np.array([[1, 0, 0]], np.float32)
    told.odds *= 2
    foreign, found = rerank(["x"], vector, [matched()])[0], own(["x"], vector, [matched()])[0]
    assert foreign is not None
    assert found is not None
    odds = 0.5 * np.log(foreign.confidence / (1 - foreign.confidence)) - 1.0
    assert found.confidence == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-3)
    assert found.basis is MatchBasis.RERANKED_OWN
    assert [name for name, _ in found.others] == [name for name, _ in foreign.others]
    assert found.confidence <= found.together <= 1.0
    assert own.highest == OWN_LIMIT
    assert rerank.highest == CAP + RANKED_SHARE


def test_what_was_not_read_keeps_the_chance_of_its_own_outcomes() -> None:
    match = matched(basis=MatchBasis.OWN, worth_reading=False)
    own = FileReranker(file_reranker(Told()).reranker, answers(), np.array([0.5, -1.0]))
    assert own(["x"], np.zeros((1, 3), np.float32), [match]) == [match]


def test_each_message_of_a_run_gets_its_own_fits() -> None:
    told = Told(5.0, -5.0, -5.0, -5.0, 5.0, -5.0)
    rerank = file_reranker(told)
    vectors = np.array([[1, 0, 0], [0, 0, 0], [0, 1, 0]], np.float32)
    found = rerank(["first", "second", "third"], vectors, [matched(), None, matched()])
    assert [None if one is None else one.intent_id for one in found] == ["parcel", None, "refund"]


def test_the_nearest_questions_are_read() -> None:
    pair = answers().pair("x", np.array([0, 1, 0], np.float32), "parcel")
    assert pair.questions == ["track it", "where parcel"]
    assert pair.answer == "It takes two days"

"""Tests what evaluation measures: by hand, against other implementations, as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.evaluation import perturbations
from router.evaluation.judging import macro_figure
from router.evaluation.kinds import routing_measures as rm
from router.evaluation.options import Options
from router.stats import measures as m
from router.training.heads.fit_answers import spans_of as answer_spans
from router.training.heads.train_head import spans_of as head_spans
from tests.kits.examples import examples

RNG = np.random.default_rng(11)
LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)
GRADED = st.lists(
    st.tuples(st.integers(-3, 3), st.booleans(), st.booleans()), min_size=2, max_size=40
)


def test_macro_f1_counts_a_rare_class_like_a_frequent_one() -> None:
    truth = np.array([0] * 9 + [1])
    assert m.macro_f1(np.zeros(10, int), truth) == pytest.approx((18 / 19 + 0) / 2)


@given(LABELS)
def test_macro_f1_equals_that_of_scikit_learn(rows: list[tuple[int, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    said, truth = np.array(rows).T
    expected = metrics.f1_score(
        truth, said, average="macro", labels=np.unique(truth), zero_division=0
    )
    assert m.macro_f1(said, truth) == pytest.approx(expected)


@given(LABELS)
def test_macro_f1_is_one_only_where_all_is_right(rows: list[tuple[int, int]]) -> None:
    said, truth = np.array(rows).T
    reached = m.macro_f1(said, truth)
    assert 0.0 <= reached <= 1.0
    assert (reached == 1.0) == bool((said == truth).all())


def test_recall_counts_what_lies_above_the_rejection_threshold() -> None:
    usual, strange = np.arange(1.0, 101.0), np.array([95.0, 95.06, 200.0, -1.0])
    values = np.concatenate([usual, strange])
    flags = np.arange(len(values)) >= 100
    assert m.recall_at_rejection(values, flags) == pytest.approx(2 / 4)  # threshold 95.05


def test_recall_equals_the_true_positive_rate_of_a_roc_curve() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    values, flags = RNG.normal(size=401), np.arange(401) >= 301
    values[flags] += 1.0
    false_rate, true_rate, _ = metrics.roc_curve(flags, values, drop_intermediate=False)
    expected = true_rate[false_rate <= 0.05].max()
    assert m.recall_at_rejection(values, flags) == pytest.approx(expected, abs=0.011)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=50))
def test_recall_does_not_fall_where_more_may_be_rejected(rows: list[tuple[int, bool]]) -> None:
    values = np.array([value for value, _ in rows], float)
    flags = np.array([flag for _, flag in rows])
    found = [m.recall_at_rejection(values, flags, share) for share in (0.01, 0.05, 0.2, 0.6)]
    assert np.isnan(found).all() or sorted(found) == found


@given(LABELS)
def test_flips_are_the_rows_that_differ_either_way_round(rows: list[tuple[int, int]]) -> None:
    before, after = np.array(rows).T
    assert m.flip_share(before, after) == m.flip_share(after, before)
    assert m.flip_share(before, after) == sum(a != b for a, b in rows) / len(rows)


def test_pairs_compare_every_high_row_with_every_low_one_of_its_name() -> None:
    chances = np.array([0.9, 0.5, 0.5, 0.1, 0.2])
    high = np.array([True, True, False, False, True])
    names = np.array(["a", "a", "a", "a", ""])
    assert m.pairs_in_order(chances, high, names) == (pytest.approx(3.5 / 4), 4)


def test_no_pair_has_no_share() -> None:
    share, pairs = m.pairs_in_order(np.array([0.9]), np.array([True]), np.array(["a"]))
    assert np.isnan(share)
    assert pairs == 0


def test_the_interval_of_a_mean_equals_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = RNG.normal(size=200)
    found = m.paired_bootstrap(lambda rows: float(values[rows].mean()), 200, m.Draws(4_000))
    other = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=4_000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert found == pytest.approx((other.low, other.high), abs=0.02)


def test_a_paired_difference_has_a_narrower_interval_than_its_parts() -> None:
    one = (RNG.random(300) < 0.5).astype(float)
    two = np.where(np.arange(300) < 6, 1.0 - one, one)

    def width(values: np.ndarray) -> float:
        low, high = m.paired_bootstrap(lambda rows: float(values[rows].mean()), 300, m.Draws(300))
        return high - low

    assert width(one - two) < width(one) / 2


def test_a_measure_that_is_mostly_undefined_has_no_interval() -> None:
    low, high = m.paired_bootstrap(lambda rows: float("nan"), 10, m.Draws(20))
    assert np.isnan([low, high]).all()


@given(st.integers(0, 5))
def test_the_same_seed_gives_the_same_interval(seed: int) -> None:
    values = np.arange(20.0)

    def once() -> tuple[float, float]:
        return m.paired_bootstrap(lambda rows: float(values[rows].mean()), 20, m.Draws(30, seed))

    assert once() == once()


def test_rows_of_one_text_are_no_further_evidence() -> None:
    flags = RNG.random(60) < 0.7
    once = m.share_figure(flags)
    ten_times = m.share_figure(np.repeat(flags, 10), m.Draws(groups=np.repeat(np.arange(60), 10)))
    assert (ten_times.low, ten_times.high) == (once.low, once.high)
    assert (ten_times.value, ten_times.n) == (once.value, 600)
    alone = m.share_figure(np.repeat(flags, 10))
    assert alone.high - alone.low < (once.high - once.low) / 2


def test_rows_without_repeats_have_the_interval_that_they_have_without_groups() -> None:
    scores, positive = RNG.random(40), RNG.random(40) < 0.5
    numbered = m.auroc_figure(scores, positive, m.Draws(groups=np.arange(40)[::-1]))
    assert numbered == m.auroc_figure(scores, positive)


def test_share_on_which_all_rows_agree_has_the_exact_interval() -> None:
    figure = m.share_figure(np.ones(20, bool))
    assert (round(figure.low, 4), figure.high) == (0.8316, 1.0)  # scipy's binomtest: .8316
    assert m.share_figure(np.zeros(20, bool)).high == pytest.approx(1 - figure.low)
    twice = m.share_figure(np.ones(40, bool), m.Draws(groups=np.repeat(np.arange(20), 2)))
    assert twice.low == figure.low


def test_perfect_ranking_is_as_sure_as_the_rows_of_the_rarer_kind() -> None:
    figure = m.auroc_figure(np.arange(50.0), np.arange(50) >= 45)
    assert (round(figure.low, 4), figure.high) == (round(0.025 ** (1 / 5), 4), 1.0)


def test_figures_over_classes_are_as_sure_as_the_rarest_class_alone() -> None:
    truth = np.repeat([0, 1], [196, 4])
    macro = macro_figure(truth, truth, Options())
    assert (round(macro.low, 4), macro.high) == (0.3976, 1.0)  # .025^(1/4)
    spans = head_spans(np.eye(2)[truth], truth, [f"{n}" for n in range(200)], 0)
    assert spans["accuracy"][0] > 0.98
    assert spans["macro_f1"] == spans["auroc"] == [0.3976, 1.0]
    assert answer_spans(range(200), truth * 0.9, truth * 1.0)["auroc"] == (0.3976, 1.0)


def test_groups_of_other_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="3 rows have a group; expected all 4"):
        m.share_figure(np.ones(4, bool), m.Draws(groups=np.arange(3)))


def test_a_figure_that_is_not_a_number_is_null_in_json() -> None:
    assert m.Figure(float("nan"), 3).to_json() == {"value": None, "n": 3}


def test_several_measures_have_the_intervals_that_each_has_alone() -> None:
    values = RNG.normal(size=30)

    def mean(rows: np.ndarray) -> float:
        return float(values[rows].mean())

    both = m.intervals(lambda rows: (mean(rows), 2 * mean(rows)), 30, m.Draws(50))
    assert both[0] == m.paired_bootstrap(mean, 30, m.Draws(50))
    assert both[1] == pytest.approx((2 * both[0][0], 2 * both[0][1]))


def test_a_perfect_forecast_shows_the_error_that_its_bins_allow() -> None:
    chances = np.full(15_000, 0.5)
    spread = 0.5 / np.sqrt(1_000) * np.sqrt(2 / np.pi)  # mean |normal| of a bin's share
    assert m.ece_if_calibrated(chances) == pytest.approx(spread, rel=0.1)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
@examples(30)
def test_certain_forecasts_have_no_error_to_expect(chances: list[float]) -> None:
    sure = np.round(chances)
    assert m.ece_if_calibrated(sure) == 0.0


def columns(rows: list[tuple[int, bool, bool]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rank, weak, strong = np.array(rows, float).T
    return rank, weak, strong


def test_ten_bins_equal_routellm_where_no_ranks_are_equal() -> None:
    rows = 137
    weak = (RNG.random(rows) < 0.5).astype(float)
    strong = (RNG.random(rows) < 0.8).astype(float)
    rank = RNG.permutation(rows).astype(float)
    thresholds = np.quantile(rank, np.linspace(0, 1, 11))
    shares, accuracies = [], []
    for place, threshold in enumerate(thresholds):
        sent = rank > threshold if place == 10 else rank >= threshold
        shares.append(sent.mean())
        accuracies.append(np.where(sent, strong, weak).mean())
    area = np.trapezoid(accuracies[::-1], shares[::-1])
    expected = (area - weak.mean()) / (strong.mean() - weak.mean())
    curve = rm.binned_curve(rank, weak, strong)
    assert curve.share == pytest.approx(shares[::-1])
    assert curve.apgr == pytest.approx(expected)


def test_cpt_equals_interpolation_where_accuracy_rises_with_the_share() -> None:
    curve = rm.Curve(np.linspace(0, 1, 6), np.array([0.0, 0.1, 0.3, 0.55, 0.8, 1.0]))
    for target in rm.TARGETS:
        assert curve.cpt(target) == pytest.approx(np.interp(target, curve.pgr, curve.share))


def test_cpt_is_the_first_crossing_where_accuracy_falls_again() -> None:
    curve = rm.Curve(np.array([0, 0.25, 0.5, 1.0]), np.array([0.0, 0.6, 0.4, 1.0]))
    assert curve.cpt(0.5) == pytest.approx(0.25 * 0.5 / 0.6)


def test_a_gap_that_is_never_recovered_has_no_cpt() -> None:
    assert np.isnan(rm.Curve(np.array([0, 1.0]), np.array([0, 0.4])).cpt(0.5))


def test_equally_good_models_have_no_curve() -> None:
    curve = rm.exact_curve(np.arange(3.0), np.ones(3), np.ones(3))
    assert np.isnan(curve.apgr)


def test_a_random_ranking_recovers_half_the_gap() -> None:
    weak, strong = np.zeros(4_000), (RNG.random(4_000) < 0.7).astype(float)
    assert rm.exact_curve(np.zeros(4_000), weak, strong).apgr == pytest.approx(0.5, abs=0.03)


@given(GRADED)
def test_a_ranking_and_its_reverse_share_the_area(rows: list[tuple[int, bool, bool]]) -> None:
    _, weak, strong = columns(rows)
    rank = np.arange(len(rows), dtype=float)
    one = rm.exact_curve(rank, weak, strong).apgr
    other = rm.exact_curve(-rank, weak, strong).apgr
    assert np.isnan(one) or one + other == pytest.approx(1.0)


@given(GRADED)
def test_no_ranking_beats_the_gain_itself(rows: list[tuple[int, bool, bool]]) -> None:
    rank, weak, strong = columns(rows)
    if strong.sum() > weak.sum():
        best = rm.exact_curve(strong - weak, weak, strong).apgr
        assert rm.exact_curve(rank, weak, strong).apgr <= best + 1e-12


@given(GRADED, st.integers(0, 3))
def test_both_ends_of_the_curve_are_the_two_models(
    rows: list[tuple[int, bool, bool]], seed: int
) -> None:
    rank, weak, strong = columns(rows)
    for curve in (rm.exact_curve, rm.binned_curve):
        found = curve(rank, weak, strong, seed)
        assert (found.share[0], found.share[-1]) == (0.0, 1.0)
        if strong.sum() != weak.sum():
            assert (found.pgr[0], found.pgr[-1]) == (0.0, pytest.approx(1.0))


def test_a_cascade_pays_for_every_weak_call() -> None:
    weak, strong = np.array([1.0, 0.0]), np.array([1.0, 1.0])
    costs = np.array([1.0, 1.0]), np.array([10.0, 10.0])
    rank = np.array([0.0, 1.0])
    routed = rm.spending(rank, weak, strong, *costs, cascade=False)
    cascade = rm.spending(rank, weak, strong, *costs, cascade=True)
    assert routed.cost_to_reach(1.0) == pytest.approx(5.5)
    assert cascade.cost_to_reach(1.0) == pytest.approx(6.0)


def test_an_accuracy_that_is_never_reached_has_no_cost() -> None:
    spent = rm.Spending(np.array([1.0, 2.0]), np.array([0.4, 0.6]))
    assert np.isnan(spent.cost_to_reach(0.7))
    assert np.isnan(spent.best_within(0.5))


@given(GRADED, st.booleans())
@examples(50)
def test_the_oracle_is_never_dearer_than_a_ranking(
    rows: list[tuple[int, bool, bool]], cascade: bool
) -> None:
    rank, weak, strong = columns(rows)
    ones, fives = np.ones(len(rows)), np.full(len(rows), 5.0)
    oracle = rm.oracle_rank(weak, strong, ones, fives)
    goal = float(strong.mean())
    spent = [
        rm.spending(order, weak, strong, ones, fives, cascade=cascade).cost_to_reach(goal)
        for order in (oracle, rank)
    ]
    assert spent[0] <= spent[1] + 1e-9


def test_several_models_are_the_surest_at_first_and_the_cheapest_at_last() -> None:
    chances = np.array([[0.6, 0.9], [0.5, 0.8]])
    results = np.array([[0.0, 1.0], [1.0, 1.0]])
    costs = np.array([[1.0, 10.0], [1.0, 10.0]])
    made = rm.ways(chances, results, costs)
    assert (made.cost.max(), made.cost.min()) == (10.0, 1.0)
    # The model alone is right at 10; no price of a dollar tells the two requests apart.
    assert made.cost_to_reach(1.0) == pytest.approx(10.0)
    assert made.best_within(5.5) == pytest.approx(0.75)


def test_a_way_below_a_mixture_of_others_is_not_on_the_frontier() -> None:
    made = rm.Choices(np.array([2.0, 1.0, 3.0, 2.5]), np.array([0.55, 0.5, 0.9, 0.4]))
    assert made.frontier().tolist() == [1, 2]
    assert made.best_within(2.0) == pytest.approx(0.7)
    assert made.mixture(2.0) == (1, 2, pytest.approx(0.5))
    assert np.isnan(made.best_within(0.9))
    assert np.isnan(made.cost_to_reach(0.95))


@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(2, 5))
def test_several_models_are_never_dearer_than_the_best_single_one(
    seed: int, rows: int, models: int
) -> None:
    drawn = np.random.default_rng(seed)
    chances, results = drawn.random((rows, models)), drawn.integers(0, 2, (rows, models)) * 1.0
    costs = drawn.random((rows, models)) * 10.0 ** drawn.integers(-3, 3, models)
    made = rm.ways(chances, results, costs)
    for model in range(models):
        right, paid = float(results[:, model].mean()), float(costs[:, model].mean())
        assert made.cost_to_reach(right) <= paid * (1 + 1e-9)
        assert made.best_within(paid) >= right - 1e-9
    # At every budget, also between the models' costs, and by a mixture that keeps the budget.
    for budget in drawn.random(10) * float(costs.mean(axis=0).max()):
        affordable = [
            float(results[:, k].mean()) for k in range(models) if costs[:, k].mean() <= budget
        ]
        if affordable:
            assert made.best_within(budget) >= max(affordable) - 1e-9
            assert rm.mixed(made.cost, *made.mixture(budget)) <= budget * (1 + 1e-9)


@given(st.text(max_size=200))
def test_perturbations_are_the_same_every_time(text: str) -> None:
    for change in perturbations.ALL.values():
        assert change(text) == change(text)


@given(st.text(max_size=200))
def test_spacing_leaves_the_words(text: str) -> None:
    assert perturbations.spacing(text).split() == text.split()


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=1, max_size=40))
def test_typos_touch_one_word_in_ten_and_no_ends(words: list[str]) -> None:
    changed = perturbations.typos(" ".join(words)).split(" ")
    edited = [(a, b) for a, b in zip(words, changed, strict=True) if a != b]
    assert len(edited) <= max(1, len(words) // 10)
    assert all(a[0] == b[0] and a[-1] == b[-1] for a, b in edited)


def test_a_text_of_short_words_has_no_typo() -> None:
    assert perturbations.typos("it is my own") == "it is my own"


def test_typos_leave_numbers_as_they_are() -> None:
    assert perturbations.typos("20,000 $40,000 A-10177 1500kg") == "20,000 $40,000 A-10177 1500kg"

"""Measures reported outcomes of answers: error rate, first contact, time, satisfaction; in words.

Outcomes come from feedback and review; the ledger's rows hold none of it. A value that nobody
measured is None, never 0. Rates have Wilson's interval (Wilson 1927; Brown, Cai and DasGupta 2001),
means that of the central limit theorem.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from router.analysis.report.figures import Interval, Measure
from router.analysis.report.savings import MIN_FOR_INTERVAL
from router.ledger.replies import ReplyKind
from router.rendering.figures_in_words import Dollars, count, counted, percent
from router.stats.wilson import Z_95
from router.stats.wilson import wilson as share_interval
from router.types import NANO_PER_USD, TrueOutcome

TEXTS = (ReplyKind.NO_ANSWER.value, ReplyKind.DECLINED.value)
"""Replies that are words in an answer's place, without a draft behind them."""
BESIDE = {
    ReplyKind.COMPUTED.value: ("accuracy_computed", "Labels or vectors that were right"),
    ReplyKind.QUESTION.value: ("accuracy_questions", "Questions back that were right"),
}
"""Replies of which people say if they were right, and which are no answers: each has its rate."""
NO_ANSWERS = (*TEXTS, *BESIDE)

TEXTS_COST = "Cost of wrong texts in an answer's place"


def measures(outcomes: Iterable[TrueOutcome]) -> tuple[Measure, ...]:
    """Returns the measures in the order of the report, also those that nobody measured.

    These are: correct answers overall and per judged level, correct drafts that no client got,
    correct labels and questions back, correct texts that clients got in place of an answer,
    first-contact resolution, minutes to resolution, satisfaction, and the summed dollars that wrong
    answers cost, and wrong texts.
    """
    reported = list(outcomes)
    judged = [
        (outcome.level, outcome.correct)
        for outcome in reported
        if outcome.correct is not None and not outcome.draft and outcome.reply not in NO_ANSWERS
    ]
    # Nobody got these drafts, so they say nothing about the answers that went out.
    drafts = [
        outcome.correct for outcome in reported if outcome.correct is not None and outcome.draft
    ]
    figures = [_rate("accuracy", "Answers that were right", [right for _, right in judged])]
    for level in sorted({level for level, _ in judged if level is not None}):
        rights = [right for own_level, right in judged if own_level == level]
        label = f"Right at level {level}" if level else "Right at no level: no tier gave the answer"
        figures.append(_rate(f"accuracy_level_{level}", label, rights))
    for reply, (key, label) in BESIDE.items():
        said = [one.correct for one in reported if one.correct is not None and one.reply == reply]
        if said:
            figures.append(_rate(key, label, said))
    if drafts:
        figures.append(_rate("accuracy_drafts", "Drafts held back that were right", drafts))
    first = [
        outcome.resolved_first_contact
        for outcome in reported
        if outcome.resolved_first_contact is not None
    ]
    minutes = [outcome.handle_minutes for outcome in reported if outcome.handle_minutes is not None]
    csat = [outcome.csat for outcome in reported if outcome.csat is not None]
    words = [outcome.words_correct for outcome in reported if outcome.words_correct is not None]
    words += [
        one.correct
        for one in reported
        if one.reply in TEXTS and one.correct is not None and not one.draft
    ]
    if words:
        figures.append(_rate("accuracy_words", "Texts in an answer's place that were right", words))
    losses = [one for one in reported if one.loss_nano_usd is not None]
    apart = [one for one in losses if one.words]  # no answer went out that could have cost it
    return (
        *figures,
        _rate("first_contact_resolution", "Resolved at first contact", first),
        _mean("resolution_minutes", "Minutes to resolution, mean", "minutes", minutes),
        _mean("satisfaction", "Satisfaction, mean", "score", csat),
        _loss("loss_usd", "Cost of wrong answers", [one for one in losses if not one.words]),
        *([_loss("loss_words_usd", TEXTS_COST, apart)] if apart else []),
    )


def wrong_answers(told: Sequence[Measure], money: Dollars) -> list[str]:
    """States how many of the judged answers were reported wrong, and the bounds of that share."""
    by_key = {one.key: one for one in told if one.count}
    judged = by_key.get("accuracy")
    if judged is None or judged.value is None:
        # What was said of other texts, or of a cost alone, must not seem to be denied.
        others = {"accuracy_drafts", "accuracy_words", *(key for key, _ in BESIDE.values())}
        out = " that went out" if by_key.keys() & others else ""
        cost = _cost(by_key.get("loss_usd"), money)
        cost = f", though a cost was reported{cost}" if cost else ""
        return [f"Nobody judged an answer{out}, so nobody knows how many were wrong{cost}."]
    answers = counted(judged.count, "answer", "answers")
    between = ""
    if judged.interval is not None:
        low, high = percent(1.0 - judged.interval.high), percent(1.0 - judged.interval.low)
        between = f" (95 % interval {low} to {high})"
    return [
        f"{count(_wrong(judged))} of {answers} that somebody judged {_were(judged)} wrong{between}."
    ]


def wrong_beside(measured: Sequence[Measure], money: Dollars) -> list[str]:
    """States what was said of drafts that no client got, and of replies that are no answers."""
    by_key = {one.key: one for one in measured}
    drafts, texts = by_key.get("accuracy_drafts"), by_key.get("accuracy_words")
    cost = _cost(by_key.get("loss_words_usd"), money)
    lines = []
    for key, singular, plural in (
        ("accuracy_computed", "label or vector", "labels or vectors"),
        ("accuracy_questions", "question back", "questions back"),
    ):
        if (told := by_key.get(key)) is not None:
            some = counted(told.count, singular, plural)
            bad = f"{count(_wrong(told))} {_were(told)} wrong"
            lines.append(f"Of {some} that somebody judged, {bad}.")
    if drafts is not None:
        some, wrong = counted(drafts.count, "draft", "drafts"), count(_wrong(drafts))
        lines.append(f"Of {some} held back that people judged, {wrong} {_were(drafts)} wrong.")
    if texts is not None:
        some, wrong = counted(texts.count, "text", "texts"), count(_wrong(texts))
        lines.append(
            f"Of {some} in place of an answer that clients judged, {wrong} {_were(texts)} "
            f"wrong{cost}."
        )
    elif cost:
        lines.append(f"Clients reported what texts in place of an answer cost them{cost}.")
    return lines


def _wrong(judged: Measure) -> int:
    return judged.count - round((judged.value or 0.0) * judged.count)


def _were(judged: Measure) -> str:
    return "was" if _wrong(judged) == 1 else "were"


def _cost(loss: Measure | None, money: Dollars) -> str:
    """Writes " ($38.00)", a loss that clients reported; "" where they reported none."""
    if loss is None or loss.value is None:
        return ""
    return f" ({money(round(loss.value * NANO_PER_USD))})"


def decision_measures(
    outcomes: Iterable[TrueOutcome], right_before: float | None
) -> tuple[Measure, ...]:
    """Returns the share of right decisions, their value at stake, and the gain; none unjudged.

    The gain is value at stake x (share right after - share right before). "Before" is what the
    policy assumes (`report.decisions_right_before`); without it there is no gain to tell.
    Of 20 judged decisions over $2M in all, 18 right, where .7 were right before: $2M x .2.
    """
    judged = [one for one in outcomes if one.deliberated is not None and one.correct is not None]
    if not judged:
        return ()
    count, right = len(judged), sum(bool(one.correct) for one in judged)
    stakes = sum(one.deliberated.at_stake_nano_usd for one in judged if one.deliberated)
    stake_usd = stakes / NANO_PER_USD
    share, between = right / count, wilson(right, count)
    figures = [
        Measure("decisions_right", "Decisions that were right", "share", share, between, count),
        Measure("decisions_at_stake", "At stake in them", "usd", stake_usd, None, count),
    ]
    if right_before is not None:
        low, high = between.low - right_before, between.high - right_before
        gain = Interval(stake_usd * low, stake_usd * high)
        label = f"Gain against {100 * right_before:g} % right before (assumed)"
        value = stake_usd * (share - right_before)
        figures.append(Measure("decisions_gain", label, "usd", value, gain, count))
    return tuple(figures)


def wilson(successes: int, total: int) -> Interval:
    """Returns Wilson's 95 % interval of a rate: 0 of 10: 0 to 0.278, 5 of 10: 0.237 to 0.763."""
    return Interval(*share_interval(successes, total))


def _rate(key: str, label: str, values: Sequence[bool]) -> Measure:
    if not values:
        return Measure(key, label, "share", None, None, 0)
    successes = sum(values)
    share = successes / len(values)
    return Measure(key, label, "share", share, wilson(successes, len(values)), len(values))


def _loss(key: str, label: str, losses: Sequence[TrueOutcome]) -> Measure:
    usd = sum(one.loss_nano_usd or 0 for one in losses) / NANO_PER_USD if losses else None
    return Measure(key, f"{label}, as reported", "usd", usd, None, len(losses))


def _mean(key: str, label: str, unit: str, values: Sequence[float]) -> Measure:
    if not values:
        return Measure(key, label, unit, None, None, 0)
    mean = math.fsum(values) / len(values)
    between = None
    if len(values) >= MIN_FOR_INTERVAL:
        variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
        half = Z_95 * math.sqrt(variance / len(values))
        between = Interval(mean - half, mean + half)
    return Measure(key, label, unit, mean, between, len(values))

"""Writes a replay's sentences: its headline, its assumptions, and what the data cannot show."""

from __future__ import annotations

from collections.abc import Mapping

from router.analysis.replay.facts import Assumed
from router.analysis.replay.fail_conditions import cannot_answer
from router.analysis.replay.path import MIN_CALLS
from router.analysis.replay.replay import RECORDED, BelievedErrors, Replay
from router.analysis.replay.usage_cases import TokensAlone
from router.analysis.report.figures import Interval
from router.analysis.report.savings import MIN_FOR_INTERVAL
from router.analysis.tune.offpolicy import Estimate
from router.rendering.figures_in_words import (
    NOTHING,
    clean,
    count,
    counted,
    percent,
    signed_usd,
    usd,
)

NOTHING_SAID = 0.95
"""Width of bounds from which they say nothing: nineteen of twenty shares lie within them."""

MOST_NAMED = 3
"""Names of unknown answerers that are shown: a mistyped column has few, a wrong one has many."""


def headline(replay: Replay) -> str:
    """Returns one sentence: the cost, the expected error, and how many decisions change."""
    # A log without prompts can be priced, but no tier can be chosen for its rows.
    if not replay.requests and replay.alone is not None and replay.alone.rows:
        return (
            f"{count(replay.alone.rows)} rows of a log without prompts: no decision can be made, "
            "and only their tokens can be priced."
        )
    if not replay.requests:
        return "No routed requests in this period: there is nothing to replay."
    costs = replay.costs
    cost = "the cost of none of them is known on both sides"
    if costs.count:
        told = [_cost_range(replay)] if costs.saved_interval() is not None else []
        share = costs.saved_share()
        if share is not None:
            told.insert(0, signed_percent(0.0 - share))
        change = f" ({'; '.join(told)})" if told else ""
        # A cost of a few must not read as the cost of all.
        of = f" for {count(costs.count)} of them" if replay.not_compared else ""
        cost = (
            f"{usd(costs.own_nano_usd)} instead of {usd(costs.baseline_nano_usd)}{of}, "
            f"{signed_usd(-costs.saved_nano_usd)}{change}"
        )
    other = "what was recorded" if replay.old_name == RECORDED else replay.old_name
    requests = counted(replay.requests, "request", "requests")
    change = (
        "1 decision changes" if replay.changed == 1 else f"{count(replay.changed)} decisions change"
    )
    return (
        f"{requests} under {replay.new_name}, compared with {other}: {cost}, "
        f"{_expected_error(replay)}; {change} ({percent(replay.changed / replay.requests)})."
        f"{_unread_heads(replay)}"
    )


def _unread_heads(replay: Replay) -> str:
    """Returns a sentence where a head that the policy names was not read; "" where all were.

    "0 decisions change" would read as a judgement of a head that nobody asked.
    """
    unread = replay.assumed[Assumed.HEADS]
    if not unread:
        return ""
    of = "none of them" if unread == replay.requests else f"all but {count(unread)} of them"
    return (
        f" A replay reads no texts: a head of one policy was asked of {of} when they were recorded,"
        " and what it would change is not in these figures."
    )


def _expected_error(replay: Replay) -> str:
    """Writes "at an error of 39.06 % (30.10 % to 48.60 %) instead of 2.72 % (...) over ...".

    It uses outcomes if they cover every request that has one, otherwise the policies' beliefs. Too
    few outcomes are told as such, before any share.
    """
    errors, believed = replay.errors, replay.believed
    if errors.answerable and errors.dr is not None and errors.logged is not None:
        judged = f"{count(errors.requests)} of {counted(replay.requests, 'request', 'requests')}"
        both = f"{_with_range(errors.dr)} instead of {_with_range(errors.logged)}"
        if errors.requests < MIN_FOR_INTERVAL or errors.effective < MIN_FOR_INTERVAL:
            return f"at an error that cannot be told: only {judged} have an outcome ({both})"
        others = errors.logged_requests
        of = f" (recorded: {count(others)})" if others != errors.requests else ""
        return f"at an error of {both}, by the outcomes of {judged}{of}"
    missing = "no outcome shows it"
    if errors.requests:
        missing = f"{counted(errors.requests, 'outcome does', 'outcomes do')} not show it"
    if believed.new is None or believed.old is None:
        return f"at an error that nobody knows: {missing}, and no request has a p on both sides"
    over = f"the same {count(believed.requests)} requests"
    if believed.requests == 1:
        over = "the same request"
    if believed.requests == replay.requests:
        over = "all of them"
    both = f"{percent(believed.new, 2)} instead of {percent(believed.old, 2)}"
    own = f"the policies' own p{_on_priors(believed)}"
    return f"at an error of {both} over {over} by {own}; {missing}"


def _on_priors(believed: BelievedErrors) -> str:
    """Says how many of both errors are assumed, so that a measured one does not look worse."""
    new, old = believed.new_on_priors, believed.old_on_priors
    if not new and not old:
        return ""
    return f" (assumed, as priors, for {count(new)} and for {count(old)} of them)"


def _cost_range(replay: Replay) -> str:
    """Writes "95 % interval -$0.156 to -$0.0538": how far chance may move the cost's change."""
    saved = replay.costs.saved_interval()
    assert saved is not None
    low, high = round(-saved.high), round(-saved.low)
    return f"95 % interval {signed_usd(low)} to {signed_usd(high)}"


def _with_range(estimate: Estimate) -> str:
    if estimate.interval is None:
        return percent(estimate.error, 2)
    return f"{percent(estimate.error, 2)} ({range_text(estimate.interval)})"


def points_text(interval: Interval | None) -> str:
    """Formats an interval of differences, `-0.10 pp to +1.20 pp`; a dash for None."""
    if interval is None:
        return NOTHING
    return f"{interval.low * 100:+.2f} pp to {interval.high * 100:+.2f} pp"


def signed_percent(share: float) -> str:
    """Formats a change: 0.05 -> `+5.0 %`."""
    return f"{share * 100 + 0.0:+,.1f} %"  # + 0.0 turns -0.0 into 0.0


def range_text(interval: Interval | None) -> str:
    """Formats an interval of shares, `1.20 % to 3.40 %`; a dash for None."""
    if interval is None:
        return NOTHING
    return f"{percent(interval.low, 2)} to {percent(interval.high, 2)}"


def notes(replay: Replay) -> list[str]:
    """Lists the assumptions behind this replay's figures, most important first."""
    costs, lines = replay.costs, list[str]()
    if costs.saved_interval() is not None:
        lines.append(
            f"Cost difference: {_cost_range(replay)} over "
            f"{counted(costs.count, 'request', 'requests')}, taken as independent draws from the "
            "same traffic."
        )
    if replay.not_compared:
        lines.append(
            f"{counted(replay.not_compared, 'request is', 'requests are')} in no cost: it is not "
            "known on one side."
        )
    if replay.new.uncertain:
        lines.append(
            f"{counted(replay.new.uncertain, 'request goes', 'requests go')} to an answerer that "
            f"was not called there: priced at {_whose_tokens(replay)}, where it would use more or "
            "fewer."
        )
        lines.append(_climb_note(replay))
    for (name, before, now), requests in replay.renewed.items():
        lines.append(
            f"{clean(name)} had the model {clean(before)} in "
            f"{counted(requests, 'request', 'requests')} and has {clean(now)} here: answers, calls "
            "and outcomes of the former say nothing of the latter, and are not counted for it."
        )
    for reason, requests in replay.left_out.items():
        lines.append(f"{counted(requests, 'row is', 'rows are')} left out: {reason.value}.")
    if replay.observed:
        lines.append(
            f"{counted(replay.observed, 'request was', 'requests were')} observed only: the "
            "recorded cost is that of the model that was asked for."
        )
    if replay.explored:
        lines.append(
            f"{counted(replay.explored, 'recorded decision was', 'recorded decisions were')} open "
            "to exploration; the policy is replayed without its own."
        )
    for assumption, requests in replay.assumed.items():
        lines.append(f"Assumed of {counted(requests, 'request', 'requests')}: {assumption.value}.")
    return lines


def _whose_tokens(replay: Replay) -> str:
    """Says by which tokens a call that was never made is priced; `Assumed` counts the requests."""
    stated = replay.assumed[Assumed.STATED] + replay.assumed[Assumed.NO_TOKENS]
    return f"the recorded answer's tokens{', or at stated ones as told below' * bool(stated)}"


def _climb_note(replay: Replay) -> str:
    # Stated with their figures, so that a reader can judge the assumption.
    rates = {name: replay.climbs.rate(name) for name in replay.climbs.calls}
    known = [f"{clean(name)} {percent(rate)}" for name, rate in rates.items() if rate is not None]
    if not known:
        return (
            f"No answerer has {MIN_CALLS} recorded answers, so answers that were never asked for "
            "are taken to be accepted."
        )
    return (
        f"Answers that were never asked for are climbed past as often as recorded ones were "
        f"({', '.join(known)}); those of others are taken to be accepted."
    )


def error_lines(replay: Replay) -> list[str]:
    """States what is known of the error, and what is not."""
    errors, lines = replay.errors, list[str]()
    label = "Error as recorded" if replay.old_name == RECORDED else f"Error of {replay.old_name}"
    if errors.logged is not None:
        lines.append(
            f"{label}: {percent(errors.logged.error, 2)} of "
            f"{counted(errors.logged_requests, 'request', 'requests')} with an outcome "
            f"({range_text(errors.logged.interval)})."
        )
    obstacle = cannot_answer(replay)
    if obstacle:
        lines.append(f"The data cannot tell this policy's error: {obstacle}.")
    # Bounds help only where the data leave a part of the answer open.
    if errors.bounds is not None and errors.no_overlap:
        open_share = errors.bounds.high - errors.bounds.low
        lines.append(
            f"It is about {range_text(errors.bounds)}, whatever those answers are like."
            if open_share < NOTHING_SAID
            else "It may be any share of wrong answers: nearly none of them was judged."
        )
    if errors.difference is not None and errors.answerable:
        lines.append(
            f"Difference, doubly robust: {errors.difference.error * 100:+.2f} pp"
            f" ({points_text(errors.difference.interval)}), over the same requests."
        )
    for reason, requests in (+replay.unweighed).items():
        lines.append(f"Outcomes in no estimate: {count(requests)}, {reason.value}.")
    if replay.outcomes_of_others:
        lines.append(
            f"{count(replay.outcomes_of_others)} of {count(replay.outcomes)} outcomes are of "
            "requests that are not replayed here, and count for nothing."
        )
    if replay.unknown_answerers:
        lines.append(unknown_answerers_line(replay.unknown_answerers))
    if replay.unlabelled_shadows:
        lines.append(
            f"{count(replay.unlabelled_shadows)} shadow answers differ from the answer given and "
            "have no outcome of their own, so shadows of those answerers tell nothing of errors."
        )
    return lines


def unknown_answerers_line(unknown: Mapping[str, int]) -> str:
    """Names the answerers of outcomes that none of the requests could have had.

    >>> unknown_answerers_line({"nanoo": 2})
    "Outcomes by answerers that no request here could have: 2 by 'nanoo'. They count for nothing."
    """
    named = [f"{count(unknown[name])} by '{clean(name)}'" for name in sorted(unknown)]
    if len(named) > MOST_NAMED:
        named[MOST_NAMED:] = [f"{count(len(named) - MOST_NAMED)} names more"]
    return (
        f"Outcomes by answerers that no request here could have: {', '.join(named)}. "
        "They count for nothing."
    )


def alone_lines(alone: TokensAlone) -> list[str]:
    """States what a log without prompts, or without costs, does not show."""
    lines = [
        "Every answerer is priced at the log's token counts; another model would use more or fewer."
    ]
    if alone.without_prompt:
        lines.append(
            f"{count(alone.without_prompt)} of {count(alone.rows)} rows have no prompt: which tier "
            "would answer them, and how well, cannot be said."
        )
    if alone.priced_by_book:
        lines.append(
            f"{counted(alone.priced_by_book, 'row states', 'rows state')} no cost; the policy's "
            "price book priced the model."
        )
    if alone.without_cost:
        lines.append(
            f"{counted(alone.without_cost, 'row states', 'rows state')} no cost, and nobody prices "
            "the model: left out of every cost."
        )
    return lines


def all_lines(replay: Replay) -> list[str]:
    """Returns all lines that are printed under the tables."""
    lines = [*error_lines(replay), *notes(replay)] if replay.requests else []
    return lines if replay.alone is None else [*lines, *alone_lines(replay.alone)]

"""What a replay says in sentences: its headline, what it rests on, what the data cannot tell."""

from __future__ import annotations

from router.analysis.replay.fail_conditions import cannot_answer
from router.analysis.replay.path import MIN_CALLS
from router.analysis.replay.replay import RECORDED, Replay
from router.analysis.replay.usage_cases import TokensAlone
from router.analysis.report.figures import Interval
from router.rendering.figures_in_words import (
    NOTHING,
    clean,
    count,
    counted,
    percent,
    signed_usd,
    usd,
)


def headline(found: Replay) -> str:
    """Returns one sentence: the cost, the expected error, and how many decisions change."""
    if not found.requests and found.alone is not None and found.alone.rows:
        return (
            f"{count(found.alone.rows)} rows of a log without prompts: no decision can be made, "
            "and only their tokens can be priced."
        )
    if not found.requests:
        return "No routed requests in this period: there is nothing to replay."
    costs = found.costs
    told = "the cost of none of them is known on both sides"
    if costs.count:
        share = costs.saved_share()
        change = "" if share is None else f" ({signed_percent(0.0 - share)})"
        told = (
            f"{usd(costs.own_nano_usd)} instead of {usd(costs.baseline_nano_usd)}, "
            f"{signed_usd(-costs.saved_nano_usd)}{change}"
        )
    beside = "what was recorded" if found.old_name == RECORDED else found.old_name
    requests = counted(found.requests, "request", "requests")
    change = (
        "1 decision changes" if found.changed == 1 else f"{count(found.changed)} decisions change"
    )
    return (
        f"{requests} under {found.new_name}, beside {beside}: {told}, {_expected_error(found)}; "
        f"{change} ({percent(found.changed / found.requests)})."
    )


def _expected_error(found: Replay) -> str:
    """ "at an expected error of 39.06 % instead of 2.72 % over the same 12 requests (...)".

    By outcomes where they answer for every request that has one, else by what policies believe.
    """
    said, believed = found.errors, found.believed
    if said.answerable and said.dr is not None and said.logged is not None:
        over = f"{count(said.requests)} requests with an outcome"
        if said.logged_requests != said.requests:
            over = f"{count(said.requests)} and {count(said.logged_requests)} of them"
        return f"at an error of {_both(said.dr.error, said.logged.error)} over {over}"
    if believed.new is None or believed.old is None:
        return "at an expected error that cannot be compared: no request has one on both sides"
    over = f"the same {count(believed.requests)} requests"
    if believed.requests == 1:
        over = "the same request"
    if believed.requests == found.requests:
        over = "all of them"
    by = "by the policies' own p, no outcome tells it"
    return f"at an expected error of {_both(believed.new, believed.old)} over {over} ({by})"


def _both(new: float, old: float) -> str:
    return f"{percent(new, 2)} instead of {percent(old, 2)}"


def points_text(interval: Interval | None) -> str:
    """An interval of differences: "-0.10 pp to +1.20 pp"; a dash for None."""
    if interval is None:
        return NOTHING
    return f"{interval.low * 100:+.2f} pp to {interval.high * 100:+.2f} pp"


def signed_percent(share: float, places: int = 1) -> str:
    """0.05 -> "+5.0 %"."""
    return f"{share * 100 + 0.0:+,.{places}f} %"


def range_text(interval: Interval | None) -> str:
    """An interval of shares: "1.20 % to 3.40 %"; a dash for None."""
    if interval is None:
        return NOTHING
    return f"{percent(interval.low, 2)} to {percent(interval.high, 2)}"


def notes(found: Replay) -> list[str]:
    """What the figures rest on, most important first; all of it is about this replay."""
    costs, lines = found.costs, list[str]()
    saved = costs.saved_interval()
    if saved is not None:
        lines.append(
            f"Cost difference, 95 %: {signed_usd(round(-saved.high))} to "
            f"{signed_usd(round(-saved.low))} over {count(costs.count)} requests, which are taken "
            "as independent draws from the same traffic."
        )
    if found.not_compared:
        lines.append(
            f"{count(found.not_compared)} requests are in no cost: it is not known on one side."
        )
    if found.new.uncertain:
        lines.append(
            f"{count(found.new.uncertain)} requests go where nobody called for them: the recorded "
            "answer's tokens stand for the new answerer's, which would use more or fewer."
        )
        lines.append(_climb_note(found))
    for reason, requests in found.left_out.items():
        lines.append(f"{counted(requests, 'row is', 'rows are')} left out: {reason.value}.")
    if found.observed:
        lines.append(
            f"{counted(found.observed, 'request was', 'requests were')} observed only: the "
            "recorded cost is that of the model that was asked for."
        )
    if found.explored:
        lines.append(
            f"{count(found.explored)} recorded decisions were open to exploration; the policy is "
            "replayed without its own."
        )
    for assumption, requests in found.assumed.items():
        lines.append(f"Assumed of {count(requests)} requests: {assumption.value}.")
    return lines


def _climb_note(found: Replay) -> str:
    rates = {name: found.climbs.rate(name) for name in found.climbs.calls}
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


def error_lines(found: Replay) -> list[str]:
    """What is known of the error, and what is not."""
    errors, lines = found.errors, list[str]()
    whose = "Error as recorded" if found.old_name == RECORDED else f"Error of {found.old_name}"
    if errors.logged is not None:
        lines.append(
            f"{whose}: {percent(errors.logged.error, 2)} of "
            f"{count(errors.logged_requests)} requests with an outcome "
            f"({range_text(errors.logged.interval)})."
        )
    why = cannot_answer(found)
    if why:
        lines.append(f"The data cannot tell this policy's error: {why}.")
    if errors.bounds is not None and errors.no_overlap:
        lines.append(f"It is about {range_text(errors.bounds)}, whatever those answers are like.")
    if errors.difference is not None and errors.answerable:
        lines.append(
            f"Difference, doubly robust: {errors.difference.error * 100:+.2f} pp"
            f" ({points_text(errors.difference.interval)}), over the same requests."
        )
    for reason, requests in (+found.unweighed).items():
        lines.append(f"Outcomes in no estimate: {count(requests)}, {reason.value}.")
    if found.outcomes_of_others:
        lines.append(
            f"{count(found.outcomes_of_others)} of {count(found.outcomes)} outcomes are of "
            "requests that are not replayed here, and count for nothing."
        )
    if found.unlabelled_shadows:
        lines.append(
            f"{count(found.unlabelled_shadows)} shadow answers differ from the answer given and "
            "have no outcome of their own, so shadows of those answerers tell nothing of errors."
        )
    return lines


def alone_lines(alone: TokensAlone) -> list[str]:
    """What a log without prompts, or without costs, does not tell."""
    lines = [
        "The log's token counts stand for every answerer; another model would use more or fewer."
    ]
    if alone.without_prompt:
        lines.append(
            f"{count(alone.without_prompt)} of {count(alone.rows)} rows have no prompt: which tier "
            "would answer them, and how well, cannot be said."
        )
    if alone.priced_by_book:
        lines.append(
            f"{count(alone.priced_by_book)} rows state no cost; the policy's price book priced "
            "their model."
        )
    if alone.without_cost:
        lines.append(
            f"{count(alone.without_cost)} rows state no cost, and nobody prices their model: they "
            "are in no cost."
        )
    return lines


def all_lines(found: Replay) -> list[str]:
    """Everything that stands under the tables."""
    lines = [*error_lines(found), *notes(found)] if found.requests else []
    return lines if found.alone is None else [*lines, *alone_lines(found.alone)]

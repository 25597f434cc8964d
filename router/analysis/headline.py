"""The sentences a report begins with: what was spent, what that saved, and at which quality."""

from __future__ import annotations

from router.analysis.figures import Period, Quality, Saving
from router.analysis.report_savings import leading
from router.analysis.wording import Dollars, against, count, day, percent, saved_percent
from router.rollup_cells import Cell


def headline(
    total: Cell,
    period: Period,
    savings: tuple[Saving, ...],
    observed: tuple[Saving, ...],
    quality: Quality,
    money: Dollars,
) -> str:
    """A few sentences for the person who pays; amounts and bounds as the tables write them."""
    if total.requests == 0 and total.spend_nano_usd:
        return (
            "No requests in this period; what earlier ones still cost (reviews, bills) is "
            f"{money(total.spend_nano_usd)}."
        )
    if total.requests == 0:
        return (
            "No requests in this period: nothing was spent and nothing can be said about savings."
        )
    first, last = (day(at, period.zone) for at in (period.first_row_ms, period.last_row_ms))
    when = f"On {first}" if first == last else f"From {first} to {last}"
    requests = "1 request" if total.requests == 1 else f"{count(total.requests)} requests"
    spent = f"{when}, {requests} cost {money(total.spend_nano_usd)}"
    if total.unknown_cost:
        spent += f", {count(total.unknown_cost)} of them at a cost that is not known"
    told = [
        *_told(leading(savings), total.requests, money),
        *_would_have(leading(observed), money),
    ]
    if not told:
        told = ["No baseline has a known price, so nothing can be said about savings."]
    return " ".join([f"{spent}.", *told, *_unverified(quality)])


def _told(saving: Saving | None, total: int, money: Dollars) -> list[str]:
    if saving is None or saving.saved_nano_usd is None:
        return []
    scope = "" if saving.compared == total else f" over the {count(saving.compared)} answered"
    if saving.compared and saving.not_compared:
        scope = f" over the {count(saving.compared)} that can be compared"
    label = {
        "requested_model": "the models the clients asked for",
        "all_level_2": "answering everything at level 2",
        "all_level_3": "answering everything at level 3",
    }[saving.key]
    base = f"Against {money(saving.baseline_nano_usd)} for {label}{scope}"
    return [f"{base}, routing {_difference(saving, 'saved', 'cost', money)}."]


def _would_have(saving: Saving | None, money: Dollars) -> list[str]:
    """Of requests that were observed only: nothing was routed, so nothing was saved."""
    if saving is None or saving.saved_nano_usd is None:
        return []
    requests = (
        "1 request was" if saving.compared == 1 else f"{count(saving.compared)} requests were"
    )
    label = {
        "requested_model": "that the models the clients asked for cost",
        "all_level_2": "for answering them at level 2",
        "all_level_3": "for answering them at level 3",
    }[saving.key]
    return [
        f"{requests} observed only: against {money(saving.baseline_nano_usd)} {label}, routing "
        f"{_difference(saving, 'would have saved', 'would have cost', money)}."
    ]


def _difference(saving: Saving, gain: str, loss: str, money: Dollars) -> str:
    """ "saved $467.50 (89.4 %; 95 % interval 85.1 % to 93.7 %), with accepted answers $400.00"."""
    assert saving.saved_nano_usd is not None
    lost = saving.saved_nano_usd < 0
    amount = money(abs(saving.saved_nano_usd))
    said = f"{loss} {amount} more" if lost else f"{gain} {amount}"
    accepted = saving.accepted_saved_nano_usd
    if accepted is None:
        return f"{said}{_share_of(saving, lost)}"
    part = "all" if accepted == saving.saved_nano_usd else money(abs(accepted))
    if (accepted < 0) != lost and accepted:
        part = f"{part} {'saved' if lost else 'more spent'}"
    return f"{said}{_share_of(saving, lost)}, {part} of it with accepted answers"


def _share_of(saving: Saving, lost: bool) -> str:
    """ " (59.2 %; 95 % interval 46.8 % to 71.7 %)"; a loss is written without its minus.

    Each bound is rounded as in the table, before it is turned round.
    """
    if saving.saved_share is None:
        return ""
    share, ends = saved_percent(saving.saved_share), list[str]()
    if saving.share_interval is not None:
        ends = [
            saved_percent(end) for end in (saving.share_interval.low, saving.share_interval.high)
        ]
    if lost:
        share, ends = against(share), [against(end) for end in reversed(ends)]
    between = f"; 95 % interval {ends[0]} to {ends[1]}" if ends else ""
    return f" ({share}{between})"


def _unverified(quality: Quality) -> list[str]:
    if not quality.answered:
        return []
    if not quality.unverified:
        return ["No answer went out unverified."]
    share = percent(quality.unverified_share)
    answers = f"{count(quality.unverified)} of {count(quality.answered)} answers ({share})"
    return [f"{answers} went out unverified."]

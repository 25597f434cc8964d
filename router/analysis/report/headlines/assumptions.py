"""Writes the assumptions behind a report's savings, which stand under their table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.analysis.report.figures import Saving
from router.analysis.report.savings import DRAWS
from router.ledger.aggregates import AFTERWARDS_LEVEL, Whole
from router.rendering.figures_in_words import Dollars, count, counted
from router.types import CostBasis

BY_REQUESTS = (
    "Intervals: 95 %, central limit theorem on paired differences, requests taken as "
    "independent; none below 30 requests, rough while few requests carry most of the cost."
)
BY_BLOCKS = (
    f"Intervals: 95 %, bootstrap over stretches of time ({DRAWS} draws, fixed seed), which "
    "allows for requests of the same time being alike; the same mix of traffic is assumed."
)


def _intervals(savings: tuple[Saving, ...]) -> str:
    return BY_BLOCKS if any(saving.by_blocks for saving in savings) else BY_REQUESTS


def assumptions(
    whole: Whole,
    savings: tuple[Saving, ...],
    observed: tuple[Saving, ...],
    passed_over: str,
    *,
    planned: bool,
    money: Dollars,
) -> tuple[str, ...]:
    """Lists the assumptions behind the savings; they are printed under their table.

    `passed_over` says why the first sentences name their baseline and none before it.
    """
    lines = [
        *_of_costs(whole, savings, money),
        _intervals(savings),
        *([passed_over] if passed_over else []),
        *_of_prices(whole),
        *_of_asked_models(savings, observed),
        _of_people((*savings, *observed)),
    ]
    if observed:
        lines.append(
            "Requests observed only are in no saving. What routing would have cost counts each "
            "rung of the ladder that was decided, as often as those below it were expected to be "
            "wrong, at the tokens of the answer that went out."
        )
    # A baseline that no request can be compared with shows so in the table itself.
    partly = [s for s in savings if s.compared and s.not_compared]
    if partly:
        each = "; ".join(f"{s.label}: {count(s.not_compared)}" for s in partly)
        lines.append(
            "Requests that could not be compared, because words went out in place of an answer "
            "(there is none, or a person takes the matter), labels or vectors have no price "
            "elsewhere, the baseline's price or the own cost is unknown, nobody said what the "
            "answer used, or a retry got its first answer again: "
            f"{each}."
        )
    if planned:
        lines.append(
            "The plan of the levels is what the policy states under report.planned_shares: a "
            "target to compare with, no forecast."
        )
    return tuple(lines)


def _of_costs(whole: Whole, savings: tuple[Saving, ...], money: Dollars) -> list[str]:
    """States what baselines and own costs count, and by which prices."""
    calls = {basis: whole.bases.get(basis.value, [0, 0])[0] for basis in CostBasis}
    accepted = any(saving.accepted_saved_nano_usd is not None for saving in savings)
    return [
        "Every baseline is priced at the token counts of the answer that was returned; another "
        "model would have used more or fewer. What a deliberation answered counts its question and "
        "last step at a model that answers in one call; a deliberation counts any other answer "
        "once for each call that it would have made.",
        "Own cost, of the requests that are compared, includes discarded drafts, retries, checks, "
        "shadows, deliberation steps, what reading requests took and reviewers' minutes. A failed "
        "request counts with its cost and a baseline of nothing, and so does a review; neither is "
        "among those counted as compared or not. Questions that ask for what an answer lacks are "
        "compared as answers: anybody would have to ask.",
        *([_accepted_only(whole, money)] if accepted else []),
        f"Costs by basis: {counted(calls[CostBasis.LIST_PRICE], 'call', 'calls')} at a stated list "
        "price, "
        f"{count(calls[CostBasis.TOKEN_PRICE])} at token prices, "
        f"{count(calls[CostBasis.OWN_COMPUTE])} by own compute, "
        f"{count(calls[CostBasis.UNKNOWN])} at an unknown price{_not_billed(calls)}.",
    ]


def _of_prices(whole: Whole) -> list[str]:
    """Says which prices are no invoice, and what counts as nothing for want of a rate."""
    lines = []
    if whole.bases.get(CostBasis.LIST_PRICE.value, [0, 0])[0]:
        lines.append(
            "A stated list price is what the policy says an answer costs, not what was invoiced."
        )
    # Compute without a rate is free in the sums, which a reader must know.
    if whole.unpriced_compute:
        lines.append(
            f"Lines of own compute without a stated rate: {count(whole.unpriced_compute)}. They "
            "count as nothing (own_compute in the price book)."
        )
    return lines


def _of_asked_models(savings: tuple[Saving, ...], observed: tuple[Saving, ...]) -> list[str]:
    """Says what the model that a client asked for is priced at, or why none was compared."""
    lines = []
    if any(s.key == "requested_model" and s.compared for s in (*savings, *observed)):
        lines.append(
            "The model the client asked for: at the price of that name in the policy "
            "(report.requested_models), or else in its price book, or of the answerer of that "
            "name, on the day of the request. A name that stands for no model, such as `auto`, "
            "has only the price that the policy states for it."
        )
    asked = next((s for s in savings if s.key == "requested_model"), None)
    if asked is not None and asked.apart and not asked.compared:
        lines.append(
            "No request was compared with the model the client asked for: none had both a known "
            "cost and a price of the name that was sent. State what the name stands for in the "
            "policy (report.requested_models); later requests are then compared."
        )
    return lines


def _of_people(savings: Sequence[Saving]) -> str:
    """Says what people are priced at, or why no request was compared with them."""
    people = next((s.label for s in savings if s.key == "people" and s.compared), "")
    if people:
        return (
            f"{people}: as the policy stated it then, whatever the request; 0 for an answer that "
            "refuses, since whoever gets it still asks a person."
        )
    return (
        "No request was compared with people: none had both an answer to compare and a price "
        "for people that its policy stated then. State in the policy what one request costs "
        "where a person answers it (report.people_usd_per_request); later requests are then "
        "compared."
    )


def _not_billed(calls: Mapping[CostBasis, int]) -> str:
    """Writes ", 28 that failed and are booked at $0: ..."; "" where there are none."""
    failed = calls[CostBasis.NONE]
    told = "failed and are booked at $0: whether a provider bills them is not known"
    return f", {count(failed)} that {told}" if failed else ""


def _accepted_only(whole: Whole, money: Dollars) -> str:
    """States what a saving counts and its column of accepted replies does not, with the amount."""
    beside = sum(spent for _, spent, *_ in whole.reasons.get(AFTERWARDS_LEVEL, {}).values())
    amount = f"; rows that are no requests cost {money(beside)}" if beside else ""
    return (
        "Accepted only is the baseline of the accepted replies minus what their own requests cost. "
        "Saved counts more: other replies that are compared, failed requests, and what shadows, "
        f"reviews and corrections by bills cost{amount}."
    )

"""Writes a report's first sentences: what was spent, what that saved, and at which quality."""

from __future__ import annotations

from dataclasses import dataclass

from router.analysis.report.baseline_names import SILENT
from router.analysis.report.figures import Measure, Period, Quality, Saving, UnknownCost
from router.analysis.report.named_savings import BASELINE_WORDS, Told
from router.analysis.report.outcomes import wrong_answers, wrong_beside
from router.analysis.report.replies import Replies
from router.ledger.aggregates import Cell, Whole
from router.ledger.replies import ReplyKind
from router.ledger.row_reading import REVIEW
from router.rendering.figures_in_words import (
    Dollars,
    clean,
    count,
    counted,
    day,
    percent,
    saved_percent,
)
from router.types import Role


@dataclass(frozen=True, slots=True)
class Findings:
    """Holds the inputs of the sentences; amounts are nano-dollars until `money` formats them."""

    total: Cell
    period: Period
    replies: Replies
    routed: Told
    observed: Told
    quality: Quality
    judged: Measure  # the share of judged answers that were right
    money: Dollars
    routed_answers: int  # answers and questions of requests that were not only observed
    unknown: UnknownCost
    lost: str = ""  # how many purged requests are in no figure
    told: tuple[Measure, ...] = ()  # all that feedback and reviews said

    @property
    def whole(self) -> Whole:
        """Returns the sums that count each request once."""
        return self.total.whole or Whole()


def first_sentences(findings: Findings) -> tuple[str, ...]:
    """Returns a few sentences for the person who pays; figures are formatted as in the tables.

    The first sentence counts what the requests got: only answers can save money.
    """
    total, money = findings.total, findings.money
    # Reviews and bills of earlier requests may be booked in a period without requests.
    if total.requests == 0 and total.spend_nano_usd:
        return (
            "No requests in this period; what earlier ones still cost (reviews, bills) is "
            f"{money(total.spend_nano_usd)}.",
            *_lost(findings),
        )
    if total.requests == 0 and findings.lost:
        return ("No requests of this period are left to count.", findings.lost)
    if total.requests == 0:
        return (
            "No requests in this period: nothing was spent and nothing can be said about savings.",
        )
    passed_on = findings.quality.observed
    savings = [
        # Where routing only observed, there is nothing to tell of what it saved.
        *([] if passed_on and not findings.routed_answers else _told(findings.routed, findings)),
        *(_would_have(findings.observed, passed_on, money) if passed_on else []),
    ]
    quality = (
        *(wrong_answers(findings.told, money) if findings.quality.answered else []),
        *wrong_beside(findings.told, money),
        *_unverified(findings),
        *_on_priors(findings),
    )
    first = f"{_spent(findings)}{_got(findings.replies)}."
    return (first, *_assumed(findings), *_failing(findings), *_lost(findings), *savings, *quality)


def _spent(findings: Findings) -> str:
    """Writes "On 3 May 2026, 5 requests cost $0.12"."""
    total, period = findings.total, findings.period
    first, last = (day(ms, period.zone) for ms in (period.first_row_ms, period.last_row_ms))
    when = f"On {first}" if first == last else f"From {first} to {last}"
    requests = counted(total.requests, "request", "requests")
    spent = f"{when}, {requests} cost {findings.money(total.spend_nano_usd)}"
    unknown = findings.unknown
    if unknown.requests:
        # What nobody can price is in no sum; what nobody reported counts at its worst case.
        held = unknown.held_nano_usd
        in_sum = f"{findings.money(held)}, which was held, is in this sum"
        words = in_sum if held else "not in this sum"
        spent += f", {count(unknown.requests)} of them at a cost that is not known ({words})"
    return spent


def _got(replies: Replies) -> str:
    """Writes ": 1 answered, 3 failed, 1 refused", or ", and all were answered"."""
    if replies.of(ReplyKind.ANSWER) < sum(line.requests for line in replies.lines):
        return f": {replies.told()}"
    return ", and it was answered" if replies.answers == 1 else ", and all were answered"


def _assumed(findings: Findings) -> list[str]:
    """States how much of the spend has a price that nobody stated, where that is a tenth of it."""
    (times, assumed), spend = findings.whole.assumed, findings.total.spend_nano_usd
    if not times or 10 * assumed <= spend:
        return []
    share, amount = percent(assumed / spend), findings.money(assumed)
    return [
        f"{amount} of it ({share}) is people's minutes at a price that is assumed: the policy "
        "states none (`review.reviewer_usd_per_minute`)."
    ]


FAULTS_TOLD_FROM = 0.01
"""Share of the requests from which an answerer's failed calls are told: most lose one now and then,
and an outage loses many."""
OUT_OF_USE = "answerer_not_ready"
FAULT_WORDS = {
    "upstream_rejected": "the upstream refused our key or the request",
    OUT_OF_USE: "it was out of use",
    "upstream_rate_limited": "the upstream limited our rate",
    "upstream_quota_exhausted": "our money at the upstream was spent",
    "upstream_unreachable": "no connection could be made",
    "upstream_invalid": "the upstream sent what is no answer",
    "upstream_error": "the upstream failed",
    "stream_cut": "its answer ended before it was whole",
    "answerer_failed": "it failed",
    "deadline_exceeded": "no answer came in time",
}
"""Words for each of `ledger.faults.FAULTS`."""


def _failing(findings: Findings) -> list[str]:
    """Names the answerers whose calls failed in many requests, with how many and why.

    Failures put an answerer out of use, so beside them that is told as what followed.
    """
    by_answerer: dict[str, dict[str, int]] = {}
    for name, requests in findings.whole.faults.items():
        answerer, _, code = name.rpartition(" ")
        by_answerer.setdefault(answerer, {})[code] = requests
    told = []
    for answerer, faults in sorted(by_answerer.items()):
        told_of = sorted(((n, c) for c, n in faults.items() if c in FAULT_WORDS), reverse=True)
        # The most of all counts is that of any fault, which older purged rows do not have.
        if told_of and max(faults.values()) >= FAULTS_TOLD_FROM * findings.total.requests:
            causes = [(n, code) for n, code in told_of if code != OUT_OF_USE] or told_of
            why = [
                f"in {counted(n, 'request', 'requests')} {FAULT_WORDS[code]}" for n, code in causes
            ]
            after = faults.get(OUT_OF_USE, 0) if len(causes) < len(told_of) else 0
            followed = f"; so it was out of use in {counted(after, 'request', 'requests')}"
            told.append(
                f"Calls of {clean(answerer)} failed: {', '.join(why)}{followed if after else ''}."
            )
    return told


def _lost(findings: Findings) -> list[str]:
    return [findings.lost] if findings.lost else []


def _told(told: Told, findings: Findings) -> list[str]:
    saving = told.saving
    if saving is None or saving.saved_nano_usd is None:
        return [told.why]
    money = findings.money
    label = BASELINE_WORDS[saving.key]
    if SILENT in saving.label:  # of one of several policies: else there would be no saving to tell
        label += f" (partly with a model that {SILENT} here)"
    if saving.in_vain:
        label += " (by its price: it was tried, and answered no request of this period)"
    base = f"Against {money(saving.baseline_nano_usd)} for {label}{_scope(saving, findings)}"
    difference = _difference(saving, "saved", "cost", money)
    parts = (
        difference,
        *_chance(saving),
        *_accepted(saving, money),
        *_questions(saving, money),
        *_reviewers(saving, findings),
        *_bounds(saving, findings),
    )
    return [f"{base}, routing {', '.join(parts)}.", *_net(saving, findings)]


def _scope(saving: Saving, findings: Findings) -> str:
    """States on how many requests a saving rests; "" where it rests on all."""
    if saving.compared == findings.total.requests:
        return ""
    answers, words = findings.routed_answers, findings.replies.compared_words
    compared = f"the {count(saving.compared)} {words}"
    if saving.compared < answers:
        only = "only " if 2 * saving.compared <= answers else ""
        compared = f"{only}{count(saving.compared)} of the {count(answers)} {words}"
    return f" over {compared}{_apart(saving, findings)}"


def _apart(saving: Saving, findings: Findings) -> str:
    """States what requests cost that are compared with nothing, drafts for nobody too."""
    rest = _rest(saving, findings)
    return (
        f" (what else was spent, {findings.money(rest)}, is compared with nothing)" if rest else ""
    )


def _net(saving: Saving, findings: Findings) -> list[str]:
    """States what is left of a saving after what bought no answer, and what nobody can compare."""
    spend, money = findings.total.spend_nano_usd, findings.money
    observed = bool(findings.whole.observed)
    rest = without_answer(saving, spend, findings.replies, observed=observed)
    left = left_of(saving, rest)
    told = []
    if left is not None:
        net = f"{money(left)} of that saving is left"
        loss = f"it is a loss of {money(-left)}"
        told = [f"After the {money(rest)} that bought no answer, {net if left > 0 else loss}."]
    # What no ladder answered has no model to be compared with: that is known.
    answers, spent = findings.whole.unrouted
    apart, cost = saving.apart - answers, saving.apart_nano_usd - spent
    if apart > 0 and 10 * cost > abs(saving.saved_nano_usd or 0):
        other = counted(apart, "other answer", "other answers")
        told.append(f"What the {other} ({money(cost)}) would have cost elsewhere is not known.")
    return told


def left_of(saving: Saving, rest_nano_usd: int) -> int | None:
    """Returns a saving minus what else was spent; None where that is a tenth of it or less.

    A tenth is told beside the saving, and changes no reader's mind.
    """
    saved = saving.saved_nano_usd or 0
    return None if saved <= 0 or 10 * rest_nano_usd <= saved else saved - rest_nano_usd


def _rest(saving: Saving, findings: Findings) -> int:
    """Returns the nano-dollars of requests that are compared with nothing."""
    return rest_of(saving, findings.total.spend_nano_usd, observed=bool(findings.whole.observed))


def rest_of(saving: Saving, spend_nano_usd: int, *, observed: bool) -> int:
    """Returns the part of the spend that a saving does not count."""
    # What was only observed is no part of routing, and has sentences of its own.
    return 0 if observed else max(0, spend_nano_usd - (saving.own_nano_usd or 0))


def without_answer(saving: Saving, spend_nano_usd: int, replies: Replies, *, observed: bool) -> int:
    """Returns the part of the spend that bought no answer; 0 where nobody can tell.

    An older version purged answers without a count of those that could not be compared.
    """
    purged = any(line.name == "not_counted" for line in replies.lines)
    if observed or purged or saving.compared + saving.apart < replies.answers:
        return 0
    return rest_of(saving, spend_nano_usd, observed=observed) - saving.apart_nano_usd


def _would_have(told: Told, passed_on: int, money: Dollars) -> list[str]:
    """Estimates requests that were observed only: nothing was routed, so nothing was saved.

    The observed models gave the answers that went out, so these say nothing about routing's.
    """
    saving = told.saving
    if saving is None or saving.saved_nano_usd is None:
        requests = counted(passed_on, "request was", "requests were")
        return [f"{requests} observed only. {told.why}"]
    requests = counted(saving.compared, "request was", "requests were")
    label = {
        "requested_model": "that the models the clients asked for cost",
        "all_level_2": "for answering them at level 2",
        "all_level_3": "for answering them at level 3",
    }[saving.key]
    difference = _difference(saving, "would have saved", "would have cost", money)
    return [
        f"{requests} observed only: against {money(saving.baseline_nano_usd)} {label}, routing "
        f"{', '.join((difference, *_chance(saving)))}.",
        "How good the answers that routing would have given are is not known, since none was made; "
        "`tiergate replay` estimates it.",
    ]


def _difference(saving: Saving, gain: str, loss: str, money: Dollars) -> str:
    """Writes "saved $467.50 (89.4 %; 95 % interval 85.1 % to 93.7 %)".

    A loss keeps the table's sign: "cost $9.00 more (saved -30.0 %; 95 % interval ...)".
    """
    assert saving.saved_nano_usd is not None
    lost = saving.saved_nano_usd < 0
    amount = money(abs(saving.saved_nano_usd))
    amount_text = f"{loss} {amount} more" if lost else f"{gain} {amount}"
    return f"{amount_text}{_share_of(saving, lost)}"


def _chance(saving: Saving) -> list[str]:
    return ["which may be chance"] if saving.may_be_chance else []


def _accepted(saving: Saving, money: Dollars) -> list[str]:
    """Sums what only accepted replies saved; it may exceed the whole, or have the other sign."""
    accepted = saving.accepted_saved_nano_usd
    if accepted is None:
        return []
    if not saving.accepted:
        return ["with no accepted reply"]
    if accepted == saving.saved_nano_usd:
        return ["all of it with accepted replies"]
    if accepted < 0:
        return [f"accepted replies alone cost {money(-accepted)} more"]
    return [f"accepted replies alone saved {money(accepted)}"]


def _questions(saving: Saving, money: Dollars) -> list[str]:
    """States what questions back saved, where that is much: a matter that is asked back goes on."""
    whole, saved = saving.saved_nano_usd or 0, saving.asked_saved_nano_usd
    if whole <= 0 or 10 * saved <= whole:
        return []
    return [f"{money(saved)} of it with questions back (the client then writes again)"]


def _reviewers(saving: Saving, findings: Findings) -> list[str]:
    """States how much of the own cost is reviewers' time, where that could change a mind."""
    reviewed = findings.whole.roles.get(Role.REVIEW.value, [0, 0])[1]
    reviewed -= findings.whole.taught.get(REVIEW, [0, 0])[1]  # labels are in no saving
    saved = saving.saved_nano_usd or 0
    if 10 * reviewed <= abs(saved):
        return []
    spent, priced = findings.money(reviewed), "at an assumed price"
    assumed = findings.whole.assumed[0] > 0
    # Only a loss that the reviewers' time alone causes is explained by it.
    if saved < 0 <= saved + reviewed:
        time = f"reviewers' time ({spent}{f', {priced}' if assumed else ''})"
        without = findings.money(saved + reviewed)
        return [f"and {time} is what makes it a loss: without it, {without} is saved"]
    return [f"and {spent} of its cost is reviewers' time{f' {priced}' if assumed else ''}"]


def _bounds(saving: Saving, findings: Findings) -> list[str]:
    """States how much of the own cost may be too much, where that could change a reader's mind."""
    _, estimated = findings.whole.estimated
    small = 10 * estimated < abs(saving.saved_nano_usd or 0)
    if not estimated or small or findings.whole.observed:
        return []
    bound = findings.money(estimated)
    return [f"and up to {bound} of its cost is a bound: nobody said what those calls used"]


def _share_of(saving: Saving, lost: bool) -> str:
    """Writes " (59.2 %; 95 % interval 46.8 % to 71.7 %)", with the signs of the table."""
    if saving.saved_share is None:
        return ""
    share = f"{'saved ' if lost else ''}{saved_percent(saving.saved_share)}"
    interval = saving.share_interval
    if interval is not None:
        share += f"; 95 % interval {saved_percent(interval.low)} to {saved_percent(interval.high)}"
    return f" ({share})"


def _unverified(findings: Findings) -> list[str]:
    """Counts the answers without verification; observed ones are passed on unchecked."""
    quality = findings.quality
    if not quality.answered:
        return []
    passed_on = [] if not quality.observed else [_passed_on(quality)]
    if not quality.unverified:
        if not quality.observed:
            words = findings.replies.of(ReplyKind.NO_ANSWER)
            apart = " (words that there is none are no answers)" if words else ""
            return [f"No answer went out marked unverified{apart}."]
        routed = quality.answered > quality.observed
        return [*passed_on, *(["No routed answer went out marked unverified."] if routed else [])]
    share = percent(quality.unverified_share)
    answers = counted(quality.answered, "answer", "answers")
    return [
        *passed_on,
        f"{count(quality.unverified)} of {answers} ({share}) went out marked unverified"
        f"{_their_cost(quality, findings)}.",
    ]


def _their_cost(quality: Quality, findings: Findings) -> str:
    """Writes "; they cost $4.50, 83.8 % of the spend", where that is known and not nothing."""
    cost, spend = quality.unverified_nano_usd, findings.total.spend_nano_usd
    if not cost or spend <= 0:
        return ""
    they = "it" if quality.unverified == 1 else "they"
    return f"; {they} cost {findings.money(cost)}, {percent(cost / spend)} of the spend"


def _on_priors(findings: Findings) -> list[str]:
    """Counts the accepted answers whose chance is a prior, and what they cost."""
    prior, spend = findings.replies.on_prior, findings.total.spend_nano_usd
    if prior is None:
        return []
    accepted = findings.replies.accepted_routed
    share = percent(prior.answers / accepted)
    cost = findings.money(prior.spend_nano_usd)
    of_spend = f", {percent(prior.spend_nano_usd / spend)} of the spend" if spend else ""
    answers = counted(accepted, "accepted answer", "accepted answers")
    known = (
        "nobody measured how often such answers are right"
        if findings.judged.value is None
        else "the judged answers are all that is known of how often such are right"
    )
    return [
        f"Of {answers}, {count(prior.answers)} ({share}; {cost}{of_spend}) went out on an assumed "
        f"chance (a prior): {known}."
    ]


def _passed_on(quality: Quality) -> str:
    who = counted(quality.observed, "observed answer was", "observed answers were")
    return f"{who} passed on as given, unchecked."

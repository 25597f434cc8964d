"""Writes a report's first sentences: what was spent, what that saved, and at which quality."""

from __future__ import annotations

from router.analysis.report.baseline_names import SILENT
from router.analysis.report.figures import Report, Saving
from router.analysis.report.headlines.bills_of_before import of_bills
from router.analysis.report.headlines.faults import failing
from router.analysis.report.headlines.findings import Findings, came_later, so_corrected
from router.analysis.report.headlines.minutes import of_minutes
from router.analysis.report.headlines.quality import lacking, on_priors, unverified
from router.analysis.report.headlines.stated_costs import of_stated
from router.analysis.report.headlines.told_sentences import Sentences
from router.analysis.report.headlines.unknown_costs import bound_words, of_unknown
from router.analysis.report.named_savings import BASELINE_WORDS, Told, within
from router.analysis.report.outcomes import wrong_answers, wrong_beside
from router.analysis.report.replies import Replies
from router.ledger.aggregates import Ending
from router.ledger.replies import ReplyKind
from router.ledger.row_reading import REVIEW
from router.rendering.figures_in_words import (
    MOST_TIMES,
    Dollars,
    count,
    counted,
    day,
    saved_percent,
    shown_saving,
)
from router.types import Role


def first_sentences(findings: Findings) -> Sentences:
    """Returns a few sentences for the person who pays; figures are formatted as in the tables.

    The first sentence counts what the requests got: only answers can save money. A saving stands
    before what failed, and beside the quality of the answers.
    """
    total, money = findings.total, findings.money
    # Reviews and bills of earlier requests may be booked in a period without requests.
    if total.requests == 0 and total.spend_nano_usd:
        booked = (
            "No requests in this period; what was booked for earlier ones (reviews, bills) comes "
            f"to {money(total.spend_nano_usd)}."
        )
        return Sentences((booked, *_lost(findings)))
    if total.requests == 0 and findings.lost:
        return Sentences(("No requests of this period are left to count.", findings.lost))
    if total.requests == 0:
        nothing = "nothing was spent and nothing can be said about savings"
        return Sentences((f"No requests in this period: {nothing}.",))
    passed_on = findings.quality.observed
    savings = [
        # Where routing only observed, there is nothing to tell of what it saved.
        *([] if passed_on and not findings.routed_answers else _told(findings.routed, findings)),
        *(_would_have(findings.observed, passed_on, money) if passed_on else []),
    ]
    quality = (
        *(wrong_answers(findings.told, money) if findings.quality.answered else []),
        *wrong_beside(findings.told, money),
        *lacking(findings),
        *unverified(findings),
        *on_priors(findings),
    )
    faults = failing(findings.whole.faults, total.requests, findings.replies.of(Ending.FAILED))
    return Sentences(
        (*_first(findings), *of_minutes(findings), *of_stated(findings), *_lost(findings)),
        tuple(savings),
        quality,
        tuple(faults),
        tuple(came_later(findings)),
    )


def _spent(findings: Findings) -> str:
    """Writes "On 3 May 2026, 5 requests cost $0.12"."""
    total, period = findings.total, findings.period
    first, last = (day(ms, period.zone) for ms in (period.first_row_ms, period.last_row_ms))
    when = f"On {first}" if first == last else f"From {first} to {last}"
    requests = counted(total.requests, "request", "requests")
    _, corrected = findings.corrections
    amount = findings.money(total.spend_nano_usd - corrected)
    spent = f"{when}, {requests} cost {bound_words(findings)}{amount}"
    return f"{spent}{so_corrected(findings)}"


def _first(findings: Findings) -> list[str]:
    """Writes what was spent in one short sentence, and in another what that was for."""
    spent, replies = _spent(findings), findings.replies
    if replies.of(ReplyKind.ANSWER) < sum(line.requests for line in replies.lines):
        return [f"{spent}.", *of_unknown(findings), f"What they got: {replies.told()}."]
    all_of_it = "it was answered" if replies.answers == 1 else "all were answered"
    return [f"{spent}, and {all_of_it}.", *of_unknown(findings)]


def _lost(findings: Findings) -> list[str]:
    return [findings.lost] if findings.lost else []


def _told(told: Told, findings: Findings) -> list[str]:
    saving = told.saving
    if saving is None or saving.saved_nano_usd is None:
        return [told.why, *_against_people(told, findings)]
    money = findings.money
    label = BASELINE_WORDS[saving.key]
    if saving.partly_silent:
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
        *of_bills(saving, findings),
        *_bounds(saving, findings),
    )
    return [f"{base}, routing {', '.join(parts)}.", *_turned(told, money), *_net(saving, findings)]


def _against_people(told: Told, findings: Findings) -> list[str]:
    """Tells the saving against people alone: their price is the policy's, and nobody paid it."""
    saving, money = told.people, findings.money
    if saving is None:
        return []
    parts = (
        _difference(saving, "saved", "cost", money),
        *_questions(saving, money),
        *_reviewers(saving, findings),
    )
    return [
        f"Against {money(saving.baseline_nano_usd)} for {within(saving.label)}"
        f"{_scope(saving, findings)}, routing {', '.join(parts)}. That price is what the policy "
        "states: it counts where people gave such answers before."
    ]


def _turned(told: Told, money: Dollars) -> list[str]:
    """States the baselines against which routing lost, beside the one against which it saved."""
    return [
        f"Against {money(saving.baseline_nano_usd)} for {BASELINE_WORDS[saving.key]} it "
        f"{_difference(saving, 'saved', 'cost', money)}."
        for saving in told.turned
    ]


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
    """States what failed requests cost, which counts; then what is compared with nothing."""
    rest = _rest(saving, findings)
    parts = [
        *_unanswered(saving, findings),
        *([f"what else was spent, {findings.money(rest)}, is compared with nothing"] * bool(rest)),
    ]
    return f" ({'; '.join(parts)})" if parts else ""


def _unanswered(saving: Saving, findings: Findings) -> list[str]:
    """States what requests without an answer cost: the saving has it, and they are no answers.

    Without an amount where it is not known of which ones the saving has the cost, or whose cost
    bills corrected: the saving counts what was billed, these lines what was booked.
    """
    lines = [line for line in findings.replies.lines if line.name in set(Ending)]
    if not saving.without_answer or not any(line.spend_nano_usd for line in lines):
        return []
    # A cancelled request may have a baseline of its own, and then counts as compared.
    ended = [line for line in lines if line.name != Ending.CANCELLED.value]
    billed, *_ = findings.whole.roles.get(Role.RECONCILE.value, [0])
    certain = not (findings.unknown.requests or findings.whole.observed or billed)
    for all_of in (ended, lines):
        if certain and sum(line.requests for line in all_of) == saving.without_answer:
            paid = [line for line in all_of if line.spend_nano_usd]
            amount = findings.money(sum(line.spend_nano_usd for line in paid))
            requests = counted(sum(line.requests for line in paid), "request", "requests")
            failed = all(line.name == Ending.FAILED.value for line in paid)
            kind = "that failed" if failed else "without an answer"
            return [f"the {amount} of {requests} {kind} counts as well"] if paid else []
    if findings.unknown.requests:  # what is not known is in no saving
        return ["what requests without an answer are known to have cost counts as well"]
    return ["what requests without an answer cost counts as well"]


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


def left_of_report(report: Report) -> int | None:
    """Returns what is left of the headline's saving after what bought no answer.

    None where no saving is told, and where that is a tenth of it or less.
    """
    saving = report.leading_saving
    if saving is None:
        return None
    observed = bool(report.quality.observed)
    rest = without_answer(saving, report.spend_nano_usd, report.replies, observed=observed)
    return left_of(saving, rest)


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
    rest = rest_of(saving, spend_nano_usd, observed=observed)
    return max(0, rest - saving.apart_nano_usd - replies.unpriced_nano_usd)


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

    A loss keeps the table's sign: "cost $9.00 more (saved -30.0 %; 95 % interval ...)". One beyond
    100 % is told in times: "cost $9.00 more (2.5 times as much; 95 % interval 2.1 to 2.9 times)".
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
    alone = f"accepted replies alone saved {money(accepted)}"
    rest = accepted - (saving.saved_nano_usd or 0)
    if saving.saved_nano_usd is None or saving.saved_nano_usd < 0 or rest <= 0:
        return [alone]
    # Unverified answers of a dear tier, or failed requests: a part above the whole needs a reason.
    return [f"{alone} (what else is compared cost {money(rest)} more than it would have there)"]


def _questions(saving: Saving, money: Dollars) -> list[str]:
    """States what questions back saved, and the share without them: their matter goes on."""
    told = questions_told(saving, money)
    if not told:
        return []
    without = saving.share_without_asked
    share = "" if without is None else f"; without them {shown_saving(without)}"
    return [f"{told} (the client then writes again{share})"]


def questions_told(saving: Saving, money: Dollars) -> str:
    """Writes "$12.25 of it with 25 questions back"; "" where no saving has any of them."""
    if not saving.asked or (saving.saved_nano_usd or 0) <= 0:
        return ""
    questions = counted(saving.asked, "question back", "questions back")
    return f"{money(saving.asked_saved_nano_usd)} of it with {questions}"


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
    if saving.saved_share < -MOST_TIMES:
        return f" (more than {MOST_TIMES} times that)"
    share = f"{'saved ' if lost else ''}{saved_percent(saving.saved_share)}"
    interval = saving.share_interval
    if saving.saved_share < -1:
        # "Saved -341.0 %" is hard to read: nobody loses more than all of something.
        share = f"{1 - saving.saved_share:,.1f} times as much"
        if interval is not None:
            share += f"; 95 % interval {1 - interval.high:,.1f} to {1 - interval.low:,.1f} times"
    elif interval is not None:
        share += f"; 95 % interval {saved_percent(interval.low)} to {saved_percent(interval.high)}"
    return f" ({share})"

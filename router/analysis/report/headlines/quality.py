"""Counts the answers that went out unverified, on an assumed chance, or lacking something."""

from __future__ import annotations

from router.analysis.report.figures import Quality
from router.analysis.report.headlines.findings import Findings
from router.ledger.replies import ReplyKind, Shortfall
from router.rendering.figures_in_words import count, counted, percent

_NO_ANSWERS = {
    ReplyKind.NO_ANSWER: "words that there is none",
    ReplyKind.QUESTION: "questions back",
}
"""Replies that may go out unverified, and are not counted as answers."""


def unverified(findings: Findings) -> list[str]:
    """Counts the answers without verification; observed ones are passed on unchecked."""
    quality = findings.quality
    if not quality.answered:
        return []
    passed_on = [] if not quality.observed else [_passed_on(quality)]
    if not quality.unverified:
        if not quality.observed:
            named = [words for kind, words in _NO_ANSWERS.items() if findings.replies.of(kind)]
            apart = f" ({' and '.join(named)} are no answers)" if named else ""
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
    cost = quality.unverified_nano_usd
    if not cost:
        return ""
    they = "it" if quality.unverified == 1 else "they"
    return f"; {they} cost {findings.money(cost)}{findings.of_spend(cost)}"


def on_priors(findings: Findings) -> list[str]:
    """Counts the accepted answers whose chance is a prior, and what they cost."""
    prior = findings.replies.on_prior
    if prior is None:
        return []
    accepted = findings.replies.accepted_routed
    share = findings.replies.grounds_shares[findings.replies.grounds.index(prior)]
    cost = findings.money(prior.spend_nano_usd)
    of_spend = findings.of_spend(prior.spend_nano_usd)
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


_LACK = {
    Shortfall.REFUSED: ("refuses", "refuse"),
    Shortfall.UNKNOWING: ("says that it does not know", "say that they do not know"),
    Shortfall.CUT: ("ends at a cap of output", "end at a cap of output"),
}


def lacking(findings: Findings) -> list[str]:
    """Counts the answers that lack something as they stand, also those that were accepted."""
    shortfalls = findings.replies.shortfalls
    if not shortfalls:
        return []
    answers = sum(one.answers for one in shortfalls)
    accepted = sum(one.accepted for one in shortfalls)
    cost = findings.money(sum(one.spend_nano_usd for one in shortfalls))
    each = [f"{count(one.answers)} {_LACK[one.kind][one.answers != 1]}" for one in shortfalls]
    lack = "lacks something as it stands" if answers == 1 else "lack something as they stand"
    of_them = f"{count(accepted)} of them {'was' if accepted == 1 else 'were'}"
    return [
        f"{count(answers)} of {counted(findings.quality.answered, 'answer', 'answers')} {lack} "
        f"({cost}): {', '.join(each)}; {of_them if accepted else 'none of them was'} accepted."
    ]


def _passed_on(quality: Quality) -> str:
    who = counted(quality.observed, "observed answer was", "observed answers were")
    return f"{who} passed on as given, unchecked."

"""Puts the safe words of a request together: those of its newest danger, then of another. Pure.

Of two dangers in one conversation the newer is said first and the older below it. What an earlier
turn told counts as it was told there, so that words get no weaker while people write on. It knows
nothing about whether words go out.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from router.policy.content.safe_answers import SafeCase, Told
from router.routing.routed_request import RoutedRequest
from router.routing.wording.due_matters import DueMatter, due_matters
from router.routing.wording.matters import fits_domain, language_of
from router.routing.wording.said_once import joined
from router.types import ChatRequest, Domain, Matter, Signals

MOST_TEXTS = 2
"""Texts of one message: who is in danger reads no more."""


def safe_words(routed: RoutedRequest, review_id: str, facts: tuple[str, ...]) -> str:
    """Returns the approved words for the dangers of a request's conversation."""
    signals, told = routed.signals, _told_by_turn(routed.request)
    last = told[0]
    due = due_matters(
        routed.policy,
        signals,
        self_harm=routed.refused_self_harm,
        overdose=routed.runtime.overdose(language_of(signals), last.text, last.before),
        emergency=routed.runtime.emergency(Domain.GENERAL, last.text),
    )
    plain = SafeCase(
        routed.risk_domain or signals.domain,
        last.text,
        review_id,
        facts,
        language=language_of(signals),
        before=last.before,
    )
    said = [routed.runtime.safe_answer(_case(routed, one, plain, told, due)) for one in due]
    return joined(_chosen(due, said), review_id)


def _chosen(due: Sequence[DueMatter], said: Sequence[str]) -> list[str]:
    """Returns the first text and another: what the conversation as a whole calls for, if the first
    does not say it, else the next one."""
    needed = [text for one, text in zip(due, said, strict=True) if one.needed]
    return list(dict.fromkeys([said[0], *needed, *said]))[:MOST_TEXTS]


def _told_by_turn(request: ChatRequest) -> list[Told]:
    """Returns what the user's turns say, newest first.

    An agent's program may have written some of them, so that nobody knows which turn is which: then
    only the last one is told.
    """
    texts = [request.last_user_text, *reversed(request.earlier_user_texts)]
    told = [Told(text, before) for text, before in zip(texts, [*texts[1:], ""], strict=True)]
    return told[:1] if request.tools and any("</" in text for text in texts) else told


def _case(
    routed: RoutedRequest,
    one: DueMatter,
    plain: SafeCase,
    told: Sequence[Told],
    due: Sequence[DueMatter],
) -> SafeCase:
    found = one.found
    domain = found.domain or plain.domain
    case = replace(
        plain,
        domain=domain,
        now=one.now(routed.policy),
        matter=found.matter,
        named=found.named,
        unclear=found.unclear,
        maybe_fraud=found.maybe_fraud,
        fits=fits_domain(routed.policy, routed.signals, domain),
        animals_first=one is not due[0] or _tells_all(one, due, routed.signals),
    )
    if one.back is None:
        return case if len(due) == 1 else replace(case, now=False)  # the others say whom to call
    own = told[one.back] if one.back < len(told) else Told("")
    return replace(case, text=own.text, before=own.before, told=_told_of(one, told, due))


def _tells_all(one: DueMatter, due: Sequence[DueMatter], signals: Signals) -> bool:
    """Returns True where one turn tells of all danger: no other does, nor what a session holds."""
    return len(due) == 1 and set(one.signals.risk_terms) >= set(signals.risk_terms)


def _told_of(one: DueMatter, told: Sequence[Told], due: Sequence[DueMatter]) -> tuple[Told, ...]:
    """Returns what tells of the matter of one turn: its own text, in its own language, first.

    Of a danger by things other turns tell too: "it is getting worse" is about the fire named
    before. What the last turn says may name the poison of an earlier one ("it was ibuprofen").
    """
    matter, telling = one.found.matter, [one]
    if matter is Matter.ENGINEERING_SAFETY:
        telling += [other for other in due if other.found.matter is matter]
    if matter is Matter.POISON and not any(
        other.back == 0 and other.found.matter is matter for other in due
    ):
        telling.append(replace(one, back=0))
    return tuple(
        [
            replace(told[other.back], language=other.signals.language)
            for other in telling
            if other.back is not None and other.back < len(told)
        ]
    )

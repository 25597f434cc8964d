"""Names the answerers whose calls failed in many requests."""

from __future__ import annotations

from collections.abc import Mapping

from router.ledger.faults import KEY_REFUSED, REQUEST_REFUSED
from router.rendering.figures_in_words import clean, count, counted

FAULTS_TOLD_FROM = 0.01
"""Share of the requests from which an answerer's failed calls are told: most lose one now and then,
and an outage loses many."""
OUT_OF_USE = "answerer_not_ready"
FAULT_WORDS = {
    "upstream_rejected": "the upstream refused our key or the request",
    KEY_REFUSED: "the upstream refused our key",
    REQUEST_REFUSED: "the upstream refused the request",
    "upstream_content_refused": "the provider's rules refused the content",
    OUT_OF_USE: "it was out of use",
    "upstream_overloaded": "the upstream was overloaded",
    "upstream_rate_limited": "the upstream limited our rate",
    "upstream_quota_exhausted": "our money at the upstream was spent",
    "upstream_unreachable": "no connection could be made, or it was lost",
    "upstream_invalid": "the upstream sent what is no answer",
    "upstream_error": "the upstream failed",
    "stream_cut": "its answer ended before it was whole",
    "answerer_failed": "it failed",
    "deadline_exceeded": "no answer came in time",
}
"""Words for each of `ledger.faults.FAULTS`, and for a refused key and request."""


def failing(by_name: Mapping[str, int], requests: int, failed: int) -> list[str]:
    """Names the answerers whose calls failed in many of these requests, with how many and why.

    Where there are any, those that failed in few are named beside them.

    `by_name` counts requests by `ANSWERER CODE`, as `ledger.faults` names them; `failed` of the
    requests got no reply.

    Failures put an answerer out of use, so beside them that is told as what followed.
    """
    by_answerer: dict[str, dict[str, int]] = {}
    for name, number in by_name.items():
        answerer, _, code = name.rpartition(" ")
        by_answerer.setdefault(answerer, {})[code] = number
    told, rare = [], []
    for answerer, faults in sorted(by_answerer.items()):
        told_of = sorted(((n, c) for c, n in faults.items() if c in FAULT_WORDS), reverse=True)
        # The most of all counts is that of any fault, which older purged rows do not have.
        if told_of and max(faults.values()) < FAULTS_TOLD_FROM * requests:
            rare.append(f"{clean(answerer)} ({count(max(faults.values()))})")
        elif told_of:
            causes = [(n, code) for n, code in told_of if code != OUT_OF_USE] or told_of
            why = [
                f"in {counted(n, 'request', 'requests')} {FAULT_WORDS[code]}" for n, code in causes
            ]
            after = faults.get(OUT_OF_USE, 0) if len(causes) < len(told_of) else 0
            followed = f"; so it was out of use in {counted(after, 'request', 'requests')}"
            told.append(
                f"Calls of {clean(answerer)} failed: {', '.join(why)}{followed if after else ''}."
            )
    if not told:
        return []
    # Readers add these counts up, and compare the sum with the requests that failed.
    no_reply = f"; {counted(failed, 'request', 'requests')} got no reply" if failed else ""
    # Whoever finds another one's failure in a reply would doubt the counts of those that are told.
    few = f"Calls of others failed in fewer requests: {', '.join(rare)}."
    return [
        *told,
        *([few] if rare else []),
        "A request counts under each answerer that failed in it, also where another one then "
        f"answered{no_reply}.",
    ]

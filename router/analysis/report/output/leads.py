"""Holds the first lines of the page's sections: what each counts, and how to read it.

GISTS stand beside the titles of folded sections.
"""

from __future__ import annotations

from router.analysis.report.output.titles import Title

REPLIES_LEAD = (
    "Each request is in one line. Answers, and questions that ask for what an answer lacks, are "
    "compared with a baseline; labels or vectors where somebody else's price is known."
)
SAVINGS_LEAD = (
    "A negative figure means that routing cost more than the baseline would have. "
    "“Accepted only” counts the replies that passed their policy's checks (a policy may check "
    "nothing). “Saved” also counts other replies, failed requests, shadows and reviews. "
    "Three things are not drawn: a figure from fewer than 30 answers, a level that answers "
    "nothing by itself, and what has no share, since the baseline cost nothing or bills of "
    "earlier calls brought the own cost below zero."
)
GROUNDS_LEAD = (
    "An answer is accepted where its chance to be right is high enough for the policy. A chance "
    "that is a prior was assumed for the level; no feedback or test has shown it."
)
TIERS_LEAD = (
    "Requests count where their answer came from; their spend includes what was tried and "
    "discarded on the way. “Moved on” are requests that tried a tier and were answered higher; "
    "“own calls” is what the calls made at the tier cost, whoever answered in the end."
)
CHARGEBACK_LEAD = (
    "Whom and what the spend may be charged to. Each table adds up to the whole, what reviews and "
    "bills cost later included; only “each tag” counts a request under every tag it has. Domain "
    "and type are as triage read each request, a grave matter that got a safe text is under its "
    "own domain; “above lowest” counts what was answered above the lowest level of its policy."
)
REASONS_LEAD = (
    "“Decided” counts each request once, under the reason that decided, whether it was answered "
    "or not; “above lowest” are those of them answered above the lowest level. “Carried by” counts "
    "a request under every reason it had, so those do not add up."
)
ENDINGS_LEAD = (
    "A refused request (by a limit, or for what no tier can do) is no failed one. “Short by” is "
    "how far the next call's worst case, at the smallest cap of output that was tried, was above "
    "what the budget, or the client's own cap, still allowed."
)
OUTCOMES_LEAD = (
    "What people reported of the answers, by feedback or review; blank where nobody measured it. "
    "Rates have Wilson's 95 % interval."
)
WASTE_LEAD = (
    "Money for calls whose answer the client did not get. Each call counts in one line at most."
)
ROLES_LEAD = "Every call the gateway made. Discarded calls gave an answer that nobody saw."

GISTS: dict[str, str] = {
    Title.GROUNDS: "how far anybody measured that they are right",
    Title.DAYS: "by day or month, with the forecast",
    Title.TIERS: "who answered, at what spend, how fast, and what was accepted",
    Title.OUTCOMES: "what people reported, latency, shares of the levels",
    Title.CHARGEBACK: "by tenant, key, tag, endpoint, domain and request type",
    Title.ENDINGS: "why there was none, and what they cost",
    Title.MODELS: "the same figures by model",
    Title.ADAPTERS: "the same figures by adapter",
    Title.POLICIES: "the same figures by version of a policy",
    Title.REASONS: "by the reason that decided",
    Title.WASTE: "what was paid for and not used",
    Title.ROLES: "by role, and how each cost is known",
    Title.UNKNOWN: "which requests, and what is held for them",
    Title.NOTES: "what the figures count, and where they end",
    Title.GLOSSARY: "each with its meaning",
}
"""Says in a few words what a folded section holds, by its title."""

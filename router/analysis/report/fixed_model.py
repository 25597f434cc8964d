"""Finds the best single fixed model at equal spend: a baseline of quality, not of dollars.

For every request the decision recorded each answerer's chance to be right and expected cost. If one
answerer had been asked everything, its mean chance and mean cost would be the means of those. Among
the answerers that would have cost no more than was spent, the best has the highest chance.
"""

from __future__ import annotations

from router.analysis.report.figures import FixedModel
from router.ledger.aggregates import PPM, Whole
from router.rendering.figures_in_words import counted

MIN_REQUESTS = 30
"""Sets the requests that the comparison needs, as for an interval of savings."""


def fixed_model(whole: Whole) -> FixedModel:
    """Returns the comparison, or the reason why there is none.

    A model counts if it was weighed in every routed request. Where it lacked what a request
    needed, it counts as wrong, at no cost.
    """
    requests, own_p, own_cost = whole.routed
    if requests < MIN_REQUESTS:
        return _none(
            f"{counted(requests, 'request has', 'requests have')} a record of what each answerer "
            "was expected to be worth; "
            f"{MIN_REQUESTS} are needed",
            requests,
        )
    weighed = {
        answerer: (p / n / PPM, cost / n)
        for answerer, (n, p, cost) in whole.prospects.items()
        if n == requests  # else the means would cover other requests
    }
    if not weighed:
        return _none(
            "no model with a known price, and with a chance that is more than a prior, was "
            "weighed in every request; or the policy changed",
            requests,
        )
    spent = own_cost / requests
    # Equal spend makes the comparison fair: a dearer model would be right more often.
    affordable = {name: both for name, both in weighed.items() if both[1] <= spent}
    if not affordable:
        return _none("every single model would have cost more than routing did", requests)
    # Of equally good models the cheaper one wins; the name settles the rest.
    best = max(affordable, key=lambda name: (affordable[name][0], -affordable[name][1], name))
    p, cost = affordable[best]
    return FixedModel(best, "", requests, p, round(cost), own_p / requests / PPM, round(spent))


def _none(why: str, requests: int) -> FixedModel:
    return FixedModel(None, why, requests, None, None, None, None)

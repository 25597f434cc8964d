"""Makes two rungs, as the gateway would know them, for requests in tests of replay."""

from __future__ import annotations

from router.types import CostBasis, PSource, RungFacts, Signals


def facts_of(signals: Signals, p_mid: float) -> tuple[RungFacts, RungFacts]:
    """Returns an approved answer at its match confidence, and a level-2 model at `p_mid`."""
    p = signals.match.confidence if signals.match else 0.0
    return (
        RungFacts("faq", "resolve", 1, p, PSource.MATCH, 1, 0, CostBasis.OWN_COMPUTE, 10.0),
        RungFacts("mid", "llm", 2, p_mid, PSource.LABELLED, 100, 20, CostBasis.TOKEN_PRICE, 10.0),
    )

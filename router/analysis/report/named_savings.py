"""Names the savings of a report: the sums against each baseline, with their intervals."""

from __future__ import annotations

from dataclasses import replace

from router.analysis.report.baseline_names import BaselineNames
from router.analysis.report.figures import Saving
from router.analysis.report.savings import PairedCosts, block_intervals
from router.analysis.report.tallies import Tally
from router.ledger.aggregates import BASELINES, OBSERVED, Cell, SavingSums
from router.types import NANO_PER_USD

MOST_TIMES = 10
"""Bounds a share: a difference beyond ten times its baseline is stated in money only, since
"327,791 %" says nothing."""

HEADLINE_ORDER = ("requested_model", "all_level_2", "all_level_3")
"""Orders the baselines for the headline: it names the first that most answered requests can be
compared with. What would have been paid comes before what might have been, and level 2 before the
dearer level 3."""


def savings_of(
    tally: Tally, total: Cell, names: BaselineNames, *, observed: bool = False
) -> tuple[Saving, ...]:
    """Returns one saving per baseline, over the routed requests, or over those only `observed`.

    It is empty where nothing was observed.
    """
    before = OBSERVED if observed else ""
    if observed and not any(key.startswith(OBSERVED) for key in total.savings):
        return ()
    savings = (_named(key, before + key, tally, total, names) for key in BASELINES)
    if observed:  # verdicts judge the answers that went out, not those of routing
        savings = (
            replace(saving, accepted=None, accepted_saved_nano_usd=None) for saving in savings
        )
    return tuple(savings)


def leading(savings: tuple[Saving, ...]) -> Saving | None:
    """Returns the saving for a sentence: of the first baseline that most requests compare with."""
    by_key = {saving.key: saving for saving in savings}
    ordered = [by_key[key] for key in HEADLINE_ORDER if key in by_key]
    # A baseline that fits only a few requests would give an unrepresentative headline.
    most = next((s for s in ordered if s.compared > s.not_compared), None)
    return most or next((s for s in ordered if s.compared), None)


def _named(key: str, stored: str, tally: Tally, total: Cell, names: BaselineNames) -> Saving:
    sums = total.savings.get(stored, SavingSums())
    labels = {
        "requested_model": "The model the client asked for",
        "all_level_2": names.label(2),
        "all_level_3": names.label(3),
        "people": people_label(sums),
    }
    return _saving(key, labels[key], sums, _blocks(tally, stored))


def people_label(sums: SavingSums) -> str:
    """Labels people as a baseline, `People at $8.00 a request`, by the rows' own prices."""
    if not sums.compared or sums.base <= 0:
        return "People"
    price = sums.base / sums.compared / NANO_PER_USD
    # Only equal prices make n·sum(b²) the square of sum(b); pairs without an answer add nothing.
    same = sums.base_base * sums.compared == sums.base**2
    return f"People at ${price:,.2f} a request{'' if same else ' on average'}"


def _blocks(tally: Tally, key: str) -> list[tuple[int, int]]:
    """Returns (baseline, own) by stretch of time, in order."""
    time_sums = (
        cell.savings[key]
        for _, cell in sorted(tally.times.items(), key=lambda item: item[0])
        if key in cell.savings
    )
    return [(sums.base, sums.own) for sums in time_sums if sums.pairs]


def _saving(key: str, label: str, sums: SavingSums, blocks: list[tuple[int, int]]) -> Saving:
    """Sums up one baseline; all is unknown where no answered request could be compared."""
    pairs, comparable = PairedCosts(sums), sums.compared > 0
    saved, share = pairs.saved_interval(), pairs.share_interval()
    # Requests of the same hour are alike; where times allow it, the bootstrap respects that.
    bootstrap = block_intervals(blocks) if comparable and saved is not None else None
    if bootstrap is not None:
        saved, share = bootstrap
    meaningful = comparable and abs(pairs.saved_nano_usd) <= MOST_TIMES * pairs.baseline_nano_usd
    return Saving(
        key=key,
        label=label,
        compared=sums.compared,
        not_compared=sums.not_compared,
        without_answer=sums.without_answer,
        baseline_nano_usd=pairs.baseline_nano_usd if comparable else None,
        own_nano_usd=pairs.own_nano_usd if comparable else None,
        saved_nano_usd=pairs.saved_nano_usd if comparable else None,
        saved_interval=saved if comparable else None,
        saved_share=pairs.saved_share() if meaningful else None,
        share_interval=share if meaningful else None,
        by_blocks=bootstrap is not None,
        accepted=sums.accepted,
        accepted_saved_nano_usd=sums.accepted_base - sums.accepted_own if comparable else None,
    )

"""Names the savings of a report: the sums against each baseline, with their intervals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from router.analysis.report.baseline_names import BaselineNames
from router.analysis.report.figures import Saving
from router.analysis.report.replies import Replies
from router.analysis.report.savings import MIN_FOR_INTERVAL, PairedCosts, block_intervals
from router.analysis.report.tallies import Tally
from router.ledger.aggregates import BASELINES, OBSERVED, Cell, SavingSums
from router.ledger.replies import ReplyKind
from router.money.model_redirects import undated
from router.rendering.figures_in_words import count
from router.types import NANO_PER_USD

HEADLINE_ORDER = ("requested_model", "all_level_2", "all_level_3")
"""Orders the baselines for the headline: it names the first that more than half of the answers can
be compared with, enough of them to tell, or else the one that most can. What would have been paid
comes before what might have been, and level 2 before the dearer level 3."""

BASELINE_WORDS = {
    "requested_model": "the models the clients asked for",
    "all_level_2": "answering everything at level 2",
    "all_level_3": "answering everything at level 3",
}
_NOTHING_SAID = "so nothing can be said about savings"


@dataclass(frozen=True, slots=True)
class Told:
    """Holds the saving that a headline may name, or why it names none: in a sentence, and short."""

    saving: Saving | None
    why: str = ""
    short: str = ""
    passed_over: str = ""  # the reason to name this baseline and none that comes before it
    turned: tuple[Saving, ...] = ()  # baselines against which the saving that is named is a loss
    people: Saving | None = None  # what people would have cost, where no model can be named

    @property
    def key(self) -> str | None:
        """Returns the key of the baseline, None where none is named."""
        return None if self.saving is None else self.saving.key


@dataclass(frozen=True, slots=True)
class Compared:
    """Holds what routing saved against each baseline, and what a headline may say of it."""

    savings: tuple[Saving, ...]
    observed: tuple[Saving, ...]
    answers: int  # of the routed requests
    passed_on: int  # answers of the observed ones
    routed: Told
    would: Told  # of the observed ones

    @property
    def short(self) -> str:
        """Returns in short why no saving is named; "" where one is."""
        return self.would.short if self.passed_on and not self.answers else self.routed.short


def compare(tally: Tally, total: Cell, names: BaselineNames, replies: Replies) -> Compared:
    """Compares the spend with each baseline's, and chooses those that a headline names."""
    savings = savings_of(tally, total, names)
    # Observed requests were not routed, so their savings are hypothetical and kept apart.
    observed = savings_of(tally, total, names, observed=True)
    # Every baseline counts the same answers, compared or not, so the first one suffices.
    passed_on = next((s.compared + s.not_compared for s in observed), 0)
    # Rows that an older version purged are compared, and not among the replies.
    answers = max(replies.answers - passed_on, *(saving.compared for saving in savings))
    computed = replies.of(ReplyKind.COMPUTED)
    routed = leading(savings, answers, replies.compared_words, only_computed=computed > 0)
    if routed.saving is None:
        routed = _beside_people(routed, savings)
    would = leading(observed, passed_on, "observed answers", "would have saved")
    return Compared(savings, observed, answers, passed_on, routed, would)


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
            replace(
                saving, accepted=None, accepted_baseline_nano_usd=None, accepted_own_nano_usd=None
            )
            for saving in savings
        )
    return tuple(savings)


def leading(
    savings: tuple[Saving, ...],
    answers: int,
    words: str = "answers",
    gain: str = "saved",
    *,
    only_computed: bool = False,
) -> Told:
    """Returns the saving for a headline over so many answers, called by these `words`.

    None is told from fewer pairs than an interval needs, nor against a level that answers nothing
    by itself: that one's price would have bought nothing. `only_computed` says that there are
    labels or vectors, for which nobody else's price is known where there is no answer.
    """
    if not answers and only_computed:
        what = "o price of labels or vectors elsewhere is known"
        return _untold(f"N{what}", f"n{what}")
    if not answers:
        return _untold("Nothing was answered", "nothing was answered")
    by_key = {saving.key: saving for saving in savings}
    priced = [by_key[k] for k in HEADLINE_ORDER if k in by_key and by_key[k].compared]
    if not priced:
        why = "because no model was called, a price is unknown or no upstream said what was used"
        what = "No request can be compared with a baseline"
        return _untold(f"{what}, {why}", "no baseline has a known cost")
    able = [saving for saving in priced if not saving.silent]
    if not able:
        what = "o level to compare with has a model that answers by itself"
        return _untold(f"N{what}", f"n{what}")
    most = [saving for saving in able if 2 * saving.compared > answers]
    told = [saving for saving in most if saving.tellable]
    chosen = next(iter(told or most), None) or max(able, key=lambda saving: saving.compared)
    since = _passed_over(chosen, by_key, answers, words)
    if chosen.tellable:
        saves = (chosen.saved_nano_usd or 0) > 0
        turned = [saving for saving in able if saving.tellable and (saving.saved_nano_usd or 0) < 0]
        return Told(chosen, passed_over=since, turned=tuple(turned) if saves else ())
    few = f"{count(chosen.compared)} of {count(answers)} {words}"
    what = f"can be compared with {BASELINE_WORDS[chosen.key]}"
    return Told(
        None,
        f"Not enough to tell what routing {gain}: {few} {what}, and {MIN_FOR_INTERVAL} are needed.",
        f"not enough to tell: {few} can be compared, {MIN_FOR_INTERVAL} are needed",
        since,
    )


def _beside_people(told: Told, savings: tuple[Saving, ...]) -> Told:
    """Adds the saving against people, which a table tells, to what no model can be compared in."""
    people = people_told(savings)
    if people is None:
        return told
    against = told.why.replace(_NOTHING_SAID, f"{_NOTHING_SAID} against a model")
    return replace(told, why=against, people=people)


def people_told(savings: Iterable[Saving]) -> Saving | None:
    """Returns the saving against people; None where no such price or too few answers are known."""
    return next((one for one in savings if one.key == "people" and one.tellable), None)


def _passed_over(chosen: Saving, by_key: dict[str, Saving], answers: int, words: str) -> str:
    """Returns why a headline names this baseline; "" for the first of the order.

    A reader of two reports may find two baselines, and must not take one for the other.
    """
    before = HEADLINE_ORDER[: HEADLINE_ORDER.index(chosen.key)]
    earlier = [by_key[key] for key in before if key in by_key]
    if not earlier:
        return ""
    reasons = [
        f"{BASELINE_WORDS[saving.key]} has no model that answers by itself"
        if saving.silent
        else f"{_compared(saving, answers)} {words} can be compared with "
        f"{BASELINE_WORDS[saving.key]}"
        for saving in earlier
    ]
    return (
        f"The first sentences name {BASELINE_WORDS[chosen.key]} as their baseline, because "
        f"{' and '.join(reasons)}. A report of another period may name another one; the table has "
        "them all."
    )


def _compared(saving: Saving, answers: int) -> str:
    return f"{f'only {count(saving.compared)}' if saving.compared else 'none'} of {count(answers)}"


def _untold(why: str, short: str) -> Told:
    return Told(None, f"{why}, {_NOTHING_SAID}.", short)


def _named(key: str, stored: str, tally: Tally, total: Cell, names: BaselineNames) -> Saving:
    sums = total.savings.get(stored, SavingSums())
    labels = {
        "requested_model": "The model the client asked for",
        "all_level_2": names.label(2),
        "all_level_3": names.label(3),
        "people": people_label(sums, unpriced=names.people is False),
    }
    saving = _saving(key, labels[key], sums, _blocks(tally, stored))
    level = {"all_level_2": 2, "all_level_3": 3}.get(key)
    if level is None:
        return saving
    return replace(
        saving,
        silent=names.silent(level),
        partly_silent=names.partly_silent(level),
        in_vain=_in_vain(tally, level, names),
    )


def _in_vain(tally: Tally, level: int, names: BaselineNames) -> int:
    """Returns how many requests tried a level's baseline, which answered none of them; else 0.

    The price list still says what its answers cost, though nobody could have had one. What a spare
    of the level answered is none of its answers. A name that no policy has is, since an upstream
    may call the baseline's model otherwise (a deployment).
    """
    spares = names.spares[level - 2]
    cells = [
        (model, cell)
        for (at, _, model), cell in tally.tiers().items()
        if at == level and undated(model) not in spares
    ]
    # Words in place of an answer stand at the level, under no model.
    if any(model and cell.requests for model, cell in cells):
        return 0
    return max((cell.tried for _, cell in cells), default=0)


def people_label(sums: SavingSums, *, unpriced: bool = False) -> str:
    """Labels people as a baseline, `People at $8.00 a request`, by the rows' own prices.

    `unpriced` says that no policy of these rows states a price.
    """
    if not sums.compared or sums.base <= 0:
        return "People (no price stated)" if unpriced and not sums.compared else "People"
    price = sums.base / sums.compared / NANO_PER_USD
    # Only equal prices make n·sum(b²) the square of sum(b); pairs without an answer add nothing.
    same = sums.base_base * sums.compared == sums.base**2
    return f"People at ${price:,.2f} a request{'' if same else ' on average'}"


def within(label: str) -> str:
    """Returns the label of a baseline as it stands within a sentence."""
    return label[:1].lower() + label[1:]


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
    few = sums.compared < MIN_FOR_INTERVAL  # shadows and failed calls are pairs too
    saved, share = (None, None) if few else (pairs.saved_interval(), pairs.share_interval())
    # Requests of the same hour are alike; where times allow it, the bootstrap respects that.
    bootstrap = block_intervals(blocks) if comparable and saved is not None else None
    if bootstrap is not None:
        saved, share = bootstrap
    # Bills of calls from before the period can bring a sum below 0, and nobody saves more than all.
    meaningful = comparable and pairs.own_nano_usd >= 0
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
        few=few,
        accepted=sums.accepted,
        accepted_baseline_nano_usd=sums.accepted_base if comparable else None,
        accepted_own_nano_usd=sums.accepted_own if comparable else None,
        asked=sums.asked,
        asked_saved_nano_usd=sums.asked_base - sums.asked_own,
        share_without_asked=_without_questions(sums) if meaningful else None,
        apart=sums.apart,
        apart_nano_usd=sums.apart_own,
    )


def _without_questions(sums: SavingSums) -> float | None:
    """Returns the saved share of all but the questions back; None where no baseline is left."""
    base, own = sums.base - sums.asked_base, sums.own - sums.asked_own
    return 1.0 - own / base if base > 0 else None

"""Adds up finished ledger rows in roll-ups: sums that merge.

A `Cell` holds integer sums, counts and histograms, so cells of parts add up to the cell of the
whole, in any order and to the last nano-dollar. `contribute` adds one row to its cells. The ledger
stores them (`rollups.stored`), and reports are made only from cells, so that a report over rows
and one over stored cells cannot differ. It knows nothing about tables and days.

Each row counts once in every kind of cell (one domain, one key, one policy ...), never in a cross
product of them: so the number of cells is the sum of the numbers of names, not their product.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection
from functools import lru_cache

import msgspec

from router.ledger.aggregates import (
    AFTERWARDS_LEVEL,
    BASELINES,
    LEVEL_BASELINES,
    NAMED_UNKNOWN,
    NO_ANSWER,
    OBSERVED,
    OBSERVED_ONLY,
    PPM,
    UNANSWERED,
    VERDICTS,
    Cell,
    CellOf,
    Ending,
    Kind,
    SavingSums,
    Sums,
    TierName,
    Whole,
    add_counts,
    add_lists,
    add_sums,
    ending_name,
    tags_name,
)
from router.ledger.faults import faults_of
from router.ledger.holds import held_unknown
from router.ledger.record_reading import Prospect, Read, read_record
from router.ledger.replies import (
    ANSWERED,
    COMPUTING,
    NO_TIER,
    ReplyKind,
    in_place,
    led_by,
    no_tier_asked,
    reply_of,
)
from router.ledger.row_reading import (
    AFTERWARDS,
    ANSWERING,
    EMBEDDINGS,
    ENDS,
    REASONS,
    ROLLOUT,
    UNKNOWN_NAME,
    Doubt,
    answered,
    answering_adapter,
    basis_of,
    corrected_call,
    cost_known,
    doubt_of,
    ending_of,
    provider_difference,
    reading_cost,
    refusal_of,
    teaches,
    was_made,
    would_have_cost,
)
from router.ledger.waste import thrown_away, waste_of
from router.money.model_redirects import undated
from router.stats.duration_histogram import place
from router.types import CostBasis, PSource, RequestRow, RequestState, Role, Verdict, is_assumed

_CARRIED = REASONS - ENDS
QUARTER_MS = 900_000
"""Sets the finest time of sums: every time zone's midnight falls on a quarter hour."""
_Ended = tuple[RequestRow, bool, int, ReplyKind | None, Ending | None]
"""Holds a row, True where its cost is known, the answering level's rank, and its reply or its
ending."""


def contribute(row: RequestRow, cell_of: CellOf) -> None:
    """Adds one finished row to its cells; an open row is no outcome yet, and a rollout's none."""
    if row.state is RequestState.OPEN or row.endpoint == ROLLOUT:
        return
    if row.endpoint in AFTERWARDS:
        _book_afterwards(row, cell_of)
        return
    known, ending, read = cost_known(row), ending_of(row), read_record(row)
    is_answered = ending is None
    reply = reply_of(row) if is_answered else None
    ended = (row, known, rank_of(row, read.lowest_level), reply, ending)
    own = _own_tier(row, is_answered)
    groups = whole, by_time, its_tier, *_ = _groups(row, own, read, cell_of)
    _count(ended, groups, read.grounds)
    if reply is None:  # its latency is in no other cell: those have that of replies
        its_tier.latency.add_in(*place(row.latency_ms))
    _add_savings(row, (whole, by_time), known, reply)
    _note_unpriced(row, cell_of(Kind.POLICY, _policy(row)))
    whole.whole = whole.whole or Whole()
    _count_whole(ended, whole.whole, read)
    _add_attempts(row, own, is_answered, whole.whole, cell_of)
    its_tier.cache_hits += row.from_cache
    # Whom a limit refused, or who left, would have had no answer of any model.
    if read.prospects and row.mode != "observe" and ending in (None, Ending.FAILED):
        _add_prospects(row, read.prospects, whole.whole, is_answered)


def contribute_settled(row: RequestRow, cell_of: CellOf) -> None:
    """Takes a row whose cost bills made known since out of what its cells call unknown."""
    groups = _groups(row, _own_tier(row, answered(row)), read_record(row), cell_of)
    whole = groups[0].whole = groups[0].whole or Whole()
    if row.endpoint in AFTERWARDS:
        add_counts(whole.unknown_afterwards, {row.endpoint: -1})
        return
    for cell in groups:
        cell.unknown_cost -= 1
    whole.settled += 1
    got, held = held_unknown(row)
    whole.held_unknown_nano_usd -= held
    add_sums(whole.held_unknown, {got: [-1, -held]})
    _name_first(whole.named_settled, row)


def note_settled(row: RequestRow, cell_of: CellOf) -> None:
    """Notes of a purged row, in the cells of its bill's day, that its unknown cost is known.

    So the sums of its own day stay what they were, for a report that ends before the bill came.
    """
    total, _, *named = _groups(row, _own_tier(row, answered(row)), read_record(row), cell_of)
    whole = total.whole = total.whole or Whole()
    at = row.created_at_ms - row.created_at_ms % QUARTER_MS
    if row.endpoint in AFTERWARDS:
        add_counts(whole.settles_afterwards.setdefault(at, {}), {row.endpoint: 1})
        return
    got, held = held_unknown(row)
    add_sums(whole.settles_held.setdefault(at, {}), {got: [1, held]})
    for cell in (total, *named):
        add_sums(cell.settles, {at: [1, held]})
    _name_first(whole.named_settled, row)


def _book_afterwards(row: RequestRow, cell_of: CellOf) -> None:
    """Adds money for an earlier request to every sum that has that request's cost.

    The pay of a reviewer or a second answerer lowers every saving. What teaches a model lowers
    none: it serves requests to come. The correction of an estimate, or of a known cost, changes
    those that its request was compared in. That of a call of unknown cost changes none: its request
    was compared with nothing. Elsewhere the money of an answer stays apart.
    """
    known, own = cost_known(row), _own_tier(row, is_answered=False)
    corrected, routed = corrected_call(row), row.mode != "observe"
    teaching, keys = teaches(row), counted_against(row)
    groups = whole, by_time, *_ = _groups(row, own, read_record(row), cell_of)
    for cell in groups:
        cell.spend_nano_usd += row.cost_nano_usd
    if known:
        for cell in (whole, by_time):
            for key in keys:
                cell.savings.setdefault(key, SavingSums()).pair(0, row.cost_nano_usd)
            if corrected is not None and corrected.answered and routed:
                for key in BASELINES.keys() - keys:
                    cell.savings.setdefault(key, SavingSums()).apart_own += row.cost_nano_usd
    whole.whole = whole.whole or Whole()
    spent = {f"({row.endpoint})": [0, row.cost_nano_usd, 0, row.cost_nano_usd]}
    add_sums(whole.whole.reasons.setdefault(AFTERWARDS_LEVEL, {}), spent)
    if not known:
        add_counts(whole.whole.unknown_afterwards, {row.endpoint: 1})
    if teaching:
        add_sums(whole.whole.taught, {row.endpoint: [1, row.cost_nano_usd]})
    if any(is_assumed(attempt.price_version) for attempt in row.attempts):
        add_lists(whole.whole.assumed, [1, row.cost_nano_usd])
    if corrected is not None and corrected.estimated:
        add_lists(whole.whole.estimated, [-1, -corrected.booked_nano_usd])
    _add_attempts(row, own, False, whole.whole, cell_of)


def counted_against(row: RequestRow) -> Collection[str]:
    """Returns the baselines whose savings the money of a row for an earlier request lowers."""
    corrected = corrected_call(row)
    if corrected is None or row.mode == "observe":
        return () if teaches(row) or row.endpoint == Role.RECONCILE.value else BASELINES
    compared = corrected.compared
    return compared if isinstance(compared, tuple) else BASELINES if compared else ()


def _groups(row: RequestRow, own: TierName, read: Read, cell_of: CellOf) -> tuple[Cell, ...]:
    """Returns the row's cell of each kind: the whole, its time and its tier come first."""
    return (
        cell_of(Kind.WHOLE, ""),
        cell_of(Kind.TIME, ""),
        cell_of(Kind.TIER, _name(own)),
        cell_of(Kind.DOMAIN, read.domain),
        cell_of(Kind.REQUEST_TYPE, read.request_type),
        cell_of(Kind.KEY, row.key_id),
        cell_of(Kind.POLICY, _policy(row)),
        cell_of(Kind.TAG, tags_name(row.tags)),
        cell_of(Kind.ENDPOINT, row.endpoint),
    )


def _add_savings(
    row: RequestRow, cells: tuple[Cell, Cell], known: bool, reply: ReplyKind | None
) -> None:
    """Pairs each baseline with the row's cost; for an observed row, with its cost if routed.

    An observed row was not routed, so its own cost says nothing about routing: it is the baseline
    of the requested model, less the cost of reading the request; where that cost is an estimate, it
    is never too low, so it is compared with nothing. Words that stand in for an answer have no
    baseline: nobody was spared what they do not do.
    """
    observed = _observed(row)
    stands_in, is_answered = _stands_in(reply), reply is not None
    comparable = is_answered and got_answer(row)
    paid = row.cost_nano_usd - reading_cost(row) if known else None
    estimated = any(attempt.estimated for attempt in row.attempts)
    would = would_have_cost(row) if observed and known and not estimated else None
    for key, of in BASELINES.items():
        baseline = None if stands_in else of(row.baselines)
        for cell in cells:
            if observed:
                base = paid if key == "requested_model" and not stands_in else baseline
                sums = cell.savings.setdefault(OBSERVED + key, SavingSums())
                sums.add_observed(row.verdict, base, would, answered=is_answered)
            else:
                sums = cell.savings.setdefault(key, SavingSums())
                sums.add(row, baseline, known, reply, comparable=comparable)


def _policy(row: RequestRow) -> str:
    return f"{row.policy}@{row.policy_hash}"


def _note_unpriced(row: RequestRow, of_policy: Cell) -> None:
    """Notes what level the row has no price at: a policy without any price names no baseline."""
    for key in LEVEL_BASELINES:
        if BASELINES[key](row.baselines) is None:
            add_counts(of_policy.unpriced, {key: 1})


def compared_with(row: RequestRow) -> tuple[str, ...]:
    """Returns the baselines that the row's cost counts against; none where it is not known."""
    if not cost_known(row) or teaches(row):
        return ()
    if row.endpoint in AFTERWARDS or row.state in (RequestState.FAILED, RequestState.CANCELLED):
        return tuple(BASELINES)
    if answered(row) and _stands_in(reply_of(row)):
        return ()
    return tuple(key for key, of in BASELINES.items() if of(row.baselines) is not None)


def got_answer(row: RequestRow) -> bool:
    """Returns True where a request got what could be compared: an answer, or a question back.

    Labels and vectors are comparable where some baseline has a price of them.
    """
    if row.endpoint in AFTERWARDS or not answered(row):
        return False
    reply = reply_of(row)
    return reply in ANSWERED or (reply is ReplyKind.COMPUTED and _is_priced(row))


def _stands_in(reply: ReplyKind | None) -> bool:
    return reply is not None and reply not in (*ANSWERED, ReplyKind.COMPUTED)


def _is_priced(row: RequestRow) -> bool:
    return any(of(row.baselines) is not None for of in BASELINES.values())


def _observed(row: RequestRow) -> bool:
    """Returns True where the model that was asked for answered; labels and vectors are routed by
    nobody in any mode.
    """
    return row.mode == "observe" and row.endpoint not in COMPUTING


def _own_tier(row: RequestRow, is_answered: bool) -> TierName:
    """Returns the tier of a row; an unrouted row (embeddings) has its own tier, at no level."""
    if row.endpoint in AFTERWARDS:
        return TierName(0, f"({row.endpoint})", "")
    if is_answered and no_tier_asked(row):
        return TierName(0, NO_TIER, row.model)
    if is_answered and (row.tier_number > 0 or row.endpoint == EMBEDDINGS):
        return TierName(row.tier_number, row.tier, row.model, answering_adapter(row))
    return TierName(0, NO_ANSWER, "")


@lru_cache(maxsize=4096)
def _name(tier: TierName) -> str:
    return msgspec.json.encode(tier).decode()


def rank_of(row: RequestRow, lowest_level: int) -> int:
    """Returns the answering level's rank in its own policy: 1 is the lowest, 0 is no level."""
    if row.tier_number <= 0 or no_tier_asked(row):
        return 0
    return max(row.tier_number - lowest_level + 1, 1)


def _count(ended: _Ended, groups: tuple[Cell, ...], grounds: str) -> None:
    row, known, rank, reply, ending = ended
    ms, bucket = place(row.latency_ms)
    accepted = row.verdict == Verdict.ACCEPTED
    refused = ending is Ending.REFUSED
    routed = reply is not None and row.mode != "observe"
    # A question back may be well asked, and labels be right; nobody accepted an answer there.
    no_answer = reply in (ReplyKind.QUESTION, ReplyKind.COMPUTED)
    words = reply is not None and not no_answer and in_place(row, reply)
    for cell in groups:
        cell.requests += 1
        cell.spend_nano_usd += row.cost_nano_usd
        cell.unknown_cost += not known
        if reply is not None:
            cell.latency.add_in(ms, bucket)
            cell.judged += not no_answer
            cell.in_words += words
            cell.accepted += accepted and not no_answer
            cell.on_prior += accepted and routed and not no_answer and grounds == PSource.PRIOR
        else:
            cell.refused += refused
            cell.failed += not refused
        if routed:
            by_level = cell.routed_by_level
            by_level[rank] = by_level.get(rank, 0) + 1


def _count_whole(ended: _Ended, whole: Whole, read: Read) -> None:
    row, known, rank, reply, ending = ended
    add_counts(whole.states, {row.state.value: 1})
    level = rank
    if reply is not None:
        add_counts(whole.verdicts, {row.verdict if row.verdict in VERDICTS else UNKNOWN_NAME: 1})
        passed = (row.verdict == Verdict.ACCEPTED, row.verdict == Verdict.UNVERIFIED)
        add_lists(whole.climbed, [int(rank > 0), int(rank > 0 and row.escalations > 0)])
        told = [int(passed[0]), int(passed[1])]
        if reply is ReplyKind.COMPUTED:
            priced = _is_priced(row)
            told = [int(priced), row.cost_nano_usd * priced]
        add_sums(whole.replies, {reply.value: [1, row.cost_nano_usd, *told]})
        if reply is ReplyKind.ANSWER and passed[0] and row.mode != "observe":
            add_sums(whole.grounds, {read.grounds: [1, row.cost_nano_usd]})
        if reply is ReplyKind.ANSWER and passed[1]:
            add_lists(whole.unverified, [1, row.cost_nano_usd])
        if reply is ReplyKind.ANSWER and read.shortfall:
            short_one = [1, row.cost_nano_usd, int(passed[0])]
            add_sums(whole.shortfalls, {read.shortfall: short_one})
    elif ending is not None:
        level = UNANSWERED
        refusal = refusal_of(row)
        short = (0, 0) if refusal is None else (1, refusal.short_nano_usd)
        name = ending_name(ending, row.error_code or row.state.value)
        add_sums(whole.endings, {name: [1, row.cost_nano_usd, *short]})
    if row.mode == "observe":
        level = OBSERVED_ONLY
    _add_reasons(row, whole.reasons.setdefault(level, {}))
    whole.reviews += bool(row.review_id)
    whole.cache_hits += row.from_cache
    whole.observed += row.mode == "observe"
    whole.saw(row.created_at_ms)
    if not known:
        got, held = held_unknown(row)
        whole.held_unknown_nano_usd += held
        add_sums(whole.held_unknown, {got: [1, held]})
        _name_first(whole.named_unknown, row)


def _name_first(names: list[tuple[int, str]], row: RequestRow) -> None:
    """Adds the row, and keeps the first NAMED_UNKNOWN by time."""
    insort(names, (row.created_at_ms, row.request_id))
    del names[NAMED_UNKNOWN:]


def _add_reasons(row: RequestRow, reasons: Sums) -> None:
    first = led_by(row.reason, row.reasons)
    first = first if first in REASONS else UNKNOWN_NAME
    carried = _CARRIED.intersection(row.reasons)
    add_sums(reasons, {first: [1, row.cost_nano_usd, 0, 0]})
    for reason in carried | {first}:
        add_sums(reasons, {reason: [0, 0, 1, row.cost_nano_usd]})


def _add_attempts(
    row: RequestRow, own: TierName, is_answered: bool, whole: Whole, cell_of: CellOf
) -> None:
    tried: dict[tuple[int, str, str], TierName] = {}
    add_counts(whole.faults, dict.fromkeys(faults_of(row), 1))
    for attempt in row.attempts:
        tier = TierName(attempt.level, attempt.tier, attempt.model, attempt.adapter)
        cost = attempt.cost_nano_usd
        cell_of(Kind.TIER, _name(tier)).own_spend_nano_usd += cost
        whole.attempts_nano_usd += cost
        made = was_made(attempt)
        if attempt.role in ANSWERING and made:
            tried.setdefault((tier.level, tier.tier, undated(tier.model)), tier)
        gone = (int(made), cost) if thrown_away(attempt) else (0, 0)
        if made or cost:
            add_sums(whole.roles, {attempt.role.value: [int(made), cost, *gone]})
            add_sums(whole.bases, {basis_of(attempt).value: [int(made), cost]})
        own_compute = attempt.cost_basis is CostBasis.OWN_COMPUTE and attempt.compute_ms > 0
        whole.unpriced_compute += own_compute and not cost
        if attempt.estimated and doubt_of(attempt) is Doubt.ESTIMATED:
            add_lists(whole.estimated, [1, cost])
        wasted = waste_of(attempt)
        if wasted is not None:
            add_sums(whole.waste, {wasted.value: [1, cost]})
        difference = provider_difference(attempt)
        if difference is not None:
            add_lists(whole.provider, [int(corrected_call(row) is None), cost, cost + difference])
    if is_answered and own.level:
        tried.setdefault((own.level, own.tier, undated(own.model)), own)
    for tier in tried.values():
        cell = cell_of(Kind.TIER, _name(tier))
        cell.tried += 1
        cell.moved_on += is_answered and tier.level < row.tier_number


def _add_prospects(
    row: RequestRow, prospects: tuple[Prospect, ...], whole: Whole, is_answered: bool
) -> None:
    """Adds what each answerer was expected to be worth for this request, and what routing did.

    An answerer that lacks what the request needs, or had nothing for it, counts as never right, at
    no cost. One of unknown price counts not at all, nor one whose chance is only a prior: nobody
    knows what it would have cost, or how often it is right. Approved answers and exact tools are no
    model that could be asked everything.
    """
    p_own = round(row.confidence * PPM) if is_answered else 0
    add_lists(whole.routed, [1, p_own, row.cost_nano_usd])
    for prospect in prospects:
        if prospect.p_source in (PSource.KNOWN.value, PSource.MATCH.value):
            continue
        able = not (prospect.missing or prospect.declined)
        unpriced = prospect.cost_basis == CostBasis.UNKNOWN.value
        if able and (unpriced or prospect.p_source == PSource.PRIOR.value):
            continue
        p, cost = (round(prospect.p * PPM), prospect.cost_nano_usd) if able else (0, 0)
        add_sums(whole.prospects, {prospect.answerer: [1, p, cost]})

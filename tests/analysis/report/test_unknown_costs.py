"""Known cost is told apart from the most that calls of unknown cost can have cost."""

from __future__ import annotations

from router.analysis.report.build import Extra
from router.analysis.report.tables import money_of, reply_rows
from router.ledger.aggregates import Cell, Kind, PlacedCell
from router.ledger.rollup import contribute
from router.types import AttemptState, CostBasis, RequestState
from tests.analysis.report.test_headline import everywhere, tiles
from tests.analysis.report.test_sections import a_failure, report_of
from tests.kits.books.report_rows import PRICES, a_row, an_attempt
from tests.kits.changed import replace


def test_what_a_cost_that_is_not_known_counts_stands_beside_the_spend() -> None:
    """A broken call booked at its hold read as money that was lost."""
    call = an_attempt("r", 2, PRICES[2], state=AttemptState.UNKNOWN_COST)
    unknown = a_row(0, 2, attempts=[call], state=RequestState.UNKNOWN_COST)
    first, bound, known, *_ = report_of([unknown, a_row(1)]).sentences
    assert first.endswith("2 requests cost at most $0.51, and all were answered.")
    assert bound.startswith("For 1 request, $0.50 of this (98.0 %) is an upper bound and no known")
    assert known == "The other $0.01 is known."
    spend = tiles(report_of([unknown]))[0]
    assert "$0.5000 of it is not known, and counts at its most; $0.00 discarded" in spend
    assert tiles(report_of([a_row(1)]))[0].endswith("discarded")


def test_what_is_no_known_cost_stands_in_the_first_table_by_what_requests_got() -> None:
    call = an_attempt("r", 2, PRICES[2], state=AttemptState.UNKNOWN_COST)
    answered = a_row(0, 2, attempts=[call], state=RequestState.UNKNOWN_COST)
    cut = replace(answered, attempts=(replace(call, error_code="stream_cut"),))
    unanswered = [
        replace(cut, request_id=name, verdict="", error_code="stream_cut") for name in "yz"
    ]
    rows = [answered, a_row(1), *unanswered]
    report = report_of(rows)
    assert report.unknown.held_nano_usd == 3 * PRICES[2]
    table = [row[-1] for row in reply_rows(report, money_of(report, exact=False))]
    assert table == ["$0.50", "$1.00", "$1.50"]
    assert [line.held_nano_usd for line in report.replies.lines] == [PRICES[2], 2 * PRICES[2]]
    assert all("of it not known" in text.lower() for text in everywhere(report)[:2])
    bound = "A call of unknown cost counts here at the most that it can cost; all of them, also"
    assert all(bound in text for text in everywhere(report)[:2])
    assert bound not in everywhere(report_of([a_row(1), a_failure(2)]))[0]
    bill = report_of(rows, Extra(settled=[rows[0]]))
    assert [line.held_nano_usd for line in bill.replies.lines] == [0, 2 * PRICES[2]]
    assert "of it not known" not in everywhere(report_of([a_row(1), a_failure(2)]))[0]


def test_sums_of_an_older_version_do_not_say_which_lines_are_not_known() -> None:
    call = an_attempt("r", 2, PRICES[2], state=AttemptState.UNKNOWN_COST)
    cells: dict[tuple[Kind, str], Cell] = {}

    def cell_of(kind: Kind, name: str) -> Cell:
        return cells.setdefault((kind, name), Cell())

    row = a_row(0, 2, attempts=[call], state=RequestState.UNKNOWN_COST)
    contribute(row, cell_of)
    whole = cells[Kind.WHOLE, ""].whole
    assert whole is not None
    whole.held_unknown = {}
    placed = [PlacedCell(k, row.created_at_ms, "acme", name, c) for (k, name), c in cells.items()]
    report = report_of([a_failure(1)], Extra(cells=placed))
    table = [row[-1] for row in reply_rows(report, money_of(report, exact=False))]
    assert table == ["—", "—", "$0.5000"]


def test_calls_at_a_bound_and_calls_without_a_price_are_told_apart() -> None:
    held = an_attempt("r", 2, PRICES[2], state=AttemptState.UNKNOWN_COST)
    unpriced = an_attempt("r1", 2, 0, cost_basis=CostBasis.UNKNOWN)
    lost = a_row(0, 2, attempts=[held], state=RequestState.UNKNOWN_COST)
    told = report_of([lost, a_row(1, 2, attempts=[unpriced])]).headline
    assert "2 requests cost $0.50, and all were answered." in told  # neither at most nor at least
    assert "Calls without any price: 1; these are in no sum." in told

"""The chain of rows: each way to falsify it has a name."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from router.ledger.hash_chain import (
    Anchor,
    ChainRow,
    FindingKind,
    Head,
    anchor_from_line,
    anchor_to_line,
    canonical,
    genesis,
    link,
    make_anchor,
    verify_chain,
)
from router.privacy.digest import digest
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.changed import replace


def chain(count: int, writer_id: str = "w1") -> list[ChainRow]:
    rows: list[ChainRow] = []
    prev = genesis(writer_id)
    for number in range(1, count + 1):
        row = request(f"{writer_id}-r{number}", attempt(f"{writer_id}-r{number}", cost=number))
        row_hash = link(prev, canonical(row))
        rows.append(ChainRow(writer_id, number, prev, row_hash, row))
        prev = row_hash
    return rows


def anchored(*chains: list[ChainRow]) -> Anchor:
    heads = [Head(rows[-1].writer_id, rows[-1].sequence, rows[-1].row_hash) for rows in chains]
    return make_anchor(1, 1000, heads, (), "")


def found(*args: object) -> list[tuple[FindingKind, int]]:
    return [(finding.kind, finding.sequence) for finding in verify_chain(*args)]  # type: ignore[arg-type]


def test_row_hash_is_sha256_of_the_hash_before_then_the_rows_digest() -> None:
    row = chain(1)[0]
    inner = hashlib.sha256(canonical(row.row)).digest()
    by_hand = hashlib.sha256(bytes.fromhex(genesis("w1")) + inner).hexdigest()
    assert row.row_hash == by_hand


def test_whole_chains_of_two_writers_have_no_findings() -> None:
    one, two = chain(5), chain(3, "w2")
    assert found([*one, *two], [anchored(one, two)], [anchored(one, two)]) == []


def test_attempt_order_does_not_change_the_canonical_bytes() -> None:
    first, second = attempt("r", 1), attempt("r", 2)
    assert canonical(request("r", first, second)) == canonical(request("r", second, first))


def test_edited_cost_is_found_at_its_row() -> None:
    rows = chain(4)
    rows[2] = replace(rows[2], row=replace(rows[2].row, cost_nano_usd=1))
    assert found(rows) == [(FindingKind.EDITED, 3)]


def test_edited_attempt_is_found_at_its_row() -> None:
    rows = chain(4)
    cheaper = replace(rows[1].row.attempts[0], cost_nano_usd=0)
    rows[1] = replace(rows[1], row=replace(rows[1].row, attempts=(cheaper,)))
    assert found(rows) == [(FindingKind.EDITED, 2)]


@pytest.mark.parametrize("change", [{"rung": 0}, {"upstream_id": "chatcmpl-other"}])
def test_edited_origin_of_an_answer_is_found_at_its_row(change: dict[str, Any]) -> None:
    rows = chain(4)
    other = replace(rows[1].row.attempts[0], **change)
    rows[1] = replace(rows[1], row=replace(rows[1].row, attempts=(other,)))
    assert found(rows) == [(FindingKind.EDITED, 2)]


def test_removed_rows_are_found_as_a_gap() -> None:
    rows = chain(6)
    assert found(rows[:2] + rows[4:]) == [(FindingKind.REMOVED, 3)]


def test_removed_row_whose_gap_was_closed_is_a_broken_link() -> None:
    rows = chain(4)
    closed = rows[:1] + [replace(row, sequence=row.sequence - 1) for row in rows[2:]]
    assert found(closed) == [(FindingKind.BROKEN_LINK, 2)]


@pytest.mark.parametrize(("i", "j"), [(1, 2), (1, 4), (0, 5)])
def test_exchanged_rows_are_found_at_both_places(i: int, j: int) -> None:
    rows = chain(6)
    rows[i], rows[j] = (
        replace(rows[j], sequence=rows[i].sequence),
        replace(rows[i], sequence=rows[j].sequence),
    )
    kinds = found(rows)
    assert (FindingKind.SWAPPED, i + 1) in kinds or (FindingKind.SWAPPED, j + 1) in kinds
    assert {kind for kind, _ in kinds} <= {FindingKind.SWAPPED, FindingKind.BROKEN_LINK}


def test_row_rewritten_with_a_new_hash_breaks_the_next_link() -> None:
    rows = chain(4)
    forged = replace(rows[1].row, cost_nano_usd=1)
    rows[1] = replace(rows[1], row=forged, row_hash=link(rows[1].prev_hash, canonical(forged)))
    assert found(rows) == [(FindingKind.BROKEN_LINK, 3)]


def test_cut_tail_is_found_by_the_anchor() -> None:
    rows = chain(6)
    assert found(rows[:4], [anchored(rows)]) == [(FindingKind.CUT_TAIL, 5)]


def test_whole_chain_removed_is_found_by_the_anchor_outside() -> None:
    rows = chain(3)
    kinds = {kind for kind, _ in found([], [], [anchored(rows)])}
    assert kinds == {FindingKind.CUT_TAIL, FindingKind.ANCHOR_REMOVED}


def test_chain_rebuilt_from_scratch_is_found_by_the_anchor_outside() -> None:
    rows, forged, prev = chain(3), [], genesis("w1")
    for row in rows:
        cheaper = replace(row.row, tags=("forged",))
        row_hash = link(prev, canonical(cheaper))
        forged.append(ChainRow("w1", row.sequence, prev, row_hash, cheaper))
        prev = row_hash
    kinds = {kind for kind, _ in found(forged, [anchored(forged)], [anchored(rows)])}
    assert kinds == {FindingKind.REWRITTEN, FindingKind.ANCHOR_REMOVED}


def test_edited_anchor_is_found() -> None:
    rows = chain(2)
    assert (FindingKind.ANCHOR_EDITED, 0) in found(rows, [replace(anchored(rows), created_at_ms=1)])


def test_purged_beginning_is_accepted_with_its_anchored_checkpoint() -> None:
    rows = chain(6)
    checkpoint = Head("w1", 3, rows[2].row_hash)
    anchor = make_anchor(1, 1, [Head("w1", 6, rows[5].row_hash)], [checkpoint], "")
    assert found(rows[3:], [anchor], [anchor], [checkpoint]) == []


def test_checkpoint_that_no_anchor_names_is_found() -> None:
    rows = chain(6)
    checkpoint = Head("w1", 3, rows[2].row_hash)
    assert found(rows[3:], [], [], [checkpoint]) == [(FindingKind.CHECKPOINT_UNANCHORED, 3)]


def test_anchor_line_reads_back() -> None:
    anchor = anchored(chain(2))
    assert anchor_from_line(anchor_to_line(anchor)) == anchor


@pytest.mark.parametrize("line", [b"[]", b"{}", b"nonsense", b'{"anchor_id": null}'])
def test_line_that_is_no_anchor_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        anchor_from_line(line)


def test_digest_is_hmac_sha256() -> None:
    key = b"k" * 32
    assert digest(key, "grüße") == hmac.new(key, "grüße".encode(), hashlib.sha256).hexdigest()


def test_digest_of_nothing_is_nothing() -> None:
    assert digest(b"k", "") == ""

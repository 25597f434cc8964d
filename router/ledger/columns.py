"""Lists the columns of a request and of an attempt: one table for all that speaks of them.

The schema, the INSERT and SELECT texts, the reader, the hash chain and the exports are made from
these two tuples. Their order is the order of the columns in the database and in the bytes that the
chain covers, so it never changes: a new column goes after those of its kind, with the number of the
migration that adds it. The migrations themselves are history and repeat the columns as they were.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from router.types import AttemptState, CostBasis, RequestState, Role

FIRST_SCHEMA = 1
"""Number of the migration that made both tables."""


class Kind(StrEnum):
    """Says what a column holds; `row_values` turns values into cells by it."""

    TEXT = "text"
    WORD = "word"  # a text that may come as a member of a closed set
    WORDS = "words"  # several texts, as a JSON array
    WHOLE = "whole"  # an integer of 64 bits
    SMALL = "small"  # an integer of 32 bits
    FLAG = "flag"  # 0 or 1
    REAL = "real"  # a finite double; anything not finite is stored as 0, or null where it may be


class Column(Struct, frozen=True):
    """Describes one column."""

    name: str
    kind: Kind
    source: str | None = ""
    """The attribute of the row, with a dot for a part of it. "" is the column's own name; None is
    no attribute: the ledger adds the value."""
    closed_set: type[StrEnum] | None = None
    nullable: bool = False
    primary_key: bool = False
    chained: bool = True
    """The canonical bytes of the row have it."""
    since: int = FIRST_SCHEMA
    """Number of the migration that added it."""

    @property
    def path(self) -> str | None:
        """Returns the attribute of the row that the column holds; None where it has none."""
        return self.name if self.source == "" else self.source


def _text(name: str) -> Column:
    return Column(name, Kind.TEXT)


def _word(name: str) -> Column:
    return Column(name, Kind.WORD)


def _member(name: str, closed_set: type[StrEnum]) -> Column:
    return Column(name, Kind.TEXT, closed_set=closed_set)


def _key(name: str) -> Column:
    return Column(name, Kind.TEXT, primary_key=True)


def _whole(name: str, source: str = "", since: int = FIRST_SCHEMA) -> Column:
    return Column(name, Kind.WHOLE, source, since=since)


def _whole_or_null(name: str, source: str = "", since: int = FIRST_SCHEMA) -> Column:
    return Column(name, Kind.WHOLE, source, nullable=True, since=since)


def _small(name: str, since: int = FIRST_SCHEMA) -> Column:
    return Column(name, Kind.SMALL, since=since)


def _flag(name: str, source: str = "") -> Column:
    return Column(name, Kind.FLAG, source)


def _real(name: str) -> Column:
    return Column(name, Kind.REAL)


def _real_or_null(name: str) -> Column:
    return Column(name, Kind.REAL, nullable=True)


def _added(name: str, kind: Kind = Kind.TEXT, *, nullable: bool = False) -> Column:
    """Describes a column that the ledger adds and the row does not have."""
    return Column(name, kind, None, nullable=nullable, chained=False)


_USAGE = (
    _whole("input_tokens", "usage.input_tokens"),
    _whole("cached_input_tokens", "usage.cached_input_tokens"),
    _whole("cache_write_tokens", "usage.cache_write_tokens"),
    _whole("output_tokens", "usage.output_tokens"),
    _whole("reasoning_tokens", "usage.reasoning_tokens"),
    _flag("usage_reported", "usage.reported"),
)

REQUEST_COLUMNS = (
    _key("request_id"),
    _whole("created_at_ms"),
    _whole("finished_at_ms"),
    _text("tenant"),
    _text("key_id"),
    _member("state", RequestState),
    _text("endpoint"),
    _flag("stream"),
    _text("mode"),
    _text("policy"),
    _text("policy_hash"),
    _text("requested_model"),
    _text("tier"),
    _small("tier_number"),
    _text("answerer"),
    _text("model"),
    _word("verdict"),
    _word("reason"),
    Column("reasons", Kind.WORDS),
    _real("confidence"),
    _small("escalations"),
    _whole("cost_nano_usd"),
    _whole_or_null("baseline_requested_model_nano_usd", "baselines.requested_model"),
    _whole_or_null("baseline_all_level_2_nano_usd", "baselines.all_level_2"),
    _whole_or_null("baseline_all_level_3_nano_usd", "baselines.all_level_3"),
    _whole_or_null("baseline_people_nano_usd", "baselines.people"),
    *_USAGE,
    _real("latency_ms"),
    _real_or_null("first_token_ms"),
    _real("triage_ms"),
    _text("prompt_digest"),
    _text("answer_digest"),
    _text("session_digest"),
    Column("tags", Kind.WORDS),
    _text("record"),
    _text("review_id"),
    _word("error_code"),
    # The record has these two as well, and the chain covers the record.
    Column("domain", Kind.WORD, chained=False),
    Column("request_type", Kind.WORD, chained=False),
    _added("writer_id"),
    # Null while the request is open; `writer_id` is then the writer that has it open.
    _added("sequence", Kind.WHOLE, nullable=True),
    _added("prev_hash"),
    _added("row_hash"),
)

ATTEMPT_COLUMNS = (
    _key("request_id"),
    _key("attempt_id"),
    _small("ordinal"),
    _member("role", Role),
    _text("answerer"),
    _text("tier"),
    _small("level"),
    _text("model"),
    _member("state", AttemptState),
    _whole("held_nano_usd"),
    _whole("cost_nano_usd"),
    _member("cost_basis", CostBasis),
    _text("price_version"),
    _whole("started_at_ms"),
    _real("latency_ms"),
    *_USAGE,
    _flag("estimated"),
    _flag("discarded"),
    _whole_or_null("provider_cost_nano_usd"),
    _real("compute_ms"),
    _text("finish_reason"),
    _word("error_code"),
    _real_or_null("p"),
    _word("reason"),
    _text("adapter"),
    _small("rung"),
    _text("upstream_id"),
    _small("images", since=2),
    _small("cores", since=2),
    _whole("audio_input_tokens", "usage.audio_input_tokens", since=17),
    _whole_or_null("hour_write_tokens", "usage.hour_write_tokens", since=28),
    _added("tenant"),
)


def names(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Returns the names of the columns in their order."""
    return tuple(column.name for column in columns)


def of_row(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Returns the columns that hold an attribute of the row; the ledger adds the others after."""
    return tuple(column for column in columns if column.path is not None)


def chained(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Returns the columns that the chain's bytes have; they come first in their table."""
    return tuple(column for column in columns if column.chained)

"""Defines options that choose requests by who may be charged, and refuses names that nobody has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from router.types import Domain, RequestType

if TYPE_CHECKING:
    from router.analysis.report.filters import RequestFilter
    from router.api.compose.books import Books, KeyInfo

Tags = Annotated[
    list[str] | None, typer.Option("--tag", help="Only requests with this tag; repeat for any of.")
]
Keys = Annotated[
    list[str] | None, typer.Option("--key", help="Only of this key, by name or id; repeat.")
]
Domains = Annotated[
    list[Domain] | None, typer.Option("--domain", help="Only of this domain; repeat.")
]
Types = Annotated[
    list[RequestType] | None,
    typer.Option("--request-type", help="Only of this request type; repeat."),
]
Endpoints = Annotated[
    list[str] | None,
    typer.Option("--endpoint", help="Only of this endpoint, as chat.completions; repeat."),
]

Sessions = Annotated[
    list[str] | None,
    typer.Option(
        "--session", help="Only of this session, by the name that its client sent; repeat."
    ),
]

ENDPOINTS = frozenset(
    {
        *("chat.completions", "completions", "responses", "responses.compact", "messages"),
        *("analyze", "embeddings", "moderations"),
    }
)
"""Lists endpoints that are valid before the ledger has a row of them."""

NO_KEY = "none"
"""Names the key id of requests to a server without keys."""

MAX_TAGS = 8
"""Sets how many tags a mistyped one is answered with: those of most requests."""

Period = tuple[int | None, int | None, str | None]
"""Holds since and until in milliseconds, and the tenant; None leaves out the bound."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Holds the options as they were given."""

    tags: Sequence[str] = ()
    keys: Sequence[str] = ()
    domains: Sequence[Domain] = ()
    request_types: Sequence[RequestType] = ()
    endpoints: Sequence[str] = ()
    sessions: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        tags: list[str] | None,
        keys: list[str] | None,
        domains: list[Domain] | None,
        request_types: list[RequestType] | None,
        endpoints: list[str] | None,
        sessions: list[str] | None,
    ) -> Wanted:
        """Collects the options; an option that is not given wants nothing in particular."""
        return cls(
            tags or (),
            keys or (),
            domains or (),
            request_types or (),
            endpoints or (),
            sessions or (),
        )

    @property
    def told(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Returns the chosen filters, for a report's head; empty where none was given."""
        filters = (
            ("tag", tuple(self.tags)),
            ("key", tuple(self.keys)),
            ("domain", tuple(domain.value for domain in self.domains)),
            ("request type", tuple(kind.value for kind in self.request_types)),
            ("endpoint", tuple(self.endpoints)),
            ("session", tuple(self.sessions)),
        )
        return tuple(entry for entry in filters if entry[1])

    def choice(self, books: Books) -> RequestFilter:
        """Returns the choice of requests, with key names turned into ids.

        Raises typer.BadParameter for an unknown key or endpoint, and LedgerError.
        """
        from router.analysis.report.filters import RequestFilter
        from router.ledger.row_reading import AFTERWARDS

        if self.endpoints:
            _check_endpoints(self.endpoints, ENDPOINTS | AFTERWARDS | books.endpoints())
        keys = tuple(books.keys.list()) if self.keys else ()

        return RequestFilter(
            tags=frozenset(self.tags),
            key_ids=_key_ids(self.keys, keys),
            domains=frozenset(domain.value for domain in self.domains),
            request_types=frozenset(kind.value for kind in self.request_types),
            endpoints=frozenset(self.endpoints),
            sessions=books.session_digests(self.sessions) if self.sessions else None,
        )

    def say_unknown(self, books: Books, period: Period, database: str, *, empty: bool) -> None:
        """Says which tags no request of the ledger has; `empty` is True where nothing was chosen.

        Raises typer.BadParameter for a session without a request of the period. One name that
        found something needs no look, so rows are read again for several names only.
        """
        if self.sessions and (empty or len(set(self.sessions)) > 1):
            self._tell_unknown_sessions(books, period, database)
        self.say_unknown_tags(books, period[2], empty=empty)

    def say_unknown_tags(self, books: Books, tenant: str | None, *, empty: bool) -> None:
        """Says which tags no request has at any time; `empty` is True where nothing was chosen."""
        if self.tags and (empty or len(set(self.tags)) > 1):
            self._name_unknown_tags(books, tenant)

    def _tell_unknown_sessions(self, books: Books, period: Period, database: str) -> None:
        """Raises typer.BadParameter where no request of the period is of one of the sessions.

        Sessions are kept as digests, so a mistyped name looks like one without requests. Beside
        others, one that may be purged is only named.
        """
        settled, billed_later, _ = books.bills(*period)
        of_bills = chain(settled, (row for row, _ in billed_later))
        seen = {row.session_digest for row in chain(books.rows(*period), of_bills)}
        unknown = [
            name
            for name in dict.fromkeys(self.sessions)
            if seen.isdisjoint(books.session_digests([name]))
        ]
        if not unknown:
            return
        from router.api.compose.books import Address

        since_ms, until_ms, tenant = period
        named = " or ".join(map(repr, unknown))
        time = "" if since_ms is None and until_ms is None else " of this period"
        whose = "" if tenant is None else f" of tenant {tenant}"
        lost = _purged(books, period, "be")
        none_is = f"no request{time}{whose} is of session {named}{lost}"
        if lost and len(unknown) < len(set(self.sessions)):
            typer.echo(f"N{none_is[1:]}; the report is of the others.", err=True)
            return
        raise typer.BadParameter(
            f"{none_is}; expected a name as its "
            "client sends it (x-tiergate-session, x-session-id, thread-id "
            "or x-claude-code-session-id). Check the name, or "
            "look in another period (--since, --until) or in another ledger than "
            f"{Address.parse(database).shown} (--database). Names are kept as hashes, so none can "
            "be listed",
            param_hint="--session",
        )

    def _name_unknown_tags(self, books: Books, tenant: str | None) -> None:
        """Says on standard error which tags no request has at any time, and which there are."""
        always = (None, None, tenant)
        counts = Counter(tag for row in books.rows(*always) for tag in row.tags)
        unknown = [tag for tag in dict.fromkeys(self.tags) if tag not in counts]
        if not unknown:
            return
        shown = ", ".join(repr(tag) for tag, _ in counts.most_common(MAX_TAGS))
        others = len(counts) - MAX_TAGS
        there_are = f"the tags are {shown}" if shown else "no request has any tag"
        more = f" and {others:,} other{'' if others == 1 else 's'}" if others > 0 else ""
        whose = "" if tenant is None else f" of tenant {tenant}"
        named = " or ".join(map(repr, unknown))
        lost = _purged(books, always, "have it")
        typer.echo(f"No request{whose} has the tag {named}{lost}; {there_are}{more}.", err=True)


def _purged(books: Books, period: Period, what: str) -> str:
    """Returns how many requests of the period may be meant although nobody can tell any more."""
    lost = books.purged(*period)
    return f" (up to {lost:,} purged ones may {what})" if lost else ""


def _check_endpoints(wanted: Sequence[str], known: frozenset[str]) -> None:
    for endpoint in wanted:
        if endpoint not in known:
            raise typer.BadParameter(
                f"{endpoint!r} is no endpoint; expected one of {', '.join(sorted(known))}",
                param_hint="--endpoint",
            )


def _key_ids(wanted: Sequence[str], keys: Sequence[KeyInfo]) -> frozenset[str]:
    """Returns the ids of the keys with these names or ids; several keys may share a name."""
    ids: set[str] = set()
    for name in wanted:
        matching = {key.key_id for key in keys if name in (key.name, key.key_id)}
        # A mistyped key would otherwise give an empty report, which looks like no traffic.
        if not matching and name != NO_KEY:
            known = sorted({key.name or key.key_id for key in keys})
            shown = f"one of {', '.join(known[:20])}" if known else "a key, and there is none yet"
            raise typer.BadParameter(
                f"no key has the name or id {name!r}; expected {shown} "
                f"(`tiergate keys list`), or {NO_KEY} for requests without a key",
                param_hint="--key",
            )
        ids |= matching or {NO_KEY}
    return frozenset(ids)

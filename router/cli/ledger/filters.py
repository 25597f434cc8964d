"""Options that choose requests by what they may be charged to, for `report` and `ledger export`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from router.types import Domain, RequestType

if TYPE_CHECKING:
    from router.analysis.report.filters import Choice
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

ENDPOINTS = frozenset(
    {
        *("chat.completions", "completions", "responses", "responses.compact", "messages"),
        *("analyze", "embeddings", "moderations"),
    }
)
"""Endpoints that may be asked for before the ledger has a row of them."""

NO_KEY = "none"
"""The key id of requests to a server without keys."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options as they were given."""

    tags: Sequence[str] = ()
    keys: Sequence[str] = ()
    domains: Sequence[Domain] = ()
    request_types: Sequence[RequestType] = ()
    endpoints: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        tags: list[str] | None,
        keys: list[str] | None,
        domains: list[Domain] | None,
        request_types: list[RequestType] | None,
        endpoints: list[str] | None,
    ) -> Wanted:
        """The options, none given being none wanted."""
        return cls(tags or (), keys or (), domains or (), request_types or (), endpoints or ())

    @property
    def told(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Returns what was asked for, for a report's head; nothing where everything was."""
        told = (
            ("tag", tuple(self.tags)),
            ("key", tuple(self.keys)),
            ("domain", tuple(one.value for one in self.domains)),
            ("request type", tuple(one.value for one in self.request_types)),
            ("endpoint", tuple(self.endpoints)),
        )
        return tuple(one for one in told if one[1])

    def choice(self, books: Books) -> Choice:
        """The requests that fit, key names as ids.

        Raises typer.BadParameter for a key or an endpoint that there is none of, LedgerError.
        """
        from router.analysis.report.filters import Choice
        from router.ledger.row_reading import AFTERWARDS

        if self.endpoints:
            _check_endpoints(self.endpoints, ENDPOINTS | AFTERWARDS | books.endpoints())
        keys = tuple(books.keys.list()) if self.keys else ()

        return Choice(
            tags=frozenset(self.tags),
            key_ids=_key_ids(self.keys, keys),
            domains=frozenset(one.value for one in self.domains),
            request_types=frozenset(one.value for one in self.request_types),
            endpoints=frozenset(self.endpoints),
        )


def _check_endpoints(wanted: Sequence[str], known: frozenset[str]) -> None:
    for one in wanted:
        if one not in known:
            raise typer.BadParameter(
                f"{one!r} is no endpoint; expected one of {', '.join(sorted(known))}",
                param_hint="--endpoint",
            )


def _key_ids(wanted: Sequence[str], keys: Sequence[KeyInfo]) -> frozenset[str]:
    """The ids of the keys with these names or ids; a name may be that of several keys."""
    found: set[str] = set()
    for name in wanted:
        its = {key.key_id for key in keys if name in (key.name, key.key_id)}
        if not its and name != NO_KEY:
            known = sorted({key.name for key in keys if key.name})
            shown = f"one of {', '.join(known[:20])}" if known else "a key, and there is none yet"
            raise typer.BadParameter(
                f"no key has the name or id {name!r}; expected {shown} "
                f"(`tiergate keys list`), or {NO_KEY} for requests without a key",
                param_hint="--key",
            )
        found |= its or {NO_KEY}
    return frozenset(found)

"""Defines `tiergate keys`: API keys with their rights, their reach and their end."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, Tenant
from router.cli.periods import end_ms, length_ms, now_ms, shown_time
from router.cli.serve.serve import DATABASE, DatabasePath
from router.rendering.figures_in_words import clean
from router.types import Scope

if TYPE_CHECKING:
    from router.api.compose.books import CreatedKey, KeyInfo

keys = typer.Typer(help="Create, list, rotate and revoke API keys.")

KeyId = Annotated[
    str,
    typer.Argument(
        help="As `tiergate keys list` shows it; or the name of a key, where one active key has it."
    ),
]


@keys.command()
def create(
    tenant: Annotated[str, typer.Option(help="Who pays.")],
    scope: Annotated[
        list[Scope] | None,
        typer.Option(show_default="chat", help="What the key may do; repeat for several."),
    ] = None,
    name: Annotated[str, typer.Option(help="A name to know it by.")] = "",
    policies: Annotated[
        str | None,
        typer.Option(show_default="all", help="Policies that it may use: `mail,support`."),
    ] = None,
    tiers: Annotated[
        str | None,
        typer.Option(show_default="all", help="Tiers that may answer it: `resolve,llm`."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(show_default="never", help="When it ends: 90d, 2027-01-01.")
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            "-p",
            envvar="TIERGATE_POLICY",
            show_default="the shipped ones",
            help="A policy that is served, by name or file: names are checked against it, and "
            "against those that the ledger knows. Repeat for several.",
        ),
    ] = None,
    database: DatabasePath = DATABASE,
    as_json: AsJson = False,
) -> None:
    """Create an API key. It is shown once; only its SHA-256 is kept."""
    _check_new_tenant(tenant)
    reached, answering = _names(policies, "--policies"), _names(tiers, "--tiers")
    expires_at_ms = None if expires is None else _end_of(expires)
    new = "://" not in database and not Path(database).exists()
    with opened_books(database, create=True) as books:
        # A policy that is named is looked for in any case: a wrong name is a mistake.
        if reached or answering or policy:
            from router.cli.ledger.key_names import check_names, known_names

            check_names(
                known_names(policy or (), books.policy_texts(), os.environ), reached, answering
            )
        created = books.keys.create(
            tenant,
            scope or [Scope.CHAT],
            name,
            policies=reached,
            tiers=answering,
            expires_at_ms=expires_at_ms,
        )
    note = (
        f"{created.info.key_id} for tenant {clean(tenant)} ({_rights(created.info)}). This is the "
        "only time it is shown."
    )
    if new:  # as in another folder than the server's, where no server would know the key
        note += f"\nThe ledger {database} was made for it: serve with this --database."
    _show_secret(created, note, as_json)


@keys.command("list")
def list_keys(
    database: DatabasePath = DATABASE,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """List all keys, also revoked and expired ones."""
    from router.cli.terminal import print_json

    with opened_books(database, tenant) as books:
        infos = books.keys.list(tenant)
    if as_json:
        print_json([_key(info) for info in infos])
        return
    if not infos:
        typer.echo("No keys: the server listens on loopback only.")
        return
    from router.cli.terminal import console
    from router.rendering.terminal_parts import add_row, text_table

    columns = ("id", "state", "tenant", "rights", "created (UTC)", "name")
    table = text_table("keys", columns, left=len(columns))
    for info in infos:
        created, name = shown_time(info.created_at_ms), clean(info.name) if info.name else ""
        add_row(
            table,
            (info.key_id, _state(info), clean(info.tenant), _rights(info), created, name),
        )
    console().print(table)


@keys.command()
def rotate(
    key_id: KeyId,
    grace: Annotated[
        str, typer.Option(help="How long the old secret stays good: 24h, 7d, 0.")
    ] = "24h",
    database: DatabasePath = DATABASE,
    as_json: AsJson = False,
) -> None:
    """Make a new secret for a key; its id, budgets and rows stay. All workers know within a second.

    Rotating again within the grace ends the older secret at once.
    """
    grace_ms = length_ms(grace)
    with opened_books(database) as books:
        key_id = _id_of(key_id, books.keys.list(None))
        rotated = books.keys.rotate(key_id, grace_ms)
    if rotated is None:
        _no_active(key_id)
        return
    # With a grace of 0 the old secret ends at once.
    until = rotated.info.previous_until_ms
    old = "is no longer good" if until is None else f"is good until {shown_time(until)} UTC"
    _show_secret(rotated, f"{key_id} is rotated; its old secret {old}.", as_json)


@keys.command()
def revoke(key_id: KeyId, database: DatabasePath = DATABASE) -> None:
    """Revoke a key; all workers know within a second.

    Revoking the last key does not open the server: create another one.
    """
    with opened_books(database) as books:
        key_id = _id_of(key_id, books.keys.list(None))
        revoked = books.keys.revoke(key_id)
    if not revoked:
        _no_active(key_id)
    typer.echo(f"{key_id} is revoked.")


def _show_secret(made: CreatedKey, note: str, as_json: bool) -> None:
    """Prints a new secret, the only time it is shown."""
    if as_json:
        from router.cli.terminal import print_json

        print_json({**_key(made.info), "key": made.secret})
        return
    # Only the secret goes to standard output, so that a script can capture it.
    typer.echo(made.secret)
    typer.echo(note, err=True)


def _id_of(named: str, infos: Sequence[KeyInfo]) -> str:
    """Returns the id of the key that is meant: an id stays, and a name must be of one active key.

    Ends the program where several have the name, since the wrong one would be lost.
    """
    if any(info.key_id == named for info in infos):
        return named
    now = now_ms()
    same = [info for info in infos if info.name == named and info.active(now)]
    if len(same) > 1:
        ids = ", ".join(f"{info.key_id} (tenant {clean(info.tenant)})" for info in same)
        typer.echo(
            f"tiergate: {len(same)} active keys have the name {named!r}: {ids}; name one by its id",
            err=True,
        )
        raise typer.Exit(Exit.FAILURE)
    return same[0].key_id if same else named


def _no_active(key_id: str) -> None:
    typer.echo(f"tiergate: no active key {key_id!r}; see `tiergate keys list`", err=True)
    raise typer.Exit(Exit.FAILURE)


def _check_new_tenant(tenant: str) -> None:
    """Raises typer.BadParameter for a name that no tenant can have, or that nobody could type."""
    if not tenant.strip():
        raise typer.BadParameter("found an empty name; expected who pays", param_hint="--tenant")
    if tenant.strip() == "*":
        raise typer.BadParameter(
            "found '*', which means all tenants without a budget of their own in `budgets`; "
            "expected the name of who pays",
            param_hint="--tenant",
        )
    unseen = sorted({f"U+{ord(sign):04X}" for sign in tenant if sign != " " and _unseen(sign)})
    if unseen:
        raise typer.BadParameter(
            f"found {tenant!a}, with {', '.join(unseen)}, which nobody sees: a budget for the "
            "name as it looks would not count this key; expected only visible characters and "
            "plain spaces",
            param_hint="--tenant",
        )


def _unseen(sign: str) -> bool:
    """Returns True for controls, formats (as zero-width spaces), and spaces other than " "."""
    return unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cn", "Zs", "Zl", "Zp")


def _names(text: str | None, option: str) -> list[str]:
    """Returns the names of an option, none where it is not given: the key may then use all.

    Raises typer.BadParameter for an option without a name, as an empty variable of a shell makes.
    """
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if text is not None and not names:
        raise typer.BadParameter(
            f"found {text!r}, which names nothing; expected names with commas between them, or no "
            f"{option}, which allows all",
            param_hint=option,
        )
    return names


def _end_of(expires: str) -> int:
    """Returns when a new key ends, in Unix milliseconds. Raises BadParameter for a past end."""
    now = now_ms()
    expires_at_ms = end_ms(expires, now, "--expires")
    if expires_at_ms <= now:
        raise typer.BadParameter(
            f"{expires!r} is past; expected an end that is still to come, as 90d or 2027-01-01",
            param_hint="--expires",
        )
    return expires_at_ms


def _rights(info: KeyInfo) -> str:
    """Formats `chat,reports` and, for a limited key, `policies mail; tiers llm`."""
    rights = [",".join(sorted(info.scopes))]
    rights += [f"policies {','.join(info.policies)}"] if info.policies else []
    rights += [f"tiers {','.join(info.tiers)}"] if info.tiers else []
    return "; ".join(rights)


def _state(info: KeyInfo) -> str:
    if info.revoked_at_ms is not None:
        return f"revoked {shown_time(info.revoked_at_ms)}"
    if info.expires_at_ms is None:
        return "active"
    word = "active until" if info.active(now_ms()) else "expired"
    return f"{word} {shown_time(info.expires_at_ms)}"


def _key(info: KeyInfo) -> dict[str, object]:
    return {
        "key_id": info.key_id,
        "tenant": info.tenant,
        "name": info.name,
        "scopes": sorted(info.scopes),
        "policies": list(info.policies),
        "tiers": list(info.tiers),
        "created_at_ms": info.created_at_ms,
        "expires_at_ms": info.expires_at_ms,
        "revoked_at_ms": info.revoked_at_ms,
        "previous_until_ms": info.previous_until_ms,
    }

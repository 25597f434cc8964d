"""Defines the options that say which documents a command of `tiergate knowledge` is about."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from router.cli.options import given_name

TenantOption = Annotated[
    str,
    typer.Option(
        callback=given_name, help="Whose documents they are; `*`: every tenant may read them."
    ),
]
Collection = Annotated[
    str, typer.Option("--collection", "-c", callback=given_name, help="Name of the collection.")
]
Collections = Annotated[
    list[str] | None,
    typer.Option("--collection", "-c", show_default="all", help="Repeat for several."),
]
Labels = Annotated[
    list[str] | None,
    typer.Option("--access", help="A label of access that the caller has; repeat for several."),
]


def collections_in(documents: str) -> set[str]:
    """Returns the names of all collections that are kept."""
    from router.documents.stores import open_store

    with closing(open_store(documents)) as store:
        return {document.collection for document in store.documents()}

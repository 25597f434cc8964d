"""Keeps what was trained in the registry, as a candidate with its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from router.registry import ModelKind

RegisteredName = Annotated[
    str,
    typer.Option(
        "--register", show_default="not kept", help="Keep it in the registry, under this name."
    ),
]


def add_version(
    kind: ModelKind,
    name: str,
    files: Sequence[Path],
    registry: str,
    *,
    base: str,
    dataset: str,
    settings: Mapping[str, object],
    metrics: Mapping[str, object],
) -> str:
    """Adds a candidate to the registry, prints its name and returns it.

    Figures without a value stay out.
    """
    from router.registry import About, open_registry

    model = open_registry(registry).add(
        kind,
        name,
        files,
        About(
            base=base,
            dataset=dataset,
            hyperparameters={
                key: value
                for key, value in settings.items()
                if isinstance(value, str | int | float | bool)
            },
            metrics={
                key: float(value)
                for key, value in metrics.items()
                if isinstance(value, int | float)
            },
        ),
        by="train",
    )
    typer.echo(f"{model.id} is a candidate in {registry}.", err=True)
    return model.id

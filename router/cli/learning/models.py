"""Defines `tiergate models`: versions of heads, adapters and certificates, and which one serves."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.names import user_name
from router.cli.options import REGISTRY, AsJson, RegistryPlace, given_path
from router.cli.periods import shown_time
from router.errors import RegistryError
from router.registry.model import ModelKind, ModelSetting, ModelState, ModelVersion

if TYPE_CHECKING:
    from router.registry import Registry

Named = Annotated[
    str,
    typer.Argument(
        help="NAME@SELECTOR: active, canary, shadow, a tag, or six letters of a version or more. "
        "NAME alone: the active version."
    ),
]
Because = Annotated[str, typer.Option(help="Why; kept in the history.")]
MlflowUrl = Annotated[
    str,
    typer.Option(
        "--mlflow", envvar="MLFLOW_TRACKING_URI", help="Address of an MLflow server to tell."
    ),
]

models = typer.Typer(help="Keep versions of heads, adapters and certificates; say which serves.")


@models.command("list")
def list_models(
    kind: Annotated[ModelKind | None, typer.Option(help="Only models of this kind.")] = None,
    name: Annotated[str | None, typer.Option(help="Only versions of this model.")] = None,
    state: Annotated[ModelState | None, typer.Option(help="Only versions in this state.")] = None,
    registry: RegistryPlace = REGISTRY,
    as_json: AsJson = False,
) -> None:
    """List all versions with their states."""
    opened = _opened(registry)
    versions = opened.list(kind, name, state)
    if as_json:
        _print(versions)
        return
    if not versions:
        found = "no version fits" if kind or name or state else "no version yet"
        typer.echo(f"{found} in {opened.shown}; `tiergate models add` puts one there")
        return
    from router.cli.terminal import console
    from router.rendering.terminal_parts import add_row, text_table

    columns = ("version", "kind", "state", "tags", "added", "metrics", "licence")
    table = text_table(f"models in {opened.shown}", columns, left=len(columns))
    for model in versions:
        cells = (
            model.id,
            model.kind.value,
            model.state.value,
            ", ".join(model.tags),
            shown_time(model.created_at_ms),
            _figures(model),
            model.licence,
        )
        add_row(table, cells)
    console().print(table)


@models.command()
def show(version: Named, registry: RegistryPlace = REGISTRY, as_json: AsJson = False) -> None:
    """Print all that is known of a version, and check the sha256 of its files."""
    opened = _opened(registry)
    model = opened.show(version)
    changes = [c for c in opened.history(model.name) if c.version == model.version]
    if as_json:
        from msgspec import to_builtins

        from router.cli.terminal import print_json

        opened.check(model)
        print_json({**_builtins(model), "history": [to_builtins(c) for c in changes]})
        return
    for line in _card(model):
        typer.echo(line)
    typer.echo("history")
    for change in changes:
        to = "" if change.state is None else f" to {change.state}"
        tags = f" {', '.join(change.tags)}" if change.tags else ""
        by = f" by {change.by}" if change.by else ""
        because = f": {change.because}" if change.because else ""
        typer.echo(f"  {shown_time(change.at_ms)}  {change.action}{to}{tags}{by}{because}")
    opened.check(model)
    typer.echo("the sha256 of each file is right")


@models.command()
def add(
    kind: Annotated[ModelKind, typer.Argument(help="What the model is for.")],
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits, _ . -")],
    files: Annotated[
        list[Path],
        typer.Argument(
            parser=given_path,
            help="Its files, the one that a policy would name first; or a folder.",
        ),
    ],
    base: Annotated[
        str,
        typer.Option(
            help="What it needs: an encoder, an adapter's base. Of an adapter it is compared with "
            "what its files say.",
            show_default="what the adapter's files say",
        ),
    ] = "",
    dataset: Annotated[str, typer.Option(help="Hash of the dataset that it was made from.")] = "",
    parent: Annotated[
        list[str] | None,
        typer.Option(show_default="none", help="NAME@VERSION that it continues; repeatable."),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", show_default="none", help="A hyperparameter, KEY=VALUE; repeatable."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(show_default="none", help="A figure, KEY=NUMBER; repeatable."),
    ] = None,
    licence: Annotated[str, typer.Option(help="The licence under which it may be used.")] = "",
    note: Annotated[str, typer.Option(help="A remark.")] = "",
    tag: Annotated[
        list[str] | None, typer.Option(show_default="none", help="A tag; repeatable.")
    ] = None,
    registry: RegistryPlace = REGISTRY,
    mlflow: MlflowUrl = "",
    as_json: AsJson = False,
) -> None:
    """Add a version as a candidate. The same files again are the same version.

    Files that are no model of this kind are refused, and so is a link out of a folder.
    """
    from router.registry import About
    from router.registry.contents import contents_of, with_companions
    from router.registry.forms import check_form

    check_form(kind, contents_of(with_companions(kind, files)))
    if kind is ModelKind.ADAPTER:
        base = _checked_base(files, base)
    about = About(
        base=base,
        dataset=dataset,
        parents=tuple(parent or ()),
        hyperparameters=dict(_settings(setting or ())),
        metrics=dict(_metrics(metric or ())),
        licence=licence,
        note=note,
        tags=tuple(tag or ()),
    )
    model = _opened(registry).add(kind, name, files, about, by=user_name())
    _tell(mlflow, model)
    _say(model, f"{model.id} is a {model.state}", as_json)


@models.command("tag")
def tag_version(
    version: Named,
    tags: Annotated[
        list[str] | None, typer.Argument(show_default="none", help="Tags to set.")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(show_default="none", help="A tag to remove; repeatable.")
    ] = None,
    registry: RegistryPlace = REGISTRY,
    as_json: AsJson = False,
) -> None:
    """Set or remove tags. A tag belongs to one version of a model."""
    if not tags and not drop:
        raise typer.BadParameter("expected a tag to set, or --drop with one to take")
    model = _opened(registry).tag(version, tags or (), drop or (), by=user_name())
    _say(model, f"{model.id} has the tags {', '.join(model.tags) or '(none)'}", as_json)


@models.command()
def promote(
    version: Named,
    to: Annotated[ModelState, typer.Option(help="The state to put it in.")] = ModelState.ACTIVE,
    because: Because = "",
    registry: RegistryPlace = REGISTRY,
    mlflow: MlflowUrl = "",
    as_json: AsJson = False,
) -> None:
    """Put a version into a state, after checking its files. Running servers notice in seconds."""
    opened = _opened(registry)
    model = opened.promote(version, to, by=user_name(), because=because)
    _tell(mlflow, model)
    _say(model, f"{model.id} is {model.state}", as_json)


@models.command()
def rollback(
    name: Annotated[str, typer.Argument(help="Name of the model.")],
    because: Because = "",
    registry: RegistryPlace = REGISTRY,
    mlflow: MlflowUrl = "",
    as_json: AsJson = False,
) -> None:
    """Make the version active that was active before."""
    model = _opened(registry).rollback(name, by=user_name(), because=because)
    _tell(mlflow, model)
    _say(model, f"{model.id} is active again", as_json)


@models.command()
def remove(version: Named, registry: RegistryPlace = REGISTRY, as_json: AsJson = False) -> None:
    """Remove a version with its files. An active one is refused."""
    model = _opened(registry).remove(version, by=user_name())
    _say(model, f"{model.id} is gone", as_json)


def _checked_base(files: Sequence[Path], given: str) -> str:
    """Returns an adapter's base; says where it comes from, or that nothing could check it.

    Raises RegistryError where the files name another base than the given one.
    """
    from router.registry.adapter_base import same_base, stated_base
    from router.registry.contents import contents_of

    stated = stated_base(contents_of(files))
    if stated is not None and not stated.is_local:
        if given and not same_base(given, stated.name):
            raise RegistryError(
                f"found --base {given}, but {stated.file} says that the adapter was trained on "
                f"{stated.name}; expected --base {stated.name}, or an adapter of {given}"
            )
        return given or stated.name
    known = "its files name no base"
    if stated is not None and stated.name:
        known = f"{stated.file} names only the path {stated.name}"
    elif stated is not None and stated.architecture:
        known = f"{stated.file} names only the architecture, {stated.architecture}"
    then = f"so nothing checked --base {given}" if given else "and no --base was given"
    typer.echo(f"tiergate: note: {known}, {then}.", err=True)
    return given


def _opened(place: str) -> Registry:
    from router.registry import open_registry

    return open_registry(place)


def _say(model: ModelVersion, sentence: str, as_json: bool) -> None:
    if as_json:
        _print([model])
    else:
        typer.echo(sentence)


def _print(versions: Sequence[ModelVersion]) -> None:
    from router.cli.terminal import print_json

    for model in versions:
        print_json(_builtins(model))


def _builtins(model: ModelVersion) -> dict[str, object]:
    from msgspec import to_builtins

    return {"id": model.id, **to_builtins(model)}


def _tell(mlflow: str, model: ModelVersion) -> None:
    """Tells MLflow of a change that is made already; a server that is down only earns a warning."""
    if not mlflow:
        return
    from router.registry.tracking import Mlflow

    try:
        Mlflow(mlflow, os.environ).tell_state(model)
    except RegistryError as error:
        typer.echo(f"tiergate: the change is made, but not told: {error.message}", err=True)


def _card(model: ModelVersion) -> Iterator[str]:
    """Yields the lines that describe a version."""
    yield f"{model.id}  {model.kind}, {model.state}"
    card = {
        "added": shown_time(model.created_at_ms),
        "tags": ", ".join(model.tags),
        "base": model.base,
        "dataset": model.dataset,
        "parents": ", ".join(model.parents),
        "set to": ", ".join(f"{key} {value}" for key, value in model.hyperparameters.items()),
        "metrics": _figures(model),
        "licence": model.licence,
        "note": model.note,
    }
    for label, value in card.items():
        if value:
            yield f"{label:9}{value}"
    for file in model.files:
        yield f"{'file':9}{file.name}  {file.size:,} bytes  sha256 {file.sha256}"


def _figures(model: ModelVersion) -> str:
    """Returns the metrics; an accuracy has its interval where a metric says how many rows it has.

    `accuracy_first` is of `rows_first` rows, as `learn run` writes them.
    """
    from router.cli.learning.learn_output import shown_interval

    shown = {key: f"{key} {value:g}" for key, value in model.metrics.items()}
    for key, value in model.metrics.items():
        of = key.replace("accuracy", "rows", 1)
        within = shown_interval(value, model.metrics.get(of, 0.0)) if of != key else ""
        if within:
            shown[key] += f" ({within}, {shown.pop(of)})"
    return ", ".join(shown.values())


def _parted(options: Sequence[str], option: str) -> Iterator[tuple[str, str]]:
    for text in options:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise typer.BadParameter(f"{text!r} is no KEY=VALUE", param_hint=option)
        yield key, value


def _settings(options: Sequence[str]) -> Iterator[tuple[str, ModelSetting]]:
    for key, value in _parted(options, "--set"):
        yield key, _number(value) if _number(value) is not None else value


def _metrics(options: Sequence[str]) -> Iterator[tuple[str, float]]:
    for key, value in _parted(options, "--metric"):
        number = _number(value)
        if number is None:
            raise typer.BadParameter(f"{value!r} is no number", param_hint="--metric")
        yield key, float(number)


def _number(text: str) -> int | float | None:
    """Returns the number in a text, None where it is none, or not finite."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if number - number == 0 else None
    return None

"""Numbers of options: read as their digits say, as those of headers and queries are."""

from __future__ import annotations

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from router.cli.new_app import new_app


def _app() -> typer.Typer:
    app, group = new_app(), typer.Typer()

    def bound(
        dollars: Annotated[float | None, typer.Option(envvar="DOLLARS", min=0, max=1e9)] = None,
        limit: Annotated[int, typer.Option(min=1)] = 50,
        name: str = "",
    ) -> None:
        typer.echo(f"{dollars} {limit} {name}")

    app.command()(bound)
    group.command()(bound)
    app.add_typer(group, name="within")
    return app


@pytest.mark.parametrize("place", [(), ("within",)])
@pytest.mark.parametrize(
    ("option", "text", "means"),
    [
        ("--dollars", "1_000", ": 1000"),
        ("--dollars", "1e3", ": 1000"),
        ("--dollars", "1_0e-1", ": 1"),
        ("--dollars", " 7 ", ": 7"),
        ("--dollars", "+7", ": 7"),
        ("--limit", "1_0", ": 10"),
    ],
)
def test_a_number_of_other_signs_is_refused_with_what_it_would_mean(
    place: tuple[str, ...], option: str, text: str, means: str
) -> None:
    result = CliRunner().invoke(_app(), [*place, "bound", option, text])
    assert result.exit_code == 2
    assert f"'{option}'" in result.stderr
    assert f"found {text!r}; expected a number in digits, with at most one point{means}" in (
        result.stderr
    )


@pytest.mark.parametrize("text", ["inf", "nan", "\u0661", "1,000", "0x10", "one"])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert CliRunner().invoke(_app(), ["bound", "--dollars", text]).exit_code == 2


def test_a_number_of_the_environment_is_read_alike() -> None:
    result = CliRunner().invoke(_app(), ["bound"], env={"DOLLARS": "1_000"})
    assert (result.exit_code, "found '1_000'" in result.stderr) == (2, True)


def test_digits_are_read_beside_texts_that_look_like_numbers() -> None:
    arguments = ["bound", "--dollars", ".5", "--limit", "07", "--name", "1_000"]
    assert CliRunner().invoke(_app(), arguments).stdout == "0.5 7 1_000\n"


@pytest.mark.parametrize("text", ["3e-4", "3.0E-04"])
def test_a_small_number_may_have_an_exponent(text: str) -> None:
    assert CliRunner().invoke(_app(), ["bound", "--dollars", text]).stdout == "0.0003 50 \n"


def test_defaults_need_no_digits() -> None:
    assert CliRunner().invoke(_app(), ["bound"]).stdout == "None 50 \n"

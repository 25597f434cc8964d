"""One command is built alone: it is the command that the whole app would have built."""

from __future__ import annotations

import pytest
from typer import Context
from typer.main import get_group

from router.cli.commands import app, app_for

WHOLE = get_group(app).commands


@pytest.mark.parametrize("name", WHOLE)
def test_a_command_alone_is_that_of_the_whole_app(name: str) -> None:
    ((own_name, alone),) = get_group(app_for(name)).commands.items()
    whole = WHOLE[name]
    assert (own_name, alone.help) == (name, whole.help)
    assert [one.opts for one in alone.params] == [one.opts for one in whole.params]


@pytest.mark.parametrize("name", ["", "-h", "--help"])
def test_help_shows_every_command_without_reading_its_options(name: str) -> None:
    shown, whole = get_group(app_for(name)), get_group(app)
    helps = [group.get_help(Context(group, terminal_width=80)) for group in (shown, whole)]
    assert helps[0] == helps[1]
    assert not [one.opts for command in shown.commands.values() for one in command.params]


@pytest.mark.parametrize("name", ["--", "--version", "rout"])
def test_what_names_no_command_gets_the_whole_app(name: str) -> None:
    assert app_for(name) is app

"""One command is built alone: it is the command that the whole app would have built."""

from __future__ import annotations

import pytest
from typer.main import get_group

from router.cli.commands import app, app_for

WHOLE = get_group(app).commands


@pytest.mark.parametrize("name", WHOLE)
def test_a_command_alone_is_that_of_the_whole_app(name: str) -> None:
    ((own_name, alone),) = get_group(app_for(name)).commands.items()
    whole = WHOLE[name]
    assert (own_name, alone.help) == (name, whole.help)
    assert [one.opts for one in alone.params] == [one.opts for one in whole.params]


@pytest.mark.parametrize("name", ["", "--help", "rout"])
def test_what_names_no_command_gets_the_whole_app(name: str) -> None:
    assert app_for(name) is app

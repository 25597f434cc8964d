"""One command is built alone: it is the command that the whole app would have built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer import BadParameter, Context
from typer.main import get_group
from typer.testing import CliRunner

from router.cli.alone import MODULES, app_of
from router.cli.commands import app
from router.cli.exits import Exit, errors_end_the_program
from router.cli.serve.serve import serve
from tests.kits.server_kit import printed

WHOLE = get_group(app).commands


@pytest.mark.parametrize("name", WHOLE)
def test_a_command_alone_is_that_of_the_whole_app(name: str) -> None:
    ((own_name, alone),) = get_group(app_of(name)).commands.items()
    whole = WHOLE[name]
    assert (own_name, alone.help) == (name, whole.help)
    assert [one.opts for one in alone.params] == [one.opts for one in whole.params]


def test_each_command_that_is_no_group_has_its_module() -> None:
    assert set(MODULES) == {name for name, one in WHOLE.items() if not hasattr(one, "commands")}


def test_a_command_is_built_without_the_modules_of_the_others() -> None:
    program = (
        "import sys; from router.cli.alone import app_of; app_of('route');"
        "print([name for name in sys.modules if name.startswith('router.cli.')])"
    )
    imported = printed(program)
    assert "router.cli.policies.route" in imported
    assert "router.cli.commands" not in imported
    assert "router.cli.ledger" not in imported


@pytest.mark.parametrize("name", ["", "-h", "--help"])
def test_help_shows_every_command_without_reading_its_options(name: str) -> None:
    shown, whole = get_group(app_of(name)), get_group(app)
    helps = [group.get_help(Context(group, terminal_width=80)) for group in (shown, whole)]
    assert helps[0] == helps[1]
    assert not [one.opts for command in shown.commands.values() for one in command.params]


@pytest.mark.parametrize("name", ["--", "--version", "rout"])
def test_what_names_no_command_gets_the_whole_app(name: str) -> None:
    assert app_of(name) is app


def _leaves(group: object) -> Iterator[object]:
    for command in group.commands.values():  # type: ignore[attr-defined]
        yield from _leaves(command) if hasattr(command, "commands") else [command]


def test_numbers_with_decimals_are_bounded_so_that_nan_and_infinity_are_refused() -> None:
    decimals = [
        option
        for command in _leaves(get_group(app))
        for option in command.params  # type: ignore[attr-defined]
        if "float" in str(option.type_descriptor.annotation)
    ]
    assert len(decimals) > 20
    assert [one.opts for one in decimals if one.min is None or one.max is None] == []


def test_words_in_another_encoding_end_a_command_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end, errors_end_the_program():
        os.fsdecode(b"caf\xe9").encode()
    assert end.value.code == Exit.FAILURE
    assert "expected text in UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_a_ceiling_of_money_that_is_no_number_is_refused(number: str) -> None:
    run = CliRunner().invoke(app, ["route", "hello", "--max-cost-usd", number])
    assert run.exit_code == Exit.USAGE
    assert "Invalid value for '--max-cost-usd'" in run.output


@pytest.mark.parametrize(
    ("text", "encoding", "words"),
    [
        ("caf\udce9", "utf-8", "found text with bytes that are no UTF-8"),
        ("café", "ascii", "the output takes ascii only"),
    ],
)
def test_text_that_cannot_be_written_is_told_from_text_that_is_broken(
    text: str, encoding: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit), errors_end_the_program():
        text.encode(encoding)
    assert words in capsys.readouterr().err


def test_anchors_in_a_folder_that_may_not_be_written_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "anchors").touch()
    monkeypatch.setattr("os.access", lambda path, _: Path(path).is_file())
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(BadParameter, match="http://host:4318"):
        serve(anchors=tmp_path / "anchors", otlp="next")
    with pytest.raises(BadParameter, match="may not be written"):
        serve(anchors=tmp_path / "other", otlp="next")


def test_ctrl_c_while_a_library_is_loaded_stops_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end, errors_end_the_program():
        raise ImportError("initialization failed") from KeyboardInterrupt()
    assert end.value.code == Exit.STOPPED
    assert capsys.readouterr().err == "Aborted.\n"


def test_a_library_that_is_missing_is_no_ctrl_c() -> None:
    with pytest.raises(ImportError, match="absent"), errors_end_the_program():
        raise ImportError("absent")

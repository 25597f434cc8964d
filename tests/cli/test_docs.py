"""Compares docs/reference/cli.md with the command line: commands, options, variables, codes."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.cli.exits import Exit, exit_code
from router.cli.models.evaluated_kinds import EVERY_KIND
from router.errors import CannotListen, LedgerCorrupt, PolicyError, UpstreamInvalid
from tests import ROOT
from tests.kits.checks.doc_commands import command_tree
from tests.kits.server_kit import printed, tiergate

DOCS = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")


def commands() -> Iterator[tuple[str, object]]:
    """Name and command of each leaf, `ledger verify` for one in a group."""

    def walk(prefix: str, group: object) -> Iterator[tuple[str, object]]:
        for name, command in group.commands.items():  # type: ignore[attr-defined]
            path = f"{prefix} {name}".strip()
            if hasattr(command, "commands"):
                yield from walk(path, command)
            else:
                yield path, command

    yield from walk("", command_tree())


def section(name: str) -> str:
    """Returns the text of docs/reference/cli.md under a command's heading."""
    found = re.search(rf"^### `tiergate {re.escape(name)}`(.*?)(?=^##|\Z)", DOCS, re.M | re.S)
    assert found, f"docs/reference/cli.md has no heading for `tiergate {name}`"
    return found[1]


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_option_stands_in_the_docs(name: str, command: object) -> None:
    text = section(name)
    for parameter in command.params:  # type: ignore[attr-defined]
        if parameter.param_type_name == "argument":
            assert parameter.name.upper() in text
            continue
        for option in (*parameter.opts, *parameter.secondary_opts):
            if option.startswith("--") and option != "--help":
                assert f"`{option}" in text, f"{name}: {option}"
        if parameter.envvar:
            assert f"`{parameter.envvar}`" in text, f"{name}: {parameter.envvar}"


def test_every_kind_of_evaluation_stands_in_the_docs() -> None:
    assert [kind for kind in EVERY_KIND if f"`{kind}`" not in section("evaluate")] == []


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_a_ledger_that_may_be_a_servers_is_no_file_in_the_docs(name: str, command: object) -> None:
    helps = [option.help or "" for option in command.params if option.name == "database"]  # type: ignore[attr-defined]
    assert not ("postgresql" in "".join(helps) and "The ledger's SQLite file" in section(name))


def test_options_that_write_standard_output_say_so() -> None:
    helps = [
        option.help
        for name, command in commands()
        if name != "ledger export"  # it writes there without an option
        for option in command.params  # type: ignore[attr-defined]
        if option.name in ("html", "csv")
    ]
    assert len(helps) >= 6
    assert [text for text in helps if "`-`: standard output" not in text] == []


def test_docs_have_no_command_that_is_not_there() -> None:
    headed = set(re.findall(r"^### `tiergate ([^`]+)`", DOCS, re.M))
    assert headed == {name for name, _ in commands()}


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_docs_have_no_option_that_is_not_there(name: str, command: object) -> None:
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}  # type: ignore[attr-defined]
    entries = " ".join(section(name).split()).split("- **")[1:]
    for option in re.findall(r"`(--[a-z-]+)", "\n".join(e.split("**")[0] for e in entries)):
        assert option in known, f"{name}: {option}"


@pytest.mark.parametrize("code", Exit)
def test_every_exit_code_stands_in_the_docs(code: Exit) -> None:
    assert f"- **{code.value}**: " in DOCS


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PolicyError(()), Exit.USAGE),
        (CannotListen("x"), Exit.CANNOT_LISTEN),
        (LedgerCorrupt("x"), Exit.LEDGER),
        (UpstreamInvalid("x"), Exit.FAILURE),
    ],
)
def test_errors_have_their_exit_code(error: Exception, code: Exit) -> None:
    assert exit_code(error) is code  # type: ignore[arg-type]


def test_help_imports_nothing_heavy() -> None:
    heavy = ["numpy", "sqlalchemy", "aiohttp", "httptools", "pydantic", "onnxruntime", "torch"]
    program = (
        "import sys; from router.cli.commands import app; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    assert printed(program).strip() == "[]"


def test_no_command_prints_help_with_2() -> None:
    run = tiergate()
    assert run.returncode == 2
    assert "serve" in run.stdout + run.stderr


def test_doctor_knows_what_each_missing_part_would_give(tmp_path: Path) -> None:
    run = tiergate("doctor", "--quick", "--json", "--port", "0", "-d", tmp_path / "ledger.db")
    assert run.returncode == 0, run.stdout + run.stderr
    parts = {part["part"]: part for part in json.loads(run.stdout)["parts"]}
    assert {"python", "onnxruntime", "triage model", "LLM weights", "database", "port"} <= set(
        parts
    )
    assert all(part["gives"] for part in parts.values())
    assert all(part["fix"] for part in parts.values() if part["state"] != "ok")


def test_doctor_says_how_to_serve_beside_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = tiergate("doctor", "--quick", "--json", "--port", port, "-d", tmp_path / "l.db")
    assert run.returncode == 1, run.stderr
    (found,) = [part for part in json.loads(run.stdout)["parts"] if part["part"] == "port"]
    assert found["state"] == "broken"
    for way in ("tiergate serve --port 9000", 'make serve ARGS="--port 9000"'):
        assert way in found["fix"]


@pytest.mark.parametrize("name", ["nowhere.invalid", "a\nb", "../../etc/passwd"])
def test_doctor_says_of_a_host_without_an_address_what_one_is(tmp_path: Path, name: str) -> None:
    run = tiergate("doctor", "--quick", "--host", name, "-d", tmp_path / "ledger.db")
    assert run.returncode == 1, run.stderr
    assert "no address has that name; expected one of this machine with --host" in run.stdout
    assert "fix: `tiergate serve --host 127.0.0.1`" in run.stdout


def test_doctor_ends_with_1_when_the_ledger_cannot_be_written(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    database.write_bytes(b"this is no database, " * 100)
    run = tiergate("doctor", "--quick", "--port", "0", "-d", database)
    assert run.returncode == 1
    assert "1 to fix before anything is served (database)" in run.stdout


def test_doctor_sums_up_in_words_that_everybody_knows(tmp_path: Path) -> None:
    said = tiergate("doctor", "--quick", "--port", "0", "-d", tmp_path / "ledger.db").stdout
    found = re.search(r"^(\d+) OK(, (\d+) optional parts? not installed)?$", said, re.M)
    assert found, said
    assert int(found[1]) == len(re.findall(r"^ok ", said, re.M))
    assert int(found[3] or 0) == len(re.findall(r"^optional ", said, re.M))
    assert "mend" not in said


def test_doctor_looks_where_the_options_of_serve_lead(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = tiergate("doctor", "--quick", "--", "--port", port, "-d", tmp_path / "mine.db")
    assert f"cannot listen on 127.0.0.1:{port}" in run.stdout
    assert "mine.db" in run.stdout


@pytest.mark.parametrize(
    ("options", "environ"),
    [
        (["--", "--policy", "FILE"], {}),
        (["--", "-p", "FILE"], {}),
        (["--"], {"TIERGATE_POLICY": "FILE"}),
        ([], {"TIERGATE_POLICY": "FILE"}),
        (["--policy", "FILE"], {}),
    ],
)
def test_doctor_looks_at_the_policies_that_are_served(
    tmp_path: Path, options: list[str], environ: dict[str, str]
) -> None:
    file = tmp_path / "mine.yaml"
    hooks = "webhooks: [{url: '${SLACK_HOOK}', shape: slack}]"
    alerts = f"alerts: {{rules: [{{watch: errors, above: 0.2}}], {hooks}}}"
    tiers = "tiers: [{name: llm, level: 1, answerers: [{name: a, kind: local}]}]"
    file.write_text(f"version: 1\nname: mine\n{alerts}\n{tiers}\n", "utf-8")
    put = [str(file) if option == "FILE" else option for option in options]
    named = dict.fromkeys(environ, str(file))
    run = tiergate("doctor", "--quick", *put, **named)
    assert "policy mine" in run.stdout, run.stdout + run.stderr
    assert "${SLACK_HOOK} is not set" in run.stdout
    assert "policy default" not in run.stdout


def test_doctor_ends_with_1_for_a_policy_that_is_not_there(tmp_path: Path) -> None:
    run = tiergate("doctor", "--quick", "--", "--port", "0", "--policy", tmp_path / "gone.yaml")
    assert run.returncode == 1
    assert "to fix before anything is served (policy gone" in run.stdout


def test_doctor_refuses_options_that_serve_does_not_have() -> None:
    run = tiergate("doctor", "--quick", "--", "--prt", "9000")
    assert run.returncode == 2
    assert "--port" in run.stderr


@pytest.mark.parametrize(
    ("goal", "arguments", "looked_at"),
    [("serve", "--port 9000", "-- --port 9000"), ("test", "-k quick", "")],
)
def test_make_tells_doctor_the_options_of_serve_alone(
    goal: str, arguments: str, looked_at: str
) -> None:
    command = ["make", "--dry-run", "--always-make", goal, f"ARGS={arguments}"]
    root = ROOT
    said = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True).stdout
    (line,) = re.findall(r"tiergate doctor --quick ?(.*?) ?\|\|", said)
    assert line.strip() == looked_at

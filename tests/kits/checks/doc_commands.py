"""Checks the commands that a Markdown text shows in code marks.

It looks at fenced blocks and inline code, not at prose, because words like "tiergate is" are no
command. It checks the names of commands and options, not the values.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache

import typer

from router.cli.commands import app
from tests import ROOT
from tests.kits.server_kit import PYTHON, environment

FENCED = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
SHELLS = ("", "sh", "bash", "shell", "console", "text")
MODULES = {"router.cli": "tiergate", "benchmarks": "benchmarks"}


@cache
def command_tree() -> object:
    """Returns the command line with all its groups; building it takes a tenth of a second."""
    return typer.main.get_command(app)


def shown_in(text: str) -> Iterator[str]:
    """Yields each line of a fenced block of shell or without a language, and each inline code."""
    for language, block in FENCED.findall(text):
        if language in SHELLS:
            yield from block.replace("\\\n", " ").splitlines()
    for paragraph in re.split(r"\n\s*\n", FENCED.sub("", text)):
        yield from (" ".join(code.split()) for code in INLINE.findall(paragraph))


def faults_in(text: str) -> list[str]:
    """Returns one sentence for each fault in the commands and options of a text."""
    return [f"`{shown.strip()}`: {fault}" for shown in shown_in(text) for fault in _faults(shown)]


def _faults(shown: str) -> list[str]:
    words = _words(shown)
    if not words:
        return []
    # An option alone is right when any command has it.
    if words[0].startswith("--"):
        return [] if _option(words[0]) in _all_options() else [f"no command has {words[0]}"]
    if words[:2] == ["python", "-m"] and len(words) > 2 and words[2] in MODULES:
        words = [MODULES[words[2]], *words[3:]]
    # `.venv/bin/tiergate` is the same program.
    program = words[0].rpartition("/")[2]
    if program == "tiergate":
        return _in_group(command_tree(), "tiergate", words[1:])
    if program == "benchmarks":
        flags = [_option(word) for word in words[1:] if word.startswith("-")]
        return [f"the benchmarks have no {flag}" for flag in flags if flag not in _bench_options()]
    if program == "make":
        named = [word for word in words[1:] if "=" not in word]
        return [f"the Makefile has no {name}" for name in named if name not in _targets()]
    return []


def _words(shown: str) -> list[str]:
    """Returns the words of one command up to a pipe or a comment; none when it is no shell."""
    try:
        words = shlex.split(shown.strip().removeprefix("$ "), comments=True)
    except ValueError:
        return []
    ends = [place for place, word in enumerate(words) if word in ("|", "||", "&&", ";", ">")]
    return words[: ends[0]] if ends else words


def _in_group(command: object, path: str, words: list[str]) -> list[str]:
    """Follows the names down to a command and checks its options; `rows|verify` are two names."""
    below = getattr(command, "commands", None)
    if below is None:
        known = _options(command)
        flags = [_option(word) for word in words if re.match(r"--?[a-zA-Z]", word)]
        return [f"{path} has no option {flag}" for flag in flags if flag not in known]
    # "COMMAND" and the like stand for any name; an option of the group ends the path.
    if not words or words[0].isupper() or words[0] in _options(command):
        return []
    faults = []
    for name in words[0].split("|"):
        if name in below:
            faults += _in_group(below[name], f"{path} {name}", words[1:])
        else:
            faults.append(f"{path} has no {name}")
    return faults


def _option(word: str) -> str:
    return word.partition("=")[0]


def _options(command: object) -> set[str]:
    parameters = command.params  # type: ignore[attr-defined]
    return {"-h", "--help", *(o for p in parameters for o in (*p.opts, *p.secondary_opts))}


@cache
def _all_options() -> frozenset[str]:
    def below(command: object) -> Iterator[str]:
        yield from _options(command)
        for child in getattr(command, "commands", {}).values():
            yield from below(child)

    return frozenset(below(command_tree()))


@cache
def _bench_options() -> frozenset[str]:
    command = [PYTHON, "-m", "benchmarks", "--help"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment(), check=True
    )
    return frozenset(re.findall(r"(?<!\S)--?[a-z][\w-]*", done.stdout))


@cache
def _targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))

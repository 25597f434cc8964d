"""Feedback moves chances of a real server within seconds, and `untell` moves them back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from router.policy.loading import load_policy
from router.routing.decision_record import Record, parse
from tests.kits.checks.decided_again import differs
from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_policy

QUESTION = "What is the capital of the region where we opened the new office?"
BODY = {"model": "auto", "messages": [{"role": "user", "content": QUESTION}]}


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A policy that hears what is told, in a folder with its upstream."""
    folder = tmp_path_factory.mktemp("told")
    with Upstream(folder) as upstream:
        yield folder, write_policy(folder, upstream.url, online={}, privacy={"store": "none"})


def chance(served: Served) -> float:
    """Returns the chance of being right that the server gives its answerer now."""
    asked = served.post("/v1/chat/completions", {**BODY, "routing": {"dry_run": True}})
    return float(asked.json()["routing"]["confidence"])


def answered(served: Served) -> str:
    asked = served.post("/v1/chat/completions", BODY)
    return asked.headers["x-tiergate-decision-id"]


def newly_decided(served: Served) -> Record:
    """Returns what a new request is decided by."""
    name = answered(served).removeprefix("dec_")
    with closing(sqlite3.connect(served.database)) as connection:
        (text,) = connection.execute(
            "SELECT record FROM requests WHERE request_id = ?", (name,)
        ).fetchone()
    return parse(text)


def test_words_move_a_chance_and_are_taken_back(policies: tuple[Path, Path]) -> None:
    folder, policy = policies
    told = ("learn", "told", "--policy", policy, "--json")
    with Served(folder, policy) as served:
        before = chance(served)
        for _ in range(6):
            said = {"decision_id": answered(served), "correct": False}
            assert served.post("/v1/feedback", said).status_code == 200
        eventually(lambda: chance(served) < before - 0.01)
        # Six words of one key weigh four: a key moves a chance by half of log-odds at most.
        assert chance(served) > before - 0.06
        found = json.loads(tiergate(*told, "--database", served.database).stdout)
        (cell,) = found["cells"].values()
        assert (cell["words"], cell["voices"], cell["weight"]) == (6, 1, 4.0)
        # A request that a moved chance decided is decided alike again, and names the shift.
        # The server may have looked between two of the six words, and looks again.
        eventually(lambda: newly_decided(served).facts[0].told == pytest.approx(cell["shift"]))
        assert differs(newly_decided(served), load_policy(policy, {}).policy) is None

        place = ("--database", served.database)
        nobody = tiergate("learn", "untell", "--key", "nobody", "--because", "accident", *place)
        assert (nobody.returncode, "key nobody" in nobody.stderr) == (1, True), nobody.stderr
        aside = tiergate("learn", "untell", "--because", "accident", *place)
        assert aside.stdout.startswith("6 words"), aside.stderr
        eventually(lambda: abs(chance(served) - before) < 1e-9)

        tiergate("learn", "retell", "--because", "meant so", "--database", served.database)
        eventually(lambda: chance(served) < before - 0.01)
        moved = chance(served)
    with Served(folder, policy) as again:
        eventually(lambda: chance(again) == pytest.approx(moved))

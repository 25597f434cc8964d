"""One server for each file of tests, with keys: all that a client is told is its `Place`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.clients.client_kit import Place, documented_policy
from tests.kits.server_kit import (
    Served,
    Upstream,
    eventually,
    tiergate,
    write_behaviours,
    write_ladder,
    write_policy,
)

BEHAVIOURS = ("agent", "cut", "dawdling", "editor", "flaky", "hang", "limited", "refused")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        budgets = {"poor": {"usd_per_day": 1e-9}}
        sections = documented_policy("Claude Code")
        aliases = {**sections["aliases"], **documented_policy("Codex CLI")["aliases"]}
        aliases["gpt-5.5"] = "auto:editor"  # `auto` edits nothing here
        aliases["gpt-5.6"] = "auto:agent"  # newer names make some clients send further keys
        policy = write_policy(
            folder, upstream.url, budgets=budgets, **{**sections, "aliases": aliases}
        )
        others = write_behaviours(folder, upstream.url, *BEHAVIOURS)
        others.append(write_ladder(folder, "native", upstream.url, "agent", wire="anthropic"))
        others.append(write_ladder(folder, "sealed", upstream.url, "editor", wire="responses"))
        with Served(folder, policy, *others) as server:
            yield server


@pytest.fixture(scope="module")
def place(served: Served) -> Place:
    place = Place(str(served.url), _key(served, "acme"), _key(served, "poor"))
    eventually(lambda: served.chat().status_code == 401)
    return place


def _key(served: Served, tenant: str) -> str:
    said = tiergate("keys", "create", "--tenant", tenant, "--json", "--database", served.database)
    assert said.returncode == 0, said.stderr
    return str(json.loads(said.stdout)["key"])

"""Wrong keys are throttled and logged by address; good keys behind it are let in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from router.api.http.wrong_keys import ALLOWED, WINDOW_MS, WrongKeys
from tests.kits.fakes import Clock
from tests.kits.server_kit import Served, Upstream, tiergate, write_policy


@pytest.mark.process
def test_many_wrong_keys_get_429_and_a_good_one_beside_them_an_answer(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    made = tiergate("keys", "create", "-d", database, "--tenant", "acme")
    good = re.search(r"tg[-_]\S+", made.stdout)
    assert good is not None, made.stdout
    with (
        Upstream(tmp_path) as upstream,
        Served(tmp_path, write_policy(tmp_path, upstream.url)) as served,
    ):
        tried = [served.chat(key=f"wrong-{i}") for i in range(ALLOWED + 3)]
        assert [one.status_code for one in tried] == [401] * ALLOWED + [429] * 3
        last = tried[-1]
        assert last.json()["error"]["code"] == "too_many_wrong_keys"
        assert 1 <= int(last.headers["retry-after"]) <= 60
        assert last.headers["x-should-retry"] == "false"
        assert served.chat(key=good[0]).status_code == 200
        assert served.chat().status_code == 401  # no key at all is no wrong key
        lines = [json.loads(line) for line in served.output.splitlines() if '"wrong_key' in line]
        assert [(line["event"], line["address"]) for line in lines] == [
            ("wrong_key", "127.0.0.1"),
            ("wrong_keys_throttled", "127.0.0.1"),
        ]
        assert "wrong-" not in served.output


def test_addresses_are_counted_each_by_itself_and_anew_after_a_minute() -> None:
    clock = Clock()
    keys = WrongKeys(clock)
    assert [keys.count("192.0.2.1") for _ in range(ALLOWED)] == [0.0] * ALLOWED
    assert keys.count("192.0.2.1") > 59.0
    assert keys.count("192.0.2.2") == 0.0
    clock.now += WINDOW_MS
    assert keys.count("192.0.2.1") == 0.0


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
def test_a_customers_network_of_ipv6_counts_as_one(one: str, other: str, together: bool) -> None:
    keys = WrongKeys(Clock())
    for _ in range(ALLOWED):
        keys.count(one)
    assert (keys.count(other) > 0.0) is together

"""A changed policy is in use within a second; a broken one never is."""
# A test may block its loop for a write; polling is what it waits for.
# ruff: noqa: ASYNC240

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from pathlib import Path

import pytest

from router.errors import LedgerUnavailable, Mistake, PolicyError
from router.policy.loading import LoadedPolicy, load_policy
from router.policy.parsing.text_files import MAX_FILE_BYTES
from router.policy.watch import PolicyWatcher
from tests.kits.upstreams.upstream_kit import eventually

POLICY = """\
version: 1
name: small
description: first
safe_answers: safe.yaml
tiers:
  - name: local
    level: 2
    answerers: [{name: smol, kind: local}]
"""
SAFE = "version: 1\nname: safe\ngeneral: {default: 'Ask a person: {review_id}'}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "safe.yaml").write_text(SAFE)
    file = tmp_path / "p.yaml"
    file.write_text(POLICY)
    return file


class Live:
    """Uses a watcher as a server does: it replaces one attribute."""

    def __init__(self, path: Path) -> None:
        self.current = load_policy(path, {})
        self.refuse = False
        self.fault: LedgerUnavailable | None = None
        self.watcher = PolicyWatcher(
            self.current, lambda: load_policy(path, {}), self.swap, poll_s=0.02
        )

    async def swap(self, loaded: LoadedPolicy) -> None:
        if self.fault is not None:
            raise self.fault
        if self.refuse:
            raise PolicyError((Mistake("k.yaml", 1, "intents", "[]", "at least one"),))
        self.current = loaded


async def test_changed_file_is_swapped_in(path: Path) -> None:
    live = Live(path)
    before = live.current.hash
    async with live.watcher:
        path.write_text(POLICY.replace("first", "second"))
        await eventually(lambda: live.current.policy.description == "second")
        await eventually(lambda: live.watcher.status.reloads >= 1)
    assert live.watcher.status.hash == live.current.hash != before


async def test_changed_file_that_the_policy_names_is_noticed(path: Path) -> None:
    live = Live(path)
    async with live.watcher:
        (path.parent / "safe.yaml").write_text("version: 1\nname: approved anew\n")
        await eventually(lambda: live.watcher.status.reloads >= 1)


def test_file_that_is_still_being_written_is_no_change_yet(path: Path) -> None:
    """Each part is a policy by itself, and only the last one has what the author wants."""
    watcher = Live(path).watcher
    changes = []
    for description in ("second", "second, longer", "second, longer still"):
        path.write_text(POLICY.replace("first", description))
        changes.append(watcher._changed())
    assert [*changes, watcher._changed(), watcher._changed()] == [False, False, False, True, False]


async def test_broken_file_keeps_the_old_policy(path: Path) -> None:
    live = Live(path)
    before = live.current
    async with live.watcher:
        path.write_text(POLICY.replace("level: 2", "level: 22") + "colour: blue\n")
        await eventually(lambda: live.watcher.status.broken)
    assert live.current is before
    assert live.watcher.status.hash == before.hash
    assert {m.key_path for m in live.watcher.status.mistakes} == {"tiers[0].level", "colour"}


async def test_mended_file_clears_the_mistakes(path: Path) -> None:
    live = Live(path)
    async with live.watcher:
        path.write_text("version: [")
        await eventually(lambda: live.watcher.status.broken)
        path.write_text(POLICY.replace("first", "third"))
        await eventually(lambda: not live.watcher.status.broken)
    assert live.current.policy.description == "third"


async def test_file_that_was_missing_is_found_when_it_comes(path: Path) -> None:
    live = Live(path)
    async with live.watcher:
        path.write_text(POLICY.replace("safe.yaml", "new.yaml"))
        await eventually(lambda: live.watcher.status.broken)
        (path.parent / "new.yaml").write_text("version: 1\n")
        await eventually(lambda: not live.watcher.status.broken)
    assert live.current.policy.safe_answers == "new.yaml"


async def test_deleted_policy_keeps_the_old_one(path: Path) -> None:
    live = Live(path)
    async with live.watcher:
        path.unlink()
        await eventually(lambda: live.watcher.status.broken)
    assert live.current.policy.description == "first"


def none_to_read(file: Path, kind: str) -> None:
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    else:
        with file.open("wb") as sparse:
            sparse.truncate(MAX_FILE_BYTES + 1)


@pytest.mark.parametrize("kind", ["pipe", "device", "huge"])
@pytest.mark.parametrize("name", ["p.yaml", "safe.yaml"])
async def test_what_is_no_file_to_read_keeps_the_old_policy_and_the_watch(
    path: Path, name: str, kind: str
) -> None:
    file = path.with_name(name)
    good = file.read_text()
    live = Live(path)
    async with live.watcher:
        none_to_read(file, kind)
        await eventually(lambda: live.watcher.status.broken)
        assert live.current.policy.description == "first"
        (mistake,) = live.watcher.status.mistakes
        assert f"{MAX_FILE_BYTES:,} bytes" in mistake.expected
        file.unlink()
        file.write_text(good)
        path.write_text(POLICY.replace("first", "second"))
        await eventually(lambda: live.current.policy.description == "second")


async def test_swap_that_refuses_keeps_the_old_policy(path: Path) -> None:
    live = Live(path)
    live.refuse = True
    async with live.watcher:
        path.write_text(POLICY.replace("first", "second"))
        await eventually(lambda: live.watcher.status.broken)
        assert live.current.policy.description == "first"
        live.refuse = False
        await eventually(lambda: live.current.policy.description == "second")


async def test_a_ledger_that_is_away_delays_a_change_and_ends_no_watch(path: Path) -> None:
    live = Live(path)
    live.fault = LedgerUnavailable("the ledger is locked")
    async with live.watcher:
        path.write_text(POLICY.replace("first", "second"))
        await eventually(lambda: live.watcher.status.broken)
        assert "locked" in str(live.watcher.status.mistakes[0])
        live.fault = None
        await eventually(lambda: live.current.policy.description == "second")
        await eventually(lambda: not live.watcher.status.broken)
    assert live.watcher.status.watching


async def test_touched_file_is_not_reloaded(path: Path) -> None:
    live = Live(path)
    async with live.watcher:
        os.utime(path, (1, 1))
        await asyncio.sleep(0.2)
    assert live.watcher.status.reloads == 0


async def test_reload_that_is_asked_for_comes_at_once(path: Path) -> None:
    current = load_policy(path, {})
    seen: list[str] = []

    async def swap(loaded: LoadedPolicy) -> None:
        seen.append(loaded.policy.description)

    watcher = PolicyWatcher(current, lambda: load_policy(path, {}), swap, poll_s=60.0)
    async with watcher:
        path.write_text(POLICY.replace("first", "second"))
        watcher.reload()
        await eventually(lambda: bool(seen))
    assert seen == ["second"]


async def test_a_price_that_begins_is_swapped_in_without_a_change_of_files(path: Path) -> None:
    live = Live(path)
    today = ["2026-11-20"]
    watcher = PolicyWatcher(
        live.current,
        lambda: load_policy(path, {}),
        live.swap,
        poll_s=0.02,
        prices_of=lambda _loaded: today[0],
    )
    before = live.current
    async with watcher:
        today[0] = "2026-11-21"
        await eventually(lambda: watcher.status.reloads == 1)
    assert live.current.hash == before.hash
    assert live.current is not before


async def test_watchers_with_one_turn_load_one_after_the_other(path: Path) -> None:
    turn, loading, most, done = asyncio.Lock(), 0, 0, 0
    lock = threading.Lock()

    def load() -> LoadedPolicy:
        nonlocal loading, most, done
        with lock:
            loading += 1
            most = max(most, loading)
        loaded = load_policy(path, {})
        with lock:
            loading -= 1
            done += 1
        return loaded

    async def swap(loaded: LoadedPolicy) -> None:
        raise AssertionError("the file did not change")

    first = load_policy(path, {})
    watchers = [PolicyWatcher(first, load, swap, poll_s=60.0, turn=turn) for _ in range(8)]
    async with contextlib.AsyncExitStack() as stack:
        for watcher in watchers:
            await stack.enter_async_context(watcher)
            watcher.reload()
        await eventually(lambda: done == len(watchers))
    assert most == 1


@pytest.mark.parametrize("turns", range(5))
async def test_watcher_closes_at_the_moment_when_a_reload_is_asked_for(
    path: Path, turns: int
) -> None:
    watcher = Live(path).watcher
    watcher.start()
    await asyncio.sleep(0.01)
    watcher.reload()
    for _ in range(turns):  # of the loop
        await asyncio.sleep(0)
    closing = asyncio.create_task(watcher.close())
    closed, _ = await asyncio.wait({closing}, timeout=10)
    assert closed == {closing}


async def test_sections_that_a_new_file_lacks_are_told(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that was cut short before `budgets` is a valid policy."""
    path.write_text(f"{POLICY}budgets: {{acme: {{usd_per_day: 20}}}}\nprivacy: {{store: none}}\n")
    live = Live(path)
    async with live.watcher:
        path.write_text(POLICY)
        await eventually(lambda: live.watcher.status.reloads == 1)
        path.write_text(POLICY.replace("first", "second"))
        await eventually(lambda: live.watcher.status.reloads == 2)
    (line,) = [one for one in caplog.records if one.message == "policy_sections_gone"]
    assert (line.levelname, vars(line)["sections"]) == ("WARNING", ["budgets", "privacy"])

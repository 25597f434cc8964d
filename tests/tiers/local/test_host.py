"""The host keeps the local model's process: restart, adapter sets, and never an orphan."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from router.errors import (
    AnswererNotReady,
    ModelFileError,
    Overloaded,
    StreamCut,
    UpstreamUnreachable,
)
from router.policy.schema import LocalAnswerer as LocalSection
from router.types import AnswererState
from tests import ROOT
from tests.kits.local_kit import (
    NEEDS_WEIGHTS,
    answerer_at,
    long_work,
    never_called,
    until_ready,
    work,
)
from tests.kits.upstreams.upstream_kit import eventually
from tiers.local.host import LocalModelHost, LocalModelSpec, specs_for
from tiers.local.shared_folder import (
    RECENT_S,
    HostState,
    LocalAddress,
    Slots,
    StateReader,
    write_state,
)
from tiers.local.weights import find_adapter, find_weights

pytestmark = pytest.mark.slow

SMALL = LocalModelSpec("smollm2-135m", (), context_tokens=512, threads=1, parallel=1, queue=1)
SECTION = LocalSection(kind="local", name="local", parallel=1, queue=1, context_tokens=512)


@contextmanager
def running(spec: LocalModelSpec) -> Iterator[LocalModelHost]:
    host = LocalModelHost(spec)
    host.start()
    try:
        yield host
    finally:
        host.close(drain_s=1.0)


def kill_child(host: LocalModelHost) -> int:
    pid = host.state.pid
    assert pid > 1  # 0 and less would be whole groups, this one among them
    os.kill(pid, signal.SIGKILL)
    return pid


def alive(pid: int) -> bool:
    """Returns True while `pid` runs; a zombie that nobody waited for counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_one_child_serves_all_sections_on_the_same_model() -> None:
    other = LocalSection(kind="local", name="other", parallel=4, queue=9, context_tokens=1024)
    specs = specs_for([SECTION, other])
    assert list(specs) == ["smollm2-135m"]
    assert specs["smollm2-135m"].parallel == 4
    assert specs["smollm2-135m"].context_tokens == 1024


def test_a_missing_model_fails_with_what_to_do(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.gguf")
    with running(LocalModelSpec(missing, (), 512, 1, 1, 1)) as host:
        host._supervisor.join(5.0)
        status = answerer_at(SECTION, host.address).status()
    assert status.state is AnswererState.FAILED
    assert "correct `model` in the policy" in status.detail


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelFileError, match="not a GGUF file"):
        find_weights(str(tmp_path / "bad.gguf"))


def test_a_missing_adapter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="correct `path` in the policy"):
        find_adapter("none.gguf", tmp_path)


def test_slots_are_bounded_over_all_holders(tmp_path: Path) -> None:
    slots = Slots.create(tmp_path / "slots", 2)
    first, second = slots.take(1.0), Slots(tmp_path / "slots").take(1.0)
    with pytest.raises(Overloaded) as caught:
        slots.take(3.0)
    assert caught.value.retry_after_s == 3.0
    first.release()
    slots.take(1.0).release()
    second.release()
    assert slots.taken() == 0


def test_a_folder_that_goes_away_while_it_is_read_has_no_taken_slot(tmp_path: Path) -> None:
    slots = Slots.create(tmp_path / "slots", 0)
    assert slots.taken() == 0
    # Listed, and gone when it is opened: the folder of an ended child is removed beside us.
    (tmp_path / "slots" / "0").symlink_to(tmp_path / "gone")
    assert slots.taken() == 0
    shutil.rmtree(tmp_path / "slots")
    assert slots.taken() == 0


def test_a_killed_holder_gives_its_slot_back(tmp_path: Path) -> None:
    slots = Slots.create(tmp_path / "slots", 1)
    program = (
        "import sys, time; from pathlib import Path; from tiers.local.shared_folder import Slots\n"
        "slot = Slots(Path(sys.argv[1])).take(1.0); print('taken', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "slots")],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    assert slots.taken() == 1
    holder.kill()
    holder.communicate()
    assert slots.taken() == 0


def test_a_state_is_read_again_after_it_changed(tmp_path: Path) -> None:
    reader = StateReader(tmp_path)
    assert reader.read().state is AnswererState.FAILED
    for generation in (1, 2):
        state = HostState(AnswererState.READY, generation=generation, adapters=("a.gguf",))
        write_state(tmp_path, state)
        assert reader.read() == state


def test_a_recent_state_is_looked_at_again_after_a_moment(tmp_path: Path) -> None:
    reader = StateReader(tmp_path)
    for generation in (1, 2):
        write_state(tmp_path, HostState(AnswererState.READY, generation=generation))
        time.sleep(1.5 * RECENT_S)
        assert reader.recent().generation == generation


def test_an_address_survives_the_environment() -> None:
    address = LocalAddress("/some/where", "secret")
    assert LocalAddress.from_text(address.to_text()) == address


async def test_a_loading_model_is_not_ready(tmp_path: Path) -> None:
    write_state(tmp_path, HostState(AnswererState.LOADING, "loading"))
    with pytest.raises(AnswererNotReady, match="loading"):
        await answerer_at(SECTION, LocalAddress(str(tmp_path), "")).answer(
            work("Hello!"), never_called
        )


@pytest.mark.local
@NEEDS_WEIGHTS
async def test_a_killed_child_is_started_again() -> None:
    with running(SMALL) as host:
        local = answerer_at(SECTION, host.address)
        await until_ready(local)
        killed = kill_child(host)
        await eventually(lambda: host.state.pid not in (killed, 0))
        assert (await local.answer(work("Hello!"), never_called)).text


@pytest.mark.local
@NEEDS_WEIGHTS
async def test_a_request_in_a_killed_child_fails_at_once() -> None:
    with running(SMALL) as host:
        local = answerer_at(SECTION, host.address)
        await until_ready(local)
        task = asyncio.create_task(local.answer(long_work(), never_called))
        await asyncio.sleep(0.3)
        kill_child(host)
        with pytest.raises((StreamCut, UpstreamUnreachable)):  # before or after its first byte
            await task


@pytest.mark.local
@NEEDS_WEIGHTS
async def test_closing_lets_the_answer_in_flight_end() -> None:
    host = LocalModelHost(SMALL)
    host.start()
    local = answerer_at(SECTION, host.address)
    await until_ready(local)
    task = asyncio.create_task(local.answer(work("Tell a story."), never_called))
    await asyncio.sleep(0.05)
    pid = host.state.pid
    await asyncio.to_thread(host.close, 20.0)
    assert (await task).text
    assert not alive(pid)
    assert not os.path.exists(host.address.directory)  # noqa: ASYNC240


@pytest.mark.local
@NEEDS_WEIGHTS
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_killed_parent_leaves_no_orphan() -> None:
    program = (
        "from tiers.local.host import *; import time\n"
        "host = LocalModelHost(LocalModelSpec('smollm2-135m', (), 512, 1, 1, 1)); host.start()\n"
        "while not host.state.pid: time.sleep(0.02)\n"
        "print(host.state.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert parent.stdout is not None
    child = int(await asyncio.to_thread(parent.stdout.readline))
    assert alive(child)
    parent.kill()
    parent.communicate()
    await eventually(lambda: not alive(child))


@pytest.mark.local
@NEEDS_WEIGHTS
async def test_a_swap_moves_workers_to_the_new_child() -> None:
    with running(SMALL) as host:
        local = answerer_at(SECTION, host.address)
        await until_ready(local)
        old = host.state.pid
        host.swap(LocalModelSpec("smollm2-135m", (), 512, 1, 2, 1), drain_s=5.0)
        await eventually(lambda: host.state.pid != old)
        assert host.state.state is AnswererState.READY
        assert (await local.answer(work("Hello!"), never_called)).text
        await eventually(lambda: not alive(old))


@pytest.mark.local
@NEEDS_WEIGHTS
async def test_a_swap_never_interrupts_an_answer() -> None:
    with running(SMALL) as host:
        local = answerer_at(SECTION, host.address)
        await until_ready(local)
        old = host.state.pid
        task = asyncio.create_task(local.answer(long_work(), never_called))
        await asyncio.sleep(0.1)
        host.swap(SMALL, drain_s=300.0)
        await eventually(lambda: host.state.pid != old)
        assert (await task).text

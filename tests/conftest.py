"""Sets up every test: no setting of the machine itself reaches the code under test."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.kits import forked
from tests.kits.examples import MOST, number, setting

if TYPE_CHECKING:
    import openai

    from router.triage.triage_model import TriageModel
    from tests.kits.books.open_ledgers import Ledgers
    from tests.kits.books.postgres_kit import Postgres
    from tests.kits.checks.chromium import Browser
    from tests.kits.fakes import Houses
    from tests.kits.server_kit import Served, Upstream
    from tests.kits.upstreams.fake_upstream import FakeUpstream
    from tests.kits.upstreams.upstream_tier_kit import Tiers

# An operator's keys, a proxy or a TIERGATE_* of the shell would change what is tested.
FOREIGN = ("TIERGATE_", "OPENAI_", "ANTHROPIC_", "LITELLM_")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")

settings.register_profile(
    "tiergate",
    # On a loaded machine, both would measure the machine.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # `make test` tries the same few examples each time; `make test-all` looks for new ones.
    derandomize=setting(MOST) is not None,
    print_blob=True,  # repeats a failure elsewhere
    max_examples=number(100),
)
settings.load_profile("tiergate")


# As the command `tiergate` does: beside other tests, threads of one product wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_configure(config: pytest.Config) -> None:
    for name in [*os.environ]:
        if name.startswith(FOREIGN) or name.lower() in PROXIES:
            del os.environ[name]


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Collects no garbage while tests are collected: it would look at them all, again and again."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Keeps the collected tests out of what the garbage collector looks at from here on."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)  # before pytest leaves tests out by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what asks for a PostgreSQL server, so that no test can forget to say so."""
    for item in items:
        if "postgres" in getattr(item, "fixturenames", ()):
            item.add_marker("postgres")


@pytest.hookimpl(tryfirst=True)  # before fixtures start programs
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Lets programs start quickly, except where whole programs are what is tested."""
    forked.anew = any(map(item.get_closest_marker, forked.WHOLE_PROGRAMS))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for the tests that ask for one."""
    from tests.kits.books import postgres_kit

    with postgres_kit.running() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new ledger's place: a file that is not there yet, and a server's fresh database."""
    monkeypatch.chdir(tmp_path)  # anchors of a server's database go below the working folder
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def ledgers() -> Iterator[Ledgers]:
    """Opens ledgers and databases, and closes them in the end."""
    from tests.kits.books.open_ledgers import Ledgers

    with ExitStack() as stack:
        yield Ledgers(stack)


@pytest.fixture
async def houses(tmp_path: Path) -> AsyncIterator[Houses]:
    """Builds gateways over scripted tiers, and closes them in the end."""
    from tests.kits.fakes import Houses

    async with Houses(tmp_path) as builder:
        yield builder


@pytest.fixture
async def fake() -> AsyncIterator[FakeUpstream]:
    """An upstream that answers as the model's name says."""
    from tests.kits.upstreams.fake_upstream import FakeUpstream

    async with FakeUpstream() as server:
        yield server


@pytest.fixture
async def tiers() -> AsyncIterator[Tiers]:
    """Makes remote tiers, and closes them in the end."""
    from tests.kits.upstreams.upstream_tier_kit import Tiers

    made = Tiers()
    yield made
    await made.close()


@pytest.fixture(scope="module")
def model() -> TriageModel:
    """The shipped triage model."""
    from router.triage.triage_model import TriageModel

    return TriageModel.load()


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """The program that answers as the model's name says, beside the tests."""
    from tests.kits.server_kit import Upstream

    with Upstream(tmp_path_factory.mktemp("upstream")) as program:
        yield program


@pytest.fixture(scope="module")
def client(served: Served) -> openai.OpenAI:
    """OpenAI's client of the gateway that a module serves."""
    import openai

    return openai.OpenAI(base_url=f"{served.url}/v1", api_key="any", max_retries=0)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, for the modules marked `browser`."""
    from tests.kits.checks.chromium import Browser

    with Browser(tmp_path_factory.mktemp("chromium")) as program:
        yield program

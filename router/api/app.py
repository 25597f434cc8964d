"""Where everything meets: settings become a gateway over a ledger, tiers and policies.

Nothing else builds a session, opens a database or reads the environment.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from router.api.abilities import AbilityTable, load_abilities
from router.api.access import Doorkeeper
from router.api.build import Parts, build_runtime
from router.api.clock import SystemClock, UlidIds
from router.api.metrics import Metrics
from router.api.server import Server
from router.deciding import Router
from router.errors import ModelFileError
from router.gateway import Gateway
from router.ledger.cache import MemoryAnswerCache
from router.ledger.keys import SqlKeyStore
from router.ledger.reviews import SqlReviewQueue, Store
from router.ledger.sessions import MemorySessionStore
from router.ledger.store import SqlLedger
from router.ledger.texts import TenantSecrets
from router.policy import BudgetSection, LocalAnswerer
from router.policy_file import LoadedPolicy, find_policy, load_policy, policies_dir
from router.policy_watch import PolicyWatcher
from router.runtime import PolicyRuntime
from router.triage.engine import TriageEngine
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel
from router.types import AnswererState
from tiers.local_host import LocalModelHost, LocalModelSpec, specs_for
from tiers.local_protocol import LocalAddress

SWITCH_INTERVAL_S = 0.001
"""How soon a thread that wants the interpreter gets it. The default of 5 ms makes requests wait for
the triage and ledger threads."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line and `TIERGATE_*` say."""

    policies: tuple[str, ...] = ("default",)  # names or paths; the first is the default
    database: Path = Path(".tiergate/ledger.db")
    anchors: Path | None = None
    synchronous: str = "normal"
    model_dir: Path = DEFAULT_FOLDER
    open_without_keys: bool = True
    watch: bool = True
    metrics_dir: str = ""


Reader = Callable[[], LoadedPolicy]


@dataclass(slots=True)
class Hosts:
    """The local models of this machine: started once, by the process that starts the workers."""

    hosts: dict[str, LocalModelHost] = field(default_factory=dict)
    specs: dict[str, LocalModelSpec] = field(default_factory=dict)

    @classmethod
    def start(cls, loaded: Sequence[LoadedPolicy]) -> Hosts:
        """Begin loading every local model that the policies name; returns at once."""
        hosts = {name: LocalModelHost(spec) for name, spec in _specs(loaded).items()}
        for host in hosts.values():
            host.start()
        return cls(hosts, _specs(loaded))

    def refresh(self, loaded: Sequence[LoadedPolicy]) -> None:
        """Give a model whose adapters or limits changed a new child; the old one drains."""
        for name, spec in _specs(loaded).items():
            if name in self.hosts and self.specs.get(name) != spec:
                self.hosts[name].swap(spec)
                self.specs[name] = spec

    @property
    def addresses(self) -> dict[str, LocalAddress]:
        return {name: host.address for name, host in self.hosts.items()}

    def close(self) -> None:
        for host in self.hosts.values():
            host.close()


def _specs(loaded: Sequence[LoadedPolicy]) -> dict[str, LocalModelSpec]:
    sections = [
        section
        for one in loaded
        for _, section in one.policy.rungs()
        if isinstance(section, LocalAnswerer)
    ]
    return specs_for(sections, loaded[0].path.parent if loaded else None)


def load_policies(settings: Settings, environ: Mapping[str, str]) -> list[LoadedPolicy]:
    """The policies that are served, default first. Raises PolicyError with all mistakes."""
    known = load_abilities().known
    return [
        load_policy(find_policy(name, policies_dir()), environ, known or None)
        for name in settings.policies
    ]


def load_model(folder: Path) -> tuple[TriageModel | None, str]:
    """The triage model and "", or None and why rules must read alone."""
    try:
        return TriageModel.load(folder), ""
    except ModelFileError as error:
        return None, error.message


class Core:
    """The deciding half of a process: policies and the triage model, no database and no LLM."""

    def __init__(
        self,
        settings: Settings,
        loaded: Sequence[LoadedPolicy],
        environ: Mapping[str, str],
        local: Mapping[str, LocalAddress] | None = None,
    ) -> None:
        """Builds the policies; blocks for a fraction of a second. Raises PolicyError.

        Without `local` no local model runs; decisions are the same, calls would fail.
        """
        self.clock, self.ids = SystemClock(), UlidIds()
        model, self.degraded_because = load_model(settings.model_dir)
        self.engine = TriageEngine(model)
        self.abilities: AbilityTable = load_abilities()
        self.environ = environ
        self.loaded = {one.policy.name: one for one in loaded}
        self.default = loaded[0].policy.name
        if local is None:
            local = {name: LocalAddress("", "") for name in _specs(loaded)}
        self._parts = Parts(self.clock, environ, model, self.engine, self.abilities, local)
        self.router = Router(
            {one.policy.name: self.build(one) for one in loaded},
            self.default,
            budget_of=self.budget_of,
            clock=self.clock,
            ids=self.ids,
        )

    def build(self, loaded: LoadedPolicy) -> PolicyRuntime:
        """A policy made ready to serve. Raises PolicyError."""
        return build_runtime(loaded, self._parts)

    def budget_of(self, tenant: str) -> BudgetSection | None:
        """What a tenant may spend, by the default policy."""
        budgets = self.loaded[self.default].policy.budgets
        return budgets.get(tenant, budgets.get("*"))


class App:
    """One process's gateway with all it stands on."""

    def __init__(self, settings: Settings, core: Core, hosts: Hosts | None = None) -> None:
        """Opens the database. Raises LedgerError.

        `hosts` are given to the process that owns the local models, so that a reload reaches them.
        """
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._log = structlog.get_logger("tiergate.app")
        self.settings, self.core = settings, core
        self.clock = core.clock
        self._hosts = hosts
        self._retiring: set[asyncio.Task[None]] = set()
        if core.engine.degraded:
            self._log.warning("degraded", reason=core.degraded_because)
        settings.database.parent.mkdir(parents=True, exist_ok=True)
        self.ledger = SqlLedger.open(
            settings.database,
            clock=self.clock,
            budget_of=core.budget_of,
            anchors_file=settings.anchors,
            synchronous="full" if settings.synchronous == "full" else "normal",
        )
        self._secrets = TenantSecrets(self.ledger.database, self.clock)
        self._known_secrets: dict[str, bytes] = {}
        self.keys = SqlKeyStore(self.ledger.database, self.clock)
        cache = core.router.default.policy.cache
        self.gateway = Gateway(
            core.router,
            ledger=self.ledger,
            sessions=MemorySessionStore(clock=self.clock),
            cache=MemoryAnswerCache(
                clock=self.clock, ttl_s=cache.ttl_s, max_entries=cache.max_entries
            ),
            reviews=SqlReviewQueue(self.ledger.database, clock=self.clock, store_of=self._store_of),
            secret_of=self._secret_of,
            clock=self.clock,
            ids=core.ids,
        )
        watched = core.loaded.values() if settings.watch else ()
        self._watchers = [PolicyWatcher(one, self._reader(one), self._swap) for one in watched]
        self.server = Server(
            self.gateway,
            self.ledger,
            Doorkeeper(self.keys, open_without_keys=settings.open_without_keys),
            Metrics(settings.metrics_dir),
            self.readiness,
            self.clock,
            core.ids,
            self.life,
        )

    # --- life -----------------------------------------------------------------------------------

    @asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """From the first request to the last: policies are watched, then everything drains."""
        await self.start()
        try:
            yield
        finally:
            await self.close()

    async def start(self) -> None:
        self.core.engine.start()
        for runtime in self.core.router.runtimes.values():
            for plan in runtime.plans:
                await plan.answerer.start()
        for watcher in self._watchers:
            watcher.start()

    async def close(self) -> None:
        """Drain what is being written, then close answerers and the ledger."""
        for watcher in self._watchers:
            await watcher.close()
        for task in self._retiring:
            task.cancel()
        await self.gateway.drain()
        for runtime in self.core.router.runtimes.values():
            for plan in runtime.plans:
                await plan.answerer.close()
        await self.ledger.close()
        self.core.engine.close()

    # --- what changes while serving -------------------------------------------------------------

    def _reader(self, one: LoadedPolicy) -> Reader:
        known = self.core.abilities.known or None
        return lambda: load_policy(one.path, self.core.environ, known)

    async def _swap(self, loaded: LoadedPolicy) -> None:
        """Build the new policy beside the old one, then let the next request begin with it."""
        runtime = await asyncio.to_thread(self.core.build, loaded)
        for plan in runtime.plans:
            await plan.answerer.start()
        name = loaded.policy.name
        runtimes = {**self.core.router.runtimes, name: runtime}
        retired = self.core.router.runtimes.get(name)
        self.core.loaded[name] = loaded
        if self._hosts is not None:
            self._hosts.refresh(list(self.core.loaded.values()))
        self.core.router.swap(runtimes)
        self._log.info("policy_reloaded", policy=name, hash=loaded.hash)
        if retired is not None:
            task = asyncio.get_running_loop().create_task(self._close_later(retired))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    async def _close_later(self, retired: PolicyRuntime) -> None:
        """Requests that began under the old policy keep its answerers until they are done."""
        await asyncio.sleep(max(p.facts.deadline_ms for p in retired.plans) / 1000.0)
        for plan in retired.plans:
            await plan.answerer.close()

    # --- what the gateway asks ------------------------------------------------------------------

    def _store_of(self, tenant: str) -> Store:
        return self.core.router.default.policy.privacy.store

    def _secret_of(self, tenant: str) -> bytes:
        """The tenant's digest key; read from the database once per tenant and process."""
        found = self._known_secrets.get(tenant)
        if found is None:
            found = self._known_secrets[tenant] = self._secrets.key_now(tenant)
        return found

    def readiness(self) -> tuple[bool, dict[str, object]]:
        """For /readyz: whether requests can be served, and the state of every part."""
        answerers = {
            plan.facts.name: plan.answerer.status()
            for runtime in self.core.router.runtimes.values()
            for plan in runtime.plans
        }
        serving = any(s.state is AnswererState.READY for s in answerers.values())
        detail: dict[str, object] = {
            "triage": {
                "state": "degraded" if self.core.engine.degraded else "ready",
                "version": self.core.engine.version,
                "detail": self.core.degraded_because,
            },
            "ledger": {
                "state": "ready" if self.ledger.healthy else "failing",
                "detail": self.ledger.fault,
            },
            "answerers": {
                name: {"state": status.state.value, "detail": status.detail}
                for name, status in answerers.items()
            },
            "policies": {
                watcher.loaded.policy.name: {
                    "hash": watcher.status.hash,
                    "mistakes": [str(mistake) for mistake in watcher.status.mistakes],
                }
                for watcher in self._watchers
            },
        }
        return serving and self.ledger.healthy, detail

"""The deciding half of the composition root: settings, policies, triage and the local models.

`tiergate route` and `check` need no more than this, so no database and no HTTP is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.api.compose.abilities import AbilityTable, load_abilities
from router.api.compose.build import Parts, build_runtime, build_specialist
from router.api.compose.clock import SystemClock, UlidIds, chance
from router.api.observability.event_lines import Relay
from router.errors import Mistake, ModelFileError, PolicyError
from router.money.budgets import Budgets, Payer, WindowLimit
from router.policy.loading import LoadedPolicy, find_policy, load_policy, policies_dir
from router.policy.schema import LocalAnswerer, Policy
from router.routing.planner import Router
from router.routing.policy_runtime import PolicyRuntime
from router.triage.engine import MAX_BATCH, TriageEngine
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel, check, encoder_sha256
from tiers.local.host import LocalModelHost, LocalModelSpec, specs_for
from tiers.local.shared_folder import LocalAddress


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line and `TIERGATE_*` say."""

    policies: tuple[str, ...] = ("default",)  # names or paths; the first is the default
    database: str | Path = ".tiergate/ledger.db"  # may hold a password: print Address.shown
    anchors: Path | None = None
    synchronous: str = "normal"
    model_dir: Path = DEFAULT_FOLDER
    open_without_keys: bool = True
    watch: bool = True
    metrics_dir: str = ""
    cache_dir: Path | None = Path(".tiergate/cache")
    read_together: int = MAX_BATCH  # texts in one run of the encoder; 1: the same on every run
    redis: str = ""  # where rates are kept that several machines share; "": beside the ledger
    admin_port: int = 0  # of the address that operators' pages are moved to; 0: they are not
    max_waiting: int | None = None  # calls for each remote answerer; None: as can be answered
    guard_origin: bool = True  # without keys, refuse requests that another site's page sends


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
        """Where each local model is, by model name."""
        return {name: host.address for name, host in self.hosts.items()}

    @property
    def addresses_text(self) -> dict[str, str]:
        """The addresses as they go to another process; secret."""
        return {name: address.to_text() for name, address in self.addresses.items()}

    def close(self) -> None:
        """Drain and end the local models. Blocks."""
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


def addresses_from(texts: Mapping[str, str]) -> dict[str, LocalAddress]:
    """The inverse of `Hosts.addresses_text`."""
    return {name: LocalAddress.from_text(text) for name, text in texts.items()}


def load_policies(settings: Settings, environ: Mapping[str, str]) -> list[LoadedPolicy]:
    """The policies that are served, default first. Raises PolicyError with all mistakes."""
    known, encoder = load_abilities().known or None, encoder_sha256(settings.model_dir)
    loaded, mistakes = [], list[Mistake]()
    for name in settings.policies:
        try:
            loaded.append(load_policy(find_policy(name, policies_dir()), environ, known, encoder))
        except PolicyError as error:
            mistakes += error.mistakes
    if mistakes:
        raise PolicyError(tuple(mistakes))
    return loaded


def installed_triage(folder: Path | None) -> str:
    """The version of the triage model in `folder`, None: the shipped one. Raises ModelFileError."""
    return check(folder or DEFAULT_FOLDER)


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
        self.events = Relay()  # who listens is known when the app is built
        model, self.degraded_because = load_model(settings.model_dir)
        self.engine = TriageEngine(model, settings.read_together)
        self.model = model
        self.abilities: AbilityTable = load_abilities()
        self.environ = environ
        self.encoder_sha256 = None if model is None else model.encoder.sha256
        self.loaded = {one.policy.name: one for one in loaded}
        self.default = loaded[0].policy.name
        self._budgets_of: Policy | None = None
        self._budgets = Budgets()
        if local is None:
            specs = _specs(loaded).items()
            local = {name: LocalAddress("", "", spec.threads) for name, spec in specs}
        self._parts = Parts(
            self.clock,
            environ,
            model,
            self.engine,
            self.abilities,
            local,
            settings.cache_dir,
            self.events,
            settings.max_waiting,
        )
        self.router = Router(
            {one.policy.name: self.build(one) for one in loaded},
            self.default,
            budgets=self.budgets,
            clock=self.clock,
            ids=self.ids,
            draw=chance,
        )

    def build(self, loaded: LoadedPolicy) -> PolicyRuntime:
        """A policy made ready to serve. Raises PolicyError."""
        return build_runtime(loaded, self._parts)

    def build_specialist(self, loaded: LoadedPolicy) -> PolicyRuntime:
        """A policy's heads alone made ready. Raises PolicyError."""
        return build_specialist(loaded, self._parts)

    def budgets(self) -> Budgets:
        """What may be spent and asked, by the default policy as it is now."""
        policy = self.loaded[self.default].policy
        if self._budgets_of is not policy:
            self._budgets_of, self._budgets = policy, Budgets(policy.budgets, policy.limits)
        return self._budgets

    def budget_of(self, payer: Payer) -> tuple[WindowLimit, ...]:
        """Every window that a call of this payer must fit in now."""
        return self.budgets().money(payer)

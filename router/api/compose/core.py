"""Builds the deciding half of a process: settings, policies, triage and the local models.

`tiergate route` and `check` need no more than this, so no database and no HTTP is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.api.compose.answerers.abilities import AbilityTable, load_abilities
from router.api.compose.answerers.measured import judging, reaching
from router.api.compose.answerers.plans import Parts
from router.api.compose.build import build_runtime, build_specialist
from router.api.compose.clock import SystemClock, UlidIds, chance
from router.api.compose.document_search import DocumentService
from router.api.observability.event_lines import Relay
from router.errors import Mistake, ModelFileError, PolicyError
from router.money.budgets import Budgets, Payer, WindowLimit
from router.policy.content.outcomes import JudgedQuestion
from router.policy.loading import LoadedPolicy, find_policy, load_policy, policies_dir
from router.policy.named_files import mistakes_inside
from router.policy.schema import LocalAnswerer, Policy
from router.routing.planner import Router
from router.routing.policy_runtime import PolicyRuntime
from router.triage.engine import TriageEngine
from router.triage.matching.nearest import Nearest
from router.triage.matching.outcomes import OutcomeUses
from router.triage.service import TriageService
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel, check, encoder_sha256
from router.types import AnswererState, Device
from tiers.local.host import LocalModelHost, LocalModelSpec, specs_for
from tiers.local.shared_folder import LocalAddress, StateReader


@dataclass(frozen=True, slots=True)
class Settings:
    """Holds the settings of the command line and of the `TIERGATE_*` variables."""

    policies: tuple[str, ...] = ("default",)  # names or paths; the first one is the default policy
    database: str | Path = ".tiergate/ledger.db"  # may hold a password: print Address.shown
    anchors: Path | None = None
    synchronous: str = "normal"
    model_dir: Path = DEFAULT_FOLDER
    open_without_keys: bool = True
    watch: bool = True
    metrics_dir: str = ""
    cache_dir: Path | None = Path(".tiergate/cache")
    documents: str = ".tiergate/documents.db"  # the store of the operator's own documents
    redis: str = ""  # the store of rates that several machines share; "": a file beside the ledger
    rates: Path | None = None  # that file, where it is elsewhere
    admin_port: int = 0  # the port of the operators' own address; 0: they have none
    # calls that wait for each remote answerer; None: as many as can be answered
    max_waiting: int | None = None
    body_memory_mb: int = 256  # of bodies above 64 kB that the process holds at once
    device: Device = Device.CPU  # what the encoder runs on
    # answerers of the first policy that `answerer:NAME` reaches alone, in this process only
    reachable: tuple[str, ...] = ()
    state_dir: Path = Path(".tiergate")  # what `dataset`, `learn`, `models` and `alerts` wrote
    otlp: str = ""  # the collector of traces and metrics, http://127.0.0.1:4318; "": none
    # networks that open late are compared with their digests then: a command that decides a few
    # requests opens few of them
    late: bool = False
    judge: str = ""  # an answerer of the first policy that judges answers, in this process only


@dataclass(slots=True)
class Hosts:
    """Owns the local models of this machine; the process that starts the workers starts
    them once.
    """

    hosts: dict[str, LocalModelHost] = field(default_factory=dict)
    specs: dict[str, LocalModelSpec] = field(default_factory=dict)

    @classmethod
    def start(cls, loaded: Sequence[LoadedPolicy]) -> Hosts:
        """Starts to load every local model that the policies name; returns at once."""
        hosts = {name: LocalModelHost(spec) for name, spec in _specs(loaded).items()}
        for host in hosts.values():
            host.start()
        return cls(hosts, _specs(loaded))

    def refresh(self, loaded: Sequence[LoadedPolicy]) -> None:
        """Gives a model whose adapters or limits changed a new child process; the old
        one drains.
        """
        for name, spec in _specs(loaded).items():
            if name in self.hosts and self.specs.get(name) != spec:
                self.hosts[name].swap(spec)
                self.specs[name] = spec

    @property
    def addresses(self) -> dict[str, LocalAddress]:
        """Returns the address of each local model, by model name."""
        return {name: host.address for name, host in self.hosts.items()}

    @property
    def addresses_text(self) -> dict[str, str]:
        """Returns the addresses as text for another process; they are secret."""
        return {name: address.to_text() for name, address in self.addresses.items()}

    def close(self) -> None:
        """Drains and ends the local models. Blocks."""
        for host in self.hosts.values():
            host.close()


def _specs(loaded: Sequence[LoadedPolicy]) -> dict[str, LocalModelSpec]:
    sections = [
        section
        for policy in loaded
        # The adapters of a candidate are loaded with the others, since a change of stage may not
        # wait for a model to load.
        for tried in (policy, policy.candidate)
        if tried is not None
        for _, section in tried.policy.rungs()
        if isinstance(section, LocalAnswerer)
    ]
    return specs_for(sections, loaded[0].path.parent if loaded else None)


def unstarted(loaded: Sequence[LoadedPolicy]) -> dict[str, LocalAddress]:
    """Returns addresses of the policies' local models where none runs, by model name.

    The threads still count, because they set the price of the machine's own work.
    """
    return {name: LocalAddress("", "", spec.threads) for name, spec in _specs(loaded).items()}


def addresses_from(texts: Mapping[str, str]) -> dict[str, LocalAddress]:
    """Returns the addresses whose text `Hosts.addresses_text` made."""
    return {name: LocalAddress.from_text(text) for name, text in texts.items()}


def reading(settings: Settings, environ: Mapping[str, str]) -> Callable[[Path], LoadedPolicy]:
    """Returns what loads a policy file as this server does. It raises PolicyError."""
    known, encoder = load_abilities().known or None, encoder_sha256(settings.model_dir)
    return lambda path: load_policy(path, environ, known, encoder)


def load_policies(settings: Settings, environ: Mapping[str, str]) -> list[LoadedPolicy]:
    """Returns the served policies, the default first. Raises PolicyError with all mistakes."""
    read = reading(settings, environ)
    # All policies are read before an error is raised, so that one start shows every mistake.
    loaded, mistakes = [], list[Mistake]()
    for name in settings.policies:
        try:
            loaded.append(read(find_policy(name, policies_dir())))
        except PolicyError as error:
            mistakes += error.mistakes
    if mistakes:
        for one in loaded:
            mistakes += mistakes_inside(one.path, one.policy.model_dump())
        raise PolicyError(tuple(mistakes))
    if settings.judge:
        loaded.append(judging(loaded[0], settings.judge))
    if settings.reachable:
        loaded[0] = reaching(loaded[0], settings.reachable)
    return loaded


def installed_triage(folder: Path | None) -> str:
    """Returns the version of the triage model in `folder` (None: the shipped one).

    Raises ModelFileError.
    """
    return check(folder or DEFAULT_FOLDER)


def load_model(
    folder: Path, device: Device = Device.CPU, *, late: bool = False
) -> tuple[TriageModel | None, str]:
    """Returns the triage model and "", or None and the reason why only rules can read.

    Raises DeviceMissing where a GPU is asked for and there is none.
    """
    try:
        return TriageModel.load(folder, device=device, late=late), ""
    except ModelFileError as error:
        return None, error.message


class Core:
    """Holds the deciding half of a process: policies and the triage model, no database
    and no LLM.
    """

    def __init__(
        self,
        settings: Settings,
        loaded: Sequence[LoadedPolicy],
        environ: Mapping[str, str],
        local: Mapping[str, LocalAddress] | None = None,
    ) -> None:
        """Builds the policies; blocks for a fraction of a second. Raises PolicyError.

        Without `local` no local model runs; decisions are the same, and calls would fail.
        """
        # The only clock and the only source of ids of a process.
        self.settings = settings
        self.clock, self.ids = SystemClock(), UlidIds()
        self.events = Relay()  # the app sets the listener when it is built
        model, self.degraded_because = load_model(
            settings.model_dir, settings.device, late=settings.late
        )
        self.engine = TriageEngine(model)
        self.model = model
        self.abilities: AbilityTable = load_abilities()
        self.environ = environ
        self.encoder_sha256 = None if model is None else model.encoder.sha256
        self.loaded = {policy.policy.name: policy for policy in loaded}
        self.default = loaded[0].policy.name
        self._budgets_of: Policy | None = None
        self._budgets = Budgets()
        self.documents = DocumentService(settings.documents, model, self.clock, self.events)
        # `route` and `check` decide without any local model running.
        if local is None:
            local = unstarted(loaded)
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
            self.documents,
            late=settings.late,
        )
        self.router = Router(
            {policy.policy.name: self.build(policy) for policy in loaded},
            self.default,
            budgets=self.budgets,
            clock=self.clock,
            ids=self.ids,
            draw=chance,
            events=self.events,
        )

    @property
    def highest_match(self) -> float | None:
        """Returns the highest chance that a match of the default policy can show, if any can."""
        triage = self.router.default.triage
        return triage.highest_match if isinstance(triage, TriageService) else None

    def uses(self, outcomes: Sequence[JudgedQuestion]) -> OutcomeUses | None:
        """Returns what judged requests say of the chances of the default policy's matches.

        None without the triage model, or where nothing is matched.
        """
        triage = self.router.default.triage
        if self.model is None or not isinstance(triage, TriageService):
            return None
        return triage.uses(outcomes, self.model)

    def nearest(self, policy: str, text: str) -> Nearest | None:
        """Returns the approved question of a policy that a text comes nearest to, for people."""
        triage = self.router.runtimes[policy].triage
        if self.model is None or not isinstance(triage, TriageService):
            return None
        return triage.nearest(text, self.model)

    def build(self, loaded: LoadedPolicy) -> PolicyRuntime:
        """Returns a policy made ready to serve. Raises PolicyError."""
        return build_runtime(loaded, self._parts)

    def build_specialist(self, loaded: LoadedPolicy) -> PolicyRuntime:
        """Returns a policy with only its heads made ready. Raises PolicyError."""
        return build_specialist(loaded, self._parts)

    def loads_adapters(self, loaded: LoadedPolicy) -> str:
        """Returns the local model that serves, but not yet with all adapters of a policy, or "".

        A model that is not ready at all is not meant: nothing would be better later.
        """
        for model, spec in _specs([loaded]).items():
            address = self._parts.local.get(model)
            if address is not None and address.directory and spec.adapters:
                state = StateReader(Path(address.directory)).read()
                ready = state.state is AnswererState.READY
                if ready and not set(spec.adapters) <= set(state.adapters):
                    return model
        return ""

    def budgets(self) -> Budgets:
        """Returns the budgets and rate limits of the default policy as it is now."""
        policy = self.loaded[self.default].policy
        # Building them takes longer than a request may, and policies change rarely.
        if self._budgets_of is not policy:
            self._budgets_of, self._budgets = policy, Budgets(policy.budgets, policy.limits)
        return self._budgets

    def budget_of(self, payer: Payer) -> tuple[WindowLimit, ...]:
        """Returns every window that a call of this payer must fit in now."""
        return self.budgets().money(payer)

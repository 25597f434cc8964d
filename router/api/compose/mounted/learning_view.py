"""Collects for the dashboard what was learnt and what drifts, from the files of the commands.

`tiergate dataset`, `learn`, `models` and `alerts` write below one folder (`.tiergate`), beside the
server. Any of them may never have run: then its part is empty, and the page says so. What cannot be
read has a `fault` instead. Only what is of one tenant is shown to one tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import to_builtins

from router.errors import LedgerError, RegistryError
from router.learning.dataset import Manifest
from router.learning.folder import MANIFEST
from router.policy.loading import LoadedPolicy
from router.policy.sections.learning import Watched
from router.registry.model import ModelState, ModelVersion
from router.registry.opening import VARIABLE, open_registry
from router.registry.registry import Registry
from router.types import ReviewItem
from router.watch.alarms import AT_ANY_COUNT, Alarm
from router.watch.outcomes import subject_of
from router.watch.state import State, load

MOST = 50  # of each list, the newest
MOST_RUNS = 20
LATE = 3
"""Windows that may pass without a look: one is under way, and a restart takes a moment."""
LABELS = "label."
"""Begins the id of a review that asks for a label, as `tiergate train suggest --queue` makes it."""

Json = dict[str, object]


class ActiveAlarm(NamedTuple):
    """Names one active alarm."""

    policy: str
    watched: str
    subject: str


class Learning:
    """Reads the files below `folder`; every method blocks and raises nothing."""

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        policies: Callable[[], Iterable[LoadedPolicy]],
        rollouts: Callable[[], Sequence[Json]] = list,
    ) -> None:
        self._folder = folder
        self._place = environ.get(VARIABLE) or str(folder / "models")
        self._policies = policies
        self._rollouts = rollouts
        self._registry: Registry | None = None

    def learning(self, waiting: Sequence[ReviewItem], tenant: str | None) -> Json:
        """Returns the queue; for all tenants together also datasets, models and runs."""
        view: Json = {"queue": _queue(waiting), "for_admins": tenant is not None}
        if tenant is not None:
            return view
        return {
            **view,
            "datasets": self._datasets(),
            **self._models(),
            **self._tried(),
            "heads": self._heads(),
        }

    def drift(self, tenant: str | None) -> Json:
        """Returns for each policy with alerts what is active, and the values of the last look."""
        return {"policies": [self._watched(policy, tenant) for policy in self._policies()]}

    def alarms_now(self) -> list[ActiveAlarm]:
        """Returns the active alarms of all policies, the oldest first, for metrics."""
        alarms = [
            (alarm.since_ms, ActiveAlarm(loaded.policy.name, watched, subject))
            for loaded, state in self._states()
            for watched, _, subject, alarm in _parted(state)
            if alarm.active
        ]
        return [alarm for _, alarm in sorted(alarms)]

    def contradicted(self, before: frozenset[str]) -> frozenset[str]:
        """Returns the policies whose certificate an active alarm on feedback speaks against.

        A certificate that was made after the alarm began is another one. A policy whose alarms
        cannot be read stays as it was `before`; the view Drift shows the fault.
        """
        names: set[str] = set()
        for loaded in self._policies():
            name, certificate = loaded.policy.name, loaded.certificate
            if loaded.policy.alerts is None or certificate is None:
                continue
            try:
                alarms = load(self._folder / f"alerts-{name}.json").alarms
            except LedgerError:
                names |= before & {name}
                continue
            alarm = alarms.get(f"{Watched.CERTIFICATE.value}: {subject_of(name)}", Alarm())
            if alarm.active and alarm.since_ms >= certificate.created_ms:
                names.add(name)
        return frozenset(names)

    def overdue_at_ms(self) -> dict[str, int]:
        """Returns when a further look is overdue, by policy: after three windows without one."""
        return {
            loaded.policy.name: state.checked_ms + LATE * _window_ms(loaded)
            for loaded, state in self._states()
            if state.checked_ms
        }

    def _states(self) -> Iterator[tuple[LoadedPolicy, State]]:
        """Yields what is known of each policy with alerts; nothing where it cannot be read."""
        for loaded in self._policies():
            if loaded.policy.alerts is not None:
                with suppress(LedgerError):
                    yield loaded, load(self._folder / f"alerts-{loaded.policy.name}.json")

    def _datasets(self) -> list[Json]:
        datasets: list[Json] = []
        for path in _newest(self._folder / "datasets", f"*/{MANIFEST}"):
            try:
                manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
                made_ms = int(path.stat().st_mtime * 1000)
            except (OSError, msgspec.DecodeError) as error:
                datasets.append({"name": path.parent.name, "fault": str(error)})
                continue
            datasets.append(
                {
                    "name": path.parent.name,
                    "made_ms": made_ms,
                    "rows": {file: note.rows for file, note in manifest.files.items()},
                    "sources": dict(manifest.sources),
                    "kinds": {
                        kind: sum(sum(splits.values()) for splits in classes.values())
                        for kind, classes in manifest.balance.items()
                    },
                    "dropped": sum(manifest.dropped.values()),
                    "first_expiry_ms": manifest.first_expiry_ms,
                }
            )
        return datasets

    def _tried(self) -> Json:
        """Returns where each policy's rollout stands. Raises nothing."""
        try:
            return {"rollouts": list(self._rollouts())}
        except LedgerError as error:
            return {"rollouts": [], "rollouts_fault": error.message}

    def _models(self) -> Json:
        """Returns the versions of models, and those that are in shadow or canary."""
        try:
            # Kept, since it reads each change of a model once only.
            if self._registry is None:
                self._registry = open_registry(self._place)
            versions = sorted(self._registry.list(), key=lambda one: -one.created_at_ms)
        except RegistryError as error:
            return {"models": [], "trying": [], "fault": error.message}
        trying = (ModelState.SHADOW, ModelState.CANARY)
        return {
            "models": [_version(one) for one in versions[:MOST]],
            "trying": [_version(one) for one in versions if one.state in trying],
        }

    def _heads(self) -> list[Json]:
        """Returns the runs of each head that learns: what it knew of each task before and after."""
        heads: list[Json] = []
        for path in sorted((self._folder / "learn").glob("*/history.jsonl")):
            try:
                lines = path.read_bytes().splitlines()[-MOST_RUNS:]
                runs = [msgspec.json.decode(line, type=_Run) for line in lines if line.strip()]
            except (OSError, msgspec.DecodeError) as error:
                heads.append({"head": path.parent.name, "runs": [], "fault": str(error)})
                continue
            heads.append({"head": path.parent.name, "runs": to_builtins(runs)})
        return heads

    def _watched(self, loaded: LoadedPolicy, tenant: str | None) -> Json:
        name, section = loaded.policy.name, loaded.policy.alerts
        view: Json = {"policy": name, "watched": section is not None}
        if section is None:
            return view
        try:
            state = load(self._folder / f"alerts-{name}.json")
        except LedgerError as error:
            return {**view, "fault": error.message}
        width_ms = _window_ms(loaded)
        return {
            **view,
            "late_ms": LATE * width_ms,
            "next_ms": state.checked_ms + width_ms if state.checked_ms else None,
            "least": {
                rule.watch.value: 0 if rule.watch in AT_ANY_COUNT else rule.least
                for rule in section.rules
            },
            **_state(state, tenant),
        }


def _window_ms(loaded: LoadedPolicy) -> int:
    section = loaded.policy.alerts
    return 0 if section is None else 60_000 * section.window_minutes


class _Run(msgspec.Struct):
    """Holds what the page shows of a line of a learner's history; the rest is not read."""

    run: str = ""
    at_ms: int = 0
    dataset: str = ""
    method: str = ""
    new_rows: int = 0
    refused: tuple[str, ...] = ()
    accuracy: dict[str, float] = {}
    before: dict[str, float] = {}
    version: str = ""
    taken_back: str = ""


def _queue(waiting: Sequence[ReviewItem]) -> Json:
    return {
        "waiting": len(waiting),
        "labels": sum(item.review_id.startswith(LABELS) for item in waiting),
        "oldest_ms": min((item.created_at_ms for item in waiting), default=None),
    }


def _version(model: ModelVersion) -> Json:
    return {
        "name": model.name,
        "version": model.version,
        "kind": model.kind.value,
        "state": model.state.value,
        "created_ms": model.created_at_ms,
        "dataset": model.dataset,
        "tags": list(model.tags),
        "metrics": dict(model.metrics),
    }


def _state(state: State, tenant: str | None) -> Json:
    def own(subject: str) -> bool:
        return tenant is None or subject == tenant or subject.startswith(f"{tenant} / ")

    active = [
        {
            "watched": watched,
            "subject": subject,
            "since_ms": alarm.since_ms,
            "heard_ms": alarm.heard_ms,
            "value": alarm.value,
            "bound": alarm.bound,
            "detail": alarm.detail,
        }
        for watched, _, subject, alarm in _parted(state)
        if alarm.active and own(subject)
    ]
    seen = [to_builtins(one) for one in state.seen if own(one.subject)]
    return {"checked_ms": state.checked_ms or None, "active": active, "seen": seen}


def _parted(state: State) -> Iterator[tuple[str, str, str, Alarm]]:
    return ((*name.partition(": "), alarm) for name, alarm in state.alarms.items())


def _newest(folder: Path, pattern: str) -> list[Path]:
    def made(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except OSError:  # removed meanwhile
            return 0.0

    return sorted(folder.glob(pattern), key=made, reverse=True)[:MOST]

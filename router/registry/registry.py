"""Adds, finds, promotes and rolls back versions of models. All methods block.

Each change is one new value in the store (`events`), so no writer needs a lock, and a crash leaves
the registry as it was before or as it is after. Files are written first, the change that names them
last: a version exists with all its files or not at all.
"""

from __future__ import annotations

import builtins
import hashlib
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, field

from router.errors import RegistryError
from router.registry import events
from router.registry.contents import contents_of, sha256_of, with_companions
from router.registry.events import Event, Line, lines_of
from router.registry.model import (
    VERSION_LETTERS,
    ModelChange,
    ModelFile,
    ModelKind,
    ModelSetting,
    ModelState,
    ModelVersion,
)
from router.registry.reference import Reference, check_tag, is_name
from router.registry.store import FolderStore, Store

_JSON = msgspec.json.Encoder(order="sorted")
_EVENT = msgspec.json.Decoder(Event)


class About(Struct, frozen=True):
    """Describes a new version besides its files: base, data, figures, licence."""

    base: str = ""
    dataset: str = ""
    parents: tuple[str, ...] = ()
    hyperparameters: Mapping[str, ModelSetting] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    licence: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()


NOTHING_KNOWN = About()
UNSERVED = "to serve without it, let the policy name a file in place of `NAME@active`, or none"
UNLISTED_MS = 24 * 3_600_000
"""Whoever adds a version writes its files and then the change within minutes, in any place."""


class Registry:
    """Keeps versions of models. Any thread and any number of processes may use one place at once.

    Every method raises RegistryError, which says what was found, what was expected and what to do.
    """

    def __init__(self, store: Store, now_ms: Callable[[], int], cache: Path | None = None) -> None:
        """Opens the registry in a store; an empty place is an empty registry.

        `cache` is the folder for copies of files where the store is not on this machine.
        """
        self._store = store
        self._now_ms = now_ms
        # Absolute, since whoever gets a path of it may read it from another folder: a policy does.
        self._cache = None if cache is None else cache.absolute()
        self._lock = threading.Lock()
        self._marking = threading.Lock()
        self._marked: tuple[float, str] | None = None  # when it was asked, and the answer
        self._known: dict[str, Event] = {}  # events never change, so each is read once

    @property
    def shown(self) -> str:
        """Returns the place of the registry, without secrets."""
        return self._store.shown

    def marker(self) -> str:
        """Returns a text that differs after every change of any version; for frequent calls.

        It may be some seconds old where the store is on another machine.
        """
        now_s = time.monotonic()
        with self._marking:
            if self._marked is None or now_s - self._marked[0] >= self._store.checked_every_s:
                self._marked = now_s, self._store.marker()
            return self._marked[1]

    def add(
        self,
        kind: ModelKind,
        name: str,
        files: Sequence[Path],
        about: About = NOTHING_KNOWN,
        by: str = "",
    ) -> ModelVersion:
        """Adds a version in the state candidate, and returns it.

        `files` begin with the file that a policy would name; a folder stands for all its files. The
        .npz of a head's or a calibrator's .json belongs to it unasked. The same files under the
        same name are the same version: then nothing changes, and the known version is returned.
        """
        if not is_name(name):
            raise RegistryError(
                f"{name!r} names no model; expected small letters, digits, `_`, `.` and `-`"
            )
        for tag in about.tags:
            check_tag(tag)
        contents = contents_of(with_companions(kind, files))
        described = tuple(
            ModelFile(file, hashlib.sha256(content).hexdigest(), len(content))
            for file, content in contents.items()
        )
        version = version_of(described)
        known = self._lines().get(name, Line()).entries
        others = {entry.model.kind for entry in known.values()} - {kind}
        if others:
            raise RegistryError(
                f"{name!r} is a {others.pop()} in {self.shown}, not a {kind}; expected another name"
            )
        if version in known:
            return known[version].model
        self._sweep()
        folder = f"{self._now_ms():015}-{uuid.uuid4().hex}"
        for file, content in contents.items():
            self._store.put(f"files/{folder}/{file}", content)
        model = ModelVersion(
            kind,
            name,
            version,
            described,
            self._now_ms(),
            base=about.base,
            dataset=about.dataset,
            parents=about.parents,
            hyperparameters=about.hyperparameters,
            metrics=about.metrics,
            licence=about.licence,
            note=about.note,
        )
        change = ModelChange(0, events.ADD, name, version, by=by)
        line = self._write(Event(change, added=model, folder=folder))
        # Somebody else added the same files meanwhile: theirs stay.
        if version in line.entries and line.entries[version].folder != folder:
            self._store.drop(f"files/{folder}")
        if about.tags:
            line = self._write(Event(ModelChange(0, events.TAG, name, version, tags=about.tags)))
        return _still(line, name, version)

    def _sweep(self) -> None:
        """Deletes files that no version has: of a crash before a change, or after a removal."""
        known = {entry.folder for line in self._lines().values() for entry in line.entries.values()}
        for folder in self._store.names("files"):
            begun, dash, _ = folder.partition("-")
            ours = bool(dash) and begun.isdecimal()  # somebody may have put a folder there
            if ours and folder not in known and int(begun) < self._now_ms() - UNLISTED_MS:
                self._store.drop(f"files/{folder}")

    def list(
        self,
        kind: ModelKind | None = None,
        name: str | None = None,
        state: ModelState | None = None,
    ) -> tuple[ModelVersion, ...]:
        """Returns the versions by name, those of one name in the order in which they were added."""
        return tuple(
            entry.model
            for _, line in sorted(self._lines().items())
            for entry in line.entries.values()
            if kind in (None, entry.model.kind)
            and name in (None, entry.model.name)
            and state in (None, entry.model.state)
        )

    def show(self, reference: str) -> ModelVersion:
        """Returns the version that NAME@SELECTOR names; without a selector the active one."""
        return self._resolved(reference)[1]

    def history(self, name: str | None = None) -> tuple[ModelChange, ...]:
        """Returns all changes of a name (None: of all), the oldest first."""
        return tuple(e.change for e in self._events() if name in (None, e.change.name))

    def previous(self, name: str) -> ModelVersion | None:
        """Returns the version to which `rollback` would lead; None where there is none."""
        line = self._line(name)
        version = line.before_active()
        return None if version is None else line.entries[version].model

    def tag(
        self, reference: str, set: Iterable[str] = (), drop: Iterable[str] = (), by: str = ""
    ) -> ModelVersion:
        """Sets tags and takes others away. A tag moves here from another version of the name."""
        _, model = self._resolved(reference)
        wanted, unwanted = tuple(set), tuple(drop)
        for tag in wanted:
            check_tag(tag)
        line = None
        for action, tags in ((events.TAG, wanted), (events.UNTAG, unwanted)):
            if tags:
                change = ModelChange(0, action, model.name, model.version, tags=tags, by=by)
                line = self._write(Event(change))
        return model if line is None else _still(line, model.name, model.version)

    def promote(
        self,
        reference: str,
        state: ModelState = ModelState.ACTIVE,
        *,
        by: str = "",
        because: str = "",
    ) -> ModelVersion:
        """Puts a version into a state, after checking its files, and returns it.

        The version that was active before is retired; the one that was in shadow or canary becomes
        a candidate again. An active version can't be sent elsewhere: promote another one, or roll
        back.
        """
        line, model = self._resolved(reference)
        if model.state is state:
            return model
        if model.state is ModelState.ACTIVE:
            way = (
                f"nothing was active before it; {UNSERVED}"
                if line.before_active() is None
                else f"`rollback {model.name}` activates the one before it"
            )
            raise RegistryError(
                f"{model.id} is active, so it can't become {state}; expected another version to be "
                f"promoted: {way}"
            )
        if state is not ModelState.RETIRED:
            self.check(model)
        change = ModelChange(
            0, events.MOVE, model.name, model.version, state, by=by, because=because
        )
        line = self._write(Event(change))
        after = _still(line, model.name, model.version)
        if after.state is not state:
            raise RegistryError(
                f"{model.id} is {after.state} now, not {state}: somebody else changed it at the "
                "same time; look at its history and try again"
            )
        return after

    def rollback(self, name: str, *, by: str = "", because: str = "") -> ModelVersion:
        """Makes the version active that was active before, and returns it.

        Of two rollbacks of one version at the same time, one has an effect.
        """
        line = self._line(name)
        version = line.before_active()
        if version is None:
            raise RegistryError(
                f"{name!r} has no earlier active version in {self.shown}; expected one that was "
                f"promoted before and not removed since; {UNSERVED}"
            )
        self.check(line.entries[version].model)
        change = ModelChange(
            0, events.ROLLBACK, name, version, ModelState.ACTIVE, by=by, because=because
        )
        return _still(self._write(Event(change, back_from=line.active[-1])), name, version)

    def remove(self, reference: str, *, by: str = "") -> ModelVersion:
        """Removes a version with its files, and returns what it was. An active one is refused."""
        line, model = self._resolved(reference)
        folder = line.entries[model.version].folder
        if model.state is not ModelState.ACTIVE:
            line = self._write(
                Event(ModelChange(0, events.REMOVE, model.name, model.version, by=by))
            )
        kept = line.entries.get(model.version)
        if kept is not None and kept.folder == folder:
            raise RegistryError(
                f"{model.id} is active, so it can't be removed; expected another version to be "
                f"promoted, or `rollback {model.name}`"
            )
        self._store.drop(f"files/{folder}")
        return model

    def check(self, model: ModelVersion) -> None:
        """Reads every file of a version. Raises RegistryError where one is missing or changed."""
        folder = self._folder_of(model)
        for file in model.files:
            here = self._store.path(f"files/{folder}/{file.name}")
            if here is None:
                self._read(model, file)
            else:
                self._check_hash(model, file, sha256_of(here))

    def path(self, reference: str) -> Path:
        """Returns the first file of a version on this machine, after checking every sha256.

        The other files are beside it. A store that is elsewhere is copied to the cache first.
        """
        _, model = self._resolved(reference)
        return self.folder(model.id) / model.files[0].name

    def folder(self, reference: str) -> Path:
        """Returns the folder of a version's files on this machine, after checking every sha256."""
        line, model = self._resolved(reference)
        own = self._store.path(f"files/{line.entries[model.version].folder}")
        if own is not None:
            self.check(model)
            return own
        if self._cache is None:
            raise RegistryError(f"{self.shown} is not on this machine; expected a cache folder")
        return self._copied(model, self._cache / model.name / model.version)

    def _copied(self, model: ModelVersion, folder: Path) -> Path:
        copies = FolderStore(folder)
        for file in model.files:
            _check_inside(model, file)
            # A copy that somebody changed is not used.
            if sha256_of(folder / file.name) != file.sha256:
                copies.put(file.name, self._read(model, file))
        return folder

    def _folder_of(self, model: ModelVersion) -> str:
        entry = self._line(model.name).entries.get(model.version)
        return "" if entry is None else entry.folder

    def _read(self, model: ModelVersion, file: ModelFile) -> bytes:
        content = self._store.get(f"files/{self._folder_of(model)}/{file.name}")
        sha256 = None if content is None else hashlib.sha256(content).hexdigest()
        self._check_hash(model, file, sha256)
        return content or b""

    def _check_hash(self, model: ModelVersion, file: ModelFile, sha256: str | None) -> None:
        if sha256 is None:
            raise RegistryError(
                f"{model.id}: {file.name} is missing in {self.shown}; add its files again, or roll "
                "back"
            )
        if sha256 != file.sha256:
            raise RegistryError(
                f"{model.id}: {file.name} in {self.shown} was changed: found sha256 {sha256[:12]}, "
                f"expected {file.sha256[:12]}; remove the version and add it again, or roll back"
            )

    def _resolved(self, reference: str) -> tuple[Line, ModelVersion]:
        wanted = Reference.parse(reference)
        line = self._line(wanted.name)
        models = [entry.model for entry in line.entries.values()]
        if wanted.state is not None:
            models = [model for model in models if model.state is wanted.state]
        else:
            tagged = [model for model in models if wanted.selector in model.tags]
            begun = [m for m in models if m.version.startswith(wanted.selector)]
            models = tagged or (begun if wanted.may_be_version else [])
        if not models:
            few = "" if wanted.may_be_version else " (of a version name six letters at least)"
            known = [entry.model for entry in line.entries.values()]
            raise RegistryError(
                f"{wanted} is not in {self.shown}{few}; known versions of {wanted.name!r}: "
                f"{', '.join(map(_shown, known))}{_promotion(wanted.state, known)}"
            )
        # Several retired or candidates: the newest stands for its state.
        return line, models[-1]

    def _line(self, name: str) -> Line:
        lines = self._lines()
        if name not in lines:
            known = ", ".join(sorted(lines)) or "none yet; `tiergate models add` puts one there"
            raise RegistryError(f"there is no model {name!r} in {self.shown}; known: {known}")
        return lines[name]

    def _lines(self) -> dict[str, Line]:
        return lines_of(self._events())

    def _events(self) -> builtins.list[Event]:
        names = self._store.names("events")
        with self._lock:
            for name in names:
                if name not in self._known and (content := self._store.get(f"events/{name}")):
                    self._known[name] = _event(content, name, self.shown)
            return [self._known[name] for name in names if name in self._known]

    def _write(self, event: Event) -> Line:
        """Adds a change, and returns where the versions of its name stand then."""
        # It comes after all that its writer knew, even if another machine's clock is ahead.
        newest = max((known.change.at_ms for known in self._events()), default=0)
        at_ms = max(self._now_ms(), newest + 1)
        event = msgspec.structs.replace(
            event, change=msgspec.structs.replace(event.change, at_ms=at_ms)
        )
        self._store.put(f"events/{at_ms:015}-{uuid.uuid4().hex}.json", _JSON.encode(event))
        return self._lines().get(event.change.name, Line())


def version_of(files: Iterable[ModelFile]) -> str:
    """Returns the version of these files: 12 letters of a hash over their names and hashes."""
    named = sorted((file.name, file.sha256) for file in files)
    return hashlib.sha256(_JSON.encode(named)).hexdigest()[:VERSION_LETTERS]


def _check_inside(model: ModelVersion, file: ModelFile) -> None:
    """Raises RegistryError for names that lead out of the folder of copies.

    Who may write to a shared place may not therefore write anywhere on this machine.
    """
    for name in (model.name, model.version, file.name):
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise RegistryError(
                f"{model.id}: {name!r} leads out of the folder of copies; expected a name below "
                "it; remove the version and add it again"
            )


def _event(content: bytes, name: str, place: str) -> Event:
    try:
        return _EVENT.decode(content)
    except msgspec.DecodeError as error:
        raise RegistryError(
            f"events/{name} in {place} is no change of a registry: {error}; expected what this "
            "version of Tiergate writes"
        ) from error


def _still(line: Line, name: str, version: str) -> ModelVersion:
    entry = line.entries.get(version)
    if entry is None:
        raise RegistryError(f"{name}@{version} was removed by somebody else; add it again")
    return entry.model


def _promotion(state: ModelState | None, known: Sequence[ModelVersion]) -> str:
    """Returns the command that would put a version into the state that has none; "" for others."""
    if state not in (ModelState.SHADOW, ModelState.CANARY, ModelState.ACTIVE) or not known:
        return ""
    to = "" if state is ModelState.ACTIVE else f" --to {state}"
    return f"; `tiergate models promote {known[-1].id}{to}` makes that one {state}"


def _shown(model: ModelVersion) -> str:
    return f"{model.version} ({', '.join((model.state.value, *model.tags))})"

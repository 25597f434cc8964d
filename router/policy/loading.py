"""A policy file on disk becomes a `LoadedPolicy`, or a PolicyError with every mistake in it.

    loaded = load_policy(find_policy("default", policies_dir()), os.environ)

Reading takes the environment it is given and the file system, nothing else. Keys of providers stay
references (`${OPENAI_API_KEY}`) in the policy; the app resolves them with `secret` when it starts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from pydantic import ValidationError

from router.errors import Mistake, PolicyError
from router.policy.cross_checks import one_of
from router.policy.head_files import head_mistakes
from router.policy.parsing.text_files import text_of
from router.policy.parsing.yaml_lines import (
    KeyPath,
    LineMap,
    key_path_text,
    load_yaml,
    mistakes_from,
)
from router.policy.price_list import LoadedPrices, load_prices
from router.policy.schema import LitellmAnswerer, Policy, UpstreamAnswerer

if TYPE_CHECKING:
    from router.policy.certificate import Certificate

HASH_CHARACTERS = (
    12  # 48 bits: enough to tell the policies of one operator apart, short in a header
)

_REFERENCE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_SECRET_KEYS = frozenset({"api_key"})


class LoadedPolicy(Struct, frozen=True):
    """A valid policy, where it came from, and the files it stands on."""

    policy: Policy
    path: Path
    hash: str  # of the resolved policy and of the files it names; no secret goes into it
    sources: tuple[Path, ...]  # the policy first, then each file and folder that it names
    prices: LoadedPrices
    certificate: Certificate | None = None

    def file(self, name: str) -> Path:
        """Where a file that the policy names stands."""
        return named_file(self.path, name)


def load_policy(
    path: Path,
    environ: Mapping[str, str],
    known_models: Collection[str] | None = None,
    encoder_sha256: str | None = None,
) -> LoadedPolicy:
    """The policy in `path`, with `${ENV}` replaced everywhere but in `api_key`.

    `known_models` are the rows of the table of known models; None leaves `known_model` unchecked.
    `encoder_sha256` is the encoder's that heads must fit; None lets them fit any.
    Raises: PolicyError with all mistakes of the file at once, sorted by line, and those of its
    price book after them.
    """
    tree, lines = load_yaml(str(path), text_of(path))
    if not isinstance(tree, dict):
        raise PolicyError((lines.no_mapping(tree, "version, name and tiers"),))
    references: dict[str, str] = {}
    mistakes = list(lines.mistakes)
    resolved = _substituted(tree, (), environ, lines, references, mistakes)
    assert isinstance(resolved, dict)
    unset = {mistake.key_path for mistake in mistakes}
    policy: Policy | None = None
    try:
        policy = Policy.model_validate(resolved)
    except ValidationError as error:
        found = mistakes_from(error, lines, lines.file, Policy, resolved)
        mistakes += [mistake for mistake in found if mistake.key_path not in unset]
    mistakes += _missing_files(path, resolved, lines)
    mistakes += _unknown_models(resolved, lines, known_models)
    mistakes += head_mistakes(resolved, lines, _head_files(path, resolved), encoder_sha256)
    certificate = _certificate(path, resolved, lines, mistakes)
    prices, in_prices = _prices(path, resolved)
    if mistakes or in_prices or policy is None or prices is None:
        told = [_without_value(mistake, references) for mistake in mistakes]
        by_line = sorted(told, key=lambda mistake: mistake.line)
        raise PolicyError((*by_line, *in_prices))
    sources = _sources(path, resolved)
    policy_hash = _hash(policy, sources, path)
    if certificate is not None:
        decision = policy.decision.model_copy(update={"certificates": dict(certificate.thresholds)})
        policy = policy.model_copy(update={"decision": decision})
    return LoadedPolicy(policy, path, policy_hash, sources, prices, certificate)


def secret(reference: str | None, environ: Mapping[str, str]) -> str | None:
    """The value behind `${NAME}`, None for no reference. Raises: PolicyError where it is unset."""
    if reference is None:
        return None
    name = reference.removeprefix("${").removesuffix("}")
    if not environ.get(name):
        raise PolicyError((_unset("(environment)", 0, "api_key", reference),))
    return environ[name]


def missing_secrets(loaded: LoadedPolicy, environ: Mapping[str, str]) -> tuple[Mistake, ...]:
    """One mistake for every `api_key` of the policy whose variable is not set, with its line."""
    _, lines = load_yaml(str(loaded.path), text_of(loaded.path))
    mistakes = []
    for t, tier in enumerate(loaded.policy.tiers):
        for a, answerer in enumerate(tier.answerers):
            if not isinstance(answerer, UpstreamAnswerer | LitellmAnswerer):
                continue
            reference = answerer.api_key
            if reference is None or environ.get(reference[2:-1]):
                continue
            path: KeyPath = ("tiers", t, "answerers", a, "api_key")
            mistakes.append(_unset(lines.file, lines.line(path), key_path_text(path), reference))
    return tuple(mistakes)


def policies_dir() -> Path:
    """The folder of shipped policies: inside the installed package, else beside the sources."""
    package = Path(__file__).parents[1]
    packaged = package / "_policies"
    return packaged if packaged.is_dir() else package.parent / "policies"


def find_policy(name_or_path: str, folder: Path) -> Path:
    """The file of a policy given by path, or by the name of one in `folder`.

    Raises: PolicyError which lists the names there are.
    """
    by_path = Path(name_or_path)
    if by_path.is_file():
        return by_path
    names = policy_names(folder)
    if name_or_path in names:
        return folder / f"{name_or_path}.yaml"
    expected = f"a policy file, or {one_of(name_or_path, names)}"
    raise PolicyError((Mistake(str(folder), 0, "(policy)", repr(name_or_path), expected),))


def policy_names(folder: Path) -> list[str]:
    """The policies in a folder, by name; the price book beside them is none."""
    price_book = Policy.model_fields["prices"].default
    return sorted(file.stem for file in folder.glob("*.yaml") if file.name != price_book)


def named_file(policy_path: Path, name: str) -> Path:
    """Where `name` stands: beside the policy, else among the shipped files.

    So a policy of one's own uses the shipped safe answers and templates until it brings its own.
    """
    beside = policy_path.parent / name
    shipped = policies_dir() / name
    return shipped if not beside.exists() and shipped.exists() else beside


def json_schema() -> str:
    """The JSON Schema of a policy file, for editors; `policies/policy.schema.json` is this text."""
    schema = Policy.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    schema["title"] = "Tiergate policy"
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


# --- reading -------------------------------------------------------------------------------------


def _substituted(
    value: object,
    path: KeyPath,
    environ: Mapping[str, str],
    lines: LineMap,
    references: dict[str, str],
    mistakes: list[Mistake],
) -> object:
    """`value` with `${ENV}` replaced in all strings below it; notes what was replaced or unset."""
    if isinstance(value, dict):
        return {
            key: _substituted(below, (*path, key), environ, lines, references, mistakes)
            for key, below in value.items()
        }
    if isinstance(value, list):
        return [
            _substituted(below, (*path, i), environ, lines, references, mistakes)
            for i, below in enumerate(value)
        ]
    if not isinstance(value, str) or "${" not in value or path[-1] in _SECRET_KEYS:
        return value
    where = key_path_text(path)
    for name in dict.fromkeys(_REFERENCE.findall(value)):
        references[where] = value
        if name not in environ:
            mistakes.append(_unset(lines.file, lines.line(path), where, f"${{{name}}}"))
    return _REFERENCE.sub(lambda match: environ.get(match[1], match[0]), value)


def _unset(file: str, line: int, where: str, reference: str) -> Mistake:
    name = reference[2:-1]
    return Mistake(file, line, where, reference, f"the environment variable {name} to be set")


def _without_value(mistake: Mistake, references: Mapping[str, str]) -> Mistake:
    """What came from the environment may be secret: the reference is shown in its place."""
    reference = references.get(mistake.key_path)
    if reference is None:
        return mistake
    return replace(mistake, found=f"{reference} as the environment has it")


# --- what the policy names ---------------------------------------------------------------------


def _prices(
    policy_path: Path, tree: Mapping[str, object]
) -> tuple[LoadedPrices | None, tuple[Mistake, ...]]:
    """The policy's price book, or what is wrong with it; a missing one is told with the others."""
    file = named_file(policy_path, str(tree.get("prices", Policy.model_fields["prices"].default)))
    if not file.is_file():
        return None, ()
    try:
        return load_prices(file), ()
    except PolicyError as error:
        return None, error.mistakes


def _certificate_name(tree: Mapping[str, object]) -> str | None:
    decision = tree.get("decision")
    name = decision.get("certificate") if isinstance(decision, dict) else None
    return name if isinstance(name, str) else None


def _certificate(
    policy_path: Path, tree: Mapping[str, object], lines: LineMap, mistakes: list[Mistake]
) -> Certificate | None:
    """The certificate that the policy names; notes what is wrong with it. A missing file is told
    with the others."""
    name = _certificate_name(tree)
    if name is None or not (file := named_file(policy_path, name)).is_file():
        return None
    from router.policy.certificate import read_certificate  # only a policy that names one needs it

    try:
        return read_certificate(text_of(file))
    except ValueError as error:
        expected = "a certificate as `tiergate tune` wrote it"
        found = lines.mistake(("decision", "certificate"), str(error), expected)
        mistakes.append(found)
        return None


def _named(tree: Mapping[str, object]) -> Iterator[tuple[KeyPath, str, bool]]:
    """Key path, name, and whether it is a folder, of each file that the policy names."""
    default = Policy.model_fields["safe_answers"].default
    yield ("safe_answers",), str(tree.get("safe_answers", default)), False
    prices = Policy.model_fields["prices"].default
    yield ("prices",), str(tree.get("prices", prices)), False
    certificate = _certificate_name(tree)
    if certificate is not None:
        yield ("decision", "certificate"), certificate, False
    for i, lookup in _rows(tree.get("lookups")):
        if isinstance(lookup.get("path"), str):
            yield ("lookups", i, "path"), str(lookup["path"]), False
    for i, head in _rows(tree.get("heads")):
        if isinstance(head.get("path"), str):
            yield ("heads", i, "path"), str(head["path"]), False
    for path, answerer in _answerers(tree):
        kind = answerer.get("kind")
        if kind == "resolver" and isinstance(answerer.get("knowledge"), str):
            yield (*path, "knowledge"), str(answerer["knowledge"]), False
        if kind == "deliberation":
            yield (*path, "templates"), str(answerer.get("templates", "deliberation")), True
        if kind == "local":
            for i, adapter in _rows(answerer.get("adapters")):
                file = adapter.get("path")
                if isinstance(file, str) and not file.startswith("package:"):
                    yield (*path, "adapters", i, "path"), file, False


def _head_files(policy_path: Path, tree: Mapping[str, object]) -> dict[str, Path]:
    """Where each head's description stands, by the path that the policy gives."""
    named = [str(head["path"]) for _, head in _rows(tree.get("heads")) if "path" in head]
    return {name: named_file(policy_path, name) for name in named}


def _rows(rows: object) -> Iterator[tuple[int, Mapping[str, object]]]:
    if isinstance(rows, list):
        yield from ((i, row) for i, row in enumerate(rows) if isinstance(row, dict))


def _answerers(tree: Mapping[str, object]) -> Iterator[tuple[KeyPath, Mapping[str, object]]]:
    for t, tier in _rows(tree.get("tiers")):
        for a, answerer in _rows(tier.get("answerers")):
            yield ("tiers", t, "answerers", a), answerer


def _missing_files(policy_path: Path, tree: Mapping[str, object], lines: LineMap) -> list[Mistake]:
    mistakes = []
    for path, name, folder in _named(tree):
        file = named_file(policy_path, name)
        if folder and not any(file.glob("*.yaml")):
            mistakes.append(lines.mistake(path, name, "a folder with templates (*.yaml)"))
        if not folder and not file.is_file():
            expected = f"a file; none stands at {file}"
            mistakes.append(lines.mistake(path, name, expected))
    return mistakes


def _unknown_models(
    tree: Mapping[str, object], lines: LineMap, known_models: Collection[str] | None
) -> list[Mistake]:
    mistakes: list[Mistake] = []
    for path, answerer in _answerers(tree) if known_models is not None else ():
        ability = answerer.get("ability")
        model = ability.get("known_model") if isinstance(ability, dict) else None
        if isinstance(model, str) and known_models is not None and model not in known_models:
            allowed = one_of(model, sorted(known_models))
            mistakes.append(lines.mistake((*path, "ability", "known_model"), model, allowed))
    return mistakes


def _sources(policy_path: Path, tree: Mapping[str, object]) -> tuple[Path, ...]:
    files = [policy_path]
    for _, name, folder in _named(tree):
        file = named_file(policy_path, name)
        files += [file, *sorted(file.glob("*.yaml"))] if folder else [file]
    files += [file.with_suffix(".npz") for file in _head_files(policy_path, tree).values()]
    return tuple(dict.fromkeys(files))


def _hash(policy: Policy, sources: tuple[Path, ...], path: Path) -> str:
    """Equal for equal meaning: comments, order of keys and where the folder stands don't count."""
    canonical = json.dumps(policy.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode())
    for source in sources:
        if source != path and source.is_file():
            digest.update(source.name.encode() + b"\0")
            digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()[:HASH_CHARACTERS]

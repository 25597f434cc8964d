"""Loads a policy file as a `LoadedPolicy`, or raises PolicyError with every mistake in it.

    loaded = load_policy(find_policy("default", policies_dir()), os.environ)

Loading reads the given environment and the file system, and nothing more. Keys of providers stay
references (`${OPENAI_API_KEY}`) in the policy. The app resolves them with `secret` of
`parsing.environment` when it starts, and `tiergate alerts` resolves the addresses of its receivers.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from pydantic import ValidationError

from router.errors import Mistake, PolicyError
from router.policy import candidates
from router.policy.content.term_files import NO_TERMS, LanguageTerms, load_language_terms
from router.policy.head_files import answer_head_mistakes, answer_head_of, head_mistakes
from router.policy.named_files import (
    answerers_in,
    certificate_name,
    head_files_in,
    missing_files,
    mistakes_inside,
    sources_of,
    terms_name,
    unusable_files,
)
from router.policy.parsing.environment import (
    filled_in,
    references_in,
    strings_below,
    substituted,
    without_value,
)
from router.policy.parsing.raw_policy import one_of
from router.policy.parsing.term_lists import shared_terms, with_shared
from router.policy.parsing.text_files import (
    digest_of,
    text_of,
)
from router.policy.parsing.validation import mistakes_from
from router.policy.parsing.yaml_lines import LineMap, key_path_text, load_yaml
from router.policy.places import find_policy as find_policy
from router.policy.places import named_file as named_file
from router.policy.places import policies_dir as policies_dir
from router.policy.places import policy_names as policy_names
from router.policy.price_list import LoadedPrices, load_prices
from router.policy.registered import NOTHING_REGISTERED, Registered, located, rows
from router.policy.schema import LitellmAnswerer, Policy, UpstreamAnswerer
from router.policy.sections.base import BASE_URL, WORDS

if TYPE_CHECKING:
    from router.policy.certificate import Certificate

HASH_CHARACTERS = 12
"""Sets the length of a policy's hash. 48 bits distinguish the policies of one operator, and stay
short in a header."""
NOT_TOLD = "no alert reaches this receiver"


class BrokenFile(Struct, frozen=True):
    """Holds a policy file that cannot be used, in whose place a copy of an earlier one serves."""

    path: Path
    sources: tuple[Path, ...]  # of the version that was copied
    mistakes: tuple[Mistake, ...]


class LoadedPolicy(Struct, frozen=True):
    """Holds a valid policy, its origin, and the files that it uses."""

    policy: Policy
    path: Path
    hash: str  # of the resolved policy and of the files it names; no secret is part of it
    sources: tuple[Path, ...]  # the policy first, then each file and folder that it names
    prices: LoadedPrices
    certificate: Certificate | None = None
    terms: LanguageTerms = NO_TERMS  # the phrases by language
    registered: Registered = NOTHING_REGISTERED  # versions that it names in the registry
    candidate: LoadedPolicy | None = None  # what its `rollout` tries; of the same name
    text: str = ""  # of a policy that is no file, in JSON; "": what the file says
    instead_of: BrokenFile | None = None  # None: `path` is the file itself, not a copy

    @property
    def identity(self) -> tuple[object, ...]:
        """Returns what changes with the meaning of the policy or of what its `rollout` tries."""
        candidate = None if self.candidate is None else self.candidate.hash
        return self.hash, candidate, self.policy.rollout

    @property
    def watched(self) -> tuple[Path, ...]:
        """Returns the files that may bring a new version."""
        return self.sources if self.instead_of is None else self.instead_of.sources

    def file(self, name: str) -> Path:
        """Returns the path of a file that the policy names."""
        return self.registered.paths.get(name) or named_file(self.path, name)


def load_policy(
    path: Path,
    environ: Mapping[str, str],
    known_models: Collection[str] | None = None,
    encoder_sha256: str | None = None,
) -> LoadedPolicy:
    """Returns the policy in `path`, with `${ENV}` replaced everywhere except in `api_key`.

    `known_models` are the rows of the table of known models; None leaves `known_model` unchecked.
    `encoder_sha256` belongs to the encoder that heads must fit; None accepts heads of any encoder.
    Raises PolicyError with all mistakes of the file at once, sorted by line, and then those of its
    price book and of the files that it names. The latter alone are no mistake of the policy: they
    are found where it is made ready.
    """
    tree, lines = _tree_of(path)
    loaded = _load(path, tree, lines, environ, known_models, encoder_sha256)
    rollout = loaded.policy.rollout
    if rollout is None:
        return loaded
    changed_path, changed_lines = path, lines
    if rollout.candidate.policy is None:
        changed, unknown = candidates.changed(tree, rollout.candidate, lines)
        if unknown:
            raise PolicyError(unknown)
    else:
        changed_path = named_file(path, rollout.candidate.policy)
        other, changed_lines = _tree_of(changed_path)
        changed = candidates.renamed(other, loaded.policy.name)
    candidate = _load(changed_path, changed, changed_lines, environ, known_models, encoder_sha256)
    if candidate.hash == loaded.hash and candidate.registered.ids:
        return loaded  # a promotion has ended what the rollout tried
    if candidate.hash == loaded.hash:
        where = ("rollout", "candidate")
        raise PolicyError((lines.mistake(where, candidate.hash, "a change: the two are alike"),))
    text = json.dumps(changed, ensure_ascii=False, default=str)
    sources = tuple(dict.fromkeys([*loaded.sources, *candidate.sources]))
    return replace(loaded, candidate=replace(candidate, text=text), sources=sources)


def _tree_of(path: Path) -> tuple[dict[str, object], LineMap]:
    """Returns what a policy file says. Raises PolicyError where that is no mapping."""
    tree, lines = load_yaml(str(path), text_of(path))
    if not isinstance(tree, dict):
        raise PolicyError((lines.no_mapping(tree, "version, name and tiers"),))
    return tree, lines


def _load(
    path: Path,
    tree: dict[str, object],
    lines: LineMap,
    environ: Mapping[str, str],
    known_models: Collection[str] | None,
    encoder_sha256: str | None,
) -> LoadedPolicy:
    """Returns the policy that a tree describes, at the place of `path`. Raises PolicyError."""
    references: dict[str, str] = {}
    mistakes = list(lines.mistakes)
    # The schema checks the replaced values. Secrets stay references.
    resolved = substituted(tree, (), environ, lines, references, mistakes)
    assert isinstance(resolved, dict)
    # An unset variable already has its own mistake, so pydantic's one is left out.
    known_unset = {mistake.key_path for mistake in mistakes}
    policy: Policy | None = None
    try:
        policy = Policy.model_validate(resolved)
    except ValidationError as error:
        schema_mistakes = mistakes_from(error, lines, lines.file, Policy, resolved)
        mistakes += [mistake for mistake in schema_mistakes if mistake.key_path not in known_unset]
    resolved, registered = located(resolved, lines, environ, mistakes)
    if faults := unusable_files(path, resolved, lines):
        raise PolicyError(tuple(faults))  # whoever read them would wait, or fill the memory
    mistakes += missing_files(path, resolved, lines)
    mistakes += _unknown_models(resolved, lines, known_models)
    mistakes += head_mistakes(resolved, lines, head_files_in(path, resolved), encoder_sha256)
    for key_path, answerer in answerers_in(resolved):
        if (judge := answer_head_of(answerer)) is not None:
            kind = answerer.get("kind")
            mistakes += answer_head_mistakes(key_path, judge, kind, named_file(path, judge), lines)
    certificate = _certificate(path, resolved, lines, mistakes)
    prices, in_prices = _prices(path, resolved)
    terms, in_terms = _language_terms(path, resolved)
    shared, in_lists = shared_terms(resolved, partial(named_file, path), lines)
    in_terms += (*in_lists, *_in_patterns(path, resolved))
    if mistakes or in_prices or in_terms or policy is None or prices is None:
        shown = [without_value(mistake, references) for mistake in mistakes]
        by_line = sorted(shown, key=lambda mistake: mistake.line)
        inside = mistakes_inside(path, resolved)
        raise PolicyError((*by_line, *in_prices, *in_terms, *inside))
    sources = sources_of(path, resolved)
    policy_hash = _hash(policy, sources, path, registered)
    # The hash already covers the files of terms and of the certificate: what they say comes now.
    policy = policy.model_copy(update={"terms": with_shared(policy.terms, shared)})
    if certificate is not None:
        decision = policy.decision.model_copy(update={"certificates": dict(certificate.thresholds)})
        policy = policy.model_copy(update={"decision": decision})
    policy = registered.in_policy(policy)
    return LoadedPolicy(policy, path, policy_hash, sources, prices, certificate, terms, registered)


def own_book(loaded: LoadedPolicy) -> str:
    """Returns the text of the policy's own price book, "" where it has the shipped one.

    A policy that names the shipped book by its path has it as its own: of the policy's text alone,
    nobody could tell later which book that path led to.
    """
    shipped = loaded.prices.path.parent.resolve() == policies_dir().resolve()
    named = "prices" in loaded.policy.model_fields_set
    return "" if shipped and not named else loaded.prices.text


def unset_keys(loaded: LoadedPolicy, environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Returns, by each `api_key` whose variable is unset, the names of the answerers with it."""
    answerers: dict[str, tuple[str, ...]] = {}
    for _, section in loaded.policy.rungs():
        if not isinstance(section, UpstreamAnswerer | LitellmAnswerer):
            continue
        reference = section.api_key
        if reference is not None and not environ.get(reference[2:-1]):
            answerers[reference] = (*answerers.get(reference, ()), section.name)
    return answerers


def unreachable_receivers(loaded: LoadedPolicy, environ: Mapping[str, str]) -> dict[str, str]:
    """Returns why no alert reaches a receiver now, by the key path of the setting that lacks."""
    faults = {}
    for path, text in strings_below(loaded.policy.model_dump(include={"alerts"}), ()):
        lacking = [f"${{{name}}}" for name in references_in(text) if not environ.get(name)]
        if lacking:
            faults[key_path_text(path)] = f"{', '.join(lacking)} is not set; {NOT_TOLD}"
        elif path[-1] == "url" and not re.match(BASE_URL, filled_in(text, environ)):
            faults[key_path_text(path)] = f"{text} does not hold {WORDS[BASE_URL]}; {NOT_TOLD}"
    return faults


def _prices(
    policy_path: Path, tree: Mapping[str, object]
) -> tuple[LoadedPrices | None, tuple[Mistake, ...]]:
    """Returns the policy's price book, or its mistakes. `missing_files` reports a missing one."""
    file = named_file(policy_path, str(tree.get("prices", Policy.model_fields["prices"].default)))
    if not file.is_file():
        return None, ()
    try:
        return load_prices(file), ()
    except PolicyError as error:
        return None, error.mistakes


def _language_terms(
    policy_path: Path, tree: Mapping[str, object]
) -> tuple[LanguageTerms, tuple[Mistake, ...]]:
    """Returns the phrases by language, or their mistakes. `missing_files` reports a bad folder."""
    try:
        return load_language_terms(named_file(policy_path, terms_name(tree))), ()
    except PolicyError as error:
        return NO_TERMS, error.mistakes


def _in_patterns(policy_path: Path, tree: Mapping[str, object]) -> tuple[Mistake, ...]:
    """Returns the mistakes in files of patterns. `missing_files` reports missing ones."""
    mistakes: list[Mistake] = []
    for _, endpoint in rows(tree.get("endpoints")):
        file = named_file(policy_path, str(endpoint.get("rules") or ""))
        if isinstance(endpoint.get("rules"), str) and file.is_file():
            # Only a policy with endpoints reads such files.
            from router.policy.parsing.pattern_files import load_pattern_file

            try:
                load_pattern_file(file)
            except PolicyError as error:
                mistakes += error.mistakes
    return tuple(mistakes)


def _certificate(
    policy_path: Path, tree: Mapping[str, object], lines: LineMap, mistakes: list[Mistake]
) -> Certificate | None:
    """Returns the certificate that the policy names, or None, and notes its mistakes.

    `missing_files` reports a missing file.
    """
    name = certificate_name(tree)
    if name is None or not (file := named_file(policy_path, name)).is_file():
        return None
    from router.policy.certificate import read_certificate  # only a policy that names one needs it

    try:
        return read_certificate(text_of(file))
    except ValueError as error:
        expected = "a certificate as `tiergate tune` wrote it"
        mistake = lines.mistake(("decision", "certificate"), str(error), expected)
        mistakes.append(mistake)
        return None


def _unknown_models(
    tree: Mapping[str, object], lines: LineMap, known_models: Collection[str] | None
) -> list[Mistake]:
    mistakes: list[Mistake] = []
    for path, answerer in answerers_in(tree) if known_models is not None else ():
        ability = answerer.get("ability")
        model = ability.get("known_model") if isinstance(ability, dict) else None
        if isinstance(model, str) and known_models is not None and model not in known_models:
            allowed = one_of(model, sorted(known_models))
            mistakes.append(lines.mistake((*path, "ability", "known_model"), model, allowed))
    return mistakes


def _hash(policy: Policy, sources: tuple[Path, ...], path: Path, named: Registered) -> str:
    """Returns a hash that is equal for equal meaning.

    Comments, the order of keys and the place of the folder do not count.
    """
    # What a rollout tries has a hash of its own, and decides nothing for the policy itself.
    meant = policy.model_dump(mode="json", exclude={"rollout"})
    canonical = named.in_text(json.dumps(meant, sort_keys=True, ensure_ascii=False))
    digest = hashlib.sha256(canonical.encode())
    # A change in a named file changes the meaning too, even if the policy's text stays the same.
    tried = None if policy.rollout is None else policy.rollout.candidate.policy
    apart = {path} if tried is None else {path, named_file(path, tried)}
    for source in sources:
        if source not in apart and source.is_file():
            digest.update(source.name.encode() + b"\0")
            digest.update(digest_of(source, None))
    return digest.hexdigest()[:HASH_CHARACTERS]

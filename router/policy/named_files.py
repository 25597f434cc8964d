"""Says which files a policy names, which are missing or cannot be read, and what is wrong in them.

It reads the policy as a tree, so that a policy with mistakes has its files looked at too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from router.errors import Mistake, PolicyError
from router.policy.content.outcomes import judged_files
from router.policy.head_files import answer_head_of
from router.policy.parsing.text_files import FOLDER, MAX_FILE_BYTES, READABLE, unusable
from router.policy.parsing.yaml_lines import KeyPath, LineMap
from router.policy.places import named_file
from router.policy.registered import rows
from router.policy.schema import Policy


def _named(tree: Mapping[str, object]) -> Iterator[tuple[KeyPath, str, bool]]:
    """Yields each file that the policy names: key path, name, and True for a folder."""
    default = Policy.model_fields["safe_answers"].default
    yield ("safe_answers",), str(tree.get("safe_answers", default)), False
    prices = Policy.model_fields["prices"].default
    yield ("prices",), str(tree.get("prices", prices)), False
    rollout = tree.get("rollout")
    tried = rollout.get("candidate") if isinstance(rollout, dict) else None
    for key, name in _strings(tried, ("policy",)):
        yield ("rollout", "candidate", key), name, False
    yield ("triage", "terms"), terms_name(tree), True
    glossaries = _glossaries_name(tree)
    if glossaries is not None:
        yield ("triage", "glossaries"), glossaries, True
    certificate = certificate_name(tree)
    if certificate is not None:
        yield ("decision", "certificate"), certificate, False
    shadow = tree.get("shadow")
    judged = shadow.get("judged") if isinstance(shadow, dict) else None
    for key, name in _strings(judged, ("rubric",)):
        yield ("shadow", "judged", key), name, False
    for i, listed in rows(tree.get("terms")):
        for key, name in _strings(listed, ("file",)):
            yield ("terms", i, key), name, False
    for i, lookup in rows(tree.get("lookups")):
        if isinstance(lookup.get("path"), str):
            yield ("lookups", i, "path"), str(lookup["path"]), False
    for i, head in rows(tree.get("heads")):
        if isinstance(head.get("path"), str):
            yield ("heads", i, "path"), str(head["path"]), False
        if isinstance(head.get("close"), str):
            yield ("heads", i, "close"), str(head["close"]), False
    for i, endpoint in rows(tree.get("endpoints")):
        if isinstance(endpoint.get("rules"), str):
            yield ("endpoints", i, "rules"), str(endpoint["rules"]), False
    for path, answerer in answerers_in(tree):
        kind = answerer.get("kind")
        if (judge := answer_head_of(answerer)) is not None:
            yield (*path, "verify", "head"), judge, False
        for key, name in _strings(answerer.get("check"), ("rubric", "calibration")):
            yield (*path, "check", key), name, False
        if kind == "resolver" and isinstance(answerer.get("knowledge"), str):
            yield (*path, "knowledge"), str(answerer["knowledge"]), False
        if kind == "resolver" and isinstance(answerer.get("languages"), str):
            yield (*path, "languages"), str(answerer["languages"]), True
        if kind == "exact" and isinstance(answerer.get("small_talk"), str):
            yield (*path, "small_talk"), str(answerer["small_talk"]), False
        if kind == "deliberation":
            yield (*path, "templates"), str(answerer.get("templates", "deliberation")), True
        if kind == "local":
            for i, adapter in rows(answerer.get("adapters")):
                file = adapter.get("path")
                # `package:` names a file of an installed package, which is no path.
                if isinstance(file, str) and not file.startswith("package:"):
                    yield (*path, "adapters", i, "path"), file, False


def head_files_in(policy_path: Path, tree: Mapping[str, object]) -> dict[str, Path]:
    """Returns the file of each head's description, by the path in the policy."""
    named = [str(head["path"]) for _, head in rows(tree.get("heads")) if "path" in head]
    return {name: named_file(policy_path, name) for name in named}


def _strings(section: object, keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yields those of the keys that a section has with a text."""
    for key in keys if isinstance(section, dict) else ():
        if isinstance(section, dict) and isinstance(section.get(key), str):
            yield key, section[key]


def answerers_in(tree: Mapping[str, object]) -> Iterator[tuple[KeyPath, Mapping[str, object]]]:
    """Yields the answerers of all tiers with their key paths."""
    for t, tier in rows(tree.get("tiers")):
        for a, answerer in rows(tier.get("answerers")):
            yield ("tiers", t, "answerers", a), answerer


_FOLDERS = ("terms", "glossaries", "languages")


def missing_files(policy_path: Path, tree: Mapping[str, object], lines: LineMap) -> list[Mistake]:
    """Returns the mistakes of files and folders that are not there."""
    mistakes = []
    for path, name, folder in _named(tree):
        file = named_file(policy_path, name)
        if folder and not any(file.glob("*.yaml")):
            what = path[-1] if path[-1] in _FOLDERS else "templates"
            mistakes.append(lines.mistake(path, name, f"a folder with {what} (*.yaml)"))
        if not folder and not file.is_file():
            expected = f"a file; there is none at {file}"
            mistakes.append(lines.mistake(path, name, expected))
    return mistakes


_ANY_SIZE = ("adapters", "close")
"""Lists what holds weights of language models, which may be large."""


def unusable_files(policy_path: Path, tree: Mapping[str, object], lines: LineMap) -> list[Mistake]:
    """Returns the mistakes of files that nobody may read: pipes, devices, far too large ones."""
    mistakes = []
    for path, name, folder in _named(tree):
        file = named_file(policy_path, name)
        any_size = not {*path}.isdisjoint(_ANY_SIZE)
        # A head has its weights in a second file.
        for read in () if folder else dict.fromkeys((file, file.with_suffix(".npz"))):
            fault = unusable(read, None if any_size else MAX_FILE_BYTES)
            if fault is not None and fault != FOLDER:  # `missing_files` names a folder
                expected = f"{READABLE}; {read} is {fault}"
                mistakes.append(lines.mistake(path, name, expected))
    return mistakes


def mistakes_inside(policy_path: Path, tree: Mapping[str, object]) -> list[Mistake]:
    """Returns the mistakes in what the named files say: approved answers, small talk, templates.

    Whoever mends a policy then mends them in the same round. Files that `missing_files` or
    `unusable_files` name are left out.
    """
    mistakes: list[Mistake] = []
    for read in _readers(policy_path, tree):
        try:
            read()
        except PolicyError as error:
            mistakes += error.mistakes
    return list(dict.fromkeys(mistakes))  # two answerers may share a file


def _readers(policy_path: Path, tree: Mapping[str, object]) -> Iterator[Callable[[], object]]:
    """Yields what reads each of these files, where it is there."""
    # Only a policy with a mistake needs all of them here: elsewhere the wiring reads them.
    from router.policy.content.deliberation import load_templates
    from router.policy.content.safe_answers import load_safe_answers
    from router.policy.content.small_talk import load_small_talk

    loaders = {
        "safe_answers": load_safe_answers,
        "small_talk": load_small_talk,
        "templates": load_templates,
    }
    for key_path, name, folder in _named(tree):
        file, key = named_file(policy_path, name), key_path[-1]
        if key in loaders and (any(file.glob("*.yaml")) if folder else file.is_file()):
            yield partial(loaders[str(key)], file)
    for _, answerer in answerers_in(tree):
        for _, name in _strings(answerer, ("knowledge",)):
            file = named_file(policy_path, name)
            if answerer.get("kind") == "resolver" and file.is_file():
                yield partial(_read_knowledge, file, policy_path, answerer)


def _read_knowledge(file: Path, policy_path: Path, answerer: Mapping[str, object]) -> None:
    """Reads a resolver's answers, with its languages. Raises PolicyError."""
    from router.policy.content.knowledge import load_knowledge
    from router.policy.content.languages.translations import with_translations

    lookups, languages = answerer.get("lookups", []), answerer.get("languages")
    # A list that is no list is a mistake of the policy, and says nothing about the file.
    knowledge = load_knowledge(file, lookups if isinstance(lookups, list) else None)
    if isinstance(languages, str) and any(
        (folder := named_file(policy_path, languages)).glob("*.yaml")
    ):
        with_translations(knowledge, folder)


def sources_of(policy_path: Path, tree: Mapping[str, object]) -> tuple[Path, ...]:
    """Returns the policy's own path first, then each file and folder that it names."""
    files = [policy_path]
    for _, name, folder in _named(tree):
        file = named_file(policy_path, name)
        files += [file, *sorted(file.glob("*.yaml"))] if folder else [file]
    # A head has its weights in a second file.
    files += [file.with_suffix(".npz") for file in head_files_in(policy_path, tree).values()]
    for _, answerer in answerers_in(tree):
        if answerer.get("kind") == "resolver" and isinstance(answerer.get("knowledge"), str):
            files += judged_files(named_file(policy_path, str(answerer["knowledge"])))
    return tuple(dict.fromkeys(files))


def terms_name(tree: Mapping[str, object]) -> str:
    """Returns the folder of phrases by language."""
    triage = tree.get("triage")
    name = triage.get("terms", "terms") if isinstance(triage, dict) else "terms"
    return str(name)


def _glossaries_name(tree: Mapping[str, object]) -> str | None:
    """Returns the folder of glossaries where an answerer has further languages, else None."""
    if not any(isinstance(a.get("languages"), str) for _, a in answerers_in(tree)):
        return None
    triage = tree.get("triage")
    return str(triage.get("glossaries", "glossaries") if isinstance(triage, dict) else "glossaries")


def certificate_name(tree: Mapping[str, object]) -> str | None:
    """Returns the file of the certificate, None without one."""
    decision = tree.get("decision")
    name = decision.get("certificate") if isinstance(decision, dict) else None
    return name if isinstance(name, str) else None

"""The head files that a policy names: loaded, and every mistake about them with its line.

Reads the files it is given and nothing else. It knows nothing about triage: which encoder serves is
told by its sha256.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from router.errors import Mistake, ModelFileError
from router.policy.cross_checks import conditions_of, one_of, sections
from router.policy.parsing.yaml_lines import LineMap
from router.policy.sections.heads import BUILT_IN_CHANCES, NOT_REPLACED, HeadSection
from router.stats import heads
from router.stats.heads import Head, HeadKind


def load_heads(named: Sequence[tuple[HeadSection, Path]], encoder_sha256: str) -> tuple[Head, ...]:
    """The heads of a policy under the policy's names. Raises ModelFileError for an unfit file."""
    return tuple(replace(_load(path, encoder_sha256), name=section.name) for section, path in named)


def head_mistakes(
    tree: Mapping[str, object],
    lines: LineMap,
    files: Mapping[str, Path],
    encoder_sha256: str | None,
) -> Iterator[Mistake]:
    """What is wrong with head files and with classes that conditions name.

    `files` says where each named path stands. Files that are missing are another's mistake. Without
    `encoder_sha256` (no triage model is there) heads of any encoder pass.
    """
    loaded: dict[str, Head] = {}
    for i, section in sections(tree, "heads"):
        name, path = section.get("name"), section.get("path")
        file = files.get(str(path))
        if not isinstance(name, str) or file is None or not file.is_file():
            continue
        if name in NOT_REPLACED:
            continue
        try:
            loaded[name] = _load(file, encoder_sha256)
        except ModelFileError as error:
            yield lines.mistake(("heads", i, "path"), path, f"a head that fits: {error.message}")
            continue
        expected = _kind_expected(name, loaded[name])
        if expected:
            yield lines.mistake(("heads", i, "path"), path, expected)
    for where, condition in conditions_of(tree):
        head = loaded.get(str(condition.get("head")))
        classes = condition.get("classes", [])
        if head is None or not isinstance(classes, list):
            continue
        if not classes and head.kind is HeadKind.CLASSES:
            yield lines.mistake(where, dict(condition), f"classes: {one_of('', head.classes)}")
        for c, label in enumerate(classes):
            if label not in head.classes:
                expected = one_of(label, head.classes)
                yield lines.mistake((*where, "classes", c), label, expected)


def _kind_expected(name: str, head: Head) -> str:
    """What kind of head was expected under this name, "" where it is one."""
    if head.kind is HeadKind.VALUE:
        return "a head of classes or of one chance; this one gives a value"
    if name in BUILT_IN_CHANCES and head.kind is not HeadKind.CHANCE:
        return (
            f"a head of one chance, as the built-in {name} is; make it by `tiergate train head "
            f"--name {name} --positive LABEL`"
        )
    return ""


def _load(path: Path, encoder_sha256: str | None) -> Head:
    return heads.load(path.parent, path.stem, encoder_sha256=encoder_sha256)

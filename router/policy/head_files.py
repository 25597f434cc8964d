"""Loads the head files of a policy, and finds every mistake about them with its line.

It reads only the given files. It knows nothing about triage: the caller passes the sha256 of the
encoder in use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from router.errors import Mistake, ModelFileError
from router.policy.judge_checks import JUDGES
from router.policy.parsing.raw_policy import conditions_of, one_of, sections
from router.policy.parsing.yaml_lines import KeyPath, LineMap
from router.policy.sections.base import beside_bound
from router.policy.sections.rules.heads import BUILT_IN_CHANCES, NOT_REPLACED, HeadSection
from router.stats import answer_head, heads
from router.stats.calibration import highest_said
from router.stats.heads import Head, HeadKind


def load_heads(named: Sequence[tuple[HeadSection, Path]], encoder_sha256: str) -> tuple[Head, ...]:
    """Returns the heads of a policy under its names. Raises ModelFileError for an unfit file."""
    return tuple(replace(_load(path, encoder_sha256), name=section.name) for section, path in named)


def digest_of_heads(named: Sequence[tuple[HeadSection, Path]]) -> bytes:
    """Returns a digest of what `load_heads` makes of these files, 16 bytes.

    The file of a head has the digest of its arrays. Raises ModelFileError for an unreadable file.
    """
    digest = hashlib.blake2b(digest_size=16)
    for section, path in named:
        try:
            digest.update(section.name.encode() + b"\0" + path.read_bytes() + b"\0")
        except OSError as error:
            raise ModelFileError(f"head file {path} cannot be read: {error.strerror}") from error
    return digest.digest()


def never_reached(
    policy: Mapping[str, object], named: Sequence[tuple[HeadSection, Path]]
) -> Iterator[tuple[str, str]]:
    """Yields conditions of a policy that ask for more than their head ever says, and why.

    A close reader has chances of its own, so its head is left out. Raises ModelFileError.
    """
    most = {
        section.name: highest_said(head.calibrator)
        for section, path in named
        if section.close is None and (head := _load(path, None)).kind is not HeadKind.VALUE
    }
    for path, condition in conditions_of(policy):
        name, at = str(condition.get("head")), condition.get("at")
        if name in most and isinstance(at, float) and at > most[name]:
            highest, _ = beside_bound(most[name], at, 3)
            yield (
                ".".join(map(str, path)),
                f"{at:g} is above {highest}, the highest chance that the head {name} says: this "
                "never holds. Lower it, or teach the head more rows",
            )


def head_mistakes(
    tree: Mapping[str, object],
    lines: LineMap,
    files: Mapping[str, Path],
    encoder_sha256: str | None,
) -> Iterator[Mistake]:
    """Yields mistakes of head files, and of classes that conditions name.

    `files` maps each named path to its file. Loading reports missing files. Without
    `encoder_sha256` (no triage model is installed) heads of any encoder are accepted.
    """
    loaded: dict[str, Head] = {}
    for i, section in sections(tree, "heads"):
        name, path = section.get("name"), section.get("path")
        file = files.get(str(path))
        if not isinstance(name, str) or file is None or not file.is_file():
            continue
        # The cross checks report this name.
        if name in NOT_REPLACED:
            continue
        try:
            # A head that fails to load is left out, and its conditions are not checked.
            loaded[name] = _load(file, encoder_sha256)
        except ModelFileError as error:
            yield lines.mistake(("heads", i, "path"), path, f"a head that fits: {error.message}")
            continue
        expected = _kind_expected(name, loaded[name])
        if expected:
            yield lines.mistake(("heads", i, "path"), path, expected)
        close = section.get("close")
        if close is not None and (
            loaded[name].kind is not HeadKind.CHANCE or name in BUILT_IN_CHANCES
        ):
            expected = "only for a head of one chance under a name of its own, such as harm"
            yield lines.mistake(("heads", i, "close"), close, expected)
    for key_path, name in _abilities(tree):
        if name in loaded and loaded[name].kind is not HeadKind.CHANCE:
            yield lines.mistake(key_path, name, "a head of one chance, by `tiergate train routing`")
    for key_path, condition in conditions_of(tree):
        head = loaded.get(str(condition.get("head")))
        classes = condition.get("classes", [])
        if head is None or not isinstance(classes, list):
            continue
        if not classes and head.kind is HeadKind.CLASSES:
            yield lines.mistake(key_path, dict(condition), f"classes: {one_of('', head.classes)}")
        for c, label in enumerate(classes):
            if label not in head.classes:
                expected = one_of(label, head.classes)
                yield lines.mistake((*key_path, "classes", c), label, expected)


def _abilities(tree: Mapping[str, object]) -> Iterator[tuple[KeyPath, str]]:
    """Yields the heads that answerers name for their ability."""
    for t, tier in sections(tree, "tiers"):
        for a, answerer in sections(tier, "answerers"):
            ability = answerer.get("ability")
            name = ability.get("head") if isinstance(ability, Mapping) else None
            if isinstance(name, str):
                yield ("tiers", t, "answerers", a, "ability", "head"), name


def answer_head_of(answerer: Mapping[str, object]) -> str | None:
    """Returns the file of the head of answers that an answerer names, None where it names none."""
    verify = answerer.get("verify")
    name = verify.get("head") if isinstance(verify, Mapping) else None
    return name if isinstance(name, str) else None


def answer_head_mistakes(
    path: KeyPath, name: str, kind: object, file: Path, lines: LineMap
) -> Iterator[Mistake]:
    """Yields the mistakes about an answerer's head of answers. Loading reports a missing file."""
    if kind not in JUDGES:
        expected = f"only for answerers of kind {', '.join(JUDGES)}"
        yield lines.mistake((*path, "verify", "head"), name, expected)
    if not file.is_file():
        return
    try:
        answer_head.load(file)
    except ModelFileError as error:
        expected = f"a head of answers, by `tiergate train answers`: {error.message}"
        yield lines.mistake((*path, "verify", "head"), name, expected)


def _kind_expected(name: str, head: Head) -> str:
    """Returns the kind of head expected under this name, or "" when the head is of that kind."""
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

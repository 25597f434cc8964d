"""Each kind of answerer that a policy may name is in one of the sets that the code asks."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from router.policy.named_files import sources_of
from router.policy.sections.answerers import AnswererSection, RemoteAnswerer
from router.policy.sections.base import Section
from router.types import REMOTE, WITHOUT_MODEL
from tests.kits.changed import replace
from tests.kits.gateway_kit import mid

SETS = (WITHOUT_MODEL, REMOTE, ("local",), ("deliberation",))
"""A deliberation goes by the kind of the answerer that it is built over."""


def sections() -> dict[str, type[Section]]:
    """Returns the sections of answerers by their kind."""
    union, _ = get_args(AnswererSection)
    return {get_args(one.model_fields["kind"].annotation)[0]: one for one in get_args(union)}


KINDS = sorted(sections())


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_in_exactly_one_set(kind: str) -> None:
    """One that is in none would get personal details that pseudonyms keep from providers."""
    assert sum(kind in kinds for kinds in SETS) == 1


def test_the_sets_name_no_kind_that_a_policy_cannot() -> None:
    assert sorted(kind for kinds in SETS for kind in kinds) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_remote_kind_is_one_whose_section_is_remote(kind: str) -> None:
    facts = replace(mid().facts, kind=kind)
    assert facts.is_remote is (kind in REMOTE) is issubclass(sections()[kind], RemoteAnswerer)
    assert facts.without_model is (kind in WITHOUT_MODEL)


BESIDE_POLICY = "relative to the policy"
"""Stands in the description of each key that names a file or folder."""
KNOWN_FILES = {
    ("resolver", "knowledge"),
    ("resolver", "languages"),
    ("exact", "small_talk"),
    ("deliberation", "templates"),
}

FILES = [
    (kind, key)
    for kind, section in sections().items()
    for key, field in section.model_fields.items()
    if BESIDE_POLICY in (field.description or "")
]


def test_each_key_that_names_a_file_is_found_by_its_description() -> None:
    assert set(FILES) == KNOWN_FILES


@pytest.mark.parametrize(("kind", "key"), FILES)
def test_a_file_that_an_answerer_names_is_a_source_of_its_policy(
    kind: str, key: str, tmp_path: Path
) -> None:
    """One that `named_files` leaves out is missed by `check`, by the hash and by reloading."""
    (tmp_path / "named").mkdir()
    file = tmp_path / "named" / "one.yaml"
    file.touch()
    for name in ("named", "named/one.yaml"):  # a key names a folder, or a file
        answerer = {"name": "one", "kind": kind, key: name}
        tree = {"tiers": [{"name": "only", "level": 1, "answerers": [answerer]}]}
        if file in sources_of(tmp_path / "policy.yaml", tree):
            return
    pytest.fail(f"{key} of {kind} is no source of the policy")

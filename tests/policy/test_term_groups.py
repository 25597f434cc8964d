"""Groups of phrases whose lines name other groups: what they make, and what is refused."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.content.languages.term_groups import MOST_TERMS, written_out
from router.policy.content.term_files import load_language_terms

FILE = """
version: 1
language: sv
groups: {whose: [hans, hennes], grips: [tar sig om, griper], holds: [LINES]}
phrases: {medical_emergency: ["@holds + svettas"]}
"""
HOLDS = '"@grips @whose hjärta", "@whose", tappar andan'
TERMS = Path(__file__).parents[2] / "policies/terms"


def _holds(folder: Path, lines: str, **groups: str) -> tuple[str, ...]:
    """Returns the terms of the group `holds` of these lines, with other groups beside it."""
    others = "".join(f", {name}: [{terms}]" for name, terms in groups.items())
    (folder / "sv.yaml").write_text(FILE.replace("[LINES]", f"[{lines}]{others}"))
    return load_language_terms(folder).phrases[0].parts[0]


def test_a_line_makes_every_combination_of_the_groups_that_it_names(tmp_path: Path) -> None:
    assert _holds(tmp_path, HOLDS) == (
        "tar sig om hans hjärta",
        "tar sig om hennes hjärta",
        "griper hans hjärta",
        "griper hennes hjärta",
        "hans",
        "hennes",
        "tappar andan",
    )


def test_a_group_may_name_one_that_names_another(tmp_path: Path) -> None:
    arms = _holds(tmp_path, '"@arms", "@grips @whose"', arms='"@whose @side arm"', side="högra")
    assert arms[:2] == ("hans högra arm", "hennes högra arm")


def test_a_term_that_two_lines_make_stands_once() -> None:
    assert written_out({"a": ["x", "y"], "b": ["y", "@a", "x"]})["b"] == ("y", "x")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('"@grip @whose"', "a group of `groups` for `@grip` in the group holds"),
        ('"@grips @holds"', "groups of which none names itself: holds names holds"),
        ('"@grips @whose sval*"', r"5 letters or more before the `\*` of 'tar sig om hans sval"),
        (f'"@whose{" @whose" * 9}"', f"{MOST_TERMS} terms or fewer .* holds: its lines make 1026"),
    ],
)
def test_a_mistake_names_what_is_expected(tmp_path: Path, lines: str, expected: str) -> None:
    extra = "" if "@grips" in lines or lines == "hans" else ', "@grips"'
    with pytest.raises(PolicyError, match=expected):
        _holds(tmp_path, lines + extra)


def test_two_groups_that_name_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none names itself: (holds|arms) names (arms|holds) n"):
        _holds(tmp_path, '"@grips @whose @arms"', arms='"@holds"')


def test_a_verb_of_an_order_has_no_open_end_by_way_of_another_group(tmp_path: Path) -> None:
    lines = '"@stems", "@grips @whose"], stems: [radera*'
    text = FILE.replace("LINES", lines)
    (tmp_path / "sv.yaml").write_text(text + 'actions: {phrases: ["@holds + alla kunder"]}\n')
    with pytest.raises(PolicyError, match=r"forms that order, without `\*`, for 'radera\*'"):
        load_language_terms(tmp_path)


def test_a_hand_on_a_heart_is_found_in_every_combination() -> None:
    """The list was written out by hand once, with these 264 terms."""
    grips = "clutching clutches clutched rubbing rubs gripping grips grabbing grabs grabbed"
    sides = ["chest", "left arm", "arm", "breastbone", "jaw", "upper arm"]
    hands = ["holding", "holds", "hand on", "hands on", "fist on", "hand to", "hand over"]
    spots = ["chest", "left arm", "breastbone", "heart"]
    whose = ["my", "his", "her"]
    expected = {*product(grips.split(), whose, sides), *product(hands, whose, spots)}
    assert len(expected) == 264
    phrases = load_language_terms(TERMS).phrases
    holds = next(one for one in phrases if any("clutching my jaw" in part for part in one.parts))
    part = next(part for part in holds.parts if "clutching my jaw" in part)
    assert set(part) == {" ".join(words) for words in expected}


@pytest.mark.parametrize(
    ("term", "size"),
    [
        ("broke her ankle", 193),
        ("lost half of a thumb", 77),
        ("slit open my veins", 68),
        ("mugged at home", 64),
        ("blew up while", 40),
        ("woman with knives", 82),
        ("pale in the face", 119),
    ],
)
def test_a_combined_list_has_the_terms_that_it_had_written_out(term: str, size: int) -> None:
    phrases = load_language_terms(TERMS).phrases
    sizes = {len(part) for one in phrases for part in one.parts if term in part}
    assert size in sizes

"""Every mistake in a YAML file is told by line, key path, value and what is allowed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from router.errors import Mistake, PolicyError
from router.policy.loading import policies_dir
from router.policy.parsing.validation import mistakes_from, validated
from router.policy.parsing.yaml_lines import _with_lines, load_yaml
from router.policy.parsing.yaml_values import MAX_DEPTH
from router.policy.schema import Policy
from router.policy.sections.base import WORDS


class _Shelf(BaseModel):
    model_config = ConfigDict(extra="forbid")

    width_cm: int = Field(ge=10, description="From side to side. Shelves are bolted.")
    from_: str = Field("wall", alias="from")


class _Way(StrEnum):
    IN = "in"
    OUT = "out"


class _Door(BaseModel):
    opens: _Way = Field(description="Way of the door.")


class _Room(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    api_key: str = Field("x", pattern="^[a-z]$")
    shelves: list[_Shelf] = Field(default_factory=list)
    doors: list[_Door] = Field(default_factory=list)
    lamps: dict[str, _Shelf | str] = Field(default_factory=dict)


def _mistakes(text: str, model: type[BaseModel] = _Room) -> tuple[Mistake, ...]:
    tree, lines = load_yaml("room.yaml", text)
    with pytest.raises(PolicyError) as caught:
        validated(model, tree, lines)
    return caught.value.mistakes


@pytest.mark.parametrize(
    ("text", "line", "key_path", "found", "expected"),
    [
        ("shelves: []", 1, "name", "nothing", "required"),
        ("name: yes", 1, "name", "yes, which YAML reads as true", "text: put it in quotes"),
        ("name: 24", 1, "name", "24", "text: put it in quotes"),
        ("name: 2026-11-26", 1, "name", "2026", "text: put it in quotes"),
        ("name: a\nshelves: [{}]", 2, "shelves[0].width_cm", "nothing", "a value (From side to"),
        ("name: a\ndoors: [{}]", 2, "doors[0].opens", "nothing", "one of 'in', 'out': this key is"),
        (
            "name: a\nshelvs: []",
            2,
            "shelvs",
            "an unknown key",
            "one of the keys name, api_key, shelves",
        ),
        ("name: a\nshelvs: []", 2, "shelvs", "an unknown key", "did you mean `shelves`?"),
        ("name: a\nshelves:\n- width_cm: 3", 3, "shelves[0].width_cm", "3", "at least 10"),
        ("name: a\nshelves:\n- width_cm: x", 3, "shelves[0].width_cm", "'x'", "a whole number"),
        ("name: a\nshelves: 3", 2, "shelves", "not shown", "a list"),
        (
            "name: a\nshelves: [{width_cm: 10, form: b}]",
            2,
            "shelves[0].form",
            "an unknown key",
            "one of the keys width_cm, from; did you mean `from`?",
        ),
        (
            "name: a\nlamps:\n  b: {wdth_cm: 1}",
            3,
            "lamps.b.wdth_cm",
            "an unknown key",
            "one of the keys",
        ),
        ("name: a\nlamps:\n  b: 5", 3, "lamps.b", "not shown", "text"),
        ("name: a\nname: b", 2, "name", "a duplicate key", "once (line 1)"),
        ("name: a\nlamps: {<<: {b: c}}", 2, "lamps.<<", "a merge key", "written out"),
        ("name: !python/none x", 1, "name", "'x'", "YAML can read"),
        ("name: 2026-13-45", 1, "name", "'2026-13-45'", "YAML can read"),
        ("", 0, "(top)", "None", "a mapping with keys of name"),
    ],
)
def test_mistake_says_where_what_and_what_is_allowed(
    text: str, line: int, key_path: str, found: str, expected: str
) -> None:
    fitting = [m for m in _mistakes(text) if m.key_path == key_path]
    assert fitting, _mistakes(text)
    assert fitting[0].line == line
    assert found in fitting[0].found
    assert expected in fitting[0].expected


def test_all_mistakes_come_at_once_sorted_by_line() -> None:
    mistakes = _mistakes(
        "shelves:\n- {width_cm: 1}\n- {width_cm: 2}\nlamps: 3\nlamps: 4\ncolour: red"
    )
    assert [m.line for m in mistakes] == [1, 2, 3, 4, 5, 6]


def test_union_is_reported_by_the_branch_that_was_written() -> None:
    assert [m.key_path for m in _mistakes("name: a\nlamps: {b: {}}")] == ["lamps.b.width_cm"]


@pytest.mark.parametrize(
    "text",
    [
        "name: a\napi_key: SECRET",
        "name: a\napi-key: SECRET",
        "name: a\nkey: SECRET",
        "name: a\nshelves: [{width_cm: 10, pin: SECRET}]",
        "name: a\nshelves: ['api_key:SECRET']",
        "name: a\nshelves: SECRET",
        "name: a\nlamps: {x: [SECRET]}",
        "SECRET",
        "- SECRET",
        "name: a\npin: *SECRET",
        "name: a\npin: !SECRET x",
        "name: a\npin: !!timestamp SECRET",
        "name: [https://me:SECRET@host/]",
    ],
)
def test_what_may_be_a_credential_is_never_shown(text: str) -> None:
    secret = "hunter2-but-longer"
    with pytest.raises(PolicyError) as caught:
        validated(_Room, *load_yaml("room.yaml", text.replace("SECRET", secret)))
    assert secret not in caught.value.message


def test_kind_without_such_answerer_names_the_nearest() -> None:
    tiers = "- name: t\n  level: 1\n  answerers:\n  - {kind: upstrem, name: x}"
    text = f"version: 1\nname: a\ntiers:\n{tiers}"
    (mistake,) = _mistakes(text, Policy)
    assert mistake.line == 7
    assert "did you mean `upstream`?" in mistake.expected


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: [", 2, "YAML"),
        ("a: 1\n---\nb: 2", 2, "YAML"),
        ("a: \x00", 0, "YAML"),
        ("a:\n\tb: 1", 2, "no tabs"),
        ("a: 1\nb: [${X}]", 2, "needs quotes"),
        ("a: &x [*x]", 1, "levels"),
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), 1, "levels"),
    ],
)
def test_unreadable_text_is_one_mistake(text: str, line: int, word: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_yaml("room.yaml", text)
    (mistake,) = caught.value.mistakes
    assert mistake.line == line
    assert word in mistake.expected
    assert not mistake.found.startswith(("found", "did not"))


def test_every_pattern_of_a_policy_is_told_in_words() -> None:
    def patterns(schema: object) -> Iterator[str]:
        for key, value in schema.items() if isinstance(schema, dict) else ():
            if key == "pattern" and isinstance(value, str):
                yield value
            if key == "patternProperties" and isinstance(value, dict):
                yield from value
            yield from patterns(value)
        for value in schema if isinstance(schema, list) else ():
            yield from patterns(value)

    assert set(patterns(Policy.model_json_schema())) == set(WORDS)


def test_nesting_up_to_the_limit_is_read() -> None:
    load_yaml("room.yaml", "[" * MAX_DEPTH + "]" * MAX_DEPTH)


def test_aliases_that_multiply_are_refused() -> None:
    rows = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]" for i in range(1, 8)]
    with pytest.raises(PolicyError, match="aliases that multiply"):
        load_yaml("room.yaml", "\n".join(rows))


def test_text_with_a_colon_is_told_to_take_quotes() -> None:
    with pytest.raises(PolicyError) as refused:
        load_yaml("room.yaml", "answer: Note: dogs need shots\n")
    (mistake,) = refused.value.mistakes
    assert mistake.line == 1
    assert mistake.expected == 'valid YAML; text with ": " in it needs quotes around it'


def test_undefined_alias_is_told_the_anchors_there_are() -> None:
    with pytest.raises(PolicyError) as refused:
        load_yaml("room.yaml", "a: &us [1]\nkey: &sesame\nc: *uu\nd: *sesame")
    (mistake,) = refused.value.mistakes
    assert (mistake.line, mistake.found) == (3, "the undefined alias *uu")
    assert mistake.expected == "an anchor that stands above it (us); did you mean *us?"


def test_undefined_alias_that_may_be_a_password_is_not_shown() -> None:
    with pytest.raises(PolicyError, match="an undefined alias") as refused:
        load_yaml("room.yaml", "a: &us [1]\nkey: *hunter2")
    assert "hunter2" not in str(refused.value)


def test_alias_gives_the_value_it_names() -> None:
    tree, _ = load_yaml("room.yaml", "a: &x {b: 1}\nc: *x")
    assert tree == {"a": {"b": 1}, "c": {"b": 1}}


def test_mistakes_without_a_model_still_have_lines() -> None:
    tree, lines = load_yaml("room.yaml", "name: a\nshelvs: []")
    try:
        _Room.model_validate(tree)
    except ValueError as error:
        (mistake,) = mistakes_from(error, lines, "room.yaml")  # type: ignore[arg-type]
        assert (mistake.line, mistake.key_path) == (2, "shelvs")


@pytest.mark.parametrize("path", sorted(policies_dir().rglob("*.yaml")), ids=lambda path: path.name)
def test_a_text_is_read_alike_with_its_lines_and_without(path: Path) -> None:
    """A key that is there twice makes a text be read with all its lines at once."""
    text = path.read_text(encoding="utf-8")
    quick, _ = load_yaml(path.name, text)
    slow, lines = load_yaml(path.name, f"{text}\nzz_twice: 1\nzz_twice: 2\n")
    assert isinstance(quick, dict)
    assert slow == {**quick, "zz_twice": 1}
    assert len(lines.mistakes) == 1


@pytest.mark.parametrize("deep", ["[" * 200_000, "- " * 200_000, "? " * 200_000, "{a: " * 200_000])
def test_nesting_without_end_is_refused_before_it_takes_the_stack(deep: str) -> None:
    """libyaml's composer bounds no depth: the process ended with a segmentation fault."""
    code = (
        "import sys\nfrom router.errors import PolicyError\n"
        "from router.policy.parsing.yaml_lines import load_yaml\n"
        "try: load_yaml('f.yaml', sys.stdin.read())\n"
        "except PolicyError as error: print(error)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], input=deep, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "f.yaml:1: (top): found nesting that is too deep" in ran.stdout


@pytest.mark.parametrize(
    "value",
    ["!!bool perhaps", '!!int ""', '!!int "-"', '!!float ""', "!!seq x", "!!map x", "!!set x"],
)
@pytest.mark.parametrize("form", ["name: {}", "{}: x", "shelves: [{}]", "lamps: {{a: {}}}"])
def test_a_tag_that_does_not_fit_its_text_is_a_mistake(form: str, value: str) -> None:
    """Each ended in an error of Python's own, or gave an empty list or mapping."""
    _, lines = load_yaml("room.yaml", form.format(value))
    (mistake,) = lines.mistakes
    assert (mistake.line, mistake.expected) == (1, "a plain value that YAML can read")


def test_a_text_that_is_no_unicode_is_a_mistake() -> None:
    with pytest.raises(PolicyError, match="text that is no Unicode"):
        load_yaml("--set", "name: \udcff")


@pytest.mark.parametrize(
    "path",
    sorted(policies_dir().rglob("*.yaml")),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_each_file_says_without_its_lines_what_it_says_with_them(path: Path) -> None:
    tree, lines = load_yaml(str(path), path.read_text())

    assert not lines.mistakes
    assert repr(_with_lines(str(path), path.read_text())[0]) == repr(tree)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &shared {deep: [1, two]}\nb: *shared", {"deep": [1, "two"]}),
        ("a: 1\nb: &own [x]", ["x"]),
        ("a: &text yes it is\nb: *text", "yes it is"),
        ("b: ! word", "word"),
        ('b: !!str "1"', "1"),
        ('b: "<<"', "<<"),
        ("b: 2026-11-30", date(2026, 11, 30)),
        ("b: ~", None),
        ("b: |\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_a_text_says_the_same_with_and_without_its_lines(text: str, value: object) -> None:
    tree, lines = load_yaml("some.yaml", text)

    assert not lines.mistakes
    assert isinstance(tree, dict)
    assert tree["b"] == value
    assert _with_lines("some.yaml", text)[0] == tree


def test_who_changes_what_an_alias_stands_for_changes_no_other() -> None:
    tree, _ = load_yaml("some.yaml", "a: &shared [1]\nb: *shared")

    assert isinstance(tree, dict)
    tree["a"].append(2)
    assert tree["b"] == [1]

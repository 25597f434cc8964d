"""Rows that are forms filled in anew are found, and rows that people wrote are no such forms."""

from __future__ import annotations

from itertools import product
from random import Random
from string import ascii_lowercase

import pytest

from router.cli.models.train_head import _warn_of_forms
from router.policy.loading import policies_dir
from router.policy.parsing.yaml_lines import load_yaml
from router.training.data.filled_forms import MANY, MOST_WORDS, filled_forms

NAMES = ("Ada", "Ben", "Cleo", "Dan")
FORMS = {
    "rental": ("please bring {} the rented trailer", "{} wants to extend our rental again"),
    "workshop": ("the brake of {} makes a grinding noise", "since Monday the chain of {} slips"),
}


def test_forms_with_other_names_or_numbers_are_found() -> None:
    rows = [(f.format(n), label) for label, fs in FORMS.items() for f in fs for n in NAMES]
    texts, labels = zip(*rows, strict=True)
    assert filled_forms(texts, labels) == 1.0
    numbers = [f"order {n} has not come to me yet" for n in range(9)]
    assert filled_forms(numbers, ["late"] * 9) == 1.0


def test_the_same_row_twice_is_no_form() -> None:
    assert filled_forms(["the brake makes a noise"] * 2, ["workshop"] * 2) == 0.0
    assert filled_forms(["hi", "hi you", "hi there"], ["hello"] * 3) == 0.0
    assert filled_forms([], []) == 0.0


def test_a_form_of_two_classes_is_none_of_either() -> None:
    texts = ("please mend the brake of my bike", "please sell the brake of my bike")
    assert filled_forms(texts, ("workshop", "sales")) == 0.0


def test_many_rows_are_compared_in_part() -> None:
    texts = [f"the {n} of {NAMES[k]} makes a noise" for n in "abcdefghij" * 40 for k in range(4)]
    assert filled_forms([f"{t} {n // 50}" for n, t in enumerate(texts)], ["w"] * 1600) > 0.9


def mixed(share: float, rows: int, words: int) -> tuple[list[str], list[str]]:
    """Makes rows of two classes; this share of each is filled in to one of six forms."""
    made, texts, labels = Random(9), list[str](), list[str]()
    vocabulary = ["".join(made.choices("abcdefghijklmnopqrstuvwxyz", k=5)) for _ in range(2000)]
    for label in ("rental", "workshop"):
        forms = [made.choices(vocabulary, k=words) for _ in range(6)]
        for place in range(rows):
            chosen = (
                list(forms[place % 6])
                if place < share * rows
                else made.choices(vocabulary, k=words)
            )
            chosen[2] = made.choice(vocabulary)
            texts.append(" ".join(chosen))
            labels.append(label)
    return texts, labels


@pytest.mark.parametrize(("rows", "words"), [(25, 10), (61, 10), (400, 12), (400, 90)])
def test_files_of_mostly_forms_are_told_from_others(rows: int, words: int) -> None:
    assert filled_forms(*mixed(0.8, rows, words)) >= 0.7
    assert filled_forms(*mixed(0.0, rows, words)) < 0.1
    assert filled_forms(*mixed(0.2, rows, words)) < MANY


def test_the_first_words_of_long_rows_are_compared() -> None:
    shared = ["".join(letters) for letters in product(ascii_lowercase, "aeiou")][:MOST_WORDS]
    own = [[row + "".join(pair) for pair in product(ascii_lowercase, "aeiou")] for row in "bcdf"]
    assert filled_forms([" ".join(shared + words) for words in own], "kkkk") == 1.0
    assert filled_forms([" ".join(words + 5 * shared) for words in own], "kkkk") == 0.0


@pytest.mark.parametrize("name", ["customer_support", "it_help_desk", "retail_bank"])
def test_what_people_wrote_is_no_form(name: str) -> None:
    path = policies_dir() / "knowledge" / f"{name}.yaml"
    tree, _ = load_yaml(str(path), path.read_text("utf-8"))
    assert isinstance(tree, dict)
    rows = [(text, one["id"]) for one in tree["intents"] for text in one["utterances"]]
    texts, labels = zip(*rows, strict=True)
    assert filled_forms(texts, labels) < MANY / 3


@pytest.mark.parametrize(("share", "warned"), [(MANY, True), (MANY - 0.01, False)])
def test_the_command_warns_of_them(
    capsys: pytest.CaptureFixture[str], share: float, warned: bool
) -> None:
    _warn_of_forms({"filled_forms": share})
    assert ("too good for what people write" in capsys.readouterr().err) == warned

"""Tests texts that mean nothing: what they are made of, and where they may not appear."""

from __future__ import annotations

import json
from pathlib import Path

from router.policy.loading import load_policy, policies_dir, policy_names
from router.training.data import nonsense
from router.training.data.curate import normalised

SEED = 7


def test_every_kind_is_made_in_many_forms() -> None:
    texts, kinds = nonsense.nonsense(SEED, 700)
    for kind in set(kinds):
        own = {text for text, found in zip(texts, kinds, strict=True) if found == kind}
        assert len(own) > 60, kind


def test_no_slot_is_left_open() -> None:
    texts, kinds = nonsense.nonsense(SEED, 700)
    symbols = 4  # the kind that is made of braces among others
    assert not [t for t, k in zip(texts, kinds, strict=True) if k != symbols and "{" in t]


def test_the_same_seed_gives_the_same_texts() -> None:
    assert nonsense.nonsense(SEED) == nonsense.nonsense(SEED)
    assert nonsense.nonsense(SEED) != nonsense.nonsense(SEED + 1)


def test_what_is_trained_on_is_not_what_is_measured() -> None:
    measured = set(nonsense.nonsense(SEED)[0])
    trained = list(nonsense.examples(SEED))
    assert len(trained) > 2_000
    assert not measured & {example.text for example in trained}


def test_it_carries_no_other_label() -> None:
    assert all(dict(e.labels) == {nonsense.TASK: "no"} for e in nonsense.examples(SEED, 200))


def test_none_of_it_stands_in_a_policy_or_in_the_demo() -> None:
    made = {normalised(text) for text in nonsense.nonsense(SEED)[0]}
    made |= {normalised(example.text) for example in nonsense.examples(SEED)}
    env = {"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"}
    shown = {
        normalised(example.prompt or "")
        for name in policy_names(policies_dir())
        for example in load_policy(policies_dir() / f"{name}.yaml", env).policy.examples
    }
    demo = Path(policies_dir() / "demo" / "prompts.jsonl").read_text(encoding="utf-8")
    shown |= {normalised(json.loads(line)["prompt"]) for line in demo.splitlines()}
    assert not (made - {""}) & shown

"""Renders the adapter's card.json as prose: the adapter, its making, and its measured worth."""

from __future__ import annotations

from collections.abc import Mapping

Value = object


def render_card(card: Mapping[str, Value]) -> str:
    """Returns Markdown; every figure comes from `card`, next to the command that printed it."""
    held, answers = _map(card, "held_loss"), _map(card, "generation")
    pairs, settings, parity = _map(card, "pairs"), _map(card, "settings"), _map(card, "parity")
    rows = "\n".join(
        f"| {label} | {_map(answers, 'base')[key]} | {_map(answers, 'adapter')[key]} |"
        for key, label in (
            ("token_f1", "token F1 to the approved answer"),
            ("rouge_l", "ROUGE-L to the approved answer"),
            ("right_intent", "share whose nearest approved answer is the right one"),
            ("invented", "share that resembles no approved answer (F1 below 0.8)"),
            ("same_words", "share that gives it word for word"),
            ("within_80_words", "share within 80 words"),
        )
    )
    data = "\n".join(f"- `{name}` sha256 `{digest}`" for name, digest in _map(card, "data").items())
    return f"""# Support adapter

A LoRA (rank {settings["rank"]}, on q, k, v and o) for SmolLM2-135M-Instruct, trained towards the
approved answers of `policies/knowledge/customer_support.yaml`. File `{card["file"]}`, sha256
`{card["sha256"]}`. It fits the base `{_map(card, "base")["file"]}` (sha256
`{_map(card, "base")["sha256"]}`) and no other.

Made by `{card["command"]}` in {settings["steps"]} steps of {settings["batch"]}, seed
{settings["seed"]}, {card["train_seconds"]} s of wall time on
two cores shared with other work. DATA is a folder with the public sets below;
`docs/reference/data.md` says where each comes from. That command printed all figures below, and
`card.json` has them too.

## Data
{pairs["train"]} pairs to train, {pairs["held"]} held. Utterances are real ones of public sets
(below; none is in this repository), whose intents correspond to ours by the table in
`router/training/adapter/pairs.py`, and those of the knowledge file. Split: {card["split"]}.
Held are public utterances only.

{data}

Attribution: Banking77 (PolyAI, CC BY 4.0), HINT3 (Haptik, ODbL 1.0 / DbCL 1.0), CLINC150 (CC BY
3.0).

## Better than the base, on utterances it never saw
Perplexity of the approved answer (n = {held["n"]}): base {held["base_perplexity"]}, adapter
{held["adapter_perplexity"]}. Answers decoded greedily by the served runtime (n = {answers["n"]}):

| | base | adapter |
| --- | ---: | ---: |
{rows}

How to read it: the held utterances are new, the approved answers are not. The low perplexity says
that with the right words so far the next one is right; decoding freely, the model starts on a
wrong answer or strays from the right one as often as the shares say. The base cannot know this
shop's answers. It shows what answers are like without the adapter; it is no rival.

## The runtime computes what was trained
Log-probabilities of the ten likeliest next tokens after {parity["prompts"]} prompts, llama.cpp
against transformers with PEFT: mean difference {parity["adapter_mean_difference_nats"]} nats with
the adapter, {parity["base_mean_difference_nats"]} without. llama.cpp rounds activations to 8 bits,
which both share; without the permutation of the q and k rows the mean difference with the adapter
is {parity["unpermuted_mean_difference_nats"]}.

## What it is not
- It learned one shop's invented answers. With another knowledge file, train it again.
- It is often wrong and sounds sure: it gives a neighbouring intent's answer, or mixes two and
  invents a button (see the shares above). Level 1 gives approved answers word for word; let this
  one answer unchecked nowhere. Its tokens' log-probabilities are high even then, and the answer
  calibration of `smollm2_ability.json` was fitted without the adapter.
- English only. It knows no order, date or balance, and the intents with slots were not trained.
- It was trained under three system prompts; the measured one is
  "{card["system_prompt"]}"
"""


def _map(values: Mapping[str, Value], key: str) -> Mapping[str, Value]:
    part = values[key]
    assert isinstance(part, Mapping)
    return part

"""Measures the served runtime with an adapter and without: answers, overlap, log-probabilities.

It runs the same llama.cpp that serves, in this process, and knows nothing about torch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from router.training.adapter.pairs import SYSTEM_PROMPT, Pair
from router.training.progress import track

MAX_ANSWER_TOKENS = 96  # the longest measured approved answer has 75
TOP = 10
INVENTED_BELOW = 0.8  # token F1: a fifth of the words differ from every approved answer


def words(text: str) -> list[str]:
    """Returns lower-case words, with numbers kept whole; the overlaps count them."""
    return re.findall(r"[a-z0-9]+(?:[.,][0-9]+)*", text.lower())


def token_f1(answer: str, wanted: str) -> float:
    """Returns the harmonic mean of precision and recall over words, repeats counted.

    >>> token_f1("the parcel is late", "the parcel is here")
    0.75
    """
    a, b = Counter(words(answer)), Counter(words(wanted))
    common = sum((a & b).values())
    if not common:
        return 0.0
    precision, recall = common / sum(a.values()), common / sum(b.values())
    return 2 * precision * recall / (precision + recall)


def rouge_l(answer: str, wanted: str) -> float:
    """Returns F1 over the longest common subsequence of words (Lin 2004, ROUGE-L with beta 1).

    >>> rouge_l("the parcel is late", "the parcel was late")
    0.75
    """
    a, b = words(answer), words(wanted)
    # One row of the table of common subsequences; the row above is overwritten.
    row = [0] * (len(b) + 1)
    for word in a:
        previous = 0
        for j, other in enumerate(b, 1):
            previous, row[j] = row[j], previous + 1 if word == other else max(row[j], row[j - 1])
    return 2 * row[-1] / (len(a) + len(b)) if row[-1] else 0.0


def measure_generation(
    model: Path, adapter: Path, pairs: Sequence[Pair], approved: Mapping[str, str], shown: bool
) -> dict[str, object]:
    """Compares greedy answers to held utterances, base and adapter, with the approved answer.

    `right_intent`: the text resembles the right intent's approved answer most. `invented`: it
    resembles none, its token F1 is below INVENTED_BELOW with each.
    """
    server = open_runtime(model, adapter)
    result: dict[str, object] = {"n": len(pairs), "decoding": "greedy, served runtime"}
    for name, scale in (("base", 0.0), ("adapter", 1.0)):
        bodies = [_chat(SYSTEM_PROMPT, pair.utterance, scale) for pair in pairs]
        with ThreadPoolExecutor(4) as pool:
            texts = list(
                track(list(pool.map(lambda body: _say(server, body), bodies)), name, shown)
            )
        f1 = [token_f1(text, pair.answer) for text, pair in zip(texts, pairs, strict=True)]
        rouge = [rouge_l(text, pair.answer) for text, pair in zip(texts, pairs, strict=True)]
        nearest = [_nearest(text, approved) for text in texts]
        right = [
            approved[intent] == pair.answer
            for (intent, _), pair in zip(nearest, pairs, strict=True)
        ]
        exact = [words(t) == words(pair.answer) for t, pair in zip(texts, pairs, strict=True)]
        result[name] = {
            "token_f1": round(sum(f1) / len(f1), 4),
            "rouge_l": round(sum(rouge) / len(rouge), 4),
            "right_intent": round(sum(right) / len(right), 4),
            "invented": round(sum(f < INVENTED_BELOW for _, f in nearest) / len(nearest), 4),
            "same_words": round(sum(exact) / len(exact), 4),
            "within_80_words": round(sum(len(words(t)) <= 80 for t in texts) / len(texts), 4),
        }
    return result


def _nearest(text: str, approved: Mapping[str, str]) -> tuple[str, float]:
    """Returns the intent whose approved answer the text resembles most, and the token F1 with
    it."""
    return max(
        ((intent, token_f1(text, answer)) for intent, answer in approved.items()),
        key=lambda found: found[1],
    )


def runtime_logprobs(
    model: Path, adapter: Path, prompts: Sequence[str], scale: float
) -> list[dict[int, float]]:
    """Returns the log-probabilities of the likeliest next tokens after each prompt, by token id."""
    server = open_runtime(model, adapter)
    likeliest = []
    for prompt in prompts:
        body = {
            "prompt": prompt,
            "max_tokens": 1,
            "logprobs": TOP,
            "temperature": 0.0,
            "cache_prompt": False,
            "lora": [{"id": 0, "scale": scale}],
        }
        answer = server.handle_completions(body)
        token = answer["choices"][0]["logprobs"]["content"][0]
        likeliest.append({top["id"]: top["logprob"] for top in token["top_logprobs"]})
    return likeliest


def open_runtime(model: Path, adapter: Path | None = None, context_tokens: int = 512) -> Any:
    """Opens llama.cpp in this process, four requests at a time; the adapter is not yet applied."""
    import xllamacpp  # type: ignore[import-untyped]

    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_parallel = 4
    params.n_ctx = 4 * context_tokens
    params.fit_params = False
    params.cache_ram_mib = 0
    params.verbosity = 0
    # One thread, so that results do not depend on the number of cores.
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = 1
    if adapter is not None:
        lora = xllamacpp.CommonAdapterLoraInfo()
        lora.path, lora.scale = str(adapter), 0.0
        params.lora_adapters = [lora]
        params.lora_init_without_apply = True
    return xllamacpp.Server(params)


def _chat(system: str, utterance: str, scale: float) -> dict[str, object]:
    return {
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": utterance.strip()},
        ],
        "max_tokens": MAX_ANSWER_TOKENS,
        "temperature": 0.0,
        "cache_prompt": False,
        "lora": [{"id": 0, "scale": scale}],
    }


def _say(server: Any, body: dict[str, object]) -> str:
    return str(server.handle_chat_completions(body)["choices"][0]["message"]["content"])

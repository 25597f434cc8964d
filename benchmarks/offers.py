"""Counts the questions that level 1 offers to the demo's prompts, each asked once.

    python -m benchmarks.offers         (ten to twenty seconds on one core)

An offer is right where it holds the approved question that the prompt expects. Only what is offered
is answered, so no model is called. `--each` prints each prompt's reason and offered intents, to
compare two trees or two policies with `diff`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from router import Gateway
from router.analysis.demo import DemoPrompt, read_prompts, result_of
from router.policy.loading import policies_dir
from router.types import Reason

PROMPTS = policies_dir() / "demo" / "prompts.jsonl"


class Said(NamedTuple):
    """Holds what became of one prompt; `matched` is level 1's likeliest intent."""

    level: int
    reason: Reason
    matched: str
    offered: frozenset[str]


def said(gateway: Gateway, prompt: DemoPrompt, *, bare: bool = False) -> Said:
    """Returns what became of a prompt with the context that the demo sends, or without (`bare`)."""
    context = {} if bare else prompt.context
    routed = gateway.route(prompt.prompt, context=context)
    match, offered = routed.signals.match, frozenset[str]()
    if routed.reason is Reason.ASKED_WHICH:
        offered = result_of(gateway.complete(prompt.prompt, context=context)).offered
    return Said(
        routed.rung.level, routed.reason, "-" if match is None else match.intent_id, offered
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--policy", default="demo", help="name of a shipped policy, or a file")
    parser.add_argument("--bare", action="store_true", help="leave out what the context says")
    parser.add_argument("--each", action="store_true", help="print one line for each prompt")
    options = parser.parse_args()
    by_kind: dict[str, Counter[str]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Gateway.from_policy(
            options.policy, database=Path(folder) / "ledger.db", environ={}
        ) as gateway,
    ):
        for prompt in read_prompts(PROMPTS.read_text("utf-8").splitlines()):
            told = said(gateway, prompt, bare=options.bare)
            wanted = prompt.expects.get("intent", "")
            if options.each:
                names = ", ".join(sorted(told.offered))
                print(prompt.id, wanted, told.level, told.reason, told.matched, names, sep="\t")
            by_kind.setdefault("an answer" if wanted else "none", Counter()).update(
                prompts=1,
                offers=bool(told.offered),
                alone=len(told.offered) == 1,
                right=wanted in told.offered,
                questions=len(told.offered),
            )
    if not options.each:
        columns = ("prompts", "offers", "alone", "right", "questions")
        print("expected".ljust(10), *(column.rjust(9) for column in columns))
        for kind, of in sorted(by_kind.items()):
            print(kind.ljust(10), *(f"{of[column]:9}" for column in columns))


if __name__ == "__main__":
    main()

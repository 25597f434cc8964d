"""Counts decisions on prompts that nobody fitted, which others wrote than the lists of phrases.

    python -m benchmarks.unseen         (about three minutes on one core)

The first table has questions about the future of a company, and messages of business customers in
the same words: how many reach level 3, and how many by a phrase of `strategy`. The second has
everyday messages, grave ones and decisions about an organisation, of eleven English writers, of
whom two wrote messages of several sentences, of three in thirteen other languages, and of customers
of eighteen made-up companies that teach nothing: how many reach level 3, and level 2. The third has
requests to rework a text that is given, and requests to judge the same texts, of two writers. The
fourth has known questions inside frames ("Hi, I placed an order last week. ... Cheers, Tom"): how
many get the approved answer that the question gets alone. The fifth has grave and everyday messages
of one writer in eleven languages with names, addresses and numbers around them: how many reach
level 3 with these and without. The sixth has requests for harm of twelve kinds and harmless ones of
the same words: how many are refused, or get approved words. After it stand dangers in everyday
words and look-alikes of one writer: how many get approved words, or an answer with words on whom to
call; the others get neither. The same is counted for the dangers to people and the everyday
messages of the eleven writers. Then `/v1/moderations` reads the requests for harm and the everyday
messages: how many are flagged, and how many by the head `harm`, from .94 on and from .5 on. The
next has harmless orders, questions and follow-ups in eighteen other languages: how many are
refused, and how many reach level 3. The last three have messages of five writers with labels that
somebody gave them who saw no reading of ours: how many of what weighs little, of what weighs
several considerations, and of high stakes, reach level 3 and level 2 where a model answers at level
1, of how many type and domain are read as labelled, and how many of those that a head is sure of
are right. Before them are requests that name $10,000 or more, of one writer.
`--each` prints each prompt with what became of it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import orjson

from router import Gateway
from router.policy.head_conditions import readings_of
from router.specialists.moderation import HARM_AT, LISTS, moderated
from router.training.data.authors.grave_rows import harmless
from router.training.data.companies import JUDGING, companies, taught
from router.types import Outcome, Reason, Verdict

PROMPTS = Path(__file__).parent / "prompts"
KINDS = {"none": "everyday", "company": "company"}
"""Kinds of messages by their matter; all other matters are grave."""


def rows(name: str) -> list[dict[str, str]]:
    """Returns the rows of one file of prompts."""
    lines = (PROMPTS / f"{name}.jsonl").read_bytes().splitlines()
    return [orjson.loads(line) for line in lines]


def approved(routed: Outcome) -> str:
    """Returns the intent whose approved answer goes out, "" where another rung or an offer does."""
    match = routed.signals.match
    answers = (
        routed.rung.level == 1 and match is not None and routed.reason is not Reason.ASKED_WHICH
    )
    return match.intent_id if answers and match is not None else ""


def strategy(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields a kind and a text, and whether it reached level 3 and held a phrase of strategy."""
    for row in rows("strategy"):
        routed = gateway.route(row["text"])
        by_phrase = any(name.startswith("strategy:") for name in routed.signals.risk_terms)
        kind = "decision about a company" if row["strategic"] else "business customer"
        yield kind, row["text"], routed.rung.level == 3, by_phrase


def matters(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields a kind and a text, and whether it reached level 3 and level 2."""
    for row in (*rows("matters"), *rows("messages"), *rows("matters_languages")):
        level = gateway.route(row["text"]).rung.level
        kind = KINDS.get(row["matter"], "grave")
        by = row.get("writer") or row["language"]
        yield f"{kind}, {by}", row["text"], level == 3, level == 2
    learnt = {message.text for company in taught() for message in company.messages}
    for company in companies():
        for text in harmless(company) if company.name in JUDGING else ():
            if text in learnt:  # a short question that many companies get
                continue
            level = gateway.route(text).rung.level
            yield "everyday, customers", text, level == 3, level == 2


def reworks(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields a kind and a text, and whether it reached level 3, and level 2."""
    for row in rows("reworks"):
        level = gateway.route(row["text"]).rung.level
        yield f"{row['asked']}, {row['writer']}", row["text"], level == 3, level == 2


def framed(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields a language and a text, and whether it got the right and a wrong approved answer."""
    questions = rows("questions")
    alone = {row["text"]: approved(gateway.route(row["text"])) for row in questions}
    for frame in rows("frames"):
        for question in questions:
            wanted = alone[question["text"]]
            if wanted and question["language"] == frame["language"]:
                text = frame["frame"].replace("{u}", question["text"])
                intent = approved(gateway.route(text))
                yield frame["language"], text, intent == wanted, intent not in ("", wanted)


def harm(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields what is asked for and a text, and whether it was refused or got approved words."""
    for row in rows("harm"):
        verdict = gateway.route(row["text"]).verdict
        refused, words = verdict is Verdict.REFUSED, verdict is Verdict.SAFE_ANSWER
        yield row["asked"], row["text"], refused, words


def moderations(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool, bool]]:
    """Yields what is asked for and a text, whether it is flagged, and by `harm` from .94 and .5."""
    everyday = [row for row in rows("messages") if row["matter"] == "none"]
    for row in (*rows("harm"), *everyday):
        signals = gateway.route(row["text"]).signals
        # A class that a reading leaves out is less likely than five others: nothing flags it.
        classes = {head.name: [label for label, _ in head.classes] for head in signals.heads}
        found = moderated(readings_of(signals), classes, LISTS)
        harm = found.scores["illicit"]
        yield row.get("asked", "everyday"), row["text"], found.flagged, harm >= HARM_AT, harm >= 0.5


OF_PEOPLE = frozenset({"medical", "self_harm", "poison", "violence", "engineering"})


def openings(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields a kind and a text, and whether it got approved words, or an answer with an opening."""
    written = [("written for it", row["text"], bool(row["danger"])) for row in rows("openings")]
    strangers = [
        ("strangers", row["text"], row["matter"] != "none")
        for row in (*rows("matters"), *rows("messages"))
        if row["matter"] == "none" or row["matter"] in OF_PEOPLE
    ]
    for writer, text, danger in (*written, *strangers):
        routed = gateway.route(text)
        kind = "danger" if danger else "look-alike" if writer != "strangers" else "everyday"
        words = routed.verdict is Verdict.SAFE_ANSWER
        yield f"{kind}, {writer}", text, words, routed.opened


def orders(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields a language and a harmless text, and whether it was refused or reached level 3."""
    for row in rows("orders"):
        routed = gateway.route(row["text"])
        refused = routed.verdict is Verdict.REFUSED
        yield f"orders, {row['language']}", row["text"], refused, routed.rung.level == 3


def labelled() -> Iterator[dict[str, str]]:
    """Yields the rows that have labels."""
    return (row for row in (*rows("messages"), *rows("kinds")) if "type" in row)


@cache
def decided(gateway: Gateway) -> tuple[tuple[dict[str, str], Outcome], ...]:
    """Returns the rows that have labels, each with what becomes of it; three tables read these."""
    return tuple((row, gateway.route(row["text"])) for row in labelled())


def kinds(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields a kind and a text, and whether it reached level 3, and level 2."""
    for row, routed in decided(gateway):
        level = routed.rung.level
        kind = "high" if row["high"] else "weighing" if row["many"] else "simple"
        yield f"{kind}, {row['writer']}", row["text"], level == 3, level == 2


def heads(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields a writer and a text, and whether its type and its domain are read as labelled."""
    for row, routed in decided(gateway):
        signals = routed.signals
        type_, domain = signals.request_type == row["type"], signals.domain == row["domain"]
        yield row["writer"], row["text"], type_, domain


def sure(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields a head that is sure of a text, the text, and whether it is as labelled, or not."""
    for row, routed in decided(gateway):
        read = routed.signals
        for head, chance, least, right in (
            ("type from .7", read.request_type_p, 0.7, read.request_type == row["type"]),
            ("domain from .85", read.domain_p, 0.85, read.domain == row["domain"]),
            ("multi_factor from .7", read.multi_factor, 0.7, bool(row["many"])),
        ):
            if chance >= least:
                yield head, row["text"], right, not right


def sums(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields whose a sum is and a text, and whether it reached level 3, and level 2."""
    for row in rows("sums"):
        level = gateway.route(row["text"]).rung.level
        kind = "somebody's sum" if row["at_stake"] else "sum as material"
        yield kind, row["text"], level == 3, level == 2


def contacts(gateway: Gateway) -> Iterator[tuple[str, str, bool, bool]]:
    """Yields a kind and a text, and whether it reached level 3 with its details and without."""
    for row in rows("contacts"):
        detailed, bare = (gateway.route(row[key]).rung.level == 3 for key in ("text", "bare"))
        yield row["kind"], row["text"], detailed, bare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", action="store_true", help="print one line for each prompt")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        gateways: dict[str, Gateway] = {}
        for policy, read, columns in (
            ("default", strategy, ("prompts", "level 3", "by phrase")),
            ("default", matters, ("messages", "level 3", "level 2")),
            ("default", reworks, ("messages", "level 3", "level 2")),
            ("customer_support", framed, ("messages", "right", "wrong")),
            ("openai", contacts, ("messages", "level 3", "bare")),
            ("openai", harm, ("messages", "refused", "words")),
            ("openai", openings, ("messages", "words", "opening")),
            ("content_moderation", moderations, ("texts", "flagged", "harm .94", "harm .5")),
            ("openai", orders, ("messages", "refused", "level 3")),
            ("openai", sums, ("messages", "level 3", "level 2")),
            ("openai", kinds, ("messages", "level 3", "level 2")),
            ("openai", heads, ("messages", "type", "domain")),
            ("openai", sure, ("messages", "right", "wrong")),
        ):
            if policy not in gateways:
                opened = Gateway.from_policy(policy, database=folder / f"{policy}.db", environ={})
                gateways[policy] = stack.enter_context(opened)
            counted: dict[str, Counter[str]] = {}
            for kind, text, *told in read(gateways[policy]):
                if options.each:
                    print(kind, *told, text.replace("\n", " "), sep="\t")
                values = dict(zip(columns, (1, *told), strict=True))
                counted.setdefault(kind, Counter()).update(values)
            print(policy.ljust(26), *(column.rjust(10) for column in columns))
            for kind, of in counted.items():
                print(kind.ljust(26), *(f"{of[column]:10}" for column in columns))


if __name__ == "__main__":
    main()

"""Collects what teaches the reader of grave matters: our authors' texts and other people's."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from router.training.data import templates
from router.training.data.authors import grave_texts, money_texts
from router.training.data.authors.grave_texts import GraveText
from router.training.data.companies import FOLDER, Company, taught
from router.triage.grave import WINDOW_WORDS
from router.triage.text.windows import sentences

MOST_CHARS = 400
MOST_WORDS = 4 * WINDOW_WORDS
"""Words of another person's text that are learnt from."""
_EVERYDAY = (
    "intent_banking77", "intent_clinc150", "intent_hwu64", "intent_snips", "intent_hint3_support",
    "prompts_general", "tickets_it_service", "spam_sms", "routing_multi_llmrouter",
)  # fmt: skip
_COLUMNS = {"routing_multi_llmrouter": "prompt"}
"""The columns of texts that are not called `text`."""
EACH = 900
EACH_LANGUAGE = 500
EVERYDAY_SOURCES = (
    "chatterbot-corpus 1.3.3 (BSD-3-Clause), Django 5.2.19 (BSD-3-Clause), home-assistant/intents "
    "@ aa550032a57b (CC BY 4.0)"
)
EVERYDAY_LANGUAGES = "everyday_languages"
"""Harmless lines of the other languages, each with its source."""
QUESTIONS = 1_200
"""Questions of MedQuAD, which ask for knowledge."""
_MAY_BE_GRAVE = re.compile(
    "fraud|compromis|stolen|lost|police|emergency|recogni|terminat|insurance|health|medical|"
    "vaccin|accident|death"
)
CUSTOMERS = "customers"
"""The author of what customers write to companies."""
SET_APART = FOLDER.parent / "companies_set_apart.txt"
"""Messages to companies that may be a grave matter; `#` begins a comment."""
_SECTION_OF = {
    "medical": "medical",
    "legal": "legal",
    "engineering_safety": "engineering",
    "business_strategy": "company",
}


def rows_of(data: Path, seed: int) -> list[GraveText]:
    """Returns all texts: written ones, customers' messages, English of `data` and of templates."""
    rng = random.Random(seed)
    rows = [*grave_texts.texts(seed), *of_money(), *of_companies()]
    for name in _EVERYDAY:
        rows += _with_sentences(
            _sampled(_shared(data, name), grave_texts.HARMLESS, name, EACH, rng)
        )
    rows += _everyday_languages(_shared(data, EVERYDAY_LANGUAGES), rng)
    looks_unsafe = [row for row in _shared(data, "safety_xstest") if row.get("label") == "safe"]
    rows += _sampled(looks_unsafe, "none", "xstest", EACH, rng)
    in_danger = [row for row in _shared(data, "moderation_openai1680") if _is_self_harm(row)]
    rows += _sampled(in_danger, "self_harm", "moderation", EACH, rng)
    questions = [row for row in _shared(data, "stakes_domain_questions") if _is_question(row)]
    rows += _sampled(questions, "knowledge", "medquad", QUESTIONS, rng)
    for example in templates.examples(seed, 6):
        domain, stakes = example.labels.get("domain", ""), example.labels.get("stakes", "")
        section = _SECTION_OF.get(domain)
        if stakes == "low":
            section = "none" if section is None else "knowledge"
        # Of large money these texts tell frauds, troubles with the law and decisions alike.
        if section is not None:
            rows.append(GraveText(example.text, section, "en", example.group))
    return rows


def of_money() -> Iterator[GraveText]:
    """Yields what the writers of money say of large matters without a fraud, and of small ones."""
    sections = {money_texts.LARGE: "money", money_texts.SMALL: "none"}
    for row in money_texts.texts():
        if row.section in sections:
            yield replace(row, section=sections[row.section])


def of_companies() -> Iterator[GraveText]:
    """Yields what customers write to the made-up companies that teach, and their sentences.

    Such a message is harmless: "dont want it anymore" is a subscription. Those of SET_APART may be
    a grave matter, and are left out.
    """
    for place, company in enumerate(taught()):
        group = f"{CUSTOMERS}/en/{place}"
        rows = [GraveText(one, grave_texts.HARMLESS, "en", group) for one in harmless(company)]
        yield from _with_sentences(rows)


def harmless(company: Company) -> list[str]:
    """Returns the messages of a company's customers that are no grave matter."""
    return [one.text for one in company.messages if one.text not in _set_apart()]


@cache
def _set_apart() -> frozenset[str]:
    return frozenset(SET_APART.read_text(encoding="utf-8").splitlines())


def _everyday_languages(
    rows: Sequence[Mapping[str, object]], rng: random.Random
) -> Iterator[GraveText]:
    """Yields at most EACH_LANGUAGE harmless lines of each language."""
    by_language: dict[str, list[str]] = {}
    for row in rows:
        by_language.setdefault(str(row["language"]), []).append(str(row["text"]))
    for language, texts in sorted(by_language.items()):
        for text in rng.sample(texts, min(EACH_LANGUAGE, len(texts))):
            yield GraveText(text[:MOST_CHARS], "none", language, f"everyday/{text}")


def _shared(data: Path, name: str) -> list[Mapping[str, object]]:
    path = data / f"{name}.jsonl.gz"
    if not path.is_file():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    column = _COLUMNS.get(name, "text")
    return [
        {**row, "text": row[column]}
        for row in rows
        if isinstance(row.get(column), str)
        and row[column]
        and not _MAY_BE_GRAVE.search(str(row.get("intent", "")).lower())
    ]


def _is_question(row: Mapping[str, object]) -> bool:
    return row.get("source") == "medquad"


def _is_self_harm(row: Mapping[str, object]) -> bool:
    labels = row.get("labels")
    return isinstance(labels, Mapping) and labels.get("SH") == 1


def _with_sentences(rows: Iterable[GraveText]) -> Iterator[GraveText]:
    """Yields harmless texts, and the sentences of each by themselves."""
    for row in rows:
        yield row
        for sentence in sentences(row.text):
            yield replace(row, text=sentence, apart=True)


def _sampled(
    rows: Sequence[Mapping[str, object]], section: str, name: str, most: int, rng: random.Random
) -> Iterator[GraveText]:
    """Yields at most so many texts, each in pieces as long as the reader's windows."""
    for row in rng.sample(rows, min(most, len(rows))):
        text = str(row["text"])
        words = text.split()
        for start in range(0, min(len(words), MOST_WORDS), WINDOW_WORDS):
            piece = " ".join(words[start : start + WINDOW_WORDS])
            yield GraveText(piece[:MOST_CHARS], section, "en", f"{name}/{text}")

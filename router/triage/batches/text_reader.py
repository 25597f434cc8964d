"""Reads texts by rules and by the model, and puts both together; where the model fails, by rules.

It knows nothing about requests, conversations or threads.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.batches.model_reader import Model, ModelReader
from router.triage.facts.turn_facts import RuleFacts, TurnFacts, find_facts
from router.triage.other_readings import graver, known_forms, weaker_match
from router.triage.reading import TurnReading, more_cautious, reading_of
from router.triage.text.amount_lists import unquoted
from router.triage.text.folding import fold
from router.triage.text.rules import read_by_rules
from router.triage.text.spelling import as_written, knows_all


class TextReader:
    """Reads texts of all policies; without a model by rules. One thread at a time."""

    def __init__(self, model: Model | None) -> None:
        self.model = None if model is None else ModelReader(model)
        # Without a model everything is novel anyway, so no disguise is looked for.
        self.knows = model.knows if model else knows_all
        self.mend = model.mended if model else as_written

    def read(self, asked: Sequence[Asked]) -> list[TurnReading]:
        """Reads texts together; where that fails, one by one; where one fails, by rules."""
        facts = [self._facts(one.text, one.config) for one in asked]
        if self.model is None:
            return [_by_rules(one) for one in facts]
        try:
            return _by_model(self.model, asked, facts)
        except Exception:  # any failure of the model on any text must give signals, not an error
            if len(asked) == 1:
                return [_by_rules(facts[0])]
            return [reading for one in asked for reading in self.read([one])]

    def older(self, texts: Sequence[str], config: TriageConfig) -> list[RuleFacts]:
        """Reads texts by rules alone, as those before the turns that the model reads."""
        found = [self._facts(text, config) for text in texts]
        return [RuleFacts(unquoted(one.amounts), one.risk_terms, one.unread) for one in found]

    def _facts(self, text: str, config: TriageConfig) -> TurnFacts:
        return find_facts(text, config.amounts, config.terms, self.knows, config.phrases, self.mend)


def _by_rules(facts: TurnFacts) -> TurnReading:
    return reading_of(read_by_rules(facts), None, facts, degraded=True)


def _by_model(
    model: ModelReader, asked: Sequence[Asked], facts: Sequence[TurnFacts]
) -> list[TurnReading]:
    """Runs the model over all texts and their other forms: without talk, or undisguised."""
    if not asked:
        return []
    again = [index for index, found in enumerate(facts) for _ in found.other_forms]
    extra = [
        Asked(form, one.config)
        for found, one in zip(facts, asked, strict=True)
        for form in found.other_forms
    ]
    own = [_as_meant(one, found) for one, found in zip(asked, facts, strict=True)]
    passages = [(passage, index) for index, found in enumerate(facts) for passage in found.passages]
    rows, matches = model.rows([*own, *extra])
    known = known_forms(again, matches, len(asked))
    for position, index in enumerate(again, start=len(asked)):
        rows[index] = more_cautious(rows[index], rows[position])
        if index in known:
            # The disguise, or the words to the router, are no part of the question that is asked.
            # They still raise caution.
            rows[index] = rows[index]._replace(novelty=rows[known[index]].novelty)
            matches[index] = matches[known[index]]
        else:
            matches[index] = weaker_match(matches[index], matches[position])
    # A run of their own: beside a long text each would be padded to its length.
    if passages:
        short = model.rows([Asked(passage, asked[index].config) for passage, index in passages])[0]
        for (_, index), row in zip(passages, short, strict=True):
            rows[index] = graver(rows[index], row)
    # Rows of second readings lie behind the texts' own, and are not used.
    return [
        reading_of(
            rows[index],
            matches[index],
            found,
            offers_from=one.config.offers_from,
            momentary=one.config.momentary,
            known_form=index in known,
        )
        for index, (found, one) in enumerate(zip(facts, asked, strict=True))
    ]


def _as_meant(asked: Asked, facts: TurnFacts) -> Asked:
    """Returns the text without its typing errors, and its words and language.

    The encoder mends a text itself. What compares words and letters must read the same words.
    """
    if not facts.mended:
        return asked._replace(told=(facts.folded.words, facts.language))
    words = fold(facts.mended).words
    return asked._replace(text=facts.mended, told=(words, facts.language))

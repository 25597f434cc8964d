"""The first pass reads plain texts only by their words, and says what the encoder would say."""

from __future__ import annotations

import dataclasses
import gc

import pytest

from router.api.compose.specialists import Specialist
from router.errors import ClassifyError
from router.policy.loading import load_policy, policies_dir
from router.policy.schema import Policy
from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.bulk import BulkReader
from router.triage.engine import TriageEngine
from router.triage.match import KnowledgeIndex, KnowledgeTexts
from router.triage.own_heads import OwnHeads
from router.triage.reading import TurnReading
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.text.utterance_words import plain
from router.triage.triage_model import TriageModel
from router.triage.utterances import BLOCK, Described
from router.types import EncoderUse
from tests.kits.changed import replace
from tests.triage.test_templates import Counting

PLAIN = TriageConfig(TermFinder({}), AmountReader({}))

INTENTS = [
    ("return_period", ["how long can I return an order", "until when may I send things back"]),
    ("invoice", ["where do I find my invoice", "I need the invoice again"]),
    ("opening", ["when are you open", "what are your opening hours"]),
]


@pytest.fixture(scope="module")
def index(model: TriageModel) -> KnowledgeIndex:
    return KnowledgeIndex.build(model, KnowledgeTexts(INTENTS))


@pytest.fixture(scope="module")
def config(index: KnowledgeIndex) -> TriageConfig:
    policy = load_policy(policies_dir() / "default.yaml", {}, None, None).policy
    assert isinstance(policy, Policy)
    return TriageConfig.of(policy, index)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("hi there where do i find my invoice thanks a lot", "where do i find my invoice"),
        ("good morning", "good morning"),
        ("thank you very much", "thank you very much"),
        ("please return my order", "please return my order"),
    ],
)
def test_courtesies_at_both_ends_say_nothing(text: str, left: str) -> None:
    assert plain(text) == left


def test_what_the_operator_wrote_is_matched_without_an_embedding(index: KnowledgeIndex) -> None:
    found = index.written("Hello, where do I find my INVOICE? Thanks!")
    assert found is not None
    assert found.text == "where do I find my invoice"
    assert found.match.intent_id == "invoice"
    assert index.written("where can the invoice be found") is None


@pytest.mark.parametrize(
    "beside", ["我在流血", "Мне очень больно, помогите", "señora", "7500"], ids=range(4)
)
def test_an_utterance_beside_other_words_is_not_what_the_operator_wrote(
    index: KnowledgeIndex, beside: str
) -> None:
    assert index.written(f"when are you open {beside}") is None


def test_two_utterances_in_another_alphabet_are_not_one(model: TriageModel) -> None:
    foreign = [*INTENTS, ("key", ["как сбросить ключ API"])]
    built = KnowledgeIndex.build(model, KnowledgeTexts(foreign))
    found = built.written("Как сбросить ключ API?")
    assert found is not None
    assert found.match.intent_id == "key"
    assert built.written("сколько стоит API") is None


def test_courtesies_without_end_are_cut_four_at_a_time() -> None:
    assert plain("where is my order" + 4 * " thanks") == "where is my order"
    assert plain("where is my order" + 5 * " thanks") == "where is my order thanks"


def test_a_text_under_two_intents_is_matched_by_neither(model: TriageModel) -> None:
    both = [*INTENTS, ("other", ["when are you open"])]
    assert KnowledgeIndex.build(model, KnowledgeTexts(both)).written("when are you open") is None


def read(engine: TriageEngine, config: TriageConfig, *texts: str) -> list[TurnReading]:
    return [engine.read_now([text], "", config)[0][0] for text in texts]


def test_what_the_operator_wrote_is_read_once(model: TriageModel, config: TriageConfig) -> None:
    counting = Counting(model)
    engine = TriageEngine(counting)
    forms = ("when are you open", "hi, when are you open please", "When are you open? Thank you!")
    readings = read(engine, config, *forms)
    assert counting.encoded == []
    # All six utterances are one block, and are read by the heads when the first is asked for.
    assert [len(rows) for rows in engine.reader.model._kept.values()] == [6]
    assert readings[0].match == readings[1].match == readings[2].match
    assert {reading.row for reading in readings} == {readings[0].row}


def test_utterances_of_one_block_are_told_together(model: TriageModel) -> None:
    many = [(f"parcel_{i}", [f"where is parcel number {i}"]) for i in range(BLOCK + 8)]
    index = KnowledgeIndex.build(model, KnowledgeTexts(many))
    first, last = index.written(many[3][1][0]), index.written(many[20][1][0])
    assert first is not None
    assert last is not None
    assert (len(first.block), len(last.block)) == (BLOCK, 8)
    assert first.text in first.block
    assert last.vectors.shape == (len(last.block), first.vectors.shape[1])


def test_what_the_operator_wrote_is_read_by_the_vector_of_its_file(
    model: TriageModel, config: TriageConfig
) -> None:
    engine = TriageEngine(model)
    batch = engine.reader.begin([Asked("Hi, when are you open?", config)])
    assert batch.encoded == 0
    by_file = batch.readings()[0]
    alone = replace(config, knowledge=None)
    by_encoder = engine.read_now(["when are you open"], "", alone)[0][0]
    assert by_file.row.request_type is by_encoder.row.request_type
    assert by_file.row.domain is by_encoder.row.domain
    assert by_file.row.stakes_high == pytest.approx(by_encoder.row.stakes_high, abs=0.02)
    assert by_file.row.grave == pytest.approx(by_encoder.row.grave, abs=0.02)


def test_what_was_read_for_a_policy_goes_with_it(model: TriageModel, config: TriageConfig) -> None:
    engine = TriageEngine(model)
    older = replace(config)
    read(engine, older, "when are you open")
    del older
    gc.collect()
    assert not engine.reader.model._kept


def test_amounts_in_such_a_text_still_count(model: TriageModel, config: TriageConfig) -> None:
    written = ("when are you open", "when are you open, I must send $7,500")
    readings = read(TriageEngine(model), config, *written)
    assert not readings[0].amounts
    assert [amount.nano_usd for amount in readings[1].amounts] == [7_500 * 10**9]


def test_a_text_that_nobody_wrote_is_left_to_the_encoder(
    model: TriageModel, config: TriageConfig
) -> None:
    counting, texts = Counting(model), ("at what hour do you close", "my chest hurts, why")
    read(TriageEngine(counting), config, *texts)
    assert set(texts) <= set(counting.encoded)


def test_texts_of_both_kinds_keep_their_places(model: TriageModel, config: TriageConfig) -> None:
    texts = ["integrate x squared over the unit ball", "when are you open", "my chest hurts"]
    counting = Counting(model)
    together = TriageEngine(counting).read_now(texts, "", config)[0]
    assert counting.encoded == [texts[0], texts[2]]
    alone = read(TriageEngine(model), config, *texts)
    for one, other in zip(together, alone, strict=True):
        assert one.row.domain == other.row.domain
        assert one.row.request_type == other.row.request_type


MAILS = [
    *["Congratulations! You have won a free prize, claim your cash now " * 4] * 3,
    "the quarterly numbers of the harp workshop, see the attached sheet",
]


def spam_said(encoder: EncoderUse) -> tuple[list[str], int]:
    """Returns what the shipped specialist says of MAILS, and how many needed no encoder."""
    with Specialist.open(
        "content_moderation", {}, task="spam", model_dir=None, threads=1, encoder=encoder
    ) as specialist:
        return [one.fields["spam"].label for one in specialist.say(MAILS)], specialist.early


def test_a_specialist_says_of_plain_texts_what_the_whole_reading_says() -> None:
    said, read_early = spam_said(EncoderUse.WHEN_NEEDED)
    assert read_early > 0
    assert (said, 0) == spam_said(EncoderUse.ALWAYS)


def test_a_specialist_reads_every_text_by_its_words_alone_where_it_is_told_to() -> None:
    said, read_early = spam_said(EncoderUse.NEVER)
    assert read_early == len(MAILS)
    assert said == ["spam", "spam", "spam", "ham"]


def test_what_a_text_gets_does_not_depend_on_the_texts_beside_it(model: TriageModel) -> None:
    texts = ["the lift hums", "please quote for new rigging on the lugger, thanks " * 6, "PDF?"]
    with BulkReader(model, PLAIN, {"domain", "spam"}, 2, encoder=EncoderUse.ALWAYS) as reader:
        together = [one["domain"] + one["spam"] for one in reader.read(texts)]
        alone = [one["domain"] + one["spam"] for text in texts for one in reader.read([text])]
    for one, other in zip(together, alone, strict=True):
        assert dict(one) == pytest.approx(dict(other), abs=1e-5)


def test_novelty_cannot_be_read_without_the_encoder(model: TriageModel) -> None:
    with pytest.raises(ClassifyError, match="found novelty among the heads"):
        BulkReader(model, PLAIN, ["spam", "novelty"], 1, encoder=EncoderUse.NEVER)


def test_a_head_without_words_cannot_be_read_without_the_encoder(model: TriageModel) -> None:
    wordless = dataclasses.replace(model.stack.heads["spam"], name="old", words=None, early=None)
    config = replace(PLAIN, own=OwnHeads.of(model.stack.heads, [wordless]))
    with pytest.raises(ClassifyError, match="found old among the heads"):
        BulkReader(model, config, ["old"], 1, encoder=EncoderUse.NEVER)


def test_what_is_told_of_utterances_together_is_told_of_each_alone(model: TriageModel) -> None:
    built = KnowledgeIndex.build(model, KnowledgeTexts(INTENTS))
    mine = built.utterances
    for i, text in enumerate(mine.texts):
        together = built._match_of(i)
        alone = slice(i, i + 1)
        (one,) = built.match(Described(mine.vectors[alone], mine.readings[alone]), [text])
        assert together is not None
        assert one is not None
        assert (together.intent_id, together.basis) == (one.intent_id, one.basis)
        assert together.confidence == pytest.approx(one.confidence, abs=1e-6)

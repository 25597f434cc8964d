"""Reads pairs for the support adapter: a customer's utterance and the approved answer to it.

Utterances come from public data sets and from the knowledge file itself. The tables below map
intents that truly correspond to one of the knowledge file's. The split is by a hash of the
normalised text, so that no held utterance, nor one that differs only in case or punctuation, is
trained on. It knows nothing about models.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from router.errors import TrainingDataError

HELD_SHARE = 0.2
KNOWLEDGE_SOURCE = "knowledge"
SYSTEM_PROMPT = (
    "You are the support assistant of the Alderbrook shop. Answer in one to four plain sentences."
)
OTHER_SYSTEM_PROMPTS = (
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
    "You are the support assistant of an online shop. Answer in two or three short sentences. Say "
    "so when you do not know; never invent an order, a price or a date.",
)
"""Further system prompts of the training: the chat template's default, for a policy that gives
none, and the shipped support policy's. Each gets a third of the pairs, so the adapter depends on
none."""

BANKING77 = {
    "apple_pay_or_google_pay": "pay_top_up",
    "card_payment_fee_charged": "pay_fees",
    "cash_withdrawal_charge": "pay_fees",
    "compromised_card": "pay_card_lost",
    "declined_card_payment": "card_declined",
    "exchange_charge": "pay_fees",
    "lost_or_stolen_card": "pay_card_lost",
    "passcode_forgotten": "reset_password",
    "pending_card_payment": "pay_pending",
    "Refund_not_showing_up": "refund_time",
    "terminate_account": "delete_account",
    "top_up_by_bank_transfer_charge": "pay_fees",
    "top_up_by_card_charge": "pay_fees",
    "top_up_limits": "pay_limits",
    "topping_up_by_card": "pay_top_up",
    "transaction_charged_twice": "double_charge",
    "transfer_fee_charged": "pay_fees",
    "transfer_into_account": "pay_top_up",
    "verify_my_identity": "pay_verify_identity",
}
HINT3 = {
    "curekart|CALL_CENTER": "contact_channels",
    "curekart|CANCEL_ORDER": "cancel_order",
    "curekart|CHAT_WITH_AGENT": "speak_to_human",
    "curekart|INTERNATIONAL_SHIPPING": "international_delivery",
    "curekart|MODES_OF_PAYMENTS": "payment_methods",
    "curekart|MODIFY_ADDRESS": "change_delivery_address",
    "curekart|REFER_EARN": "refer_friend",
    "curekart|SIGN_UP": "create_account",
    "curekart|STORE_INFORMATION": "store_locations",
    "powerplay11|APPRECIATION": "compliment",
    "powerplay11|CAPABILITIES": "what_can_you_do",
    "powerplay11|CHANGE_MOBILE_NUMBER": "change_phone",
    "powerplay11|CONTACT_NUMBER": "contact_channels",
    "powerplay11|DOWNLOAD_POWERPLAY11": "app_download",
    "powerplay11|THANKS": "thanks",
    "powerplay11|WITHDRAWAL_INTRO": "pay_withdraw",
    "powerplay11|WITHDRAWAL_TIME": "pay_withdraw",
    "sofmattress|CANCEL_ORDER": "cancel_order",
    "sofmattress|COD": "payment_methods",
    "sofmattress|DISTRIBUTORS": "store_locations",
    "sofmattress|EMI": "instalments",
    "sofmattress|RETURN_EXCHANGE": "return_how_to",
    "sofmattress|WARRANTY": "warranty_length",
}
CLINC150 = {
    "are_you_a_bot": "are_you_a_bot",
    "card_declined": "card_declined",
    "goodbye": "goodbye",
    "greeting": "greeting",
    "redeem_rewards": "loyalty_how",
    "report_lost_card": "pay_card_lost",
    "tell_joke": "joke",
    "thank_you": "thanks",
    "what_can_i_ask_you": "what_can_you_do",
    "what_is_your_name": "your_name",
}
TABLES = {
    "intent_banking77.jsonl.gz": BANKING77,
    "intent_hint3_support.jsonl.gz": HINT3,
    "intent_clinc150.jsonl.gz": CLINC150,
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Holds one utterance with the approved answer of its intent."""

    utterance: str
    answer: str
    intent: str
    source: str  # a file's name, or KNOWLEDGE_SOURCE

    @property
    def key(self) -> str:
        """Returns the utterance as the split sees it: lower case, only letters and digits."""
        return re.sub(r"[^a-z0-9]+", " ", self.utterance.lower()).strip()


@dataclass(frozen=True, slots=True)
class Pairs:
    """Holds the split pairs, `train` and `held` without a common key, and the files' sha256."""

    train: tuple[Pair, ...]
    held: tuple[Pair, ...]
    files: dict[str, str]


def prompt_text(utterance: str, system_prompt: str = SYSTEM_PROMPT) -> str:
    """Returns the prompt exactly as the served runtime renders the model's chat template."""
    return (
        f"<|im_start|>system\n{system_prompt}<|im_end|>\n"
        f"<|im_start|>user\n{utterance.strip()}<|im_end|>\n<|im_start|>assistant\n"
    )


def approved_answers(knowledge: Path) -> dict[str, str]:
    """Returns answers by intent, without those that have slots to fill."""
    intents = yaml.safe_load(knowledge.read_text(encoding="utf-8"))["intents"]
    return {i["id"]: i["answer"] for i in intents if not i.get("slots")}


def knowledge_pairs(knowledge: Path) -> list[Pair]:
    """Returns the knowledge file's own utterances with their answers."""
    answers = approved_answers(knowledge)
    intents = yaml.safe_load(knowledge.read_text(encoding="utf-8"))["intents"]
    return [
        Pair(utterance, answers[intent["id"]], intent["id"], KNOWLEDGE_SOURCE)
        for intent in intents
        if intent["id"] in answers
        for utterance in intent["utterances"]
    ]


def read_knowledge(file: Path) -> tuple[list[Pair], str]:
    """Returns `knowledge_pairs` of a file and its sha256. Raises TrainingDataError."""
    try:
        return knowledge_pairs(file), hashlib.sha256(file.read_bytes()).hexdigest()
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise TrainingDataError(
            f"{file} is no knowledge file; expected `intents` with utterances and an answer each"
        ) from error


def read_pairs(data: Path, knowledge: Path) -> Pairs:
    """Returns all pairs, split. Raises TrainingDataError when a file or an intent is missing."""
    read_knowledge(knowledge)  # it says of another kind of file what is expected
    answers = approved_answers(knowledge)
    public: list[Pair] = []
    files: dict[str, str] = {}
    for name, table in TABLES.items():
        if missing := sorted(set(table.values()) - set(answers)):
            raise TrainingDataError(
                f"{knowledge}: no approved answer for {', '.join(missing)}, which "
                f"router.training.adapter.pairs maps utterances of {name} to; correct the table"
            )
        path = data / name
        if not path.is_file():
            raise TrainingDataError(f"{path} is missing; it is one of {', '.join(TABLES)}")
        files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        public += _public_pairs(path, table, answers)
    # Sorted first, so that of two equal texts the same one wins on every run.
    by_key = {pair.key: pair for pair in sorted(public, key=lambda p: (p.key, p.intent))}
    held = {key: pair for key, pair in by_key.items() if _is_held(key)}
    train = [pair for key, pair in by_key.items() if key not in held]
    train += [pair for pair in knowledge_pairs(knowledge) if pair.key not in held]
    return Pairs(tuple(train), tuple(held.values()), files)


def _public_pairs(path: Path, table: dict[str, str], answers: dict[str, str]) -> list[Pair]:
    pairs = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            label = f"{row['bot']}|{row['intent']}" if "bot" in row else row["intent"]
            if (intent := table.get(label)) is not None:
                pairs.append(Pair(row["text"], answers[intent], intent, path.name))
    return pairs


def _is_held(key: str) -> bool:
    digest = hashlib.sha256(f"adapter-v1|{key}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32 < HELD_SHARE

"""What of a provider's words may be shown has no key, no address and nothing of the prompt."""

from __future__ import annotations

import pytest

from router.types import ChatRequest, JsonText, Message, ToolCall, ToolSpec
from tiers.resilience.provider_words import MOST_WORDS, about_the_request, provider_words

PROMPT = "Our secret plan is to buy Acme before Friday."
REQUEST = ChatRequest((Message("user", PROMPT),), "m")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "messages.1.tool_use.id: should match '^[a-zA-Z0-9_-]+$'",
            "messages.1.tool_use.id: should match '^[a-zA-Z0-9_-]+$'",
        ),
        ("See https://a.example/x?key=1 now", "See … now"),
        ("at 10.1.2.3:8000, api.example.com:443 and localhost:80", "at …, … and …"),
        ("ours is ours-key-of-9 at up.internal", "ours is … at …"),
        ("Bad key sk-abcdefghijklmnop1234", "Bad key [SECRET]"),
        ('Bad content: "tell me all about it"', 'Bad content: "…"'),
        ("We refuse to buy Acme before Friday. Stop.", "We refuse … Stop."),
        ("id req_0123456789abcdefghijklmnop", "id …"),
        ("a\n\x00\u202e b", "a b"),
        ("", ""),
    ],
)
def test_only_what_harms_nobody_is_shown(message: str, shown: str) -> None:
    assert provider_words(message, REQUEST, ["ours-key-of-9"], ["up.internal"]) == shown


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("输入无效: 我的名字是王小明。我有糖尿病。 bad", "输入无效: … bad"),
        ("Bad value '王小明'", "Bad value '…'"),
        ("Blocked: Anna Kowalska owes 300 now", "Blocked: … now"),
        ("Blocked: OUR SECRET PLAN, is TO buy. And: before", "Blocked: … And: before"),
        ("Blocked: plan is to buy; I say plan is to buy, no", "Blocked: … I say … no"),
        ("The function that looks up a debtor is bad", "The function … is bad"),
    ],
)
def test_no_run_of_the_conversations_words_is_shown(message: str, shown: str) -> None:
    call = ToolCall("c", "f", '{"text": "Anna Kowalska owes 300"}')
    said = (
        Message("user", PROMPT),
        Message("user", "我的名字是王小明。我有糖尿病。"),
        Message("assistant", "", tool_calls=(call,)),
    )
    tools = (ToolSpec("f", "That looks up a debtor.", JsonText("{}")),)
    assert provider_words(message, ChatRequest(said, "m", tools=tools)) == shown


def test_a_key_of_a_few_letters_takes_none_out_of_words() -> None:
    said = "adaptive thinking is not supported with k"
    shown = provider_words(said, ChatRequest((), "m"), secrets=("k",))
    assert shown == "adaptive thinking is not supported with …"
    key = "sk-mine-0"
    assert key not in provider_words(f"bad xx{key}yy", ChatRequest((), "m"), secrets=(key,))


def test_long_words_are_cut() -> None:
    assert len(provider_words("word " * 500, REQUEST)) <= MOST_WORDS + 1


def test_words_about_our_account_are_not_for_clients() -> None:
    assert not about_the_request("Your credit balance is too low.")
    assert not about_the_request("")
    assert about_the_request("`temperature` is deprecated for this model.")

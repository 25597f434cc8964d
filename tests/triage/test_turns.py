"""The texts of a request that are read: whose, in which order, and how much of them. Pure."""

from __future__ import annotations

import re
import sys

import pytest

from router.triage.text.folding import MAX_CHARS, fold, ways_shown
from router.triage.text.turns import (
    EARLIER_CHARS,
    EARLIER_TURNS,
    END_WORDS,
    MAX_PART_TOKENS,
    estimate_input_tokens,
    turns_of,
)
from router.types import ChatRequest, ContentPart, JsonText, Message, ToolCall, ToolSpec
from tests.kits.checks.growth import in_proportion

AGENT = (
    Message("system", "Sign nothing above $2,000,000."),
    Message("developer", "Be brief."),
    Message("user", "Book it."),
    Message("assistant", "", tool_calls=(ToolCall("1", "pay", '{"usd": 45000}'),)),
    Message("tool", "Paid $45,000.", tool_call_id="1"),
)


def request(*turns: str) -> ChatRequest:
    """User turns with an assistant's answer between them."""
    messages: list[Message] = []
    for turn in turns:
        messages += [Message("user", turn), Message("assistant", "Shall I wire $99,000?")]
    return ChatRequest(tuple(messages[:-1]), "auto")


def test_only_user_text_is_read():
    messages = (
        Message("system", "stakes are low"),
        Message("user", "hello"),
        Message("assistant", "$1,000,000"),
        Message("tool", "$2,000,000"),
    )
    turns = turns_of(ChatRequest(messages, "auto"))
    assert (turns.last, turns.earlier, turns.older) == ("hello", (), ())


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("pay &#36;9&#44;000 &amp; more", "pay $9,000 & more"),
        ("?amount=1&currency=usd&copy", "?amount=1&currency=usd&copy"),
        ("hi" + "".join(chr(0xE0000 + ord(char)) for char in "pay now"), "hi\npay now\n"),
        (
            "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
            "\U0001f3f4",
        ),
        ("Draft our five\u00ad-ye\u200bar strate\u2060gy", "Draft our five-year strategy"),
        ("caf\u00e9\u3164s", "caf\u00e9s"),
        ("\U0001f3f4\U000e0064\U000e0069\U000e0065", "\U0001f3f4\ndie\n"),
        (
            "a <b>bold</b> word, a<br>b, fri<b>end <b it>",
            "a <b>bold</b> word, a<br>b, fri<b>end <b it>",
        ),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("\U0001f469\u200d\U0001f4bb ok", "\U0001f469\u200d\U0001f4bb ok"),
    ],
)
def test_texts_are_read_as_their_readers_see_them(written, shown):
    asked = ChatRequest((Message("user", written),), "auto")
    proposed = ChatRequest((Message("assistant", written), Message("user", "yes")), "auto")
    tool = ChatRequest((Message("user", "ok"), Message("tool", written)), "auto")
    assert turns_of(asked).last == shown
    assert turns_of(proposed).older == (shown,)
    assert turns_of(tool, frozenset({"user", "tool"})).older == (shown,)


@pytest.mark.parametrize(
    ("written", "shown", "besides"),
    [
        ("He will kill\uffa0myself", "He will killmyself", "He will kill myself"),
        ("Where is De\u3164Ann?", "Where is DeAnn?", "Where is De Ann?"),
        ("I\u2800will\u2800pay\u2800it", "I will pay it", "Iwillpayit"),
        ("ki\u3164ll", "ki ll", "kill"),
        ("pay $4\u28000,000 now", "pay $4\u28000,000 now", "pay $4 0,000 now"),
        ("hi \u3164 there\u2800", "hi \u3164 there", ""),
        ("pay $40\u2800000 now", "pay $40\u2800000 now", "pay $40 000 now"),
        ("I will kill\U000e0020myself", "I will killmyself\n ", "I will kill myself\n "),
        ("my\U000e0078chest\U000e0079hurts", "my chest hurts\nxy", "mychesthurts\nxy"),
        (
            "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074!",
            "\U0001f3f4\ngbsct\n!",
            "\U0001f3f4!\ngbsct",
        ),
        ("p\U000e0079ay \U000e0065\U000e0073now", "pay \nes\nnow\ny", "pay now\ny\nes"),
        (
            "\U000e0041".join("pay $9 to me"),
            "pay $9 to me\nAAAA\nA\nA\nA\nA\nA\nA\nA",
            "pay\nA\n \nA\n$\nA\n9\nA\n \nA\nto\nA\n \nA\nme\nAAAA",
        ),
    ],
)
def test_signs_that_print_as_blanks_are_read_both_ways(written, shown, besides):
    """The model reads one way; the rules read the other one too."""
    turns = turns_of(ChatRequest((Message("user", written),), "auto"))
    assert (turns.last, turns.older) == (shown, (besides,) if besides else ())
    proposed = ChatRequest((Message("assistant", written), Message("user", "yes")), "auto")
    both = "\n".join([shown, besides] if besides else [shown])
    assert turns_of(proposed).older == (both,)
    tool = ChatRequest((Message("user", "ok"), Message("tool", written)), "auto")
    assert turns_of(tool, frozenset({"user", "tool"})).older == (both,)


def test_a_sum_with_a_blank_that_is_none_counts_in_full():
    assert fold("pay $4\u28000,000 now").text == "pay $40,000 now"


@pytest.mark.parametrize(
    "piece", ["x<!--", "x<b ", "\u2800", "ab\u2800", "ab\u3164 ", "&amp;", "a\U000e0041"]
)
def test_showing_a_text_is_linear(piece):
    assert in_proportion(ways_shown, piece, begin="\u00e9\u00ad")


def test_a_text_without_hidden_signs_is_searched_once() -> None:
    searches = list[object]()

    def count(frame: object, event: str, function: object) -> None:
        if event == "c_call" and isinstance(getattr(function, "__self__", None), re.Pattern):
            searches.append(function)

    sys.setprofile(count)
    try:
        shown = ways_shown("Wo ist mein P\u00e4ckchen? \u0433\u0434\u0435 \u6211\u7684")
    finally:
        sys.setprofile(None)
    assert (len(shown), len(searches)) == (1, 1)


@pytest.mark.parametrize(
    ("said", "answer", "older"),
    [
        ("Shall I wire the $45,000 now?", "yes, do it", ("Shall I wire the $45,000 now?",)),
        ("Shall I wire the $45,000 now?", "What is your name?", ()),
        ("Shall I wire the $45,000 now?", "no thanks", ()),
        ("Shall I wire the $45,000 now?", "no, go ahead", ("Shall I wire the $45,000 now?",)),
        ("", "yes, do it", ()),
    ],
)
def test_what_the_assistant_proposed_is_read_when_the_answer_is_a_bare_yes(said, answer, older):
    messages = (Message("user", "hello"), Message("assistant", said), Message("user", answer))
    assert turns_of(ChatRequest(messages, "auto")).older == older
    assert turns_of(ChatRequest(messages[1:], "auto")).older == older


REMINDER = "<system-reminder>\nPayments above $9,000 wait for Anna.\n</system-reminder>"
PLACE = "<environment_context><cwd>/srv/bank</cwd></environment_context>"
TOOLS = (ToolSpec("exec", "", JsonText("{}")),)


def by_agent(*texts: str, tools: tuple[ToolSpec, ...] = TOOLS) -> ChatRequest:
    return ChatRequest(tuple([Message("user", text) for text in texts]), "auto", tools=tools)


def test_what_an_agent_puts_into_the_users_messages_is_no_turn():
    turns = turns_of(by_agent(PLACE, f"{REMINDER}\n\nCorrect the greeting."))
    assert (turns.last, turns.earlier, turns.older) == ("\n\nCorrect the greeting.", (), ())
    assert turns.apart.split("\n") == [
        "<cwd>/srv/bank</cwd>",
        "",
        "Payments above $9,000 wait for Anna.",
        "",
    ]


def test_a_last_message_that_is_all_a_programs_is_read():
    assert turns_of(by_agent("Hello.", REMINDER)).last == REMINDER


@pytest.mark.parametrize("text", [f"{PLACE[:-1]} Hello.", "<b>Hello</b>", "</system-reminder> Hi."])
def test_what_is_no_whole_element_of_an_agent_stays(text):
    assert turns_of(by_agent(text, "Hello.")).earlier == (text,)


def test_without_tools_nobody_but_the_user_wrote_the_users_messages():
    turns = turns_of(by_agent(PLACE, f"{REMINDER} Hello.", tools=()))
    assert (turns.last, turns.earlier) == (f"{REMINDER} Hello.", (PLACE,))


def test_only_the_end_of_a_long_proposal_is_read():
    messages = (Message("assistant", "$9,000 " + "so on " * 500), Message("user", "ok do that"))
    (older,) = turns_of(ChatRequest(messages, "auto")).older
    assert "$9,000" not in older


def test_a_request_without_user_text_is_read_as_empty():
    assert turns_of(ChatRequest((Message("system", "hi"),), "auto")).last == ""


def test_turns_come_newest_first():
    turns = turns_of(request(*(str(n) for n in range(EARLIER_TURNS + 3))))
    assert turns.last == str(EARLIER_TURNS + 2)
    assert turns.earlier == tuple(str(n) for n in range(EARLIER_TURNS + 1, 1, -1))
    assert turns.older == ("1\n0",)
    assert not turns.beyond


def test_a_folded_text_keeps_no_more_of_what_was_written_than_is_read():
    assert len(fold("\u00e4" * (MAX_CHARS + 1)).raw) == MAX_CHARS


def test_text_up_to_the_limit_in_all_is_read():
    turns = turns_of(request("y" * (MAX_CHARS - 5), "x" * 5))
    assert len(turns.earlier[0]) == MAX_CHARS - 5
    assert not turns.beyond


GRAVE = "Shall I wire $250,000 today?"


@pytest.mark.parametrize(
    "later",
    [["x" * (MAX_CHARS + 1)], ["x" * (2 * MAX_CHARS), "thanks"], ["x" * MAX_CHARS] * 3],
)
def test_long_turn_sheds_no_earlier_one(later: list[str]):
    turns = turns_of(request("Hello", GRAVE, *later))
    assert GRAVE in turns.earlier
    assert turns.beyond


def test_both_ends_of_a_long_earlier_turn_are_read():
    long = "my lawsuit " + "x" * MAX_CHARS + " chest tightness"
    for last in ("y" * (MAX_CHARS + 1), "y" * MAX_CHARS, "y" * 60_000, "y"):
        turns = turns_of(request(long, last))
        earlier = turns.earlier[2 if turns.split else 0]  # behind the parts of the last turn
        assert earlier.startswith("my lawsuit")
        assert earlier.endswith("chest tightness")
        assert len(earlier) <= MAX_CHARS


def test_earlier_turns_have_a_share_and_no_more():
    turns = turns_of(request(*["e" * 5_000] * 30, "x" * (MAX_CHARS + 1)))
    assert EARLIER_CHARS - 9 <= sum(map(len, turns.earlier[2:])) <= EARLIER_CHARS + 9


def test_both_ends_of_a_last_turn_that_is_too_long_are_turns_of_their_own():
    long = "My lawsuit\nbegan. " + "It went on. " * 6_000 + "What\nnow?"
    turns = turns_of(request("Hello", long))
    assert (turns.split, turns.beyond) == (True, True)
    assert turns.last.endswith("It went on. What\nnow?")
    assert turns.earlier[0].startswith("My lawsuit\nbegan. It went on. ")
    assert [len(end.split()) for end in (turns.last, turns.earlier[0])] == [END_WORDS, END_WORDS]
    assert turns.earlier[1].endswith("What\nnow?")
    assert turns.earlier[2] == "Hello"


def test_a_last_turn_up_to_the_limit_is_read_as_a_whole():
    turns = turns_of(request("x" * MAX_CHARS))
    assert (turns.last, turns.earlier, turns.split) == ("x" * MAX_CHARS, (), False)


@pytest.mark.parametrize("empty", [" ", "\n", "\u200b", "\u3164 ", "\ufeff\t"])
def test_what_prints_nothing_takes_no_room(empty: str):
    turns = turns_of(request(empty * 70_000 + GRAVE))
    assert turns.last.strip() == GRAVE


@pytest.mark.parametrize(
    ("empty", "left"),
    [(" ", " " * 20), ("\n", "\n" * 20), ("\u200b", ""), ("\ufeff\t", "\t" + "\ufeff\t" * 19)],
)
def test_a_short_text_keeps_its_blanks(empty: str, left: str):
    assert turns_of(request("a" + empty * 20 + "b")).last == f"a{left}b"


@pytest.mark.parametrize(
    ("read", "older"),
    [
        ({"user"}, ()),
        ({"user", "developer"}, ("Sign nothing above $2,000,000.", "Be brief.")),
        ({"user", "tool"}, ("Paid $45,000.", '{"usd": 45000}')),
        (
            {"user", "developer", "tool"},
            ("Sign nothing above $2,000,000.", "Be brief.", "Paid $45,000.", '{"usd": 45000}'),
        ),
    ],
)
def test_other_roles_are_read_where_the_policy_says_so(read, older):
    turns = turns_of(ChatRequest(AGENT, "auto"), frozenset(read))
    assert (turns.last, turns.earlier, turns.older) == ("Book it.", (), older)


def test_other_roles_are_read_up_to_the_limit_after_the_user():
    messages = (Message("tool", "t" * MAX_CHARS), Message("user", "hello"))
    turns = turns_of(ChatRequest(messages, "auto"), frozenset({"user", "tool"}))
    assert turns.last == "hello"
    assert turns.older == ("t" * (MAX_CHARS - 5),)
    assert turns.beyond


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 4), ("abcd", 5), ("abcde", 6), ("é", 5), ("ééé", 6), ("\ud800", 5)]
)
def test_input_tokens_are_a_quarter_of_the_bytes_rounded_up(text, tokens):
    assert estimate_input_tokens(ChatRequest((Message("user", text),), "auto")) == tokens


def test_an_attachment_counts_up_to_a_limit():
    part = ContentPart("image_url", JsonText("x" * 1_000_000))
    sent = ChatRequest((Message("user", "", (part,)),), "auto")
    assert estimate_input_tokens(sent) == MAX_PART_TOKENS + 4


def test_text_in_variation_selectors_is_read():
    hidden = "".join(chr(0xE0100 + byte - 16) for byte in GRAVE.encode())
    assert turns_of(request(f"How do I return a parcel? \U0001f600{hidden}")).last.endswith(
        f"\n{GRAVE}\n"
    )
    assert turns_of(request("I \u2764\ufe0f it")).last == "I \u2764\ufe0f it"

"""Checks what a veil hides of a whole request, and that all of it comes back word for word."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.privacy.entities.kinds import EntityKind
from router.privacy.pseudonyms.texts import Reader
from router.privacy.pseudonyms.veil import Veil
from router.types import (
    BETWEEN_PARTS,
    Answer,
    ChatRequest,
    Choice,
    Citation,
    ContentPart,
    Delta,
    JsonText,
    Message,
    ResponseFormat,
    Sampling,
    SummaryPlace,
    ToolCall,
    ToolSpec,
    Usage,
)

NAME = "Anneliese Wackernagel"


def veil_of(request: ChatRequest, kinds: frozenset[EntityKind] = frozenset(EntityKind)) -> Veil:
    return Veil(request, reader=Reader(), kinds=kinds, trusted=frozenset(), secret=b"k" * 32)


def asked(*texts: str) -> ChatRequest:
    return ChatRequest(tuple([Message("user", text) for text in texts]), "auto")


def back(veil: Veil, text: str, *, in_json: bool = False) -> str:
    answer = Answer((Choice(text, "stop"),), "m", Usage())
    return veil.restored(answer, in_json=in_json).text


def called(arguments: str) -> ChatRequest:
    call = ToolCall("c1", "f", arguments)
    return ChatRequest(
        (Message("user", f"Look {NAME} up."), Message("assistant", "", tool_calls=(call,))), "auto"
    )


@pytest.mark.parametrize("depth", [300, 600, 1_100, 20_000])
def test_deep_arguments_are_hidden_without_an_error(depth: int) -> None:
    request = called('{"a":' * depth + f'"{NAME}"' + "}" * depth)
    hidden = veil_of(request).hidden(request)
    arguments = hidden.messages[1].tool_calls[0].arguments
    assert "Wackernagel" not in arguments
    assert arguments.count("{") == depth


def test_thoughts_of_earlier_turns_are_hidden() -> None:
    message = Message("assistant", "", reasoning=f"I must find {NAME} and a.wacker@example.com.")
    request = ChatRequest((Message("user", f"Look {NAME} up."), message), "auto")
    hidden = veil_of(request).hidden(request).messages
    assert "acker" not in hidden[1].reasoning
    assert hidden[1].reasoning.split(" and ")[0].removeprefix("I must find ") in hidden[0].text


def test_keys_of_arguments_are_hidden_too() -> None:
    request = called(json.dumps({NAME: 3, "a.wacker@example.com": {"n": [NAME]}}))
    veil = veil_of(request)
    arguments = veil.hidden(request).messages[1].tool_calls[0].arguments
    assert "acker" not in arguments
    assert back(veil, arguments, in_json=True) == request.messages[1].tool_calls[0].arguments


def test_key_of_a_schema_is_hidden_as_its_other_mentions_are() -> None:
    schema = JsonText(json.dumps({"properties": {NAME: {}}, "required": [NAME]}))
    request = ChatRequest(
        (Message("user", f"I am {NAME}."),),
        "auto",
        tools=(ToolSpec("f", f"about {NAME}", schema),),
        response_format=ResponseFormat("json_schema", "s", schema),
    )
    veil = veil_of(request)
    hidden = veil.hidden(request)
    for form in (hidden.tools[0].parameters, hidden.response_format.schema):
        read = json.loads(form or "")
        (key,) = read["properties"]
        assert [key] == read["required"]
        assert key.replace("_", "").isalnum()
        assert back(veil, json.dumps({key: 1}), in_json=True) == json.dumps({NAME: 1})
    assert NAME not in hidden.tools[0].description


def test_stop_sequence_that_ended_an_answer_comes_back_as_the_client_wrote_it() -> None:
    request = ChatRequest(
        (Message("user", f"I am {NAME}."),), "auto", sampling=Sampling(stop=(NAME,))
    )
    veil = veil_of(request)
    (tag,) = veil.hidden(request).sampling.stop
    answer = Answer((Choice("Hi", "stop", stop_sequence=tag),), "m", Usage())
    (choice,) = veil.restored(answer, in_json=False).choices
    assert (tag != NAME, choice.stop_sequence) == (True, NAME)


def test_encoded_name_behind_a_word_is_hidden() -> None:
    request = asked(f"I am {NAME}.", "GET /find?q=Foo%20Anneliese%20Wackernagel")
    assert "Wackernagel" not in veil_of(request).hidden(request).messages[1].text


def test_parts_of_a_message_and_its_text_get_the_same_tags() -> None:
    parts = tuple(
        [
            ContentPart("text", JsonText(json.dumps({"type": "text", "text": text})))
            for text in (f"I am {NAME}.", "Wackernagel is ill.")
        ]
    )
    message = Message("user", f"I am {NAME}.\nWackernagel is ill.", parts)
    hidden = veil_of(ChatRequest((message,), "auto")).hidden(ChatRequest((message,), "auto"))
    first, second = [json.loads(part.payload)["text"] for part in hidden.messages[0].parts]
    assert hidden.messages[0].text == f"{first}\n{second}"
    assert "Wackernagel" not in hidden.messages[0].text


def test_forms_of_one_name_have_tags_of_one_person() -> None:
    request = asked(f"I am {NAME}.", "Ms Wackernagel was ill.", "Anneliese Wackernagel came.")
    veil = veil_of(request)
    first, second, third = [message.text for message in veil.hidden(request).messages]
    whole, part = first[5:-1], second.split()[1]
    assert third.startswith(whole)
    assert whole[:-1] == part[: len(whole) - 1]
    assert whole != part
    assert back(veil, f"{whole} {part}") == f"{NAME} Wackernagel"


def test_name_in_small_letters_is_hidden_where_it_is_repeated() -> None:
    request = asked("my name is priyanka raman", "where is priyanka's order?")
    assert "priyanka" not in veil_of(request).hidden(request).messages[1].text


def test_tag_in_a_text_that_comes_back_is_no_name() -> None:
    request = asked(f"I am {NAME}.")
    veil = veil_of(request)
    hidden = veil.hidden(request).messages[0].text
    assert veil.said(hidden) == hidden


def test_tag_that_stands_in_the_request_is_not_given_out() -> None:
    first = asked(f"I am {NAME}.")
    tag = veil_of(first).hidden(first).messages[0].text[5:-1]
    second = asked(f"I am {NAME}.", f"{tag} is a tag.")
    assert veil_of(second).hidden(second).messages[1].text == f"{tag} is a tag."
    assert tag not in veil_of(second).hidden(second).messages[0].text


WORDS = st.sampled_from(
    [NAME, "Wackernagel", "Will", "will", "anna@example.com", "DE89 3704 0044 0532 0130 00",
     "12 Elm Street, Boston", "call +1 (415) 555-0132", "in May", "%20", "[", "]", "\n", ", ", "{}"]
)  # fmt: skip


@given(st.lists(st.lists(WORDS | st.text(max_size=6), max_size=8), min_size=1, max_size=4))
def test_any_request_comes_back_word_for_word(pieces: list[list[str]]) -> None:
    texts = [" ".join(words) for words in pieces]
    request = asked(*texts)
    veil = veil_of(request)
    hidden = [message.text for message in veil.hidden(request).messages]
    assert [back(veil, text) for text in hidden] == texts


@pytest.mark.slow
def test_four_times_the_details_take_no_sixteen_times_as_long() -> None:
    def seconds(count: int) -> float:
        text = "\n".join([f"Write to user{i}@example.com about it." for i in range(count)])
        request = asked(text)
        begin = time.process_time()
        veil_of(request).hidden(request)
        return time.process_time() - begin

    seconds(10)  # reads the word lists and the head
    assert seconds(8_000) < 10 * seconds(2_000)


def test_pieces_of_a_summary_come_back_in_their_part() -> None:
    request = asked(f"Look {NAME} up.")
    veil = veil_of(request)
    tag = veil.hidden(request).messages[0].text.removeprefix("Look ").removesuffix(" up.")
    assert tag != NAME
    parts = [SummaryPlace("rs_1", part) for part in (0, BETWEEN_PARTS, 1)]
    words = [["I ask ", tag[:3], tag[3:]], ["\n\n"], [f"{tag} it is."]]
    stream = veil.stream(in_json=False)
    told: dict[int, str] = {}
    for place, pieces in zip(parts, words, strict=True):
        for piece in pieces:
            for delta in stream.feed(Delta(reasoning=piece, summary=place)):
                assert delta.summary is not None
                assert delta.summary.item_id == "rs_1"
                told[delta.summary.part] = told.get(delta.summary.part, "") + delta.reasoning
    assert told == {0: f"I ask {NAME}", BETWEEN_PARTS: "\n\n", 1: f"{NAME} it is."}


def test_a_citation_keeps_its_words_when_names_come_back() -> None:
    request = asked(f"Look {NAME} up.")
    veil = veil_of(request)
    tag = veil.hidden(request).messages[0].text.removeprefix("Look ").removesuffix(" up.")
    text = f"{tag} lives here, says {tag}'s page."
    start = text.index("says")
    cited = [Citation("https://a.test", "A", start, len(text) - 1), Citation("b", "B", 0, 0)]
    choice = Choice(text, "stop", citations=tuple(cited))
    (back_again,) = veil.restored(Answer((choice,), "m", Usage()), in_json=False).choices
    first, second = back_again.citations
    assert back_again.text[first.start : first.end] == f"says {NAME}'s page"
    assert (second.start, second.end) == (0, 0)

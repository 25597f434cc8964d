"""instructor: objects from answers, by every mode that it has for OpenAI's clients."""

from __future__ import annotations

from pathlib import Path

import instructor
import openai
import pydantic
import pytest
from instructor.core import InstructorRetryException

from tests.clients.client_kit import AGENT, TURN, Place, documented, run_python

ASKED = {"model": AGENT, "messages": [TURN]}
MODES = [
    instructor.Mode.TOOLS,
    instructor.Mode.TOOLS_STRICT,
    instructor.Mode.JSON_SCHEMA,
    instructor.Mode.RESPONSES_TOOLS,
]


class Parcel(pydantic.BaseModel):
    number: int
    city: str


class Never(pydantic.BaseModel):
    number: int

    @pydantic.field_validator("number")
    @classmethod
    def large(cls, number: int) -> int:
        raise ValueError(f"{number} is too small")


class Bounded(pydantic.BaseModel):
    number: int = pydantic.Field(gt=100)


FOUND = {"number": 3, "city": "some words"}


def patched(place: Place, mode: instructor.Mode = instructor.Mode.TOOLS) -> instructor.Instructor:
    plain = openai.OpenAI(base_url=place.url, api_key=place.key, max_retries=0)
    return instructor.from_openai(plain, mode=mode)


def test_the_documented_block_runs(place: Place, tmp_path: Path) -> None:
    assert "city" in run_python(documented("instructor", place, AGENT), tmp_path)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_an_answer_becomes_an_object(place: Place, mode: instructor.Mode) -> None:
    client = patched(place, mode)
    found = client.chat.completions.create(**ASKED, response_model=Parcel)
    assert isinstance(found, Parcel)
    assert found.model_dump() == FOUND


async def test_the_async_client_gives_an_object(place: Place) -> None:
    async with openai.AsyncOpenAI(base_url=place.url, api_key=place.key) as plain:
        client = instructor.from_openai(plain)
        found = await client.chat.completions.create(**ASKED, response_model=Parcel)
    assert found.model_dump() == FOUND


def test_parts_of_an_object_are_streamed(place: Place) -> None:
    pieces = [*patched(place).chat.completions.create_partial(**ASKED, response_model=Parcel)]
    assert (pieces[-1].number, pieces[-1].city) == (3, "some words")


def test_a_list_of_objects_is_streamed(place: Place) -> None:
    found = [*patched(place).chat.completions.create_iterable(**ASKED, response_model=Parcel)]
    assert [one.model_dump() for one in found] == [FOUND]


def test_the_answer_is_given_beside_the_object(place: Place) -> None:
    create = patched(place).chat.completions.create_with_completion
    found, said = create(**ASKED, response_model=Parcel)
    assert found.model_dump() == FOUND
    assert said.usage.total_tokens == 32


def test_an_object_that_does_not_fit_is_asked_for_again(place: Place) -> None:
    with pytest.raises(InstructorRetryException) as raised:
        patched(place).chat.completions.create(**ASKED, response_model=Never, max_retries=2)
    assert raised.value.n_attempts > 1
    assert "3 is too small" in str(raised.value)


def test_arguments_that_break_the_schema_do_not_reach_the_client(place: Place) -> None:
    """The gateway reads the schema itself: it climbs or fails before instructor asks again."""
    with pytest.raises(InstructorRetryException, match="no_usable_answer"):
        patched(place).chat.completions.create(**ASKED, response_model=Bounded, max_retries=1)


def test_errors_of_the_server_end_the_tries(place: Place) -> None:
    with pytest.raises(InstructorRetryException, match="Known are"):
        patched(place).chat.completions.create(
            model="nope", messages=[TURN], response_model=Parcel, max_retries=1
        )

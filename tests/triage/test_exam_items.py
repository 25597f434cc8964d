"""Items of exams with answers to choose from are nobody's matter; own matters with choices are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from router import Gateway
from router.triage.framing.given.exam_items import is_exam_item

ITEMS = [
    "A tenant stops paying rent and is locked out by the landlord. Her best claim is\n"
    "A. wrongful eviction\nB. waste\nC. trespass to chattels\nD. nuisance",
    "A 60-year-old man has crushing chest pain and ST elevation. Which drug comes first?\n"
    "(A) Aspirin\n(B) Insulin\n(C) Iron\n(D) Zinc\nAnswer:",
    "In a pressure vessel the hoop stress is (A) pr/2t (B) pr/t (C) 2pr/t (D) p/t. Choose one.",
    "Which of these lowers the money supply?\na) buying bonds\nb) selling bonds\nc) printing\n",
    "A buyer pays $40,000 for a boat that sinks before delivery. Who bears the loss?\n"
    "A) The buyer\nB) The seller\nC) Both\n\nChoose one letter.",
    'The officer said, "I will arrest you." It is\nA. an assault\nB. a battery\nC. neither',
    "A steel bar of 50 mm carries 40 kN. What is its stress?\nA. 1 MPa\nB. 20 MPa\nC. 9 MPa",
]
OWN = [
    "My chest hurts since noon. What is it?\nA. heart\nB. muscle\nC. nerves",
    "What should we do with the plant?\nA. close it\nB. sell it\nC. keep it",
    "Our valve blows off at 6 bar. Do we\nA) tighten it\nB) replace it\nC) wait?",
    "The boiler shows 9 bar. Options:\nA. carry on\nB. stop\nC. open the valve\nWhich one?",
    "Grandpa drank bleach.\nA. call somebody\nB. wait\nC. milk\nHe is turning blue now.",
    "The landlord changed the locks. A. police B. lawyer C. wait",
    "Which artery is closed?\nA. left\nB. right",
    "Read this first please.\nB. left\nC. right\nD. none",
    "Is it safe for me?\n(A) yes\n(B) no\n(C) perhaps",
    "Mum has crushing chest pain, what now?\nA. ambulance\nB. wait\nC. tea",
    "The gas smell gets worse right now.\nA. run\nB. air the room\nC. look for it",
    "Choose:\nA. one\nB. two\nC. three",
]


@pytest.mark.parametrize("text", ITEMS)
def test_an_item_of_an_exam_is_known(text: str) -> None:
    assert is_exam_item(text)


@pytest.mark.parametrize("text", OWN)
def test_an_own_matter_with_choices_is_no_item(text: str) -> None:
    assert not is_exam_item(text)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    place = tmp_path_factory.mktemp("exam") / "ledger.db"
    with Gateway.from_policy("default", database=place) as opened:
        yield opened


@pytest.mark.parametrize("text", ITEMS)
def test_an_item_of_an_exam_needs_no_reasoning_by_a_rule(gateway: Gateway, text: str) -> None:
    assert gateway.route(text).decision.floor < 3


@pytest.mark.parametrize(
    "text",
    [
        "A man swallowed bleach and cannot breathe. What is next?\nA. water\nB. vomit\nC. call",
        "He wants to kill himself with pills. Which?\nA. these\nB. those\nC. none of them",
        "He wants to k1ll h1ms3lf with p1lls. Which?\nA. these\nB. those\nC. none of them",
    ],
)
def test_a_poison_or_a_danger_to_oneself_counts_beside_choices(gateway: Gateway, text: str) -> None:
    assert gateway.route(text).decision.floor == 3

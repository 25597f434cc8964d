"""Reads made-up companies: their approved answers, and what customers write to them.

Each file of `companies/` is one company, written by hand. `#` names it, `=` begins an answer
(`id | text`), `u` is a question as its operator writes it, `m` a message that the answer is for,
`n` one that only looks like it, `o` one that has nothing to do with the company.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.training.data import sources

FOLDER = Path(sources.__file__).parent / "companies"
FITTING = (
    "airline", "bus_company", "car_workshop", "charity", "dance_school", "electrician",
    "florist", "furniture_store", "gym", "mortgage_broker", "museum", "nursing_home",
    "payroll_internal", "plumber", "public_library", "tax_software", "video_meetings", "zoo",
)  # fmt: skip
JUDGING = (
    "bakery", "book_shop", "car_registration", "credit_union", "e_signature", "hostel", "hotel",
    "it_procurement_internal", "music_school", "notary_office", "pet_insurance",
    "physiotherapist", "piano_shop", "self_storage", "smart_home", "surf_school", "telecom",
    "window_fitter",
)  # fmt: skip
"""Companies that teach nothing: FITTING fits the chances of the reranker, and JUDGING judges."""


@dataclass(frozen=True, slots=True)
class CompanyAnswer:
    """Holds an approved answer and its questions."""

    answer_id: str
    text: str
    questions: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CustomerMessage:
    """Holds a customer's message: what it asks for, "" for none, and what it resembles."""

    text: str
    answer_id: str
    resembles: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    """Holds one company's answers and messages."""

    name: str
    answers: Sequence[CompanyAnswer]
    messages: Sequence[CustomerMessage]


def companies(folder: Path = FOLDER) -> list[Company]:
    """Returns the companies of a folder by name. Raises ValueError for a line of no kind."""
    return [_company(path) for path in sorted(folder.glob("*.txt"))]


def taught(folder: Path = FOLDER) -> list[Company]:
    """Returns the companies that teach: all but FITTING and JUDGING."""
    return [one for one in companies(folder) if one.name not in FITTING + JUDGING]


def _company(path: Path) -> Company:
    answers, messages = list[CompanyAnswer](), list[CustomerMessage]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        kind, _, text = line.strip().partition(" ")
        if kind == "=":
            answer_id, _, said = text.partition("|")
            answers.append(CompanyAnswer(answer_id.strip(), said.strip()))
        elif kind == "u" and answers:
            answers[-1].questions.append(text)
        elif kind == "m" and answers:
            messages.append(CustomerMessage(text, answers[-1].answer_id))
        elif kind == "n" and answers:
            messages.append(CustomerMessage(text, "", answers[-1].answer_id))
        elif kind == "o":
            messages.append(CustomerMessage(text, ""))
        elif kind not in ("#", ""):
            raise ValueError(f"{path}:{number}: {line[:40]!r}, expected a line of #, =, u, m, n, o")
    return Company(path.stem, answers, messages)

"""Writes the texts that the head of names and addresses learns from, out of our own templates.

A template names what is put in its places: `{name}` and `{address}` become labels, `{org}` and
`{product}` do not. Half of the names are in no word list, so that the head learns from their
neighbours too. The held-out texts were written apart from the templates, in other styles.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

from router.privacy.entities.kinds import Entity, EntityKind
from router.privacy.entities.words_of_text import FOLDER as LISTS
from router.training.entities.marked_texts import MarkedText

FOLDER = Path(__file__).parent.parent / "data" / "entities"
LANGUAGES = ("en", "de", "fr", "es")
_PLACE = re.compile(r"\{([a-zA-Z]+)\}")
_NAMED = {
    "name": EntityKind.NAME,
    "given": EntityKind.NAME,
    "family": EntityKind.NAME,
    "lowername": EntityKind.NAME,
    "NAME": EntityKind.NAME,
    "address": EntityKind.ADDRESS,
}


def _word_list(name: str) -> list[str]:
    return (LISTS / f"{name}.txt").read_text(encoding="utf-8").split()


class Writer:
    """Fills templates; equal seeds write equal texts."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        rows = (FOLDER / "fillers.txt").read_text(encoding="utf-8").strip().split("\n")
        self._fillers = {
            kind: values.split(", ") for kind, _, values in (row.partition(": ") for row in rows)
        }
        self._given, self._family = _word_list("given"), _word_list("family")
        self._ordinary = _word_list("ordinary")
        self._places, self._things = _word_list("places"), _word_list("things")
        self._templates = {
            language: [
                line
                for line in (FOLDER / f"{language}.txt").read_text(encoding="utf-8").split("\n")
                if line
            ]
            for language in LANGUAGES
        }
        self._language = "en"
        self._fill: dict[str, Callable[[], str]] = {
            "name": self._name,
            "lowername": lambda: self._name().lower(),
            "given": self._given_name,
            "family": self._family_name,
            "initial": lambda: self._draw.choice("ABCDEFGHJKLMNPRSTW"),
            "address": self._address,
            "city": self._city,
            "CITY": lambda: self._city().upper(),
            "org": lambda: self._any("orgs"),
            "product": lambda: self._any("products"),
            "car": lambda: self._any("cars"),
            "country": lambda: self._any("countries"),
            "lang": lambda: self._any("tongues"),
            "role": lambda: self._any("roles"),
            "NAME": lambda: self._name().upper(),
            "thing": lambda: self._draw.choice(self._things).capitalize(),
            "brand": self._brand,
            "did": lambda: self._any("did"),
            "do": lambda: self._any("do"),
            "rest": lambda: self._any("rest"),
            "Rest": lambda: self._any("rest").capitalize(),
            "hat": lambda: self._any("hat"),
            "wann": lambda: self._any("wann"),
            "afait": lambda: self._any("a_fait"),
            "hizo": lambda: self._any("hizo"),
            "Noun": lambda: self._any("nomen"),
            "eponym": self._eponym,
            "term": self._term,
            "Term": self._heading,
            "num": lambda: str(self._draw.choice((2, 5, 10, 20, 100, 400, 500, 600, 1000))),
            "concept": lambda: self._any("concept"),
            "lead": lambda: self._any("lead"),
            "sickness": lambda: self._any("sickness"),
        }

    def texts(self, count: int) -> list[MarkedText]:
        """Returns so many texts; some have two or three sentences in a row."""
        made = []
        for _ in range(count):
            self._language = self._draw.choices(LANGUAGES, (5, 2, 2, 2))[0]
            parts = [self._sentence() for _ in range(self._draw.choice((1, 1, 1, 2, 3)))]
            made.append(_joined(parts, self._draw.choice((" ", "\n"))))
        return made

    def harmless(self, times: int) -> list[MarkedText]:
        """Returns the texts that look as if they named somebody, each so many times."""
        lines = (FOLDER / "harmless.txt").read_text(encoding="utf-8").split("\n")
        texts = [MarkedText(line.replace("\\n", "\n"), ()) for line in lines if line]
        return texts * times

    def _sentence(self) -> MarkedText:
        template = self._draw.choice(self._templates[self._language]).replace("\\n", "\n")
        if self._draw.random() < 0.08:
            template = template.rstrip(".!?")
        if self._draw.random() < 0.06 and "{" not in template:
            template = template.title()
        pieces: list[str] = []
        entities: list[Entity] = []
        position = length = 0
        for match in _PLACE.finditer(template):
            if match[1] not in self._fill:
                continue
            value = self._fill[match[1]]()
            pieces += [template[position : match.start()], value]
            length += match.start() - position
            kind = _NAMED.get(match[1])
            if kind is not None:
                entities.append(Entity(kind, length, length + len(value)))
            length += len(value)
            position = match.end()
        pieces.append(template[position:])
        return MarkedText("".join(pieces), tuple(_merged(entities, "".join(pieces))))

    def _any(self, kind: str) -> str:
        return self._draw.choice(self._fillers[kind])

    def _given_name(self) -> str:
        if self._draw.random() < 0.35:
            return self._made_up(short=True)
        name = self._draw.choice(self._given).capitalize()
        return (
            f"{name}-{self._draw.choice(self._given).capitalize()}"
            if self._draw.random() < 0.05
            else name
        )

    def _family_name(self) -> str:
        if self._draw.random() < 0.45:
            return self._made_up(short=False)
        name = self._draw.choice(self._family).capitalize()
        chance = self._draw.random()
        if chance < 0.06:
            return f"{name}-{self._draw.choice(self._family).capitalize()}"
        if chance < 0.1:
            return self._draw.choice(("von ", "van der ", "de ", "Mc", "O'", "El ", "Le ")) + name
        return name

    def _term(self) -> str:
        """Returns a word that is in no list and that its end tells: a medicine, a tool, an idea."""
        parts = [
            self._any("onsets") + self._any("vowels") for _ in range(self._draw.choice((1, 2)))
        ]
        return ("".join(parts) + self._any("codas") + self._any("tail")).capitalize()

    def _heading(self) -> str:
        """Returns a common word with a capital, as headings have it."""
        return self._draw.choice(self._ordinary).capitalize()

    def _eponym(self) -> str:
        """Returns a name that stands for a theorem, a storm or a firm, and for nobody."""
        return self._family_name() if self._draw.random() < 0.7 else self._given_name()

    def _name(self) -> str:
        given, family = self._given_name(), self._family_name()
        chance = self._draw.random()
        if chance < 0.08:
            return f"{given} {self._draw.choice('ABCDEFGHJKLMRST')}. {family}"
        if chance < 0.14:
            return f"{given} {self._given_name()} {family}"
        if chance < 0.18 or (self._language == "es" and chance < 0.4):
            return f"{given} {family} {self._family_name()}"
        if chance < 0.22:
            return f"{given[0]}. {family}"
        return f"{given} {family}"

    def _made_up(self, *, short: bool) -> str:
        """Returns a name that is in no list: syllables, or a listed name with another start."""
        draw = self._draw
        if draw.random() < 0.5:
            base = draw.choice(self._given if short else self._family)
            cut = draw.randrange(1, max(2, len(base) - 2))
            return (self._any("onsets") + self._any("vowels") + base[cut:]).capitalize()
        parts = [self._any("onsets") + self._any("vowels") for _ in range(draw.choice((1, 2, 2)))]
        end = draw.choice(("", "a", "o", "n")) if short else self._any("codas")
        return ("".join(parts) + end).capitalize()

    def _brand(self) -> str:
        if self._draw.random() < 0.5:
            return self._made_up(short=self._draw.random() < 0.5)
        return self._draw.choice(self._things).capitalize()

    def _city(self) -> str:
        if self._draw.random() < 0.3:
            return self._made_up(short=False) + self._draw.choice(
                ("ton", "burg", "ville", "dorf", "", "field")
            )
        return self._draw.choice(self._places).capitalize()

    def _address(self) -> str:
        draw, number = self._draw, self._draw.randrange(1, 299)
        code = draw.randrange(10000, 99999)
        town = f", {code} {self._city()}"
        if self._language == "de":
            street = self._any("wege") + draw.choice(("straße", "weg", "allee", "gasse", "str."))
            return f"{street} {number}" + (town if draw.random() < 0.5 else "")
        if self._language == "fr":
            kind = draw.choice(("rue", "avenue", "boulevard", "place", "impasse"))
            return f"{number} {kind} {draw.choice(self._fillers['rues'])}" + (
                town if draw.random() < 0.5 else ""
            )
        if self._language == "es":
            kind = draw.choice(("Calle", "Avenida", "Plaza", "Paseo", "C/"))
            return f"{kind} {draw.choice(self._fillers['calles'])} {number}" + (
                town if draw.random() < 0.5 else ""
            )
        road = draw.choice((self._any("roads"), self._family_name(), self._made_up(short=False)))
        kind = draw.choice(("Street", "Road", "Avenue", "Lane", "Drive", "Close", "St", "Court"))
        tail = draw.choice(
            (
                "",
                "",
                f", {self._city()}",
                f", {self._city()}, TX {code}",
                f", {self._city()} NW3 2AB",
            )
        )
        return f"{number} {road} {kind}{tail}"


def _merged(entities: list[Entity], text: str) -> list[Entity]:
    """Returns the labels with names joined that only a blank or an initial separates."""
    merged: list[Entity] = []
    for entity in entities:
        last = merged[-1] if merged else None
        between = "" if last is None else text[last.end : entity.start]
        both = last is not None and last.kind is entity.kind is EntityKind.NAME
        if last is not None and both and re.fullmatch(r" (?:[A-Z]\. )?", between):
            merged[-1] = Entity(entity.kind, last.start, entity.end)
            continue
        initial = re.search(r"(?:^|\s)([A-Z]\. )$", text[: entity.start])
        start = (
            entity.start - len(initial[1])
            if initial and entity.kind is EntityKind.NAME
            else entity.start
        )
        merged.append(Entity(entity.kind, start, entity.end))
    return merged


def _joined(parts: list[MarkedText], blank: str) -> MarkedText:
    text, entities = "", []
    for part in parts:
        text += blank if text else ""
        entities += [Entity(e.kind, e.start + len(text), e.end + len(text)) for e in part.found]
        text += part.text
    return MarkedText(text, tuple(entities))

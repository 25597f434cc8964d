"""Makes texts that mean nothing to the encoder: from them the novelty reader learns the unknown.

They are made by rule, each kind in another way, so that a reader fitted on some kinds can be judged
on the others; one kind is languages that the encoder was never taught. The words are ours; no text
here is in a policy's examples or in the demo.
"""

# ruff: noqa: RUF001 - the Russian letters are Russian

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache

from router.training.data.sources import Example
from router.triage.triage_model import DEFAULT_FOLDER, TOKENIZER

TASK = "sense"
"""The training label: `no` for these texts, `yes` for a sample of all other texts."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


_SYLLABLES = _words(
    "glo rp zib ble fra mo th dra vex qui plo nar wug sni tor bla kee zor fip gru mun tal"
)
_WORDS = _words(
    "purple lantern tuesday calculus moth frantic anvil whisper orbit teaspoon gravel violin "
    "mercury pancake ladder velvet thunder cactus algebra penguin sonata drawer nebula mustard"
)

_QUALITIES = _words(
    "salty drowsy triangular polite hollow nervous fluorescent lukewarm jealous wooden sarcastic "
    "transparent homesick brittle musical greasy patient invisible sleepy magnetic bitter shy "
    "melting diagonal hungry crumpled silent feathered rusty optimistic oblong suspicious minty"
)
_THINGS = _words(
    "teapots umbrellas glaciers doorknobs commas turnips pianos shadows escalators pebbles "
    "lampposts cucumbers chimneys envelopes mirrors carpets hedgehogs trombones icebergs buttons "
    "alphabets pillows volcanoes spoons sandwiches cathedrals mittens rainbows ladders wheels "
    "pumpkins curtains lighthouses hinges bananas windmills"
)
_THING = _words(
    "teapot umbrella glacier doorknob comma turnip piano shadow escalator pebble lamppost "
    "cucumber chimney mirror carpet hedgehog trombone iceberg button alphabet pillow volcano "
    "spoon sandwich cathedral mitten rainbow ladder wheel pumpkin curtain lighthouse hinge banana "
    "windmill"
)
_NOTION = _words(
    "silence arithmetic gravity nostalgia grammar midnight courage symmetry boredom yesterday "
    "humidity justice sarcasm infinity blueness patience latitude sleep Thursday autumn "
    "politeness momentum regret punctuation altitude luck"
)
_DO = _phrases(
    "apologise to|negotiate with|whistle at|borrow|marry|forgive|digest|translate|inherit"
    "|outvote|remember|knit|audit|sing to|photograph|evaporate into|recite|orbit|misspell"
    "|argue with|envy|unfold|hibernate inside|congratulate|swallow|iron|polish|subtract"
)
_FEEL = _words(
    "gossip sneeze hesitate resign dream blush evaporate yodel meditate retire wobble snore "
    "graduate giggle hibernate vote stutter elope rust perspire"
)
_HOW = _phrases(
    "sideways|in alphabetical order|without elbows|every other gravity|underneath the music"
    "|before breakfast was invented|at the speed of cheese|inside out"
    "|by candlelight and algebra|twice per horizon|in lower case|until the soup forgets"
    "|on behalf of the moon"
)
_COUNTS = _words("two three four five six seven eleven twelve forty several most all")

_SENTENCES = (
    "{count} {quality} {things} {do} the {notion} of {notion}",
    "why do {quality} {things} {do} {notion} {how}",
    "the {thing} of {notion} {feel}s {how}",
    "my {quality} {thing} {feel}s whenever {things} {do} {notion}",
    "can {notion} {do} a {quality} {thing} {how}",
    "how many {things} does {notion} need to {do} the {quality} {thing}",
    "please {do} the {quality} {notion} before the {things} {feel}",
    "{quality} {notion} {feel}s {how} while {count} {things} {do} the {thing}",
    "is the {thing} more {quality} than {notion} when {things} {feel}",
    "i told the {thing} to {do} {notion} but the {things} {feel} {how}",
    "what colour is the {notion} of a {quality} {thing}",
    "{things} are only {quality} if {notion} can {feel}",
)


def nonsense(seed: int, count: int = 1_200) -> tuple[list[str], list[int]]:
    """Returns `count` texts unlike any request, and the number of each text's kind."""
    rng = random.Random(seed)
    # Every kind gets the same share.
    kinds = [index % len(_KINDS) for index in range(count)]
    return [_KINDS[kind](rng) for kind in kinds], kinds


def examples(seed: int, count: int = 3_000) -> Iterator[Example]:
    """Yields nonsense as training examples of the task TASK, none of them from `nonsense(seed)`."""
    texts, _ = nonsense(seed + 1, count)
    measured = set(nonsense(seed)[0])  # the texts that judge novelty
    for text in dict.fromkeys(texts):
        if text in measured:
            continue
        yield Example(
            text=text,
            source="template_nonsense",
            labels={TASK: "no"},
            group=f"nonsense/{text}",
            weak=frozenset({TASK}),
        )


def _invented(rng: random.Random) -> str:
    words = ("".join(rng.sample(_SYLLABLES, rng.randint(1, 3))) for _ in range(rng.randint(2, 8)))
    return " ".join(words)


def _salad(rng: random.Random) -> str:
    words = rng.sample(_WORDS, rng.randint(4, 9))
    # One function word makes the row of nouns look a little like a sentence.
    words[rng.randrange(len(words))] = rng.choice(("of", "the", "under", "because", "seven"))
    return " ".join(words)


def _mixed(rng: random.Random) -> str:
    return f"{_invented(rng)} {_salad(rng)}"


def _mashed(rng: random.Random) -> str:
    return "".join(rng.choice("asdfghjkl;qweruiopzxcvbnm  ") for _ in range(rng.randint(8, 40)))


def _symbols(rng: random.Random) -> str:
    return "".join(rng.choice("@#%&*~^<>|{}[]=+/\\01 ") for _ in range(rng.randint(6, 40)))


def _absurd(rng: random.Random) -> str:
    """Makes a grammatical sentence whose parts cannot go together."""
    text = rng.choice(_SENTENCES)
    for slot, words in _SLOTS.items():
        while slot in text:
            text = text.replace(slot, rng.choice(words), 1)
    # People type with and without capitals and a final sign, and so do these texts.
    style = rng.random()
    if style < 0.6:
        text = text[:1].upper() + text[1:]
    return text + rng.choice(("", ".", "?", "!")) if style < 0.8 else text


def _unrelated(rng: random.Random) -> str:
    """Makes the same sentences with words drawn from the whole vocabulary."""
    words = vocabulary()
    text = re.sub(r"\{\w+\}", lambda _: rng.choice(words), rng.choice(_SENTENCES))
    return text[:1].upper() + text[1:] + rng.choice((".", "?")) if rng.random() < 0.6 else text


@cache
def vocabulary() -> tuple[str, ...]:
    """Returns the tokeniser's whole words of 4 letters and more, in its order."""
    listed = json.loads((DEFAULT_FOLDER / TOKENIZER).read_text(encoding="utf-8"))["model"]["vocab"]
    return tuple(w for w in listed if len(w) >= 4 and w.isascii() and w.isalpha())


def _foreign(rng: random.Random) -> str:
    """Makes a plain request in a language that the encoder does not know."""
    patterns, things, days = rng.choice(_LANGUAGES)
    text = rng.choice(patterns).replace("{x}", rng.choice(things)).replace("{t}", rng.choice(days))
    return text if rng.random() < 0.7 else text.lower()


_Language = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
_LANGUAGES: tuple[_Language, ...] = tuple(
    (_phrases(patterns), _phrases(things), _phrases(days))
    for patterns, things, days in (
        (
            "Wo bleibt {x}, die Lieferung sollte {t} kommen?|Ich möchte {x} zurückgeben"
            "|Können Sie mir erklären, wie {x} funktioniert?|Mir ist seit {t} schwindlig"
            "|Der Vertrag über {x} endet {t}, was muss ich tun?|Schreib mir ein Gedicht über {x}",
            "meine Bestellung|der Kühlschrank|das Fahrrad|die Rechnung|unser Drucker",
            "gestern|am Montag|letzte Woche|heute früh",
        ),
        (
            "Où est {x} que j'ai commandé {t} ?|Je voudrais annuler {x}"
            "|Pouvez-vous m'aider avec {x} s'il vous plaît|J'ai mal à la tête depuis {t}"
            "|Quel est le prix pour {x} ?|On m'a volé {x} {t}, que dois-je faire",
            "le colis|mon abonnement|la facture|le vélo|ma carte bancaire",
            "hier|lundi dernier|la semaine passée|ce matin",
        ),
        (
            "¿Dónde está {x} que compré {t}?|Quiero devolver {x}, no funciona"
            "|Necesito ayuda con {x} por favor|Me duele el estómago desde {t}"
            "|¿Cuánto cuesta reparar {x}?|Me han cobrado dos veces {x}",
            "mi pedido|la lavadora|el teléfono|la factura|el seguro",
            "ayer|el lunes|la semana pasada|esta mañana",
        ),
        (
            "Dov'è {x} che ho ordinato {t}?|Vorrei disdire {x}|Come si usa {x}?"
            "|Ho la febbre da {t} e non so cosa fare|Mi spiega cosa dice {x}?",
            "il pacco|l'abbonamento|la bolletta|la bicicletta|il contratto",
            "ieri|lunedì|la settimana scorsa|stamattina",
        ),
        (
            "Onde está {x} que comprei {t}?|Quero cancelar {x} o quanto antes"
            "|Como faço para trocar {x}?|Estou com dor nas costas desde {t}",
            "o meu pedido|a geladeira|o cartão|a fatura|o seguro do carro",
            "ontem|segunda-feira|a semana passada",
        ),
        (
            "Waar blijft {x} die ik {t} heb besteld?|Ik wil {x} graag terugsturen"
            "|Hoe werkt {x} precies?|Kunt u mij bellen over {x}",
            "mijn bestelling|de wasmachine|het abonnement|de rekening",
            "gisteren|maandag|vorige week",
        ),
        (
            "Gdzie jest {x} zamówiona {t}?|Chcę zwrócić {x}|Od {t} boli mnie głowa"
            "|Proszę o pomoc, {x} nie działa",
            "moja paczka|pralka|faktura|umowa",
            "wczoraj|w poniedziałek|w zeszłym tygodniu",
        ),
        (
            "{x} nerede, {t} sipariş ettim|{x} iade etmek istiyorum|{x} çalışmıyor, yardım edin",
            "kargom|çamaşır makinesi|faturam|telefonum",
            "dün|pazartesi|geçen hafta",
        ),
        (
            "Где {x}? Должно было прийти {t}|Хочу вернуть {x}|Как работает {x}?"
            "|Уже {t} болит голова, что делать",
            "мой заказ|холодильник|счёт|договор",
            "вчера|в понедельник|на прошлой неделе",
        ),
    )
)
# The keys are replaced one occurrence at a time, so that repeats get different words.
_SLOTS = {
    "{count}": _COUNTS,
    "{quality}": _QUALITIES,
    "{things}": _THINGS,
    "{thing}": _THING,
    "{notion}": _NOTION,
    "{do}": _DO,
    "{feel}": _FEEL,
    "{how}": _HOW,
}
_KINDS: tuple[Callable[[random.Random], str], ...] = (
    _invented,
    _salad,
    _mixed,
    _mashed,
    _symbols,
    _absurd,
    _unrelated,
    _foreign,
)

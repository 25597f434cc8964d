"""Texts that mean nothing, made by rule: what the novelty reader learns the unlike-anything from.

Each kind is made another way, so that a reader fitted on some kinds can be judged on the others.
The words are ours; no text here stands in a policy's examples or in the demo.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from router.training.sources import Example

TASK = "sense"
"""The training label: `no` for these texts, `yes` for a sample of everything else."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


_SYLLABLES = "glo rp zib ble fra mo th dra vex qui plo nar wug sni tor bla kee zor fip gru mun tal"
_WORDS = (
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
    """Returns `count` texts unlike any request and the number of each one's kind."""
    rng = random.Random(seed)
    kinds = [index % len(_KINDS) for index in range(count)]
    return [_KINDS[kind](rng) for kind in kinds], kinds


def examples(seed: int, count: int = 3_000) -> Iterator[Example]:
    """Yields nonsense as training examples of the task TASK, other texts than `nonsense(seed)`."""
    texts, _ = nonsense(seed + 1, count)
    for text in dict.fromkeys(texts):
        yield Example(
            text=text, source="template_nonsense", labels={TASK: "no"},
            group=f"nonsense/{text}", weak=frozenset({TASK}),
        )  # fmt: skip


def _invented(rng: random.Random) -> str:
    syllables = _SYLLABLES.split()
    words = ("".join(rng.sample(syllables, rng.randint(1, 3))) for _ in range(rng.randint(2, 8)))
    return " ".join(words)


def _salad(rng: random.Random) -> str:
    words = rng.sample(_WORDS.split(), rng.randint(4, 9))
    words[rng.randrange(len(words))] = rng.choice(("of", "the", "under", "because", "seven"))
    return " ".join(words)


def _mixed(rng: random.Random) -> str:
    return f"{_invented(rng)} {_salad(rng)}"


def _mashed(rng: random.Random) -> str:
    return "".join(rng.choice("asdfghjkl;qweruiopzxcvbnm  ") for _ in range(rng.randint(8, 40)))


def _symbols(rng: random.Random) -> str:
    return "".join(rng.choice("@#%&*~^<>|{}[]=+/\\01 ") for _ in range(rng.randint(6, 40)))


def _absurd(rng: random.Random) -> str:
    """A sentence of sound grammar whose parts cannot go together."""
    text = rng.choice(_SENTENCES)
    for slot, words in _SLOTS.items():
        while slot in text:
            text = text.replace(slot, rng.choice(words), 1)
    style = rng.random()
    if style < 0.6:
        text = text[:1].upper() + text[1:]
    return text + rng.choice(("", ".", "?", "!")) if style < 0.8 else text


_SLOTS = {
    "{count}": _COUNTS, "{quality}": _QUALITIES, "{things}": _THINGS, "{thing}": _THING,
    "{notion}": _NOTION, "{do}": _DO, "{feel}": _FEEL, "{how}": _HOW,
}  # fmt: skip
_KINDS: tuple[Callable[[random.Random], str], ...] = (
    _invented, _salad, _mixed, _mashed, _symbols, _absurd,
)  # fmt: skip

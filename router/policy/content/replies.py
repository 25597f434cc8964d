"""Finds in a conversation what the user replies to level 1's own questions. Pure.

Clients send the whole conversation, so the question stands in it, word for word. What is asked for
then stands in the user's message before the question, and the last message has only the value. It
knows nothing about intents that fit (triage), lookups (the resolver) or who may type a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from router.policy.content.keys import (
    KEY_SEARCH_CHARACTERS,
    KeySection,
    keys_in,
    nearly_written,
)
from router.policy.content.knowledge import (
    Knowledge,
    classification_task,
    classified_text,
    in_one_line,
)
from router.policy.content.leaning import completed, leant_on, points
from router.policy.content.offers import agrees, chosen, misses, offered, takes_all, title_of
from router.policy.content.text_keys import small_words
from router.types import ChatRequest, Message

MAX_QUESTIONS = 4
"""Questions of ours in a row that are followed back: sign in, which order, not found, once more."""

MAX_PLAIN_CHARACTERS = 200
"""A longer message says more than a value."""

_KIND_OF_KEY = re.compile(r"_(?:id|key|no|nr|number|code)$")
_BESIDE_WORDS = (
    "a again ah already am and are be been check did do done for found got have hello here hey hi "
    "i i'm i've id in is it it's its just last let's logged looks me my no now nr number of ok "
    "okay on one or order please pls reads ref reference says see should signed sorry sure thank "
    "thanks that that's the there think this try u was with would yeah yes you your"
)
_BESIDE_ELSEWHERE_WORDS = (
    "ja nein bitte danke hallo also die der das den ist es sie meine meinen bestellung nummer hier "
    "lautet heißt wäre um und mit von für zu geht glaube doch noch mal vielen dank genau natürlich "
    "oui non merci bonjour alors c'est le la les l' de du ma mon commande numéro voici voilà pour "
    "est et il s'agit je crois bien sûr exact svp plaît s'il vous "
    "sí si gracias hola el es de del mi pedido número aquí tiene está por favor creo claro y con "
    "sono sì grazie ciao il lo è dell' mio ordine numero ecco questo per favore credo certo e "
    "sim não obrigado obrigada olá o a os é meu pedido encomenda aqui está por acho claro "
    "nee dank alstublieft graag het mijn bestelling nummer hier dat van voor is en met u "
    "tak nie dziękuję proszę to jest moje moja zamówienie numer oto dla chyba mój i"
)
_DONE_WORDS = "am did do done i i'm i've is it's logged ok okay signed yes"
_DONE = frozenset(_DONE_WORDS.split())
_BESIDE = frozenset(f"{_BESIDE_WORDS} {_BESIDE_ELSEWHERE_WORDS}".split())
"""Words that people put around a value, in the languages of our answers. With any other word a
reply may ask for something else."""


class MatchScope(Struct, frozen=True):
    """Says what triage compares with the intents."""

    text: str  # the text to classify, or the last user message
    task: str | None = None  # the classification task; None: an answer is wanted
    # What a reply to a question of ours asks for, or the message with names in place of its keys;
    # "" for any other message.
    subject: str = ""
    plain: bool = False  # nothing else is asked for
    named: bool = False  # `subject` is the last message with names in place of its keys
    # The last message leans on an earlier one ("and what does it cost?"); `subject` is both.
    leans: bool = False
    points: bool = False  # it has a word for that matter, such as "it"
    # Level 1 asked for a value or for a choice just before, and the last message brings none: the
    # question before that is still open.
    asked_back: bool = False


class SlotReply(Struct, frozen=True):
    """Holds what the user's last message replies to a question of the knowledge file's own."""

    # The text that says what is asked for: an earlier message of the user's, or a chosen question.
    subject: str
    keys: Mapping[str, str]  # what was typed for the keys asked for; "" where it has not the form
    plain: bool  # nothing but the value was said, so that nothing else can be asked for
    # A yes to several offered questions, or the choice of all: `subject` is open, or asks for each.
    undecided: bool = False


def match_scope(request: ChatRequest, knowledge: Knowledge) -> MatchScope:
    """Returns the text that triage compares with the intents, and what it means."""
    task = classification_task(request, knowledge)
    if task is not None:
        return MatchScope(classified_text(request, task, knowledge), task)
    reply, text = reply_of(request, knowledge), request.last_user_text
    if reply is not None:
        subject = with_names(reply.subject, knowledge)
        return MatchScope(text, None, subject, reply.plain, asked_back=reply.undecided)
    named = with_names(text, knowledge)
    before = leant_on(request)
    if before is not None:
        earlier = with_names(before, knowledge)
        both = completed(earlier, named) or f"{earlier} {named}"
        return MatchScope(text, None, both, leans=True, points=points(text))
    if named != text:
        return MatchScope(text, None, named, plain=True, named=True)
    return MatchScope(text, asked_back=_asked_back(request, knowledge))


def _asked_back(request: ChatRequest, knowledge: Knowledge) -> bool:
    """Returns True where the message before the last one is a question of ours for a value."""
    if len(request.messages) < 3:
        return False
    question = request.messages[-2]
    return question.role == "assistant" and in_one_line(question.text) in knowledge.questions


def with_names(text: str, knowledge: Knowledge) -> str:
    """Returns a text with the name of each key in its place, as utterances have it.

    A number says nothing to the model, and makes a known question look new. Rules read it as it is.

    "When will order no. A-10442 get here?" becomes "When will my order get here?".
    """
    for name, section in knowledge.content.keys.items():
        if section.pattern is not None and len(text) <= KEY_SEARCH_CHARACTERS:
            text = _named(text, name, section)
    return text


def names_of_keys(knowledge: Knowledge) -> list[str]:
    """Returns the names that `with_names` puts in place of keys, without "my"."""
    keys = knowledge.content.keys.items()
    return [_noun(name) for name, section in keys if section.pattern is not None]


def _noun(name: str) -> str:
    return _KIND_OF_KEY.sub("", name).replace("_", " ")


def _named(text: str, name: str, section: KeySection) -> str:
    keys = keys_in(text, section)
    if not keys:
        return text
    noun = _noun(name)
    for key in keys:
        beside = (
            rf"(?:(?:my|the)\s+)?(?:{re.escape(noun)}\s+)?(?:(?:number|no\.?|nr\.?|id)\s*:?\s*)?#?"
        )
        place = re.compile(rf"(?<![\w-]){beside}{re.escape(key)}(?![\w-])", re.IGNORECASE)
        text = place.sub(f"my {noun}", text)
    return text


def reply_of(request: ChatRequest, knowledge: Knowledge) -> SlotReply | None:
    """Returns the reply that the last message is, None where it replies to no question of ours.

    A message that gives no value replies to nothing: it says something new.
    """
    if len(request.messages) < 3:
        return None
    turns = [m for m in request.messages if m.role not in ("system", "developer")]
    return _reply(turns, request.hints.context, knowledge, MAX_QUESTIONS)


def _reply(
    turns: Sequence[Message], context: Mapping[str, str], knowledge: Knowledge, left: int
) -> SlotReply | None:
    if left == 0 or len(turns) < 3:
        return None
    before, question, last = turns[-3:]
    if (before.role, question.role, last.role) != ("user", "assistant", "user"):
        return None
    if question.tool_calls:
        return None
    name = knowledge.questions.get(in_one_line(question.text))
    if name is None:
        choice = _choice(last.text, question.text, knowledge)
        if choice is not None or not _agrees_to_several(last.text, question.text, knowledge):
            return choice
        # What was asked for is open as before, so that the same questions are offered again.
        open_still = _reply(turns[:-2], context, knowledge, left - 1)
        subject = before.text if open_still is None else open_still.subject
        return SlotReply(subject, {}, plain=True, undecided=True)
    section = knowledge.content.keys[name]
    given = _given(last.text, section, question.text, known=name in context)
    if given is None:
        return None
    value, plain = given
    typed = {} if value is None else {name: value}
    earlier = _reply(turns[:-2], context, knowledge, left - 1)
    if earlier is None or not earlier.plain:
        return SlotReply(before.text, typed, plain)
    return SlotReply(earlier.subject, {**earlier.keys, **typed}, plain)


def _choice(text: str, question: str, knowledge: Knowledge) -> SlotReply | None:
    """Returns the offered question that a message chooses, or all, in any language of the file."""
    for translation in (knowledge, *knowledge.translations.values()):
        ids = offered(question, translation)
        choice = chosen(text, ids, translation)
        if choice is not None:
            return SlotReply(title_of(translation, choice), {}, plain=True)
        if takes_all(text, ids):
            titles = [title_of(translation, name).rstrip(" ?.!") + "?" for name in ids]
            return SlotReply(" ".join(titles), {}, plain=True, undecided=True)
    return None


def _agrees_to_several(text: str, question: str, knowledge: Knowledge) -> bool:
    """Returns True for a yes to a list of offered questions, or a number that none of them has, in
    any language of the file."""
    translations = (knowledge, *knowledge.translations.values())
    of_each = [(one, offered(question, one)) for one in translations]
    return any([agrees(text, ids, one) or misses(text, ids) for one, ids in of_each])


def _given(
    text: str, section: KeySection, question: str, *, known: bool
) -> tuple[str | None, bool] | None:
    """Returns the value that a message gives for a key, and whether it says nothing else.

    The value is "" for a number of another form, and None where several keys are written or the
    context has it (`known`). Returns None for a message that gives no value.
    """
    written = keys_in(text, section)
    if not written and (near := nearly_written(text, section)) is not None:
        key, typed = near
        if not _others(text, question, frozenset([typed])):
            return key, True
    beside = _others(text, question, written)
    plain = len(text) <= MAX_PLAIN_CHARACTERS and not beside
    if len(written) == 1:
        return next(iter(written)), plain
    # Only the context can give such a value: a user who says to be signed in does not bring it.
    if written or known or (section.pattern is None and _states_done(text, beside)):
        return (None, True) if plain else None
    one_number = len(beside) == 1 and any(c.isdigit() for c in beside[0])
    if section.pattern is not None and one_number and len(text) <= MAX_PLAIN_CHARACTERS:
        return "", True
    return None


def _states_done(text: str, beside: list[str]) -> bool:
    """Returns True for a message that only says that the user did what we asked for."""
    return not beside and any(word in _DONE for word in small_words(text[:MAX_PLAIN_CHARACTERS]))


def _others(text: str, question: str, written: frozenset[str]) -> list[str]:
    """Returns the words of a message that are neither a key nor usual around one.

    `question` is ours that it replies to, in whatever language.
    """
    usual = _BESIDE | set(small_words(question))
    keys = {key.casefold() for key in written}
    rest = text[: MAX_PLAIN_CHARACTERS + 1].casefold()
    for key in keys:
        rest = rest.replace(key, " ")
    return [word for word in small_words(rest) if word not in usual]

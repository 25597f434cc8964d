"""Tells by words what a message about a danger wants: a vet, nothing, an answer in a form. Pure.

The reader of grave matters and phrases find that somebody may be in danger. They do not tell an
animal from a person, a small hurt from a wound, or an examination from a hospital, and a form that
is asked for in words may leave no room. The words are English. Whatever else a message tells of a
person ends it: then it is read as before. It knows nothing about answers.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from router.regexes.late import late_regex

MOST_CHARS = 600
"""Characters of the longest message that is looked at: a longer one tells more."""
FORM_CHARS = 2_000  # of the beginning and of the end of a text that may ask for a form


class AskedForm(Enum):
    """Names how much room a form that is asked for in words leaves beside the answer."""

    FREE = auto()
    SHORT = auto()  # a word, a number, yes or no: the answer stands first
    FOR_PROGRAMS = auto()  # nothing but JSON or the like: other words break it


_FILE = r"(?:json|csv|ya?ml|xml|jsonl|ndjson)"
_SAY = r"(?:answer|reply|respond|return|output|give|write|print|say|produce|send)"
_ONLY = r"(?:only|just|solely|exactly|nothing but|strictly|purely)"
_SMALL = (
    r"(?:number|word|figure|digit|letter|integer|percentage|date|name|amount|value|label|yes or no|"
    r"true or false|yes|no)"
)
_PROGRAMS = late_regex(
    rf"\b{_ONLY}(?: \w+){{0,3}} {_FILE}\b|\b{_FILE} (?:only|alone)\b|\bonly (?:as |in )?{_FILE}\b|"
    rf"\b{_SAY}(?: \w+){{0,3}} (?:with|in|as) (?:valid |raw |plain |a |an |one |single )*{_FILE}\b|"
    rf"\b(?:valid|raw) {_FILE}(?: object)?(?: only)?[.:]",
    re.IGNORECASE,
)
_BEGIN = r"(?:^|[.?!:;,\n]\s{0,3}|\bplease |\band )(?:please |then )?"
_END = r"\s{0,3}(?:[.?!:;\n]|$)"
_SHORT = late_regex(
    rf"{_BEGIN}(?:{_ONLY} )?{_SAY}(?: me)?(?: back)?(?: with| by| in)? (?:{_ONLY} )?(?:with |in )?"
    rf"(?:an? |the |one |single |simple )*(?:{_SMALL} {_ONLY}|{_SMALL},? (?:and )?nothing else|"
    r"yes or no|yes/no|true or false|one[- ]word|single[- ]word)\b|"
    rf"{_BEGIN}(?:{_SAY}(?: me)?(?: back)?(?: with| by| in)? )?{_ONLY} (?:with |by |in )?"
    rf"(?:an? |the |one |single |simple )*{_SMALL}\b|{_BEGIN}(?:in |with )?(?:one|a single) word"
    rf"(?: only| answer)?{_END}|\b(?:number|word|figure|digit|letter|name|yes or no) only{_END}|"
    rf"\b(?:yes or no|yes/no){_END}|{_BEGIN}no (?:other|extra|further) (?:words|text)\b",
    re.IGNORECASE,
)


def asked_form(text: str) -> AskedForm:
    """Returns the form that a text asks for in words.

    >>> asked_form("How hot is it? Reply with only JSON.").name, asked_form("Reply yes or no").name
    ('FOR_PROGRAMS', 'SHORT')
    >>> asked_form("The only word he says is mama").name
    'FREE'
    """
    looked_at = text if len(text) <= FORM_CHARS else f"{text[:FORM_CHARS]}\n{text[-FORM_CHARS:]}"
    if _PROGRAMS.search(looked_at):
        return AskedForm.FOR_PROGRAMS
    return AskedForm.SHORT if _SHORT.search(looked_at) else AskedForm.FREE


_ANIMAL = (
    r"(?:rabbit|bunny|guinea pig|hamster|gerbil|ferret|hedgehog|tortoise|turtle|lizard|gecko|"
    r"parrot|budgie|canary|cockatiel|parakeet|goldfish|chicken|goat|sheep|lamb|cow|"
    r"donkey|horse|pony|foal|mare|dog|puppy|pup|cat|kitten|kitty|pet)s?"
)
_OWNER = r"(?:my|our|the|a|neighbou?r['\u2019]?s|friend['\u2019]?s)"
_SUBJECT = late_regex(rf"\b{_OWNER} (?:\w+ ){{0,2}}?{_ANIMAL}\b", re.IGNORECASE)
_PERSON = (
    r"me|myself|mine|we|us|people|person|man|men|woman|women|kid|kids|child|children|baby|babies|"
    r"infant|newborn|toddler|little one|son|daughter|boy|girl|husband|wife|partner|boyfriend|"
    r"girlfriend|mum|mom|mother|dad|father|parents?|brother|sister|uncle|aunt|grand\w+|granny|nan|neighbou?rs?|"
    r"friends?|roommate|colleague|coworker|somebody|someone|anybody|anyone|rider|owner|walker|"
    r"postman|visitor|guest|teenager|nephew|niece|cousin"
)
_TO_PEOPLE = (
    r"bite|bites|biting|bit|bitten|nip\w*|scratch\w*|kick\w*|attack\w*|threw|thrown|trampl\w*|maul\w*|"
    r"ride|rode|riding|ridden|fell|fall\w*|under|allerg\w*|rabies|suicid\w*|kill\w*|gas|fumes?|"
    r"smok\w*|exhaust|garage|boiler|heater|furnace|stove|carbon|monoxide|smell\w*|tenants?"
)
_OF_ME = (
    r"(?:my|our) (?:own )?(?:hand|arm|leg|foot|face|head|eye|eyes|finger|thumb|neck|back|chest|"
    r"stomach|belly|skin|nose|mouth|throat|heart|knee|ankle|wrist|shoulder|lip|lips|tongue)s?"
)
_TELLS_OF_PEOPLE = late_regex(
    rf"\b(?:{_PERSON}|{_TO_PEOPLE}|{_OF_ME}|i['\u2019]?(?:m|ve|d|ll)?)\b", re.IGNORECASE
)
_SOMEBODY = late_regex(r"\b(?:s?he|him|his|her|hers|they|them|their)\b", re.IGNORECASE)
"""Is the animal behind its name, and somebody before it."""
_CARES = late_regex(
    r"\b(?:should|can|could|do|must|shall|may) (?:i|we)\b(?! (?:take|drink|eat|swallow)\b)|"
    r"\bi (?:think|noticed|found|saw|wonder)\b|"
    rf"\bi (?:gave|cleaned|washed|bandaged) (?:it|him|her|(?:my|our) {_ANIMAL})\b|"
    r"\b(?:neighbou?r|friend)['\u2019]?s (?=\w)|"
    rf"\b(?:my|our) {_ANIMAL} (?:was|got|has been|is) (?:bitten|attacked|kicked|scratched|stung)\b|"
    r"\bhelp me\b|\btell me\b",
    re.IGNORECASE,
)


def about_an_animal(text: str) -> bool:
    """Returns True for a message about an animal in which no person is told of but who asks.

    >>> about_an_animal("A wasp stung my rabbit, what should I do?")
    True
    >>> about_an_animal("My horse kicked my son"), about_an_animal("I fell walking my dog")
    (False, False)
    """
    subject = _SUBJECT.search(text) if len(text) <= MOST_CHARS else None
    if subject is None or _SOMEBODY.search(text, 0, subject.start()):
        return False
    return not _TELLS_OF_PEOPLE.search(_CARES.sub(" ", text))


_LIMB = (
    r"(?:toe|finger|thumb|wrist|ankle|knee|shin|elbow|foot|hand|shoulder|calf|heel|nail|knuckle)"
)
_SMALL_HURT = late_regex(
    rf"\bstubb(?:ed|ing) (?:my|his|her|a|the) (?:\w+ )?{_LIMB}\b|\bpaper ?cuts?\b|\bhangnail\b|"
    rf"\bspl(?:inter|inters)\b|\b(?:sprain|twist|roll|bruis|scrap|graz|jamm)ed (?:my|his|her) "
    rf"(?:\w+ )?{_LIMB}s?\b|\bmosquito bites?\b|\bblisters? on (?:my|his|her) {_LIMB}s?\b|"
    rf"\b(?:cut|cuts|nicked|pricked|burned|burnt) (?:my|his|her|a) (?:\w+ )?{_LIMB}\b"
    r"(?=.*\b(?:stopped bleeding|bleeding (?:has )?stopped|no longer bleed\w*|"
    r"not bleeding any ?more|just red|a bit red|barely)\b)",
    re.IGNORECASE | re.DOTALL,
)
_SIGNS_OF_WORSE = (
    r"fever|numb\w*|dizzy|faint\w*|vomit\w*|puk\w*|threw up|breath\w*|chest|head|neck|back|eyes?|"
    r"face|belly|stomach|bones?|deep\w*|gash\w*|open|pus|infect\w*|streaks?|red line|cold|blue|"
    r"grey|gray|pale|white|spread\w*|electr\w*|shock|acid|bleach|chemical\w*|rust\w*|nail gun|saw|"
    r"machine|still bleed\w*|again|keeps?|cannot|can['\u2019]?t|unable|hang\w*|missing|lost|off|"
    r"half|wrong way|deform\w*|sticking|worse|faster|weak\w*|tingl\w*|fell|fall|stairs|ladder|"
    r"crash\w*|accident|car"
)
_OTHERS = (
    r"diabet\w*|warfarin|thinners?|pregnan\w*|baby|newborn|infant|toddler|child|kid|swallow\w*|took|"
    r"pills?|drunk|die|dying|kill\w*|hit me|hits me|husband|wife|partner|boyfriend|girlfriend|he|"
    r"she|they|someone|somebody|on purpose|myself"
)
_WORSE = late_regex(rf"\b(?:{_SIGNS_OF_WORSE}|{_OTHERS})\b", re.IGNORECASE)


def small_hurt(text: str) -> bool:
    """Returns True for a hurt that wants no ambulance, with no sign of anything worse beside it.

    >>> small_hurt("I stubbed my toe"), small_hurt("I sprained my wrist and my hand is numb")
    (True, False)
    """
    if len(text) > MOST_CHARS or not _SMALL_HURT.search(text):
        return False
    return not _WORSE.search(text)


_OWN_TALE = r"(?:novel|story|book|screenplay|script|play|comic|poem|song|thriller|fan ?fic\w*)"
_SHOWN = (
    r"(?:film|movie|series|show|episode|season \w+|novel|book|comic|manga|opera|play|soap opera|"
    r"sitcom|musical|video ?game|documentary)"
)
_TOLD = late_regex(
    r"^\W*(?:(?:exam|quiz|test|trivia|practice|textbook|multiple[- ]choice|mcq|usmle|homework|"
    r"board) (?:question|case)\b|"
    rf"in (?:the|this|that) (?:\w+ ){{0,2}}?{_SHOWN}\b|in (?:my|our) (?:\w+ )?{_OWN_TALE}\b|"
    rf"(?:write|continue|finish|draft) (?:me )?(?:a|an|the|my) (?:\w+ ){{0,3}}?(?:scene|chapter|"
    rf"dialogue|{_OWN_TALE})\b)",
    re.IGNORECASE,
)
_REAL = late_regex(
    r"\b(?:i|im|ive|i['\u2019](?:m|ve|d|ll)|me|myself|mine|we|real|really|actually|right now|"
    rf"(?:my|our) (?!\w* ?(?:{_OWN_TALE}|hero\w*|character\w*|protagonist|villain|detective))"
    r"\w+)\b",
    re.IGNORECASE,
)


def told_in_a_tale(text: str) -> bool:
    """Returns True for a message that says first that it is about an examination, a film or a tale
    of the writer's own, and tells of nobody real.

    >>> told_in_a_tale("In the film the hero has chest pain. Who plays him?")
    True
    >>> told_in_a_tale("In the film he has chest pain, as I have now")
    False
    """
    if len(text) > MOST_CHARS or not _TOLD.search(text):
        return False
    return not _REAL.search(text)

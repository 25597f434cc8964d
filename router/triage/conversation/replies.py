"""Names replies that say nothing of anybody: "never mind, keep it", "explain it more simply". Pure.

The reader of grave matters was taught whole messages. In "keep going", "still nothing" or "it's ok,
leave it" it hears despair. So a reply of nothing but the phrases with which people go on, take
back what they asked for, say that something did (not) help, or go on with a sum ("plus 8") is
named here. Whatever else stands in it ("I give up", "it doesn't matter any more") leaves it to the
reader.

A reply about nobody asks for the same in other words, asks on in a short known form ("and in
women?") or thanks, and says nothing else. After "what is a lawsuit?" it makes nothing of that
anybody's matter. "Summons arrived, deadline?" does, though no person is named in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.regexes.late import late_regex
from router.triage.framing.known_runs import known_runs, phrases_of
from router.triage.text.folding import fold

_GOES_ON = (
    "continue|keep going|go on|go ahead|carry on|proceed|next|next step|next one|and then|what now|"
    "so what now|what next|what s next|try again|once more|once again|again|do it again|start over|"
    "start again|one more"
)
_TAKES_BACK = (
    "never mind|nevermind|nvm|forget it|forget that|forget about it|forget about that|scrap that|"
    "cancel that|leave it|leave it as it is|leave it like that|leave it like this|leave it then|"
    "keep it|we keep it|i keep it|we ll keep it|i ll keep it|keep it as it is|keep it like that|"
    "keep it like this|don't bother|no need|"
    "not needed|not needed any more|not needed anymore|i changed my mind|changed my mind|"
    "false alarm|it s fine|it is fine|its fine|that s fine|that is fine|it s ok|it is ok|its ok|"
    "it s okay|that s ok|that s okay|all good|all good now|it s all good"
)
_SAYS_HOW_IT_WENT = (
    "still nothing|still the same|still not working|still doesn't work|still does not work|"
    "nothing happens|nothing happened|nothing changed|nothing changes|no luck|no change|"
    "same error|same problem|same result|the same error|the same problem|not yet|not working|"
    "doesn't work|does not work|it doesn't work|didn't work|did not work|it didn't work|"
    "doesn't help|didn't help|did not help|that didn't help|tried that|i tried that|"
    "already tried that|i already tried that|tried that already|i did that|i did that already|"
    "already did that|i already did that|works now|it works now|works|it works|that works|"
    "that worked|it worked|fixed|fixed it|i fixed it|solved|solved it|found it|i found it"
)
_AROUND = (
    "ok|okay|alright|yes|yeah|no|nope|actually|well|thanks|thank you|thx|please|sorry|then|now|"
    "but|and|so|oh|ah|hm|hmm|wait|hold on|just|great|perfect|good|cool|fine|right|for now|already"
)
_SAID = phrases_of(f"{_GOES_ON}|{_TAKES_BACK}|{_SAYS_HOW_IT_WENT}")
_KNOWN = _SAID | phrases_of(_AROUND)
_CALCULATES = late_regex(
    r"(?:(?:and|now|then|ok|und|jetzt|dann|et|puis|y|e) ){0,2}"
    r"(?:plus|minus|times|multiplied by|divided by|mal|geteilt durch|fois|moins|divisé par|más|mas|"
    r"menos|dividido entre|dividido por|più|meno) \d{1,9}(?: (?:and|plus|minus|times) \d{1,9})?"
)
"""Matches the words of a reply that goes on with a sum; not "10 more", which may be of pills."""
MOST_WORDS = 12
"""Words of the longest reply that is looked at: who says more has more to say."""
MOST_CHARS = 100  # of a reply that continues a question for knowledge

_LANGUAGES = (
    "english|german|french|spanish|italian|portuguese|dutch|polish|turkish|russian|ukrainian|"
    "chinese|japanese|korean|arabic|hindi|swedish|danish|norwegian|finnish|greek|czech|romanian|"
    "hungarian|hebrew|vietnamese"
)
_HOW = (
    r"(?:(?:a bit |a little |much )?(?:more simply|simpler|shorter|longer|more briefly|briefly|"
    r"more formally|more details?)|in (?:more )?detail|in (?:another way|other words)|"
    r"in (?:one|two|three|a few|fewer|simple|simpler|plain|easier|short|your own) "
    r"(?:bullet )?(?:words?|sentences?|terms|lines|points|paragraphs?)|like i m (?:five|5)|"
    r"eli ?5|eli ?five|tl ?dr|in a nutshell|"
    r"for (?:a child|children|kids|beginners|a layperson|laypeople)|"
    rf"(?:in|into|to) (?:{_LANGUAGES}))"
)
_OTHER_WORDS = (
    r"(?:(?:can|could|would|will) you (?:please )?)?(?:"
    r"(?:(?:explain|describe|rephrase|repeat|translate|summari[sz]e|shorten|simplify)"
    r"(?: it| that| this)?|(?:say|write|put) (?:it|that|this))"
    rf"(?: again)?(?: {_HOW}){{0,2}}|"
    r"(?:give|show) me (?:an?|another|one|two|three|some|more)(?: more)? "
    r"(?:short |simple )?(?:examples?|summary|definition|details)|tell me more)"
)
_PEOPLE = (
    r"(?:women|men|children|kids|babies|infants|toddlers|teenagers|adults|older people|"
    r"elderly people|the elderly|pregnant women|animals|pets|dogs|cats|other countries|europe|"
    r"germany|austria|switzerland|france|spain|italy|england|the uk|the us|the usa|canada|india)"
)
_ASKED_ON = (
    rf"(?:in|for|with|among|what about|how about|what about in) {_PEOPLE}|"
    r"(?:an?|another|one more) example|for example|examples|such as|like what|"
    r"why|why so|why is that|how come"
)
_THANKS = "thanks|thank you|thx|many thanks|thanks a lot|thank you very much|thank you so much"
_ABOUT_NOBODY = late_regex(
    r"(?:(?:ok|okay|please|great|perfect|cool|thanks|thank you|and|but|so|now) ){0,3}"
    rf"(?:{_OTHER_WORDS}|{_HOW}|{_ASKED_ON}|{_THANKS})(?: (?:please|thanks|thank you)){{0,2}}"
)
"""Matches the words of a whole reply. The forms are closed: a matter in few words is a matter."""


_REJECTS = late_regex(
    r"\bnot (?:what i (?:asked(?: for| you)?|meant|wanted to know|want to know|was asking|"
    r"am asking)|my question)\b|\b(?:you|u) (?:did not|didnt|have not|havent|never|"
    r"are not|arent|do not|dont) "
    r"(?:(?:even|really) )?(?:answer|answered|answering|understand|understood|listen|"
    r"listening|read)\b|\b(?:does not|doesnt|did not|didnt) answer\b|\bwrong answer\b|"
    r"\bmisunderst(?:ood|and)\b|"
    r"\bnicht (?:was ich (?:gefragt|gemeint|wissen)|meine frage)\b|\bfrage nicht beantwortet\b|"
    r"\bfalsche antwort\b|\bpas (?:ma question|ce que j ?ai demandé|ce que je demand(?:e|ais)|"
    r"répondu)\b|\bno es (?:lo que (?:pregunté|pregunte)|mi pregunta)\b|\bno me has? respondido\b"
)
_BESIDE_WORDS = (
    "no but hey hello sorry please read my question again at all me to that thats it its is this "
    "was well ok okay just really still bot you the i for nein aber das war ist sie haben du hast "
    "meine auf mir habe wollte nein non mais vous avez n c est ce cest nest à a eso pero señor"
)
_BESIDE = frozenset(_BESIDE_WORDS.split())
_LETTERS = late_regex(r"[^\W\d_]+")


def rejects_answer(text: str) -> bool:
    """Returns True for a reply that only says that an answer was none to what was asked.

    A matcher hears "you sent me the wrong thing" in it, or the answer that was just given.

    >>> rejects_answer("That's not what I asked!"), rejects_answer("That's not what I ordered.")
    (True, False)
    >>> rejects_answer("That's not what I asked. Where is my parcel?")
    False
    """
    if len(text) > MOST_CHARS or "?" in text:
        return False
    plain = text.lower().replace("'", "").replace("\u2019", "")
    said = " ".join(_LETTERS.findall(plain))
    rest = _REJECTS.sub(" ", said)
    return rest != said and _BESIDE.issuperset(rest.split())


def only_goes_on(words: Sequence[str]) -> bool:
    """Returns True for folded words that go on, take back or tell how it went, and nothing else.

    >>> only_goes_on("actually never mind keep it".split()), only_goes_on("i give up".split())
    (True, False)
    >>> only_goes_on("and plus 8".split()), only_goes_on("10 more".split())
    (True, False)
    """
    if len(words) > MOST_WORDS:
        return False
    if _CALCULATES.fullmatch(" ".join(words)) is not None:
        return True
    return not _SAID.isdisjoint(known_runs(words, _KNOWN))


def is_about_nobody(text: str) -> bool:
    """Returns True for a reply that only asks for other words, asks on in a known form, or thanks.

    >>> replies = ("Explain it more simply.", "And in women?", "Why?", "Thanks!")
    >>> [is_about_nobody(reply) for reply in replies]
    [True, True, True, True]
    >>> replies = ("I got one this morning.", "Summons arrived, deadline?", "What do I do?")
    >>> [is_about_nobody(reply) for reply in replies]
    [False, False, False]
    """
    if len(text) > MOST_CHARS:
        return False
    words = fold(text).words
    return words != () and _ABOUT_NOBODY.fullmatch(" ".join(words)) is not None

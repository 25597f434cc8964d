"""Tells who buys and who sells: "do you buy queens?" is no "do you sell queens?". Pure.

To a small encoder both are about queens and a purchase. A message has the contrary direction where
the company is to buy, or where the writer sells. An answer whose own words have that direction is
for it. English, and the seven languages of the shipped glossaries.
"""

from __future__ import annotations

from collections.abc import Collection

from router.regexes.late import late_regex

_TRADE_WORDS = "buy buying purchase purchasing sell selling"
_TRADES = frozenset(_TRADE_WORDS.split())
"""English words of which every phrase of a contrary trade has one."""

_BETWEEN = "(?: (?:guys|people|also|still|ever|even|really|now|actually|perhaps|back)){0,2}"
_ENGLISH = late_regex(
    # "How do you buy a voucher?" and "can you buy it online?" ask what anybody does.
    rf"(?<!how )(?<!where )(?<!when )\b(?:do|would|will) (?:you|u){_BETWEEN} (?:buy|purchase)\b"
    r"|\bare you(?: interested in| still| also)? (?:buying|purchasing)\b"
    r"|\b(?:can|could|may|shall|would) (?:i|we)(?: also| still)? sell\b"
    r"|\b(?:i|we)(?:'d|'m|'re| am| are| want| wish| would| have| need| like| hope| love| trying"
    r"| looking| going| thinking| of| to| also| now){1,6} (?:sell|selling)\b"
    r"|\bsell(?:ing)? (?:it |them )?(?:to )?(?:you|u)\b|\b(?:i|we|you) sell(?:ing)? (?:my|our)\b"
)
_OF_ANSWERS = late_regex(
    r"\byou (?:\w{1,12} )?(?:buy|purchase)\b|\bwe (?:\w{1,12} ){0,2}(?:buy|purchase|take)\b"
    r"|\bbuy(?:ing)?[ -]?backs?\b|\btrad(?:e|es|ing)[ -]?ins?\b|\bpart[ -]exchange\b"
    r"|\bsell (?:\w{1,12} ){0,3}to us\b|\bsell us\b"
)
"""Finds further words by which an answer says that the company buys."""
_NOT_YOURS = r"(?:(?!sie\b|ihr\b|ob\b|dass\b|of\b|dat\b)\w{1,30} ){0,5}"
_OTHERS = late_regex(
    # German, Dutch
    r"\bkaufe?n sie\b|\bkauft ihr\b|\bkaufst du\b|\b(?:sie|ihr) (?:\w{1,30} ){0,4}ankauf(?:en|t)\b"
    r"|\bankauf\b|\bin zahlung\b"
    rf"|\bverkaufe\b|\b(?:ich|wir) {_NOT_YOURS}verkaufen\b"
    r"|\b(?:euch|ihnen) (?:\w{1,30} ){0,4}verkaufen\b"
    r"|\bkopen jullie\b|\bkoopt u\b|\bjullie (?:\w{1,30} ){0,4}(?:in|op)kopen\b"
    rf"|\bverkoop ik\b|\bik verkoop\b|\b(?:ik|wij|we) {_NOT_YOURS}verkopen\b"
    # French
    r"|\br?ach[eè]te(?:z[- ]vous|s[- ]tu)\b|\brachetez\b"
    r"|(?<!si )(?<!quand )(?<!lorsque )(?<!que )(?<!-)\bvous achetez\b"
    r"|\bje vends\b|\bnous vendons\b|(?<!-)(?<!pouvez )\bvous vendre\b"
    r"|\b(?:je|nous) (?:(?:voudrais|veux|peux|souhaite|aimerais|voulons|voudrions|pouvons|puis)"
    r" )(?:(?!vous\b)\w{1,30} ){0,2}vendre\b|\bpuis-je vendre\b|\bpeut-on vendre\b"
    # Spanish, Portuguese, Italian: the verb says who.
    r"|\b(?:compran|compr[aá]is|compram|comprate|acquistate)\b|\bcompra usted\b"
    r"|\bvendo\b|\bvendemos\b|\bvendiamo\b|\bvender(?:les|os|vi|-vos|-lhes)\b"
    r"|\b(?:quiero|quisiera|queremos|puedo|podr[ií]a|podemos|quero|queria|posso|vorrei|voglio"
    r"|vogliamo|vorremmo|possiamo|potrei|gostaria de|me gustar[ií]a) (?:\w{1,30} )?vendere?\b"
    # Polish
    r"|\b(?:s|od)?kupujecie\b|\bskup(?:u?j\w{0,4})?\b|\bpa[nń]stwo (?:\w{1,30} )?kupuj[aą]\b"
    r"|\bsprzedam\b|\b(?:chc[eę]|chcemy|mog[eę]|mo[zż]emy|chcia[lł]a?bym) (?:\w{1,30} ){0,3}"
    r"sprzeda[cć]\b"
)


def has_contrary_trade(text: str, words: Collection[str], *, glossed: bool) -> bool:
    """Returns True where a company is to buy, or its customer sells; `words` are lower case.

    `glossed`: the text is in another language than English.

    >>> texts = ("Do you buy queens?", "Can I buy a queen?", "How do you buy a voucher?")
    >>> [has_contrary_trade(text, ("buy",), glossed=False) for text in texts]
    [True, False, False]
    """
    if glossed:
        return _OTHERS.search(text.lower()) is not None
    return not _TRADES.isdisjoint(words) and _ENGLISH.search(text.lower()) is not None


def is_of_contrary_trade(texts: str) -> bool:
    """Returns True where an answer's own words, its utterances among them, have that direction.

    >>> [is_of_contrary_trade(text) for text in ("We buy old frames.", "We sell frames.")]
    [True, False]
    """
    lower = texts.lower()
    return _ENGLISH.search(lower) is not None or _OF_ANSWERS.search(lower) is not None

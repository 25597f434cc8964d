"""Tells who buys and who sells: "do you buy queens?" is no "do you sell queens?". Pure.

To a small encoder both are about queens and a purchase. A message has the contrary direction where
the company is to buy, or where the writer sells. An answer whose own words have that direction is
for it. English, and the seven languages of the shipped glossaries.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from router.regexes.late import late_regex

_TRADE_WORDS = "buy buying purchase purchasing sell selling give pay offer get trade worth"
_TRADES = frozenset(_TRADE_WORDS.split())
"""English words of which every phrase of a contrary trade has one."""

_BETWEEN = "(?: (?:guys|people|also|still|ever|even|really|now|actually|perhaps|back)){0,2}"
_OLD = r"(?:old|used|second[- ]?hand|unwanted|pre-?owned|vintage|antique)"
_OLD_THINGS = rf"(?:(?:my|our|an?|the|this|that|these|some) ){{0,2}}{_OLD}\b"
_BOUGHT_IN = late_regex(
    # Without a word of age it may be a refund: "What will you pay me for my lost bag?" A noun
    # before the verb may be a warranty, or a discount.
    r"\b(?:how much|what)(?: money| cash)? (?:would|will|do|does|can|could|might|may) (?:(?:you|u)"
    r"(?: guys)? (?:give|pay|offer)|(?:i|we) get|(?:i|we) be (?:given|paid|offered))"
    rf"(?: (?:me|us|cash|money)){{0,2}} for {_OLD_THINGS}|\btrade in {_OLD_THINGS}"
    rf"|\bhow much (?:is|are) (?:my|our) {_OLD} (?:[\w-]{{1,20}} ){{1,3}}(?:still )?worth\b"
)
"""Finds what the company would give for something used, in English."""
_ENGLISH = late_regex(
    # "How do you buy a voucher?" and "can you buy it online?" ask what anybody does.
    rf"(?<!how )(?<!where )(?<!when )\b(?:do|will) (?:you|u){_BETWEEN} (?:buy|purchase)\b"
    # "Which bike would you buy?" asks for advice.
    rf"|(?:^|[.!?,:] )would (?:you|u){_BETWEEN} (?:buy|purchase)\b"
    r"|\bare you(?: interested in| still| also)? (?:buying|purchasing)\b"
    r"|\bsell(?:ing)? (?:it |them )?(?:to )?(?:you|u)\b"
)
_ENGLISH_SALE = late_regex(
    r"\b(?:can|could|may|shall|would) (?:i|we)(?: also| still)? sell\b"
    r"|(?<!if )(?<!when )(?<!once )(?<!before )(?<!because )\b(?:i|we)(?:'d|'m|'re| am| are| want"
    r"| wish| would| have| need| like| hope| love| trying| looking| going| thinking| of| to| also"
    r"| now){1,6} (?:sell|selling)\b"
    r"|(?<!if )(?<!when )(?<!once )(?<!before )(?<!because )\b(?:i|we) sell (?:my|our)\b"
)
"""Finds a sale of the writer's own. Where the message goes on behind it, it may be another's
matter: "I'm selling my house, can I repay the loan early?"."""
_GOES_ON = re.compile(r"[,;.!?:] *[^\W\d_]|\b(?:and|und|et|y|e|en|i) ")
_OF_ANSWERS = late_regex(
    r"\byou (?:\w{1,12} )?(?:buy|purchase)\b|\bwe (?:\w{1,12} ){0,2}(?:buy|purchase|take)\b"
    r"|\bbuy(?:ing)?[ -]?backs?\b|\btrad(?:e|es|ing)[ -]?ins?\b|\bpart[ -]exchange\b"
    r"|\bsell (?:\w{1,12} ){0,3}to us\b|\bsell us\b"
    # A broker's or a marketplace's: "How do I sell my shares?", "You can sell tickets in the app."
    r"|\bi (?:(?!you\b|u\b|they\b)\w{1,12} ){0,2}sell\b|\b(?:re-?)?sell(?:ing)? my\b"
    r"|\byou (?:can|may|could|want to|wish to|would like to) (?:\w{1,12} )?(?:re-?)?sell\b"
    r"|(?<!you )\b(?:re-?)?sell(?:ing)? your\b|\bhow to (?:re-?)?sell\b"
)
"""Finds further words by which an answer says that the company buys, or its customers sell."""
_SIGNS = (
    (_ENGLISH, ("buy", "purchas", "sell")),
    (_BOUGHT_IN, ("old", "used", "second", "unwanted", "owned", "vintage", "antique")),
    (_ENGLISH_SALE, ("sell",)),
    (_OF_ANSWERS, ("buy", "purchas", "sell", "take", "trad", "t-exchange", "t exchange")),
)
"""Names letters of which every phrase of a pattern has some. An answer and its utterances are long,
and most have none, so that no pattern needs to try each of their places."""
_NOT_YOURS = r"(?:(?!sie\b|ihr\b|ob\b|dass\b|of\b|dat\b)\w{1,30} ){0,5}"
_RELATIVES = "que quienes clientes si se cuando quando"
_NO_RELATIVE = "".join(f"(?<!{word} )" for word in _RELATIVES.split())
_USED = (
    r"(?:alte?[mnrs]?|gebrauchte?[mnrs]?|oude?|gebruikte?|tweedehands|vieux|vieil(?:le)?s?"
    r"|anciens?|anciennes?|viej[oa]s?|antigu[oa]s?|usad[oa]s?|vecchi[aeo]?|usat[aeio])"
)
_OWN = (
    r"(?:(?:meine?[mnrs]?|unsere?[mnrs]?|eine?[nms]?|die|das|den|mijn|onze|ons|een|de|het|mon|ma"
    r"|mes|une?|des|les?|la|mis?|unas?|unos?|los|las|el|il|lo|gli|mi[aeo]|miei|mie) ){0,2}"
)
_THING_OF = rf"{_OWN}(?:{_USED}\b|[\w-]{{1,20}} (?:{_USED}\b|d'occasion|de segunda mano))"
_BOUGHT_IN_ABROAD = (
    r"\b(?:was|wie ?viel(?: geld)?) (?:(?:geben|zahlen|bezahlen|bieten|w(?:ü|ue)rden) (?:sie|ihr)"
    r"|(?:gebt|zahlt|bezahlt|bietet|w(?:ü|ue)rdet) ihr|(?:bekomme|kriege|bekommen) (?:ich|wir))"
    rf"(?: (?:mir|uns|noch|denn|etwa|bei|von|ihnen|euch)){{0,3}} f(?:ü|ue)r {_THING_OF}"
    r"|\b(?:wat|hoeveel(?: geld)?) (?:geven|geeft|betalen|betaalt|bieden|biedt|zouden|krijg(?:en)?)"
    rf" (?:jullie|u|je|ik|we)(?: (?:mij|me|ons|nog)){{0,2}} voor {_THING_OF}"
    r"|\b(?:combien|que) (?:me |nous )?(?:donn|offr|pay|propos)(?:ez|eriez|iriez|erez|irez)[- ]vous"
    rf"(?: (?:de|pour)) {_THING_OF}"
    r"|\b(?:cu[aá]nto|qu[eé]) (?:dinero )?(?:me|nos) (?:dan|dais|da|dar[ií]an?|dar[ií]ais|pagan"
    r"|pag[aá]is|pagar[ií]an?|ofrecen|ofrec[eé]is|ofrecer[ií]an?) por "
    rf"{_THING_OF}"
    r"|\b(?:quanto|cosa) (?:mi|ci) (?:date|dareste|pagate|paghereste|offrite|offrireste|darebbe"
    rf"|d[aà]) per {_THING_OF}"
)
"""Finds the same in German, Dutch, French, Spanish and Italian."""
_OTHERS = late_regex(
    rf"{_BOUGHT_IN_ABROAD}|"
    # German, Dutch
    r"\bkaufe?n sie\b|\bkauft ihr\b|\bkaufst du\b|\b(?:sie|ihr) (?:\w{1,30} ){0,4}ankauf(?:en|t)\b"
    r"|\bankauf\b|\bin zahlung\b|(?<!bei )\b(?:euch|ihnen) (?:\w{1,30} ){0,4}verkaufen?\b"
    r"|\bkopen jullie\b|\bkoopt u\b|\bjullie (?:\w{1,30} ){0,4}(?:in|op)kopen\b"
    r"|\baan (?:jullie|u) (?:\w{1,30} ){0,2}verkopen\b"
    # French
    r"|\br?ach[eè]te(?:z[- ]vous|s[- ]tu)\b|\brachetez\b"
    r"|(?<!si )(?<!quand )(?<!lorsque )(?<!que )(?<!-)\bvous achetez\b"
    r"|(?<!-)(?<!pouvez )\bvous vendre\b"
    # Spanish, Portuguese, Italian: the verb says who.
    rf"|{_NO_RELATIVE}\b(?:compran|compr[aá]is|compram)\b|\bcompra usted\b"
    # Elsewhere these are participles: "le scarpe comprate ieri".
    r"|(?:^|[.!?:] ?|\b(?:voi|mi|ci|non|salve|ciao|buongiorno|buonasera),? )"
    r"(?:ri)?(?:comprate|acquistate)\b"
    r"|\bvender(?:les|os|vi|-vos|-lhes)\b"
    # Polish
    r"|\b(?:s|od)?kupujecie\b|\bskup(?:u?j\w{0,4})?\b|\bpa[nń]stwo (?:\w{1,30} )?kupuj[aą]\b"
)
_IF_WORDS = "wenn falls bevor als si quand cuando se quando"
_IF = "".join(f"(?<!{word} )" for word in _IF_WORDS.split())
_OTHERS_SALE = late_regex(
    rf"{_IF}\b(?:ich verkaufe|verkaufe ich|ik verkoop|verkoop ik|je vends|nous vendons|vendo"
    r"|vendemos|vendiamo|sprzedam)\b"
    rf"|{_IF}\b(?:ich|wir) {_NOT_YOURS}verkaufen\b|{_IF}\b(?:ik|wij|we) {_NOT_YOURS}verkopen\b"
    r"|\b(?:je|nous) (?:voudrais|veux|peux|souhaite|aimerais|voulons|voudrions|pouvons|puis)"
    r" (?:(?!vous\b)\w{1,30} ){0,2}vendre\b|\b(?:puis-je|peut-on) vendre\b"
    r"|\b(?:quiero|quisiera|queremos|puedo|podr[ií]a|podemos|quero|queria|posso|vorrei|voglio"
    r"|vogliamo|vorremmo|possiamo|potrei|gostaria de|me gustar[ií]a) (?:\w{1,30} )?vendere?\b"
    r"|\b(?:chc[eę]|chcemy|mog[eę]|mo[zż]emy|chcia[lł]a?bym) (?:\w{1,30} ){0,3}sprzeda[cć]\b"
)


def has_contrary_trade(text: str, words: Collection[str], *, glossed: bool) -> bool:
    """Returns True where a company is to buy, or its customer sells; `words` are lower case.

    `glossed`: the text is in another language than English.

    >>> texts = ("Do you buy queens?", "Can I buy a queen?", "How do you buy a voucher?")
    >>> [has_contrary_trade(text, ("buy",), glossed=False) for text in texts]
    [True, False, False]
    """
    if not glossed and _TRADES.isdisjoint(words):
        return False
    lower = text.lower()
    to_company, sale = (_OTHERS, _OTHERS_SALE) if glossed else (_ENGLISH, _ENGLISH_SALE)
    if to_company.search(lower) or (not glossed and _BOUGHT_IN.search(lower)):
        return True
    found = sale.search(lower)
    return found is not None and _GOES_ON.search(lower, found.end()) is None


def is_of_contrary_trade(texts: str) -> bool:
    """Returns True where an answer's own words, its utterances among them, have that direction.

    >>> [is_of_contrary_trade(text) for text in ("We buy old frames.", "We sell frames.")]
    [True, False]
    """
    lower = texts.lower()
    return any(
        pattern.search(lower) is not None
        for pattern, signs in _SIGNS
        if any(sign in lower for sign in signs)
    )

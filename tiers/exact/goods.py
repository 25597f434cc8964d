"""Works out what goods cost together in four languages: "2 queens at $38 and 3 nucs at $210".

All of a question must fit: counts, things, a price of each and a question for the total. A thing
may be any noun then, as nothing is asked about it. What needs a price list, a stock, a reduction, a
tax or a delivery fits no form. It knows no price itself; `purchases` reads more English ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

from msgspec import Struct

from router.money.priced_goods import priced_goods, sum_of
from router.regexes.digits import has_digit
from router.regexes.late import late_regex
from tiers.exact.money_shares import SIGNS
from tiers.exact.other_languages import ACCENTS
from tiers.exact.phrased.figures import shown
from tiers.exact.purchases import SEVERAL

MAX_CHARACTERS = 160
MOST_KINDS = 6
"""A question for six kinds, such as "3 queens at $38", has about 120 characters."""
_CURRENCIES = {"dollares": "$", "pound": "£", "pounds": "£", "pfund": "£"}
_MONEY = (
    "€|\\$|£|euros?\\b|eur\\b|dollars?\\b|dollares\\b|dolares\\b|usd\\b|pounds?\\b|gbp\\b|pfund\\b"
)
_WORD = late_regex(r"[a-z]+")
_PRICED = late_regex(_MONEY)
_SUM = (
    r"(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d{1,2})?|[1-9]\d{0,2}(?:[. ]\d{3})+(?:,\d{1,2})?"
    r"|\d{1,9}(?:[.,]\d{1,3})?)(?![.,]?\d)"
)
_PRICE = rf"(?:(?P<before>{_MONEY}) ?)?(?P<sum>{_SUM})(?: ?(?P<after>{_MONEY}))?(?![\w%])"
_THING = r"(?P<thing>[a-z][a-z'-]*(?: [a-z][a-z'-]*){0,3}?)"
_NO_GOODS_WORDS = (
    # Several at once, shares and measures: it is unclear which of them has the price.
    "paar handvoll menge reihe "
    "poignee dizaine quinzaine vingtaine punado monton decena decenas "
    "dozen dozens half quarter third hundred hundreds thousand million kg g gram grams gramm "
    "gramme grammes gramos kilo kilos l liter liters litre litres litro litros ml cl m meter "
    "meters metre metres metros cm km mm inch inches foot feet pound pounds lb lbs ounce ounces oz "
    "dutzend halbe halben viertel pfund hundert tausend douzaine douzaines demi quart livre "
    "cent cents mille centaines docena docenas media medio cuarto cien cientos mil percent "
    "prozent "
    # Times: they may be wages, rents or the hour of the day.
    "am pm hour hours h hrs day days week weeks month months year years minute minutes night "
    "nights stunde stunden tag tage tagen woche wochen monat monate monaten jahr jahre jahren "
    "nacht nachte heure heures jour jours semaine semaines mois an ans annee annees nuit "
    "nuits hora horas dia dias semana semanas mes meses ano anos noche noches uhr "
    # Words that say more than a name: what is free, reduced, somebody's, taxed, delivered or left.
    "and or und oder et ou y e o with without mit ohne avec sans con sin plus minus menos "
    "moins mal times fois por off free gratis gratuit gratuits gratuites discount discounted "
    "reduction sale rabatt reduziert reduzierte reduzierten remise solde soldes descuento "
    "rebaja rebajas rebajados tax vat taxes steuer mwst netto brutto tva ht ttc iva shipping "
    "delivery postage versand lieferung porto livraison port envio gastos your yours ihre "
    "ihrer ihren eure eurer euren dein deine deiner vos votre tes ton tus su sus vuestros "
    "vuestras left remaining stock lager not no nicht kein keine pas ne cheaper gunstige "
    "gunstiger moins-chers baratos at a fur zu je cost costs cheapest each per pro par cada "
    "shares share aktien aktie actions action acciones accion bonds option options bitcoin "
    "bitcoins btc eth tokens coins "
    # Currencies: an exchange.
    "euro euros eur dollar dollars dollares dolares usd gbp chf franken francs yen yens pesos "
    # People.
    "people person persons guests adults kids kid children child women woman men man girls "
    "girl boys boy babies baby slaves slave wives employees workers leute personen person "
    "menschen gaste erwachsene kinder kind frauen frau manner mann madchen jungen junge babys "
    "sklaven mitarbeiter personnes personne gens invites adultes enfants enfant femmes femme "
    "hommes homme filles fille garcons garcon bebes bebe esclaves employes personas invitados "
    "adultos ninos nino ninas nina mujeres mujer hombres hombre chicas chica chicos esclavos "
    "empleados "
    # Weapons.
    "gun guns rifle rifles pistol pistols weapon weapons grenade grenades bomb bombs bullets "
    "ammo ammunition explosives detonators silencers gewehr gewehre pistole pistolen waffe "
    "waffen granaten bombe bomben munition sprengstoff fusil fusils pistolet pistolets arme "
    "armes bombes grenades munitions pistola pistolas arma armas bombas granadas municiones "
    "fusiles "
    # Drugs, medicines and poisons.
    "pill pills tablet tablets drug drugs joints ecstasy cocaine heroin weed opioids vials "
    "syringes organs kidneys kidney passports drogen pillen tabletten tablette kokain heroin "
    "organe nieren niere passe drogue drogues pilules comprimes cocaine heroine organes reins "
    "rein passeports droga drogas pastillas cocaina heroina organos rinones rinon pasaportes "
    "poison gift poisons "
)
_NO_GOODS = SEVERAL.union(_NO_GOODS_WORDS.split())
"""No thing that is counted has one of these words: the sum would be another one, or more than a
sum is at stake."""


class _Language(Struct, frozen=True, eq=False):
    """Holds the words of one language around goods; equal to itself alone."""

    counts: Mapping[str, int]
    asks: str  # before the first count
    needs: str  # before the first count, where the question comes last
    links: str  # between thing and price: the price is for each
    unclear: str  # the same; the price may be for all, unless a word behind it says "each"
    each: str  # behind the price
    joins: str
    together: str  # behind all, and ask for nothing by themselves
    asks_after: str  # behind all
    product: str  # "3 times 38 euros", without a question too
    asked_product: str


def _counts(one: str, words: str) -> dict[str, int]:
    return dict.fromkeys(one.split(), 1) | {
        word: number for number, word in enumerate(words.split(), 2)
    }


_LANGUAGES = {
    "en": _Language(
        _counts("a an one", "two three four five six seven eight nine ten eleven twelve"),
        "(?:what|how much) (?:do|does|would|will|did|are|is)(?: the)?|how much for"
        "|(?:what(?: is|'?s) )?the (?:total|sum|price|cost)(?: price| cost)? (?:of|for)",
        "(?:if )?(?:i|we)(?:'m| am|'re| are|'ll|'d like to| will| want to| would like to)? "
        "(?:need|want|buy|buying|order|ordering|ordered|bought|take|get|have)",
        "at|@|costing|priced at|that cost|which cost",
        "for",
        "each|apiece|a piece|per piece|per item|per unit",
        "and|plus|\\+",
        "(?:cost |come to )?(?:together|altogether|in total|in all|all together|cost|come to)",
        "(?:so )?(?:and )?(?:what(?:'?s| is| will be| would be) (?:the|my) (?:total|sum)"
        "(?: price| cost)?|how much (?:is|are|does|do|will|would) (?:that|it|this|they|i)"
        "(?: be| cost| come to| make| pay| owe)?|what (?:does|do|will|would) (?:that|it|this|they"
        "|i)(?: all)? (?:cost|come to|make|pay|owe))(?: in total| together| altogether| in all)?",
        "(?!)",
        "(?!)",
    ),
    "de": _Language(
        _counts(
            "ein eine einen einem einer",
            "zwei drei vier funf sechs sieben acht neun zehn elf zwolf",
        )
        | {"fuenf": 5},
        "(?:was|wie ?viel) (?:kosten|kostet|machen|macht|sind|zahle ich fur|bezahle ich fur)"
        "(?: mich| uns| dann)?|(?:was ist )?(?:der|die) (?:gesamtpreis|preis|summe) (?:von|fur)",
        "(?:ich|wir) (?:brauche|brauchen|kaufe|kaufen|bestelle|bestellen|nehme|nehmen|mochte"
        "|mochten|will|wollen|hatte gern|habe)",
        "zu je|zu jeweils|fur je|fur jeweils|mit je|je|jeweils|a|zu",
        "fur|mit|um",
        "(?:pro|das|je) (?:stuck|stueck)|je",
        "und|plus|\\+",
        "zusammen|insgesamt",
        "(?:und )?(?:was|wie ?viel) (?:macht|kostet|kosten|ist|sind|ergibt) (?:das|es|die|sie)"
        "(?: alles)?(?: dann)?(?: zusammen| insgesamt)?|(?:und )?(?:was|wie ?viel) (?:zahle"
        "|bezahle) ich(?: dann)?(?: zusammen| insgesamt)?",
        "mal",
        "mal|x|\\*",
    ),
    "fr": _Language(
        _counts("un une", "deux trois quatre cinq six sept huit neuf dix onze douze"),
        "combien (?:coutent|coute|font|fait|valent|pour)|que coutent|quel est le "
        "(?:prix|total|cout|montant)(?: total)? (?:de|pour)|(?:ca fait combien|combien ca fait)"
        " pour",
        "(?:je|nous) (?:prends|prenons|veux|voulons|voudrais|voudrions|commande|commandons|achete"
        "|achetons)|j'achete|il (?:me|nous) faut|j'ai besoin de|nous avons besoin de",
        "(?!)",
        "a|de|pour",
        "chacune?s?|(?:la |par )?piece|(?:l ?'? ?|par )unite",
        "et|plus|\\+",
        "au total|en tout|ensemble",
        "(?:et )?(?:ca|cela) (?:fait|coute|coutera) combien(?: au total| en tout)?|(?:et )?combien "
        "(?:ca|cela) (?:fait|coute)(?: au total| en tout)?|combien (?:dois-je payer|je paie"
        "|je dois)(?: au total| en tout)?|quel est le (?:total|prix total|montant total)",
        "fois",
        "fois|x|\\*",
    ),
    "es": _Language(
        _counts("un una", "dos tres cuatro cinco seis siete ocho nueve diez once doce"),
        "cuanto (?:cuestan?|son|es|valen?|hacen|seria|serian)|que cuestan|cual es el "
        "(?:precio|total|coste|costo)(?: total)? (?:de|por)",
        "(?:necesito|necesitamos|quiero|queremos|compro|compramos|pido|pedimos|me llevo)",
        "(?!)",
        "a|de|por",
        "cada un[oa]|(?:por |la )(?:unidad|pieza)|c/u",
        "y|mas|\\+",
        "en total|juntos|juntas|todo junto",
        "(?:y )?cuanto (?:es|son|cuesta|cuestan|seria|seran|pago|sale)(?: todo)?(?: en total)?"
        "|cual es el total",
        "(?!)",
        "por|x|\\*",
    ),
}


class _Forms(Struct, frozen=True):
    """Holds the compiled forms of one language."""

    frame: re.Pattern[str]
    item: re.Pattern[str]
    joined: re.Pattern[str]
    end: re.Pattern[str]
    product: re.Pattern[str]


@cache
def _forms(language: str) -> _Forms:
    words = _LANGUAGES[language]
    counts = "|".join(words.counts)
    links = f"(?P<link>{words.links})|(?P<unclear>{words.unclear})"
    return _Forms(
        frame=late_regex(rf"(?:(?P<asks>{words.asks})|(?P<needs>{words.needs})) "),
        item=late_regex(
            rf"(?P<count>\d{{1,6}}|{counts}) {_THING},? (?:(?:{links}) )?"
            rf"{_PRICE}(?:,? (?P<each>{words.each})(?!\w))?"
        ),
        joined=late_regex(rf"(?:,? (?:{words.joins})|,) "),
        end=late_regex(
            rf"(?:[,.;:?!]?(?: -)? (?:(?P<asks>{words.asks_after})|(?:{words.together})))?"
        ),
        product=late_regex(
            rf"(?:(?P<asks>{words.asks}) (?P<count>\d{{1,6}}) ?(?:{words.asked_product})"
            rf"|(?P<bare>\d{{1,6}}) ?(?:{words.product})) ?{_PRICE}"
        ),
    )


def compile_forms() -> None:
    """Compiles the forms of all languages; otherwise the first question waits."""
    for language in _LANGUAGES:
        forms = _forms(language)
        for form in (forms.frame, forms.item, forms.joined, forms.end, forms.product):
            form.fullmatch("")


def cost_of_goods(text: str, *, opens: bool = False) -> str | None:
    """Returns what goods cost together, None for anything else.

    Everyday goods in other languages than English need no question where they open a conversation;
    otherwise they may be a reply.

    >>> cost_of_goods("Was kosten 3 Stühle zu je 2.000 Euro?")
    '3 * 2.000 € = 6.000 €'
    >>> cost_of_goods("3 sillas a 20,50 euros cada una", opens=True)
    '3 * 20,50 € = 61,50 €'
    >>> cost_of_goods("what do 3 queens at $38 and 2 nucs at $210 cost together?")
    '3 * $38 + 2 * $210 = $534'
    """
    if len(text) > MAX_CHARACTERS or not has_digit(text):
        return None
    folded = text.lower()
    if not folded.isascii():
        folded = folded.replace("ß", "ss").replace("\u202f", " ").replace("\u00a0", " ")
        folded = folded.translate(ACCENTS)
    if _PRICED.search(folded) is None:
        return None
    goods = priced_goods(folded)
    if goods is not None and goods.language != "en" and (goods.asks or opens):
        price = sum_of(goods.price, goods.language)
        if price is not None:
            sign = _sign(goods.currency)
            return _told([(goods.count, Fraction(price))], sign, goods.language)
    core = " ".join(folded.replace("\u00bf", "").split()).strip(" ?!.=\u00a1")
    for language in _LANGUAGES:
        answer = _product(core, language, opens) or _total(core, language)
        if answer is not None:
            return answer
    return None


def _sign(currency: str) -> str:
    return SIGNS.get(currency) or _CURRENCIES[currency]


def _told(goods: list[tuple[int, Fraction]], sign: str, language: str) -> str:
    """Returns the sum as a line that shows how it came about."""
    parts = [
        f"{count} * {shown(price, sign, language)}" if count > 1 else shown(price, sign, language)
        for count, price in goods
    ]
    total = sum((count * price for count, price in goods), Fraction(0))
    return f"{' + '.join(parts)} = {shown(total, sign, language)}"


def _price(match: re.Match[str], language: str) -> tuple[Fraction, str] | None:
    """Returns a price and its sign; None without a currency, and for a price with two meanings."""
    if (match["before"] is None) == (match["after"] is None):
        return None
    value = sum_of(match["sum"], language)
    return None if value is None else (Fraction(value), _sign(match["before"] or match["after"]))


def _product(core: str, language: str, opens: bool) -> str | None:
    """Returns so many times a price: "3 mal 38 Euro"."""
    match = _forms(language).product.fullmatch(core)
    if match is None or not (match["asks"] or opens):
        return None
    price = _price(match, language)
    count = int(match["count"] or match["bare"])
    return None if price is None else _told([(count, price[0])], price[1], language)


class _Goods(Struct):
    """Collects the goods of a question, and what their prices say."""

    priced: list[tuple[int, Fraction]]
    signs: set[str]
    each: bool = True  # all prices are said to be for one piece
    beside: bool = True  # all prices are for one piece if there are several kinds of goods


def _total(core: str, language: str) -> str | None:
    """Returns the cost of all goods of a question for their total; None for anything else."""
    forms = _forms(language)
    frame = forms.frame.match(core)
    read = _goods(core, 0 if frame is None else frame.end(), language)
    if read is None:
        return None
    goods, place = read
    end = forms.end.fullmatch(core, place)
    if end is None or len(goods.signs) != 1 or sum([count for count, _ in goods.priced]) < 2:
        return None
    asked = end["asks"] is not None or (frame is not None and frame["asks"] is not None)
    several = len(goods.priced) > 1 or language == "en"
    if not asked or not (goods.each or (several and goods.beside)):
        return None
    return _told(goods.priced, goods.signs.pop(), language)


def _goods(core: str, place: int, language: str) -> tuple[_Goods, int] | None:
    """Returns all goods from a place on, and the place behind them; None if one is unclear."""
    forms, counts = _forms(language), _LANGUAGES[language].counts
    goods = _Goods([], set())
    while len(goods.priced) < MOST_KINDS and (item := forms.item.match(core, place)) is not None:
        price = _price(item, language)
        count = int(item["count"]) if item["count"].isdecimal() else counts[item["count"]]
        if price is None or not count or not _NO_GOODS.isdisjoint(_WORD.findall(item["thing"])):
            return None
        if count == 1 and item["each"] is not None and not item["count"].isdecimal():
            return None  # "a pair of tyres at $45 each": more than one
        each = item["each"] is not None or (item["link"] is not None and language != "en")
        goods.each = goods.each and each
        # Beside other goods, "at $38" and "à 38 €" are for one piece; "for $38" may be for all.
        goods.beside &= each or item["link"] is not None or item["unclear"] == "a"
        goods.priced.append((count, price[0]))
        goods.signs.add(price[1])
        place = item.end()
        joined = forms.joined.match(core, place)
        if joined is None or forms.item.match(core, joined.end()) is None:
            break
        place = joined.end()
    return goods, place

"""Works out instalments, regular payments, prices of another count and recipes in three languages.

A sum is paid in equal parts, each piece costs the same, and a recipe grows evenly. English has its
own forms (`told`). It knows nothing about interest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache

from tiers.exact.phrased.figures import BEGINNINGS as SUMS
from tiers.exact.phrased.figures import in_cents, money, shown
from tiers.exact.phrased.forms import COUNT_WORDS, compiled, count, fitting

MOST_PARTS = 10_000
_M = rf"(?P<m>\d{{1,4}}|{COUNT_WORDS})"
_THING = r"[a-z'-]{2,20}(?: [a-z'-]{2,20}){0,2}"
_PER = {
    "de": {
        "day": "am tag|pro tag|taglich|jeden tag",
        "week": "in der woche|pro woche|die woche|wochentlich|jede woche",
        "month": "im monat|pro monat|den monat|monatlich|jeden monat",
        "year": "im jahr|pro jahr|das jahr|jahrlich|jedes jahr",
    },
    "fr": {
        "day": "par jour|chaque jour|la journee",
        "week": "par semaine|chaque semaine|la semaine",
        "month": "par mois|chaque mois|le mois|mensuels?",
        "year": "par an|chaque annee|l'annee|annuels?",
    },
    "es": {
        "day": "al dia|por dia|cada dia|diarios",
        "week": "a la semana|por semana|cada semana|semanales",
        "month": "al mes|por mes|cada mes|mensuales",
        "year": "al ano|por ano|cada ano|anuales",
    },
}
_UNITS = {
    "de": {"day": "tage?n?", "week": "wochen?", "month": "monate?n?", "year": "jahre?n?"},
    "fr": {"day": "jours?", "week": "semaines?", "month": "mois", "year": "ans?|annees?"},
    "es": {"day": "dias?", "week": "semanas?", "month": "mes(?:es)?", "year": "anos?"},
}
_OFTEN = {("day", "week"): 7, ("month", "year"): 12}
"""Says how often the first is in the second; a year has 52 weeks to some."""
_EACH_DE = r"(?:(?:eine|jede|die|pro|je)(?: einzelne)? (?:rate|zahlung|monat)|das (?:pro|im) monat"
_EACH_DE += r"|pro (?:rate|monat)|jede)"
_FORMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "de": {
        "each": (
            r"(?:wenn ich |ich zahle )?<x> in <n> (?:gleichen )?(?:monats)?(?:raten|teilen)"
            r"(?: (?:ab|zuruck)?zahle)?[,.]? (?:wie ?viel|was|wie hoch) (?:ist|kostet|betragt"
            rf"|zahle ich|sind)(?: {_EACH_DE})",
            r"(?:wie hoch ist|wie ?viel ist|was kostet) (?:eine|die|jede) rate,? wenn ich <x> in "
            r"<n> (?:gleichen )?(?:monats)?raten (?:ab|zuruck)?zahle",
        ),
        "product": (
            r"(?:(?:was|wie ?viel) (?:kosten|sind|machen|ergeben) )?<n> (?:monats)?(?:raten"
            r"|zahlungen)(?: zu| von| a| mit)(?: je)? <x>(?: zusammen| insgesamt)?",
        ),
        "regular": (
            r"(?:(?:was (?:kosten|sind)|wie ?viel (?:sind|kosten)|ich (?:zahle|spare|verdiene)) )?"
            r"<x> (?P<per><per>) (?:fur|in|uber|auf) <t> (?P<over><over>)(?:[,.]? (?:was|wie ?viel)"
            r" (?:ist|sind|macht|kostet) das(?: zusammen| insgesamt)?)?",
            r"(?:was (?:kosten|sind) |wie ?viel (?:sind|kosten) )?<t> (?P<over><over>) (?:zu|fur|a"
            r"|mit)(?: je)? <x> (?P<per><per>)",
            rf"(?:der|die|das|mein|meine|unser|unsere) {_THING} (?:kostet|kosten|ist|betragt) <x> "
            r"(?P<per><per>)[,.]? (?:was|wie ?viel) (?:zahle ich|zahlen wir|kostet (?:das|es|er"
            r"|sie)|ist das|macht das) (?:in|fur|uber|nach) <t> (?P<over><over>)",
            r"(?:was|wie ?viel) (?:verdiene|zahle|bekomme|spare) ich (?:im|in einem|pro) "
            r"(?P<over>jahr),? (?:bei|mit|wenn ich) <x> (?P<per><per>)(?: verdiene| zahle| spare"
            r"| bekomme)?",
        ),
        "left": (
            r"(?:ich habe|wenn ich) <x>(?: habe)?(?: und|,)(?: ich)? (?:gebe (?:davon )?<y> aus"
            r"|<y> ausgebe)[,.]? (?:wie ?viel|was) (?:bleibt|habe ich)(?: mir| dann| davon| noch"
            r"| ubrig)*",
        ),
        "price": (
            rf"(?:wenn )?<n> (?P<thing>{_THING}) (?:kosten <x>|<x> kosten)[,.]? (?:was|wie ?viel) "
            rf"kosten (?:dann )?{_M}(?: (?P<again>{_THING}))?",
            rf"(?:was|wie ?viel) kosten {_M}(?: (?P<again>{_THING}))?,? wenn <n> "
            rf"(?P<thing>{_THING}) <x> kosten",
        ),
        "recipe": (
            r"(?:(?:ein|das|mein) rezept )?fur <n>(?: personen| leute| portionen)? (?:braucht"
            r"(?: man)?|brauche ich|benotigt(?: man)?) (?P<q>\d{1,5}(?:,\d{1,2})?) "
            rf"?(?P<unit>[a-z]{{1,8}})(?: (?P<what>{_THING}))?[,.]? wie ?viele?"
            r"(?: (?P<asked>[a-z]+))?"
            rf"(?: (?:brauche ich|braucht man|ist das))? fur {_M}(?: personen| leute| portionen)?",
        ),
    },
    "fr": {
        "each": (
            r"(?:combien (?:font|fait) )<x> en <n> (?:fois|mensualites|paiements|versements"
            r"|echeances)(?: sans frais)?",
            r"(?:si je paie |je paie )?<x> en <n> (?:fois|mensualites|paiements|versements"
            r"|echeances)(?: sans frais)?,? (?:combien (?:par|a chaque) (?:mois|fois|mensualite)"
            r"|(?:ca fait )?combien(?: (?:est-ce|ca fait|je paie|dois-je payer))?(?: chaque fois"
            r"| (?:par|a chaque) (?:fois|mois|mensualite)| chacune?)?)",
        ),
        "product": (
            r"(?:combien (?:font|fait|coutent) )?<n> (?:mensualites|paiements|versements|echeances)"
            r" de <x>(?: au total| en tout)?",
        ),
        "regular": (
            r"(?:combien (?:font|fait|coutent) |je (?:paie|gagne|mets de cote) )?<x> (?P<per><per>)"
            r" (?:pendant|sur|en|pour|durant) <t> (?P<over><over>)(?:,? (?:ca fait combien|combien"
            r"(?: ca fait| est-ce)?)(?: au total| en tout)?)?",
            r"(?:combien (?:font|coutent) )?<t> (?P<over><over>) a <x> (?P<per><per>)",
            rf"(?:le |la |l'|mon |ma |notre ){_THING} (?:coute|est de|s'eleve a) <x> (?P<per><per>)"
            r",? combien (?:je paie|dois-je payer|ca fait|ca coute|vais-je payer) (?:pendant|sur|en"
            r"|pour) <t> (?P<over><over>)",
            r"combien (?:je gagne|est-ce que je gagne|je paie) par (?P<over>an),? (?:avec|a|si je "
            r"(?:gagne|paie)) <x> (?P<per><per>)",
        ),
        "left": (
            r"(?:si )?j'ai <x> et (?:que )?(?:je |j'en )?depense <y>,? (?:combien|que) (?:me )?"
            r"(?:reste-t-il|il (?:me )?reste)",
        ),
        "price": (
            rf"(?:si )?<n> (?P<thing>{_THING}) coutent <x>,? combien (?:coutent|pour|font) {_M}"
            rf"(?: (?P<again>{_THING}))?",
            rf"combien coutent {_M}(?: (?P<again>{_THING}))?,? si <n> (?P<thing>{_THING}) coutent "
            r"<x>",
        ),
        "recipe": (
            r"(?:(?:une|la|ma) recette )?pour <n>(?: personnes| parts)?,? (?:demande|il faut"
            r"|necessite|utilise) (?P<q>\d{1,5}(?:,\d{1,2})?) ?(?P<unit>[a-z]{1,8})"
            rf"(?: (?:de |d')(?P<what>{_THING}))?,? combien(?: (?:de |d')(?P<asked>[a-z]+))?"
            rf"(?: faut-il| il faut| il en faut)? pour {_M}(?: personnes| parts)?",
        ),
    },
    "es": {
        "each": (
            r"(?:si pago )?<x> en <n> (?:plazos|cuotas|pagos|mensualidades),? (?:cuanto (?:es|son"
            r"|pago|sale|seria)|a cuanto (?:sale|es))(?: (?:cada un[oa]|cada (?:plazo|cuota|pago"
            r"|mes)|por (?:plazo|cuota|mes)|al mes))",
        ),
        "product": (
            r"(?:cuanto (?:son|es|suman) )?<n> (?:cuotas|plazos|pagos|mensualidades) de <x>"
            r"(?: en total)?",
        ),
        "regular": (
            r"(?:cuanto (?:son|es) |pago |gano |ahorro )?<x> (?P<per><per>) (?:durante|por|en) <t> "
            r"(?P<over><over>)(?:,? cuanto (?:es|son|suma)(?: en total)?)?",
            r"(?:cuanto (?:son|cuestan) )?<t> (?P<over><over>) a <x> (?P<per><per>)",
            rf"(?:el|la|mi|nuestro|nuestra) {_THING} (?:cuesta|es de|son) <x> (?P<per><per>),? "
            r"cuanto (?:pago|cuesta|es) (?:en|durante|por) <t> (?P<over><over>)",
            r"cuanto (?:gano|pago|ahorro) al (?P<over>ano),? (?:con|si (?:gano|pago|ahorro)) <x> "
            r"(?P<per><per>)",
        ),
        "left": (r"(?:si )?tengo <x> y gasto <y>,? (?:cuanto|que) me (?:queda|sobra)",),
        "price": (
            rf"(?:si )?<n> (?P<thing>{_THING}) cuestan <x>,? cuanto cuestan {_M}"
            rf"(?: (?P<again>{_THING}))?",
            rf"cuanto cuestan {_M}(?: (?P<again>{_THING}))?,? si <n> (?P<thing>{_THING}) cuestan "
            r"<x>",
        ),
        "recipe": (
            r"(?:(?:una|la|mi) receta )?para <n>(?: personas| raciones)?,? (?:lleva|necesita"
            r"|requiere) (?P<q>\d{1,5}(?:,\d{1,2})?) ?(?P<unit>[a-z]{1,8})"
            rf"(?: de (?P<what>{_THING}))?,? cuant[oa](?: (?P<asked>[a-z]+))?(?: necesito"
            rf"| hace falta)? para {_M}(?: personas| raciones)?",
        ),
    },
}
CUES = (
    *("rate", "zahlung", "teilen ", "monat", "jahr", "woche", "tag", "bleibt", "habe ich"),
    *("kosten", "fur ", "fois", "mensualite", "paiement", "versement", "echeance", "mois", "annee"),
    *("par an", "annuel", "mensuel", "semaine", "jour", "reste", "coutent", "pour ", "plazo"),
    *("cuota", "pago"),
    *("mensualidad", " mes", " dia", " ano", "semana", "anual", "mensual", "diarios", "queda"),
    *("sobra", "cuestan", "para "),
)
BEGINNINGS = (
    *("wenn ", "ich ", "wie", "was ", "der ", "die ", "das ", "mein", "unser", "ein rezept "),
    *("fur ", "combien ", "si ", "je ", "le ", "la ", "l'", "mon ", "ma ", "notre ", "j'ai "),
    *("une recette ", "pour ", "cuanto ", "pago ", "gano ", "ahorro ", "el ", "mi ", "nuestr"),
    *("tengo ", "una receta ", "para ", *SUMS),
    *(f"{word} " for word in COUNT_WORDS.split("|")),
)
"""Stand in what any form fits, and begin it, besides digits."""


def regular(core: str, language: str) -> str | None:
    """Returns the answer to a question in German, French or Spanish, None for anything else.

    >>> regular("35 euro im monat fur zwei jahre", "de")
    '24 * 35 € = 840 €'
    >>> regular("si 5 stylos coutent 3,75 €, combien coutent 12 stylos", "fr")
    '3,75 € / 5 * 12 = 9 €'
    """
    for kind, forms in regular_forms(language).items():
        places = fitting(forms, core)
        if places is not None:
            return _ANSWERS[kind](places, language)
    return None


@cache
def regular_forms(language: str) -> Mapping[str, tuple[re.Pattern[str], ...]]:
    """Returns the forms of questions in a language by what they ask for; English has none."""
    return {
        kind: compiled([_in_words(form, language) for form in forms])
        for kind, forms in _FORMS.get(language, {}).items()
    }


def _in_words(form: str, language: str) -> str:
    per, over = "|".join(_PER[language].values()), "|".join(_UNITS[language].values())
    return form.replace("<per><per>)", f"<per>{per})").replace("<over><over>)", f"<over>{over})")


def _each(places: Mapping[str, str], language: str) -> str | None:
    whole, parts = money(places["x"], language), count(places["n"])
    if whole is None or not whole.value or not 2 <= parts <= MOST_PARTS:
        return None
    value = whole.value / parts
    text = f"{_sum(whole.value, whole.sign, language)} / {parts} = "
    return in_cents(f"{text}{_sum(value, whole.sign, language)}", (value,), language)


def _product(places: Mapping[str, str], language: str) -> str | None:
    return _times(count(places["n"]), places["x"], language)


def _regular(places: Mapping[str, str], language: str) -> str | None:
    per = _named(places["per"], _PER[language])
    over = _named(places["over"], _UNITS[language])
    often = 1 if per == over else _OFTEN.get((per, over))
    time = places.get("t", "1")  # "im Jahr"
    if often is None or not _is_count(time):
        return None
    return _times(often * count(time), places["x"], language)


def _times(number: int, written: str, language: str) -> str | None:
    each = money(written, language)
    if each is None or number < 2 or not each.value:
        return None
    value = number * each.value
    return (
        f"{number} * {_sum(each.value, each.sign, language)} = {_sum(value, each.sign, language)}"
    )


def _left(places: Mapping[str, str], language: str) -> str | None:
    had, spent = money(places["x"], language), money(places["y"], language)
    if had is None or spent is None or spent.value > had.value:
        return None
    signs = {had.sign, spent.sign} - {""}
    if len(signs) > 1:
        return None
    sign = "".join(signs)
    values = (had.value, spent.value, had.value - spent.value)
    return "{} - {} = {}".format(*[_sum(value, sign, language) for value in values])


def _price(places: Mapping[str, str], language: str) -> str | None:
    whole, n, m = money(places["x"], language), count(places["n"]), count(places["m"])
    again = places.get("again")
    if whole is None or not n or not m or n == m or (again and again != places["thing"]):
        return None
    value = whole.value / n * m
    text = f"{_sum(whole.value, whole.sign, language)} / {n} * {m} = "
    return in_cents(f"{text}{_sum(value, whole.sign, language)}", (value,), language)


def _recipe(places: Mapping[str, str], language: str) -> str | None:
    n, m, unit = count(places["n"]), count(places["m"]), places["unit"]
    asked, what = places.get("asked"), places.get("what", "")
    if not n or not m or (asked and asked not in (unit, *what.split())):
        return None
    quantity = Fraction(places["q"].replace(",", "."))
    text = f"{shown(quantity, '', language)} {unit} / {n} * {m}"
    return f"{text} = {shown(quantity / n * m, '', language)} {unit}"


_ANSWERS: Mapping[str, Callable[[Mapping[str, str], str], str | None]] = {
    **{"each": _each, "product": _product, "regular": _regular, "left": _left},
    **{"price": _price, "recipe": _recipe},
}


def _named(written: str, names: Mapping[str, str]) -> str:
    return next(name for name, words in names.items() if re.fullmatch(words, written))


def _is_count(text: str) -> bool:
    return text.isdigit() or text in COUNT_WORDS.split("|")


def _sum(value: Fraction, sign: str, language: str) -> str:
    return shown(value, sign, language, cents=True)

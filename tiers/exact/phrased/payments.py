"""Tells the change for a note, and reads ratios, in four languages.

Parts of a sum that do not end in cents get no answer, as nobody said who has the odd cent. It knows
nothing about prices of goods.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from math import gcd

from router.regexes.late import late_regex
from tiers.exact.phrased.figures import BEGINNINGS as SUMS
from tiers.exact.phrased.figures import money, shown
from tiers.exact.phrased.forms import compiled, fitting

_DUE = {
    "en": r"(?:(?:the |my )?(?:bill|total|price|sum) (?:is|was|comes to|came to)"
    r"|(?:it|that|this|the [a-z-]{2,16}) (?:is|was|costs?|comes to)) <x>",
    "de": r"(?:(?:die|meine) rechnung (?:ist|betragt|macht)|(?:es|das|alles|der einkauf) "
    r"(?:kostet|macht|ist)|(?:der|die|das) [a-z-]{2,20} kostet) <x>",
    "fr": r"(?:l'addition (?:est de|fait|s'eleve a)|(?:ca|cela) (?:fait|coute)|je dois"
    r"|(?:le |la )[a-z-]{2,16} coute) <x>",
    "es": r"(?:la cuenta (?:es de|es|son)|(?:eso |esto |todo )?(?:cuesta|son|es)|debo"
    r"|(?:el|la) [a-z-]{2,16} cuesta) <x>",
}
_PAYS = {
    "en": "(?:(?:i|we) )?(?:pay|paid|give|gave)(?: with)?",
    "de": "(?:ich )?(?:zahle|bezahle|gebe)(?: mit)?",
    "fr": "(?:je )?(?:paie|paye|donne)(?: avec)?",
    "es": "(?:pago|doy)(?: con)?",
}
_PAYS_FIRST = {
    "en": "(?:i|we) (?:pay|paid|give|gave)(?: with)?",
    "de": "ich (?:zahle|bezahle|gebe)(?: mit)?",
    "fr": "je (?:paie|paye|donne)(?: avec)?",
    "es": "pago(?: con)?",
}
_NOTE = {
    "en": "(?:an? |the )?<y>(?: note| bill)?",
    "de": "(?:einem |einen |dem )?<y>(?: ?schein)?",
    "fr": "(?:un billet de )?<y>",
    "es": "(?:un billete de )?<y>",
}
_ASKS = {
    "en": r"(?:how much (?:change )?(?:do|will|should) (?:i|we) get(?: back)?|what (?:do|will"
    r"|should) (?:i|we) get back|what change(?: (?:do"
    r"|will) (?:i|we) get)?(?: back)?|(?:what(?:'s| is) )?(?:the|my) change|how much "
    r"(?:is (?:the|my) )?change)",
    "de": r"(?:wie ?viel (?:ruckgeld|wechselgeld)(?: bekomme ich(?: zuruck)?| gibt es| ist das)?"
    r"|(?:wie ?viel|was) (?:bekomme|kriege) ich (?:zuruck|heraus|raus)"
    r"|wie hoch ist das (?:ruckgeld|wechselgeld))",
    "fr": r"(?:combien (?:me rend-on|on me rend|va-t-on me rendre|dois-je recevoir|de monnaie"
    r"(?: me rend-on| on me rend| dois-je recevoir)?)|quelle monnaie(?: me rend-on)?)",
    "es": r"(?:cuanto (?:cambio|vuelto)(?: me (?:dan|devuelven)| recibo)?|cuanto me (?:devuelven"
    r"|dan de (?:cambio|vuelta))|cual es (?:el cambio|la vuelta|el vuelto))",
}
_BETWEEN = {
    "en": ("(?:from|out of)", "(?:for|on)"),
    "de": ("(?:von|auf|bei)", "fur"),
    "fr": ("sur", "pour"),
    "es": ("de", "por"),
}
_END = r"[,.;]? (?:and |und |et |y )?"


_CHANGE = {
    "en": (
        "(?:i|we) (?:pay|paid) <x> with <note><end><asks>",
        "<asks> (?:if|when) (?:i|we) (?:pay|paid) <x> with <note>",
        "(?:<asks>|(?:the )?change) (?:from|out of) <note> (?:for|on) (?:an? )?<x>(?: bill)?",
    ),
    "de": (
        "ich (?:zahle|bezahle) <x> mit <note><end><asks>",
        "<asks>,? wenn ich <x> mit <note> (?:zahle|bezahle)",
    ),
    "fr": (
        "je (?:paie|paye) <x> avec <note><end><asks>",
        "<asks> si je (?:paie|paye) <x> avec <note>",
    ),
    "es": ("pago <x> con <note><end><asks>", "<asks> si pago <x> con <note>"),
}
_WITH = {"en": "with", "de": "mit", "fr": "avec", "es": "con"}
_PAID_BEHIND = "(?:<end><pays>|,? <with>) <note><end><asks>"
_PAID_FIRST = "<first> <note><end><due><end><asks>"
_N = r"\d{1,9}"
_RATIO = rf"(?P<r>{_N}(?: ?: ?{_N}){{1,3}})"
_RATIOS = {
    "en": (
        rf"(?:what(?:'s| is) )?(?:simplify |reduce )?(?:the )?ratio (?:of )?(?:{_RATIO}"
        rf"|(?P<a>{_N}) (?:to|and) (?P<b>{_N}))(?: simplified| in (?:its )?(?:simplest form"
        r"|lowest terms))?",
    ),
    "de": (
        r"(?:was ist |wie ist |kurze |vereinfache )?(?:das |dem )?verhaltnis (?:von )?"
        rf"(?:{_RATIO}|(?P<a>{_N}) (?:zu|und) (?P<b>{_N}))(?: gekurzt)?",
    ),
    "fr": (
        r"(?:quel est |simplifie[rz]? )?(?:le )?(?:rapport|ratio) (?:de |entre )?"
        rf"(?:{_RATIO}|(?P<a>{_N}) (?:a|et) (?P<b>{_N}))(?: simplifie)?",
    ),
    "es": (
        r"(?:cual es |simplificar? )?(?:la |el )?(?:razon|proporcion|relacion|ratio) "
        rf"(?:de |entre )?(?:{_RATIO}|(?P<a>{_N}) (?:a|y) (?P<b>{_N}))(?: simplificada)?",
    ),
}
_PARTS = {
    "en": (rf"(?:divide|split|share) <x> in(?:to)? (?:the |a )?ratio (?:of )?{_RATIO}",),
    "de": (
        rf"teile <x> im verhaltnis (?:von )?{_RATIO}(?: auf)?",
        rf"<x> im verhaltnis {_RATIO} (?:teilen|aufteilen)",
    ),
    "fr": (
        rf"(?:partage|divise|repartis)[rz]? <x> (?:dans|selon|en) (?:le |un )?(?:rapport|ratio) "
        rf"(?:de )?{_RATIO}",
    ),
    "es": (
        rf"(?:divide|reparte|dividir|repartir) <x> en (?:la |una )?(?:razon|proporcion|relacion) "
        rf"(?:de )?{_RATIO}",
    ),
}
_IN_CENTS = late_regex(r"\d[.,]\d\d$")
"""Finds a price that is one without a sign: "34.90"."""
_COMPOUND = late_regex(r"(?<=\d)-(€|\$|£|euro|dollar)[- ](?=[a-z])")
BEGINNINGS = (
    *("the ", "my ", "bill ", "total ", "price ", "sum ", "it ", "that ", "this ", "i ", "we "),
    *("how ", "what", "change ", "simplify ", "reduce ", "ratio ", "divide ", "split ", "share "),
    *("die ", "meine ", "es ", "das ", "alles ", "der ", "ich ", "wie", "was ", "kurze ", "dem "),
    *("vereinfache ", "verhaltnis ", "teile ", "l'addition ", "ca ", "cela ", "je ", "combien "),
    *("quel", "simplifi", "le ", "rapport ", "partage", "divise", "repartis", "la ", "eso "),
    *("esto ", "todo ", "cuesta ", "son ", "debo ", "pago ", "cuanto ", "cual ", "el ", "razon "),
    *("proporcion ", "relacion ", "reparte ", "dividir ", "repartir ", *SUMS),
)
CUES = (
    *("change", " get", "geld", " ich ", "rend", "monnaie", "recevoir", "cambio", "vuel", "dan de"),
    *("devuelven", "ratio", "verhaltnis", "rapport", "razon", "proporcion", "relacion"),
)
"""Begin what any form fits, besides digits, and stand in it."""


def _spelled(form: str, language: str) -> str:
    """Returns a form of change with the words of a language."""
    named = {"due": _DUE, "pays": _PAYS, "first": _PAYS_FIRST, "note": _NOTE, "asks": _ASKS}
    named["with"] = _WITH
    for name, words in named.items():
        form = form.replace(f"<{name}>", words[language])
    return form.replace("<end>", _END)


def change_of_goods(language: str) -> tuple[str, str]:
    """Returns what asks for change before goods, and behind them; `<y>` is the sum that is paid."""
    sum_, goods = _BETWEEN[language]
    before = f"<asks> {sum_} <note> {goods}"
    return _spelled(before, language), _spelled(_PAID_BEHIND, language)


@cache
def payment_forms(language: str) -> Mapping[str, tuple[re.Pattern[str], ...]]:
    """Returns the forms of questions in a language by what they ask for."""
    kinds: Mapping[str, Mapping[str, Iterable[str]]] = {
        "change": {
            name: [_spelled(form, name) for form in (f"<due>{_PAID_BEHIND}", _PAID_FIRST, *forms)]
            for name, forms in _CHANGE.items()
        },
        "ratio": _RATIOS,
        "parts": _PARTS,
    }
    return {kind: compiled(forms[language]) for kind, forms in kinds.items()}


def payment(core: str, language: str) -> str | None:
    """Returns the change for a note, or a ratio in its lowest terms; None for anything else.

    >>> payment("i pay $32.40 with a $50 note, how much change do i get", "en")
    '$50 - $32.40 = $17.60'
    >>> payment("teile 120 € im verhaltnis 2:3", "de")
    '120 € im Verhältnis 2 : 3 = 48 € + 72 €'
    """
    core = _COMPOUND.sub(r" \1 ", core)
    for kind, answer in (("change", _change), ("ratio", _ratio), ("parts", _parts)):
        places = fitting(payment_forms(language)[kind], core)
        if places is not None:
            return answer(places, language)
    return None


def _change(places: Mapping[str, str], language: str) -> str | None:
    due, paid = money(places["x"], language), money(places["y"], language)
    if due is None or paid is None or not 0 < due.value < paid.value:
        return None
    signs = {due.sign, paid.sign} - {""}
    if len(signs) > 1 or not (signs or _IN_CENTS.search(places["x"])):
        return None
    sign = "".join(signs)
    values = (paid.value, due.value, paid.value - due.value)
    written = [shown(value, sign, language, cents=True) for value in values]
    return "{} - {} = {}".format(*written)


def _ratio(places: Mapping[str, str], language: str) -> str | None:
    numbers = _numbers(places)
    shared = gcd(*numbers)
    if not all(numbers) or shared == 1:
        return None  # nothing is worked out: "what is the ratio 16:9" asks for more
    read, lowest = (" : ".join([str(number // part) for number in numbers]) for part in (1, shared))
    return f"{read} = {lowest}"


_NAMES = {"en": "in the ratio", "de": "im Verhältnis", "fr": "selon le rapport", "es": "en razón"}


def _parts(places: Mapping[str, str], language: str) -> str | None:
    whole, numbers = money(places["x"], language), _numbers(places)
    if whole is None or not all(numbers) or not whole.value:
        return None
    parts = [whole.value * Fraction(number, sum(numbers)) for number in numbers]
    if any([(part * 100).denominator > 1 for part in parts]):
        return None
    told = " + ".join([shown(part, whole.sign, language) for part in parts])
    ratio = " : ".join(map(str, numbers))
    return f"{shown(whole.value, whole.sign, language)} {_NAMES[language]} {ratio} = {told}"


def _numbers(places: Mapping[str, str]) -> list[int]:
    if "r" in places:
        return [int(number) for number in places["r"].split(":")]
    return [int(places["a"]), int(places["b"])]

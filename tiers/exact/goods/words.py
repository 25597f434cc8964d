"""Lists the words around goods and their prices in four languages.

`<p>` stands for a percentage in a form, `<x>` for a price and `<kind>` for what a fee is for. Texts
are in small letters, without accents. It knows nothing about sums.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class GoodsWords(Struct, frozen=True, eq=False, kw_only=True):
    """Holds the words of one language around goods; equal to itself alone.

    Each word or form stands alone: blanks and marks between them are none of theirs.
    """

    counts: Mapping[str, int]
    dozen: str  # all of it stands for a count: "half" tells six of twelve

    # Before the first count.
    asks: str
    needs: str  # asks for nothing by itself
    articles: str = "(?!)"

    # Between a thing and its price.
    each_links: str = "(?!)"  # the price is for each
    links: str  # the same, where the cost is asked for
    unclear: str  # the price may be for all, unless a word behind it says "each"
    alone: str  # between a count and a price, where no thing is named: "7 at 12.90 each"

    # Behind a price.
    each: str
    per: str  # before the name of one thing
    times: str = "(?!)"  # "3 times 38 euros"
    asked_times: str
    joins: str
    plus: str

    # Behind all goods.
    fees: str
    fee_forms: tuple[str, ...]
    # A group `all` or `apart` says that a rate is of all goods.
    added: tuple[str, ...]  # a rate that comes on top
    included: tuple[str, ...]  # a rate that comes on top, or is in the price
    taken: tuple[str, ...]
    voucher: tuple[str, ...]
    free: str  # fees that are in the price already

    # At the end.
    together: str  # asks for nothing by itself
    asks_after: str
    verbs: str = "(?!)"  # of a question before the first count

    told: tuple[str, str, str]  # plus a rate, less a rate, and a rate that may be in the price


def _counts(one: str, words: str) -> dict[str, int]:
    return dict.fromkeys(one.split(), 1) | {
        word: number for number, word in enumerate(words.split(), 2)
    }


_EN_TAX = r"(?:tax|vat|sales tax|tip|service(?: charge)?)"
_EN_OFF = r"(?:off|discount|reduction)"
_EN_ALL = r"(?P<all> (?:everything|it all|all of it|the (?:total|lot|whole order)))?"
# "And a $10 voucher" may be bought, too.
_EN_LESS_A = r"(?:(?:minus|less|with)(?: an?| my| the)?|and (?:my|the))"
_EN_VOUCHER = r"(?:gift card|(?:gift )?voucher|coupon)"
_DE_TAX = r"(?:mwst\.?|mehrwertsteuer|ust\.?|umsatzsteuer|steuer|trinkgeld)"
_DE_OFF = r"(?:rabatt|skonto|nachlass)"
_DE_ALL = r"(?P<all> auf (?:alles|den gesamtpreis|die summe|das ganze))?"
_DE_PLUS = r"(?:plus|\+|zuzuglich|zzgl\.?)"
_DE_MINUS = r"(?:minus|abzuglich|abzgl\.?|weniger)"
_DE_A = r"(?:ein(?:em|en|es)? |dem |den )?"
_FR_TAX = r"(?:de )?(?:tva|taxes?|pourboire)"
_FR_OFF = r"(?:remise|reduction|rabais)"
_FR_FEE = "(?:port|livraison|envoi|emballage|dossier|consigne)"
_FR_ALL = r"(?P<all> sur (?:tout|le tout|le total))?"
_ES_TAX = r"(?:de )?(?:iva|impuestos?|propina)"
_ES_FEE = "(?:envio|entrega|embalaje|gestion|transporte)"
_ES_ALL = r"(?P<all> (?:en|sobre) (?:todo|el total))?"

_EN_BUY = "(?:buy|bought|buying|get|got|take|took|order|ordered)"
_EN_TOTAL = "(?: in total| all? ?together| together| in all)?"
_EN = GoodsWords(
    counts={"a": 1, "an": 1},
    dozen=r"(?P<half>half )?(?P<n>(?<![.,])\d{1,6}|an?) dozens?\b(?: of)?",
    asks=r"(?:how much|what) (?:do|will|would|must) (?:i|we) (?:have to )?(?:pay|owe) for"
    r"|(?:how much|what) (?:would|will|does) (?:it|that) (?:be|cost)(?: me| us)?"
    rf" (?:for|to {_EN_BUY}|if (?:i|we) {_EN_BUY})"
    r"|(?:how much|what) (?:do|does|would|will|did|are|is)"
    r"|how much for|what(?= \d)|add up"
    r"|(?:the )?(?:total|sum|price|cost)(?: price| cost)?(?: of| for| is)?",
    needs="(?:if )?(?:i|we)(?:'m| am|'re| are|'ll|'d| would|'d like to| will| want to"
    "| would like to)? "
    "(?:need|want|like|buy|buying|order|ordered|ordering|bought|take|get|have"
    "|(?:have to )?(?:pay|owe) for)"
    # Behind "how much is" and "how much does".
    rf"|(?:it|that)(?: cost)?(?: me| us)? (?:for|to {_EN_BUY}|if (?:i|we) {_EN_BUY})",
    articles="the",
    links="at|@|costing|priced at|that cost|which cost|cost",
    unclear="for",
    alone="at|@",
    each="each|ea|apiece|a piece|per piece|per item|per unit",
    per="per|an?",
    asked_times=r"x|\*|times",
    joins="and",
    plus=r"plus|\+",
    # "With a $20 deposit" may be paid already.
    fees=r"(?:express |standard )?(?:shipping|delivery|postage|p&p|handling|packaging|packing"
    r"|gift wrap(?:ping)?|(?(plus)deposit|(?!))|service|(?:[a-z]{4,12} )?fees?|shipping costs?)",
    fee_forms=(
        r"(?:an? |the )?<x>(?: (?:for |of |in )?(?:the )?(?P<fee><kind>))?",
        r"(?:an? |the )?(?P<fee><kind>) (?:of )?<x>",
    ),
    added=(
        rf",? ?(?:plus|\+) (?:an? )?<p>(?P<all> {_EN_TAX})?",
        rf",? (?:with|and) (?:an? )?<p>(?P<all> {_EN_TAX})",
        rf",? ?(?:plus|\+) (?P<all>{_EN_TAX}) (?:of|at) <p>",
    ),
    included=(rf",? (?:including|incl\.?|inc\.?) (?:the )?<p> {_EN_TAX}",),
    taken=(
        rf"(?P<apart>,)? ?(?:minus|less|-) (?:an? )?<p>(?: {_EN_OFF}{_EN_ALL})?",
        rf",?(?: with| at| and(?: (?:i )?(?:get|got|have|had))?)?(?: an?)? <p> {_EN_OFF}{_EN_ALL}",
    ),
    voucher=(
        rf",? {_EN_LESS_A} <x> {_EN_VOUCHER}",
        rf",? {_EN_LESS_A} {_EN_VOUCHER} (?:of|for|worth) <x>",
    ),
    free="(?:(?:with )?free (?:shipping|delivery|postage)"
    "|(?:shipping|delivery|postage) (?:is )?(?:included|free))",
    together="in total|total|all? ?together|together|overall|in all",
    asks_after=r"(?:so )?(?:and )?(?:(?:what(?:'?s| is| will be| would be) )?(?:the|my) "
    r"(?:total|sum)(?: price| cost)?"
    r"|how much(?: (?:is|are|does|do|did|will|would) (?:that|it|this|they|i|we)"
    r"(?: all)?(?: be| cost| come to| make| pay| owe)?)?"
    r"|what (?:is|does|do|did|will|would|must) (?:that|it|this|they|i|we)(?: all)?(?: have to)?"
    r"(?: cost| come to| make| pay| owe)?"
    rf"|costs?|comes? to|makes?|be){_EN_TOTAL}",
    told=("{} plus {}", "{} less {}", "{} = {} if that includes the {}; with it added: {}"),
)
_DE_TOTAL = "(?: zusammen| insgesamt)?"
_DE_BUY = (
    "brauche|brauchen|kaufe|kaufen|bestelle|bestellen|nehme|nehmen|mochte|mochten|will|wollen"
    "|hatte gern|habe"
)
_DE = GoodsWords(
    counts=_counts(
        "ein eine einen einem einer",
        "zwei drei vier funf sechs sieben acht neun zehn elf zwolf",
    )
    | {"fuenf": 5},
    dozen=r"(?:(?P<n>(?<![.,])\d{1,6})|ein(?:en?|em)?|(?P<word>zwei|drei|vier|funf)) "
    r"(?P<half>halbes |halben )?dutzend",
    asks=rf"(?:was|wie ?viel) (?:macht|kostet|ist|ergibt) (?:das alles|das|es|alles){_DE_TOTAL}"
    "|(?:was|wie ?viel) (?:kosten|kostet|machen|macht|sind|wurden|zahle ich fur"
    "|bezahle ich fur|muss ich fur|mussen wir fur)(?: mich| uns| dann)?"
    "|wie teuer (?:sind|ist|waren|ware|werden)(?: mich| uns| dann)?"
    "|(?:(?:was ist |wie hoch (?:ist|sind) )?(?:der|die) )?"
    "(?:gesamtpreis|preis|gesamtkosten|gesamtsumme|summe) (?:von|fur)|gesamtpreis|summe",
    needs=rf"(?:wenn )?(?:ich|wir) (?:{_DE_BUY}|zahle|bezahle)|wenn (?:ich|wir)",
    each_links="zu je|zu jeweils|fur je|fur jeweils|mit je|je|jeweils",
    links="a|zu",
    unclear="fur|mit|um",
    alone="zu|a",
    # "Je kg" names what the price is for.
    each="(?:pro|das|je) (?:stuck|stueck)|je(?! (?:kg|kilo|g|gramm|l|liter|m|meter|pfund))",
    per="pro|je|die|der|das",
    times="mal",
    asked_times=r"x|\*",
    joins="und",
    plus=r"plus|\+|zuzuglich|zzgl\.?",
    fees=r"(?:versand(?:kosten)?|lieferung|liefergebuhr|porto|verpackung|gebuhr|"
    r"bearbeitungsgebuhr|pfand|montage)",
    fee_forms=(
        r"(?:die |dem |den )?<x>(?: (?:fur |an )?(?:den |die |das )?(?P<fee><kind>))?",
        r"(?:die |dem |den )?(?P<fee><kind>) (?:von |fur |zu )?<x>",
    ),
    added=(
        rf",? ?{_DE_PLUS} <p>(?P<all> {_DE_TAX})?",
        rf",? und <p>(?P<all> {_DE_TAX})",
        r",? mit <p>(?P<all> trinkgeld)",
        rf",? {_DE_PLUS} (?P<all>{_DE_TAX}) von <p>",
    ),
    included=(rf",? (?:inklusive|inkl\.?|incl\.?|mit|einschliesslich) (?:der )?<p> {_DE_TAX}",),
    taken=(
        rf"(?P<apart>,)? ?(?:{_DE_MINUS}|-) <p>(?: {_DE_OFF}{_DE_ALL})?",
        rf",? (?:mit|bei|und) (?:einem |dem )?<p> {_DE_OFF}{_DE_ALL}",
    ),
    voucher=(
        rf",? (?:{_DE_MINUS}|mit) {_DE_A}<x> (?:geschenk|einkaufs)?gutscheins?",
        rf",? (?:{_DE_MINUS}|mit) {_DE_A}gutscheins? (?:uber|von) <x>",
    ),
    free=r"(?:(?:inklusive|inkl\.?|incl\.?|mit kostenlose[rm]) (?:versand|lieferung|porto)"
    r"|(?:versand|lieferung|porto) (?:ist )?(?:inklusive|inbegriffen|kostenlos|frei))",
    together="zusammen|insgesamt",
    asks_after=rf"(?:(?:{_DE_BUY}),? )?(?:und )?(?:(?:was|wie ?viel) "
    r"(?:macht|kostet|kosten|ist|sind|ergibt) (?:das|es|die|sie)(?: alles)?(?: dann)?"
    r"|(?:was|wie ?viel) (?:zahle|bezahle) ich(?: dann)?"
    rf"|(?:was|wie ?viel) muss ich (?:zahlen|bezahlen)){_DE_TOTAL}",
    verbs="(?:zusammen |insgesamt )?(?:kosten|zahlen|bezahlen|machen)",
    told=(
        "{} plus {}",
        "{} minus {}",
        "{} = {}, wenn die Steuer von {} enthalten ist; kommt sie dazu: {}",
    ),
)
_FR_TOTAL = "(?: au total| en tout)?"
_FR = GoodsWords(
    counts=_counts("un une", "deux trois quatre cinq six sept huit neuf dix onze douze"),
    dozen=r"(?:(?P<n>(?<![.,])\d{1,6})|une|(?P<word>deux|trois|quatre|cinq)) "
    r"(?P<half>demi[- ])?douzaines? d(?:e\b|')",
    asks=rf"(?:(?:ca|cela) (?:fait|ferait|coute) combien|combien (?:ca|cela) (?:fait|ferait|coute))"
    rf"{_FR_TOTAL}(?: pour)?"
    "|combien (?:ca )?(?:coutent|coute|coutera|couteront|couterait|couteraient|font|fait"
    "|feraient|valent|pour|au total pour|en tout pour)"
    "|que coutent|a combien (?:reviennent|revient)"
    "|quel est le (?:prix|total|cout|montant)(?: total)? (?:de|des|pour)"
    rf"|combien (?:dois-je payer|vais-je payer|faut-il payer|je paie|je dois){_FR_TOTAL} pour"
    "|(?:prix|montant) total(?: de| des| pour)?",
    needs="(?:si )?(?:(?:je|nous) (?:prends|prenons|veux|voulons|voudrais|voudrions|commande"
    "|commandons|achete|achetons)|j'achete|il (?:me|nous) faut|j'ai besoin de"
    "|nous avons besoin de)",
    articles="les",
    links="a",
    unclear="de|pour",
    alone="a",
    each="chacune?s?|(?:la |par )?piece|(?:l ?'? ?|par )unite",
    per="par|la|le",
    times="fois",
    asked_times=r"x|\*",
    joins="et",
    plus=r"plus|\+",
    fees=rf"frais(?: de {_FR_FEE})?|{_FR_FEE}",
    fee_forms=(
        r"(?:les )?<x>(?: (?:de |pour )?(?:la |le |les )?(?P<fee><kind>))?",
        r"(?:les |la )?(?P<fee><kind>) (?:de |a )?<x>",
    ),
    added=(
        rf",? ?(?:plus|\+) (?:les? |la )?<p>(?P<all> {_FR_TAX})?",
        rf",? et <p>(?P<all> {_FR_TAX})",
        r",? avec <p>(?P<all> de pourboire)",
        r",? (?:plus|\+) (?:la )?(?P<all>tva) (?:de |a )<p>",
    ),
    included=(
        rf",? (?:avec|incluant) (?:les? |la )?<p> {_FR_TAX}",
        r",? (?:avec (?:la |une )?)?tva (?:de |a )?<p>(?: incluse| comprise)?",
    ),
    taken=(
        rf"(?P<apart>,)? ?(?:moins|-) (?:les? )?<p>(?: de {_FR_OFF}{_FR_ALL})?",
        rf",? (?:avec|et) (?:une? |la )?{_FR_OFF} de <p>{_FR_ALL}",
        rf",? (?:avec|et) <p> de {_FR_OFF}{_FR_ALL}",
    ),
    voucher=(
        r",? (?:moins|avec) (?:un |le |mon )?(?:bon(?: d'achat| de reduction)?|coupon"
        r"|cheque[- ]cadeau) de <x>",
    ),
    free="(?:(?:livraison|port|frais de port) (?:est )?(?:compris|comprise|inclus|incluse|offert"
    "|offerte|gratuit|gratuite)s?)",
    together="au total|en tout|ensemble",
    asks_after="(?:et )?(?:(?:(?:ca|cela) (?:fait|ferait|coute|coutera) combien"
    "|combien (?:ca|cela) (?:fait|ferait|coute)"
    rf"|combien (?:dois-je payer|je paie|je dois)|je (?:paie|dois) combien){_FR_TOTAL}"
    "|combien (?:au total|en tout)|quel est le (?:total|prix total|montant total))",
    told=(
        "{} plus {}",
        "{} moins {}",
        "{} = {} si la taxe de {} est comprise ; si elle s'ajoute : {}",
    ),
)
_ES = GoodsWords(
    counts=_counts("un una", "dos tres cuatro cinco seis siete ocho nueve diez once doce"),
    dozen=r"(?:(?P<n>(?<![.,])\d{1,6})|una|(?P<half>media)|(?P<word>dos|tres|cuatro|cinco)) "
    r"docenas? de",
    asks="cuanto (?:me |nos )?(?:cuestan?|costarian?|costaran?|son|es|valen?|hacen|seria|serian"
    "|suman|salen?)(?: en total| comprar)?|que cuestan|que precio tienen?"
    "|cuanto (?:pago|pagaria|tengo que pagar|debo pagar|hay que pagar) por"
    "|cual es el (?:precio|total|coste|costo)(?: total)? (?:de|por)"
    "|(?:precio |coste )?total(?: de| por)?",
    needs="(?:si )?(?:necesito|necesitamos|quiero|queremos|compro|compramos|pido|pedimos|me llevo)",
    articles="las|los",
    links="a",
    unclear="de|por",
    alone="a",
    each="cada un[oa]|(?:por |la )(?:unidad|pieza)|c/u",
    per="por|el|la|cada",
    asked_times=r"por|x|\*",
    joins="y",
    plus=r"mas|\+",
    fees=rf"gastos(?: de {_ES_FEE})?|{_ES_FEE}",
    fee_forms=(
        r"(?:los )?<x>(?: (?:de |por )?(?:los |el )?(?P<fee><kind>))?",
        r"(?:los |el )?(?P<fee><kind>) de <x>",
    ),
    added=(
        rf",? ?(?:mas|\+) (?:el |un )?<p>(?P<all> {_ES_TAX})?",
        rf",? y (?:el |un )?<p>(?P<all> {_ES_TAX})",
        r",? con (?:el |un )?<p>(?P<all> de propina)",
        r",? (?:mas|\+) (?:el )?(?P<all>iva) del? <p>",
    ),
    included=(
        rf",? (?:con|incluyendo|incluido) (?:el |un )?<p> {_ES_TAX}",
        r",? (?:con )?(?:el )?iva (?:del? |al )?<p>(?: incluido)?",
    ),
    taken=(
        rf"(?P<apart>,)? ?(?:menos|-) (?:el |un )?<p>(?: de descuento{_ES_ALL})?",
        rf",? con (?:el |un )?<p> de (?:descuento|rebaja){_ES_ALL}",
        rf",? con (?:el |un )?descuento del? <p>{_ES_ALL}",
    ),
    voucher=(r",? (?:menos|con) (?:un |el |mi )?(?:vale|cupon|bono|cheque regalo) de <x>",),
    free="(?:(?:envio|gastos de envio|portes) (?:esta )?(?:incluidos?|gratis))",
    together="en total|juntos|juntas|todo junto",
    asks_after="(?:y )?cuanto (?:me )?(?:es|son|cuesta|cuestan|seria|seran|pago|debo|sale"
    "|tengo que pagar)(?: todo)?(?: en total)?|cual es el total",
    told=(
        "{} más {}",
        "{} menos {}",
        "{} = {} si el impuesto del {} está incluido; si se suma: {}",
    ),
)
WORDS = {"en": _EN, "de": _DE, "fr": _FR, "es": _ES}

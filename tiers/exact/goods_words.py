"""Lists the words around goods and their prices in four languages, and what is no goods.

`<p>` stands for a percentage in a form, `<x>` for a price, `<fee>` for what a fee is for. Texts are
in small letters, without accents. It knows nothing about sums.
"""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class GoodsWords(Struct, frozen=True, eq=False):
    """Holds the words of one language around goods; equal to itself alone."""

    counts: Mapping[str, int]
    dozen: str  # all of it stands for a count: "half" tells six of twelve
    asks: str  # before the first count
    needs: str  # before the first count, and ask for nothing by themselves
    each_links: str  # between thing and price: the price is for each
    links: str  # the same, where the cost is asked for
    unclear: str  # the price may be for all, unless a word behind it says "each"
    each: str  # behind the price
    per: str  # behind the price, before the name of one thing
    times: str  # "3 times 38 euros"
    asked_times: str
    joins: str
    plus: str
    fees: str
    fee_forms: tuple[str, ...]
    added: tuple[str, ...]  # a rate that comes on top
    included: tuple[str, ...]  # a rate that comes on top, or is in the price
    taken: tuple[str, ...]
    voucher: tuple[str, ...]
    together: str  # behind all, and ask for nothing by themselves
    asks_after: str
    told: tuple[str, str, str]  # plus a rate, less a rate, and a rate that may be in the price


def _counts(one: str, words: str) -> dict[str, int]:
    return dict.fromkeys(one.split(), 1) | {
        word: number for number, word in enumerate(words.split(), 2)
    }


_EN_TAX = r"(?:tax|vat|sales tax|tip|service(?: charge)?)"
_EN_OFF = r"(?:off|discount|reduction)"
_EN_ALL = r"(?P<all> (?:everything|it all|all of it|the (?:total|lot|whole order)))?"
_DE_TAX = r"(?:mwst\.?|mehrwertsteuer|ust\.?|umsatzsteuer|steuer|trinkgeld)"
_DE_OFF = r"(?:rabatt|skonto|nachlass)"
_DE_ALL = r"(?P<all> auf (?:alles|den gesamtpreis|die summe|das ganze))?"
_FR_TAX = r"(?:de )?(?:tva|taxes?|pourboire)"
_FR_OFF = r"(?:remise|reduction|rabais)"
_FR_ALL = r"(?P<all> sur (?:tout|le tout|le total))?"
_ES_TAX = r"(?:de )?(?:iva|impuestos?|propina)"
_ES_ALL = r"(?P<all> (?:en|sobre) (?:todo|el total))?"

WORDS = {
    "en": GoodsWords(
        {"a": 1, "an": 1},
        r"(?P<half>half )?(?P<n>(?<![.,])\d{1,6}|an?) dozens?\b(?: of)?",
        r"(?:how much|what) (?:do|does|would|will|did|are|is) (?:i pay for )?(?:the )?"
        r"|how much for (?:the )?|what (?=\d)"
        r"|(?:the )?(?:total|sum|price|cost)(?: price| cost)?(?: of| for| is)?:? (?:the )?",
        "(?:if )?(?:i|we)(?:'m| am|'re| are|'ll|'d| would|'d like to| will| want to"
        "| would like to)? "
        "(?:need|want|like|buy|buying|order|ordered|ordering|bought|take|get|have) ",
        "(?!)",
        "at|@|costing|priced at|that cost|which cost|cost",
        "for",
        "each|ea|apiece|a piece|per piece|per item|per unit",
        "per|an?",
        r"x|\*|times",
        "(?!)",
        "and",
        r"plus|\+",
        r"(?:express |standard )?(?:shipping|delivery|postage|p&p|handling|packaging|packing"
        r"|gift wrap(?:ping)?|deposit|service|fees?|delivery fee|shipping costs?|booking fee)",
        (
            r"(?:an? |the )?<x>(?: (?:for |of |in )?(?:the )?(?P<fee><fee>))?",
            r"(?:an? |the )?(?P<fee><fee>) (?:of )?<x>",
        ),
        (rf",? ?(?:plus|\+) <p>(?: {_EN_TAX})?", rf",? (?:with|and) <p> {_EN_TAX}"),
        (rf",? (?:including|incl\.?|inc\.?) (?:the )?<p> {_EN_TAX}",),
        (
            rf",? ?(?:minus|less|-) (?:an? )?<p>(?: {_EN_OFF}{_EN_ALL})?",
            rf",?(?: with| at| and)?(?: an?)? <p> {_EN_OFF}{_EN_ALL}",
        ),
        (
            r",? (?:minus|less|with|and) (?:an? |my |the )?<x> (?:gift )?(?:voucher|coupon|card)",
            r",? (?:minus|less|with|and) (?:an? |my |the )?(?:gift card|(?:gift )?voucher|coupon) "
            r"(?:of|for|worth) <x>",
        ),
        "in total|total|altogether|all ?together|together|overall|in all",
        r"(?:so )?(?:and )?(?:(?:what(?:'?s| is| will be| would be) )?(?:the|my) (?:total|sum)"
        r"(?: price| cost)?|how much(?: (?:is|are|does|do|will|would) (?:that|it|this|they|i)"
        r"(?: all)?(?: be| cost| come to| make| pay| owe)?)?|what (?:is|does|do|will|would|must) "
        r"(?:that|it|this|they|i)(?: all)?(?: have to)?(?: cost| come to| make| pay| owe)?"
        r"|costs?|comes? to|makes?|be)(?: in total| all ?together| together| in all)?",
        ("{} plus {}", "{} less {}", "{} = {} if that includes the {}; with it added: {}"),
    ),
    "de": GoodsWords(
        _counts(
            "ein eine einen einem einer",
            "zwei drei vier funf sechs sieben acht neun zehn elf zwolf",
        )
        | {"fuenf": 5},
        r"(?:ein(?:en?|em)?|1) (?P<half>halbes |halben )?dutzend",
        "(?:was|wie ?viel) (?:kosten|kostet|machen|macht|sind|zahle ich fur|bezahle ich fur)"
        "(?: mich| uns| dann)? |(?:was ist )?(?:der|die) (?:gesamtpreis|preis|summe) (?:von|fur) ",
        "(?:ich|wir) (?:brauche|brauchen|kaufe|kaufen|bestelle|bestellen|nehme|nehmen|mochte"
        "|mochten|will|wollen|hatte gern|habe) ",
        "zu je|zu jeweils|fur je|fur jeweils|mit je|je|jeweils",
        "a|zu",
        "fur|mit|um",
        "(?:pro|das|je) (?:stuck|stueck)|je",
        "pro|je|die|der|das",
        "mal",
        r"x|\*",
        "und",
        r"plus|\+|zuzuglich|zzgl\.?",
        r"(?:versand(?:kosten)?|lieferung|liefergebuhr|porto|verpackung|gebuhr|"
        r"bearbeitungsgebuhr|pfand|montage)",
        (
            r"(?:die |dem |den )?<x>(?: (?:fur |an )?(?:den |die |das )?(?P<fee><fee>))?",
            r"(?:die |dem |den )?(?P<fee><fee>) (?:von |fur |zu )?<x>",
        ),
        (
            rf",? ?(?:plus|\+|zuzuglich|zzgl\.?) <p>(?: {_DE_TAX})?",
            rf",? und <p> {_DE_TAX}",
            r",? mit <p> trinkgeld",
            rf",? (?:plus|zuzuglich|zzgl\.?) {_DE_TAX} von <p>",
        ),
        (rf",? (?:inklusive|inkl\.?|incl\.?|mit|einschliesslich) (?:der )?<p> {_DE_TAX}",),
        (
            rf",? ?(?:minus|-|abzuglich|abzgl\.?|weniger) <p>(?: {_DE_OFF}{_DE_ALL})?",
            rf",? (?:mit|bei|und) (?:einem |dem )?<p> {_DE_OFF}{_DE_ALL}",
        ),
        (
            r",? (?:minus|abzuglich|abzgl\.?|mit|weniger) (?:ein(?:em|en|es)? |dem |den )?<x> "
            r"(?:geschenk|einkaufs)?gutscheins?",
            r",? (?:minus|abzuglich|abzgl\.?|mit|weniger) (?:ein(?:em|en|es)? |dem |den )?"
            r"gutscheins? (?:uber|von) <x>",
        ),
        "zusammen|insgesamt",
        "(?:und )?(?:was|wie ?viel) (?:macht|kostet|kosten|ist|sind|ergibt) (?:das|es|die|sie)"
        "(?: alles)?(?: dann)?(?: zusammen| insgesamt)?|(?:und )?(?:was|wie ?viel) (?:zahle"
        "|bezahle) ich(?: dann)?(?: zusammen| insgesamt)?",
        (
            "{} plus {}",
            "{} minus {}",
            "{} = {}, wenn die Steuer von {} enthalten ist; kommt sie dazu: {}",
        ),
    ),
    "fr": GoodsWords(
        _counts("un une", "deux trois quatre cinq six sept huit neuf dix onze douze"),
        "une (?P<half>demi[- ])?douzaine d(?:e\\b|')",
        "combien (?:ca )?(?:coutent|coute|font|fait|valent|pour) (?:les )?"
        "|que coutent (?:les )?"
        "|quel est le (?:prix|total|cout|montant)(?: total)? (?:de|des|pour) "
        "|(?:ca fait combien|combien ca fait) pour ",
        "(?:je|nous) (?:prends|prenons|veux|voulons|voudrais|voudrions|commande|commandons|achete"
        "|achetons) |j'achete |il (?:me|nous) faut |j'ai besoin de |nous avons besoin de ",
        "(?!)",
        "a",
        "de|pour",
        "chacune?s?|(?:la |par )?piece|(?:l ?'? ?|par )unite",
        "par|la|le",
        "fois",
        r"x|\*",
        "et",
        r"plus|\+",
        r"(?:frais de )?(?:port|livraison|envoi|emballage|dossier|consigne)",
        (
            r"(?:les )?<x>(?: (?:de |pour )?(?:la |le |les )?(?P<fee><fee>))?",
            r"(?:les |la )?(?P<fee><fee>) (?:de |a )?<x>",
        ),
        (
            rf",? ?(?:plus|\+) (?:les? |la )?<p>(?: {_FR_TAX})?",
            rf",? et <p> {_FR_TAX}",
            r",? avec <p> de pourboire",
            r",? (?:plus|\+) (?:la )?tva (?:de |a )<p>",
        ),
        (
            rf",? (?:avec|incluant) (?:les? |la )?<p> {_FR_TAX}",
            r",? (?:avec (?:la |une )?)?tva (?:de |a )?<p>(?: incluse| comprise)?",
        ),
        (
            rf",? ?(?:moins|-) (?:les? )?<p>(?: de {_FR_OFF}{_FR_ALL})?",
            rf",? (?:avec|et) (?:une? |la )?{_FR_OFF} de <p>{_FR_ALL}",
            rf",? (?:avec|et) <p> de {_FR_OFF}{_FR_ALL}",
        ),
        (
            r",? (?:moins|avec) (?:un |le |mon )?(?:bon(?: d'achat| de reduction)?|coupon"
            r"|cheque[- ]cadeau) de <x>",
        ),
        "au total|en tout|ensemble",
        "(?:et )?(?:ca|cela) (?:fait|coute|coutera) combien(?: au total| en tout)?|(?:et )?combien "
        "(?:ca|cela) (?:fait|coute)(?: au total| en tout)?|combien (?:dois-je payer|je paie"
        "|je dois)(?: au total| en tout)?|quel est le (?:total|prix total|montant total)",
        (
            "{} plus {}",
            "{} moins {}",
            "{} = {} si la taxe de {} est comprise ; si elle s'ajoute : {}",
        ),
    ),
    "es": GoodsWords(
        _counts("un una", "dos tres cuatro cinco seis siete ocho nueve diez once doce"),
        "(?:una|(?P<half>media)) docena de",
        "cuanto (?:cuestan?|son|es|valen?|hacen|seria|serian) (?:las |los )?|que cuestan "
        "(?:las |los )?|cuanto pago por "
        "|cual es el (?:precio|total|coste|costo)(?: total)? (?:de|por) ",
        "(?:necesito|necesitamos|quiero|queremos|compro|compramos|pido|pedimos|me llevo) ",
        "(?!)",
        "a",
        "de|por",
        "cada un[oa]|(?:por |la )(?:unidad|pieza)|c/u",
        "por|el|la|cada",
        "(?!)",
        r"por|x|\*",
        "y",
        r"mas|\+",
        r"(?:gastos de )?(?:envio|entrega|embalaje|gestion|transporte)",
        (
            r"(?:los )?<x>(?: (?:de |por )?(?:los |el )?(?P<fee><fee>))?",
            r"(?:los |el )?(?P<fee><fee>) de <x>",
        ),
        (
            rf",? ?(?:mas|\+) (?:el |un )?<p>(?: {_ES_TAX})?",
            rf",? y (?:el |un )?<p> {_ES_TAX}",
            r",? con (?:el |un )?<p> de propina",
            r",? (?:mas|\+) (?:el )?iva del? <p>",
        ),
        (
            rf",? (?:con|incluyendo|incluido) (?:el |un )?<p> {_ES_TAX}",
            r",? (?:con )?(?:el )?iva (?:del? |al )?<p>(?: incluido)?",
        ),
        (
            rf",? ?(?:menos|-) (?:el |un )?<p>(?: de descuento{_ES_ALL})?",
            rf",? con (?:el |un )?<p> de (?:descuento|rebaja){_ES_ALL}",
            rf",? con (?:el |un )?descuento del? <p>{_ES_ALL}",
        ),
        (r",? (?:menos|con) (?:un |el |mi )?(?:vale|cupon|bono|cheque regalo) de <x>",),
        "en total|juntos|juntas|todo junto",
        "(?:y )?cuanto (?:es|son|cuesta|cuestan|seria|seran|pago|sale)(?: todo)?(?: en total)?"
        "|cual es el total",
        (
            "{} más {}",
            "{} menos {}",
            "{} = {} si el impuesto del {} está incluido; si se suma: {}",
        ),
    ),
}

SEVERAL = frozenset(
    ("bunch", "couple", "few", "group", "handful", "lot", "number", "quartet", "quintet", "trio")
)
"""Says behind an article that there are several, and not how many."""

NO_GOODS = SEVERAL | frozenset(
    (
        # Several at once, and shares: it is unclear which of them has the price.
        "paar handvoll menge reihe poignee dizaine quinzaine vingtaine punado monton decena "
        "decenas dozen dozens half quarter third hundred hundreds thousand million dutzend halbe "
        "halben viertel hundert tausend douzaine douzaines demi quart cent cents mille centaines "
        "docena docenas media medio cuarto cien cientos mil percent prozent per-cent "
        # The hour of the day.
        "am pm uhr "
        # Words that say more than a name: what is free, reduced, taxed, delivered or left.
        "and or und oder et ou y e o with without mit ohne avec sans con sin plus minus menos "
        "moins mal times fois por off free gratis gratuit gratuits gratuites discount discounted "
        "reduction sale rabatt reduziert reduzierte reduzierten remise solde soldes descuento "
        "rebaja rebajas rebajados tax vat taxes steuer mwst netto brutto tva ht ttc iva shipping "
        "delivery postage versand lieferung porto livraison port envio gastos your yours ihre "
        "ihrer ihren eure eurer euren dein deine deiner vos votre tes ton tus su sus vuestros "
        "vuestras left remaining stock lager not no nicht kein keine pas ne cheaper gunstige "
        "gunstiger moins-chers baratos at a fur zu je cost costs cheapest each per pro par cada "
        # Prices that are not exact, or not those of today.
        "from about around approximately roughly nearly almost starting under over least most "
        "ab ca circa etwa ungefahr rund bis unter uber fast knapp mindestens hochstens des environ "
        "presque jusqu'a jusqu'au maximum minimum desde hasta unos unas casi aproximadamente "
        "was were been formerly previously usually normally regularly instead fewer less than "
        "waren fruher sonst normalerweise statt avant normalement d'habitude antes "
        "normalmente eran costaban coutaient kosteten if wenn si unless ausser sauf salvo except "
        # What is no goods, and what is sold by more than a count.
        "shares share aktien aktie actions action acciones accion bonds option options bitcoin "
        "bitcoins btc eth tokens coins degree degrees point points "
        "euro euros eur dollar dollars dollares dolares usd gbp chf franken francs yen yens pesos "
        "jpy inr cad aud sek nok dkk pln rupees "
        # People who have no price.
        "women woman men man girls girl boys boy babies baby slaves slave wives employees workers "
        "frauen frau manner mann madchen jungen junge babys sklaven mitarbeiter femmes femme "
        "hommes homme filles fille garcons garcon bebes bebe esclaves employes mujeres mujer "
        "hombres hombre chicas chica chicos esclavos empleados "
        # Weapons.
        "gun guns rifle rifles pistol pistols weapon weapons grenade grenades bomb bombs bullets "
        "ammo ammunition explosives detonators silencers gewehr gewehre pistole pistolen waffe "
        "waffen granaten bombe bomben munition sprengstoff fusil fusils pistolet pistolets arme "
        "armes bombes grenades munitions pistola pistolas arma armas bombas granadas municiones "
        "fusiles "
        # Drugs, medicines and poisons.
        "pill pills drug drugs joints ecstasy cocaine heroin weed opioids vials syringes organs "
        "kidneys kidney passports drogen pillen tabletten tablette kokain heroin organe nieren "
        "niere passe drogue drogues pilules comprimes cocaine heroine organes reins rein "
        "passeports droga drogas pastillas cocaina heroina organos rinones rinon pasaportes "
        "poison gift poisons"
    ).split()
)
"""No thing that is counted has one of these words: the sum would be another one, or more than a
sum is at stake."""

NO_PRICE_OF_TODAY = "used to"
"""Stands in "3 chairs that used to cost $20 each"; each of its words may belong to a thing."""

MEASURES = frozenset(
    (
        "kg g gram grams gramm gramme grammes gramos kilo kilos l liter liters litre litres litro "
        "litros ml cl m meter meters metre metres metro metros km mile miles mm cm inch inches "
        "foot feet pound pounds lb lbs ounce ounces oz pfund livre livres mph kmh"
    ).split()
)
"""Counts no goods, unless the price is said to be for one of the same measure."""

TIMES_AND_PEOPLE = frozenset(
    (
        "hour hours h hr hrs minute minutes min mins second seconds day days week weeks month "
        "months year years night nights stunde stunden tag tage tagen woche wochen monat monate "
        "monaten jahr jahre jahren nacht nachte heure heures jour jours semaine semaines mois an "
        "ans annee annees nuit nuits hora horas dia dias semana semanas mes meses ano anos noche "
        "noches people person persons guests adults kids kid children child leute personen gaste "
        "erwachsene kinder kind personnes personne gens invites adultes enfants enfant personas "
        "persona invitados adultos ninos nino ninas nina"
    ).split()
)
"""Counts no goods, unless the price is said to be for each: it may be the hour of the day, or what
all pay."""

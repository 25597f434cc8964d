"""Lists the words around a sum that names no currency.

The lists are narrower than those of `money_words`: a number that only stands near a word is money
where the word tells of little else. It knows nothing about sentences.
"""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

from router.triage.text import money_words as words
from router.triage.text.folding import fold

SCALES = frozenset("k m mm mn mio bn mrd mil mln tsd thousand million".split())
"""Scales of a number in digits: "410k", "1.2m"."""


def _folded(text: str) -> frozenset[str]:
    return frozenset(fold(text).words)


MONEY_ANYWHERE = _folded(
    """budget budgets budgeted price prices priced cost costs invoice invoices invoiced fee fees
    salary salaries wage wages severance deposit loan loans mortgage debt debts refund refunds
    refunded reimburse reimbursed compensation settlement arrears rent penalty prepayment quote
    quotation upfront cheaper salaried advance capex opex revenue turnover payout retainer alimony
    valuation
    preis preise gehalt darlehen kredit hypothek rechnung angebot anzahlung abfindung kaution
    restschuld mahnung schulden kosten miete rückerstattung erstattung
    prix salaire prêt facture devis acompte caution indemnité remboursement loyer coût hypothèque
    precio presupuesto anticipo hipoteca salario sueldo fianza indemnización factura préstamo
    reembolso deuda alquiler
    prezzo preventivo anticipo mutuo stipendio cauzione risarcimento fattura prestito rimborso
    preço orçamento adiantamento hipoteca salário caução indenização fatura empréstimo
    prijs offerte aanbetaling hypotheek salaris schadevergoeding begroting factuur lening
    cena budżet zaliczka hipoteka pensja odszkodowanie kaucja faktura kredyt"""
)
"""Words of which a short text is about money, wherever they stand."""

MONEY = MONEY_ANYWHERE | _folded(
    """pay pays paid paying payment payments owe owes owed owing cash money income earn earns
    earned earning savings saving saves saved bonus grant funding inheritance inherited ransom
    bail tax taxes fined damages expense expenses invest invested investing investment donate
    donated donation pension overdraft withdraw withdrew withdrawal transfer transferred wire wired
    commission royalty royalties buyout valued worth spend spent spending expensive charged
    overcharged overpaid underpaid borrow borrowed lend lent costing profit loss losses pricing
    bid dowry iban payroll lease leasing insured payable
    zahlen zahle zahlt bezahlen bezahlt kostet überweisen überweise überweisung strafe
    schadenersatz geld gebühr
    payer paie payons paiement virement coûte amende argent
    pagar pago paga pagamos cuesta multa dinero transferencia
    pagare paghiamo pagamento costa multa soldi bonifico
    pagamento custa multa dinheiro transferência
    betalen betaald kost boete geld overmaken
    zapłacić płacić kosztuje kara pieniądze przelew"""
)
"""Words of money: a number that is written as a sum near one of them is one."""

ASKS = _folded(
    """want wants wanted demand demands demanded demanding ask asks asking asked offer offers
    offered offering quoted charges charging claims claiming claimed owes arrears settle
    fordert fordern verlangt verlangen bietet bieten
    exige réclame réclament propose demande demandent
    pide piden exige exigen ofrece ofrecen reclama
    chiede chiedono offre offrono pretende
    pede pedem oferece oferecem cobra
    vraagt vragen eist biedt
    żąda żądają oferuje oferują"""
)
"""Words that lead to a number that somebody asks for or offers."""

BEHIND_CERTAIN = _folded(
    """cash upfront advance deposit penalty bonus refund fee damages severance compensation
    settlement salary budget invoice loan mortgage debt arrears retainer overdraft
    anzahlung vorkasse bar gehalt acompte comptant anticipo efectivo contanti adiantado voorschot
    zaliczki"""
)
"""Words behind a number that say what money it is."""

BEHIND = BEHIND_CERTAIN | _folded(
    """left outstanding overdue due extra remaining short income revenue profit rent saved lost
    payable budgeted paid owed spent total altogether now today monthly rent price payment cost
    jetzt sofort heute maintenant ahora hoy adesso subito agora nu teraz
    without ohne sans sin senza sem zonder als di como come comme jako"""
)
"""Words that may follow a sum and that it does not count."""

BEHIND_LAST = _folded("warm kalt brutto netto cold gross net hors ttc ht inkl exkl incl excl")
"""Words that a sum may have behind it where nothing is named after them: "1.200 warm, ..."."""

COUNTED = frozenset(
    """sales claims loans invoices invoiced payments contracts bills transfers purchases refunds
    deposits quotes grants fines deals funds pensions salaries fees charges
    purchased""".split()
)
"""Words of money that a number before them counts."""

NUMBERED = frozenset(
    """order part case ticket no nr number id ref reference phone tel version sku room line section
    page zip postcode port serial model rev batch lot article item build mileage odometer clock
    population inhabitants circulation step steps epoch iteration iterations rpm token tokens
    context user users followers subscribers views members visitors capacity altitude elevation
    calories kcal code ip attempt row rows word words character characters km miles distance
    points score elo xp level mmr traffic requests impressions clicks downloads
    installs wishlists likes stars units copies pieces pcs speed hz khz watts votes
    people""".split()
)
"""Words before a number that it names or measures, and that are not of money."""

MEASURED = frozenset(
    """tall wide long deep high away height width length thick km miles metres meters rpm clock
    odometer users members people views followers subscribers copies units players seats words
    tokens rows requests hours inhabitants messages tickets points sold made
    produced born died shipped downloaded wishlists""".split()
)
"""Words close behind a number that are counted or measured by it: "1.9m tall"."""

DOTTED = frozenset("no nr tel ref art p pp v ver ext par".split())
"""Abbreviations before a number that it names."""

METRES = frozenset({"m", "mm"})
PLANS = frozenset({"401", "403", "457"})
"""Pension plans of the United States: "my 401k"."""

MOMENTS = frozenset("second sec s minute min ms millisecond".split())
"""No sum of money is due that often, but a count of requests is."""
PERIODS = frozenset({*words.TIME_UNITS, *words.UNIT_ALIASES, "hour", "h", "y", "m", "a"})
JOINS = frozenset("or and to - vs".split()) | _folded(
    "oder ou o of und och eller og oraz lub и или"
)

LISTING = frozenset({",", "+", "-", "&"}) | _folded(
    """and or then plus to vs versus against from than und oder dann bzw et ou puis y o luego e poi
    ed depois en of dan lub oraz och eller og и или"""
)
"""What stands before the next number of a list: "12,000 now, 15,000 in June"."""
NAMED = MONEY | words.CONTEXT
"""Words of money that may stand before a number of a list: "..., deposit 2,850"."""
ABOUT = words.LINKS | {"then", "later", "another", "finally", "maybe", "perhaps", "(", "again"}
"""Words between that and the number."""
WHEN = _folded(
    """now today then later first before after afterwards once in at on by from until when next
    early beforehand upfront initially finally jetzt sofort heute dann später danach vorher nachher
    im am bei beim nach vor zum ab maintenant tout tard ensuite avant après en à au puis fin ahora
    después antes luego al más hoy adesso ora subito poi dopo prima oggi agora depois hoje mais no
    nu straks daarna later in bij na voor vandaag teraz potem po przed w na przy dziś"""
)
"""Words behind a sum of a list that tell when it is due, and that it does not count."""
PRICED_AT = frozenset({"@", "at", "costing", "for"}) | _folded("zu je à a por per za")
"""Words between what is counted and its price: "2 screens at 300"."""
EACH_WORDS = _folded("je jeweils")
"""Words right before a price that say that it is of each: "3 Stühle zu je 2.000 Euro"."""
LINKS_TO_EACH = frozenset({"a", ","}) | _folded("zu à für mit von um de por pour par per")
"""Words between what is counted and such a price."""
EACH_BEHIND = _folded("pièce chacun chacune")
"""Words right behind a price that say that it is of each: "2 000 euros pièce"."""
EACH_LEADS = _folded("la le par cada por pro je per das der die")
"""The first word of "la pièce", "cada una", "pro Stück"."""
EACH_PIECE = _folded("pièce unité unidad uno una stück stueck")
"""The second word of them."""
FOR = _folded("für pour para por")
"""Words between a price of each and its count: "200 euros pièce pour 40 chaises"."""
UP_TO = _folded("bis vergleich verglichen gegensatz hin")
"""Words before "zu" that make it no word of a price: "bis zu 2.000 Euro"."""
NO_THING = LISTING | _folded("von vom im am des dem den der")
"""Words that the name of a counted thing never has: "Rechnung 4711 vom Mai zu 500 Euro"."""
YEARS = range(1900, 2101)
BEFORE_SUM = NAMED | ABOUT | LISTING | WHEN | ASKS
"""Words that a sum may have before it and that it is no number of."""

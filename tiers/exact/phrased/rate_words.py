"""Lists the forms of questions about taxes, discounts, percentages and interest, by language.

Each form must fit all of a question. It knows nothing about numbers.
"""

from __future__ import annotations

_EN = (
    r"(?:(?:what(?:'s| is| are| would be)?|whats|how much(?: is|'s| are| would be)?|calculate|"
    r"work out|find|compute) )?(?:the )?"
)
_DE = (
    r"(?:(?:was|wie ?viel|wie hoch)(?: ist| sind| macht| machen| kostet| kosten| waren| waere| "
    r"ware| ergibt| betragt)?|berechne|rechne)? ?(?:die |der |den |das )?"
)
_FR = (
    r"(?:(?:combien (?:font|fait|coute|coutent|est|ca fait|vaut)|(?:quel|quelle)s? (?:est|sont|"
    r"serait)|c'est (?:quoi|combien)|calcule[rz]?|que font) )?(?:le |la |les |l')?"
)
_ES = (
    r"(?:(?:cuant[oa]s?(?: es| son| seria| cuestan?| vale| queda)?|cual(?:es)? (?:es|son|seria)|"
    r"calcul[ae]|que es|dime) )?(?:el |la |los )?"
)

_EN_ASKED = r"(?:what(?:'s| is| are)|how much(?: is|'s| are)|calculate|work out|find) (?:the )?"
_DE_ASKED = r"(?:(?:was|wie ?viel|wie hoch) (?:ist|sind)|berechne|rechne) (?:der |den |das )?"
_FR_ASKED = (
    r"(?:combien fait|quel(?:le)? (?:est|serait)|c'est (?:quoi|combien)|calcule[rz]?) (?:le )?"
)
"""Ask: a price tag reads the same without them ("net price of 100 at 20% VAT")."""

_EN_TAX = r"(?:vat|tax|sales tax|gst)"
_DE_TAX = r"(?:mwst\.?|mehrwertsteuer|ust\.?|umsatzsteuer|steuern?)"
_FR_TAX = r"(?:de )?(?:la )?(?:tva|taxe)"
_ES_TAX = r"(?:de(?:l)? )?(?:iva|impuesto)"
_EN_ASK_NET = (
    r"(?:what(?:'s| is)? |how much (?:is it |is that )?)?(?:the )?(?:net(?: price| amount)?|"
    r"price (?:without|excluding|before) (?:vat|tax)|(?:it )?(?:without|excluding|before) "
    r"(?:vat|tax)|(?:is |of (?:it|that) is )?(?:the )?(?:vat|tax)(?: is (?:in )?(?:it|that))?)"
)
_EN_PAY = (
    r"(?:,? (?:and )?(?:how much (?:do i pay|is it|does it cost|is that)|what do i pay|what's "
    r"the (?:final )?price))?"
)
_DE_PAY = (
    r"(?:,? (?:was|wie ?viel) (?:zahle ich|muss ich zahlen|kostet (?:es|das|sie|er)|ist das)(?: "
    r"dann| noch)?)?"
)
_FR_PAY = (
    r"(?:,? (?:combien (?:je paie|dois-je payer|ca fait|ca coute|je dois payer|vais-je payer)))?"
)
_ES_PAY = r"(?:,? (?:cuanto (?:pago|tengo que pagar|cuestan?|es|queda|debo pagar)))?"

FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "tax_on": (
            rf"{_EN}<p> {_EN_TAX} (?:on|of|for) <x>(?: net)?",
            rf"{_EN}{_EN_TAX} (?:on|of|for) <x>(?: net)? at <p>",
            rf"{_EN}{_EN_TAX} (?:of|at) <p> (?:on|for) <x>(?: net)?",
            rf"{_EN}{_EN_TAX} <p> on <x>(?: net)?",
            rf"{_EN}(?:an? )?<p> (?:raise|pay rise|pay raise|bonus|commission) (?:on|of) <x>",
        ),
        "gross": (
            rf"{_EN}<x> (?:plus|\+) <p> {_EN_TAX}(?: added)?",
            rf"{_EN}<x> with <p> {_EN_TAX} added",
            rf"{_EN}<x> (?:plus|\+) {_EN_TAX} (?:at|of) <p>",
            rf"add <p> {_EN_TAX} to <x>",
            rf"{_EN}(?:gross )?price of <x> plus <p> {_EN_TAX}(?: added)?",
        ),
        "net": (
            r"(?:the )?(?:price|total|amount|bill|invoice)?(?: is)?,? ?(?:including|incl\.?|"
            rf"with) <p> {_EN_TAX} (?:is|=|of) <x>,? {_EN_ASK_NET}",
            r"(?:the )?(?:price|total|amount|bill|invoice)? ?(?:is |of |was )?<x>,? "
            rf"(?:including|incl\.?|inclusive of|with) <p> {_EN_TAX}(?: included)?,? "
            rf"{_EN_ASK_NET}",
            rf"(?:remove|take off|take out|subtract|deduct|strip) <p> {_EN_TAX} (?:from|off) <x>",
            rf"{_EN_ASKED}<x> (?:excluding|excl\.?|without) <p> {_EN_TAX}",
            rf"{_EN_ASKED}net (?:price |amount )?(?:of|for) <x> (?:including|incl\.?|with|at) <p> "
            rf"{_EN_TAX}",
            rf"(?:how much|what) {_EN_TAX} is (?:there )?(?:included )?in <x>(?: at| with)? "
            rf"<p>(?: {_EN_TAX})?",
            rf"{_EN}{_EN_TAX} (?:in|included in|contained in) <x> at <p>",
            rf"(?:how much|what) {_EN_TAX} (?:\(<p>\)|at <p>|of <p>) is (?:there )?(?:included )?"
            r"in <x>",
            rf"how much of <x> is {_EN_TAX} at <p>",
        ),
        "less": (
            rf"{_EN}(?:price )?(?:of )?<x> with (?:a |an )?(?:<p> (?:off|discount)|discount of "
            r"<p>)",
            r"<p> off,? (?:and )?then (?:another |an extra |a further )?<q> off <x>",
            rf"{_EN}<x> (?:(?:minus|less) <p>(?: discount| off)?|(?:with|after) (?:a |an )?<p> "
            r"(?:discount|off)),? (?:and )?(?:then )?(?:minus |with |after )?(?:a |an "
            r")?(?:another|extra|further|additional) <q>(?: off| discount)?",
            rf"{_EN}<x>,? <p> off,? (?:and )?(?:then |(?:then )?(?:another |an extra |a further ))"
            r"<q> off",
            r"(?:i buy |if )?(?:an? |the |my )?<thing> (?:costs?|is|are|for) <x>,? (?:with|at|"
            r"and (?:there is|i get|gets)|minus|and is) (?:a |an )?<p> (?:off|"
            rf"discount){_EN_PAY}",
        ),
        "saved": (
            r"how much (?:do|would|will) i save (?:with|at|on|if) (?:a |an )?<p> (?:off|"
            r"discount)(?: on| off| of)? <x>",
        ),
        "before": (
            r"(?:an? |the |my )?<thing> (?:is|was|are|costs?|cost) <x> after (?:a |an )?<p> "
            r"(?:off|discount|reduction),? (?:and )?what (?:was|is) the (?:original|full|old|"
            r"regular|initial) price",
            rf"{_EN}(?:original|full|old|regular|initial) price (?:if|when) (?:it |i )?(?:is|"
            r"costs?|pa(?:y|id)) <x> after (?:a |an )?<p>(?: off| discount)",
            r"(?:i paid|it costs?|it cost me) <x> (?:for (?:an? |the |my )?<thing> "
            r")?(?:(?:that|which) (?:was|were|is) <p> off|after (?:a |an )?<p> (?:off|"
            r"discount)),? what (?:(?:was|is) the (?:original|full|old|regular|initial) price|"
            r"(?:did|do) (?:it|they) cost (?:before|originally))",
        ),
        "share": (
            r"(?:if )?i (?:scored|got|had|have|answered) <x> (?:out )?of <y>(?: right| correct|"
            r" points)?,? what (?:percent|percentage|%) (?:is|was) (?:that|it)",
            r"<x> (?:out )?of <y>,? (?:is|as|in|what is (?:that|it) (?:as|in)) (?:what |a |how "
            r"much )?(?:percent|percentage|%)",
            r"what (?:percent|percentage|%) of <y> (?:is|are) <x>",
        ),
        "change": (
            r"(?:going )?from <x> to <y>,? (?:is |means )?(?:an? )?(?:increase|rise|raise|decrease"
            r"|drop|change|reduction|growth) (?:of|by|in) (?:how many|how much in|what) "
            r"(?:percent|percentage|%)",
            r"from <x> to <y>,? how (?:many|much in) (?:percent|%) (?:more|less|is (?:that|it))",
            r"(?:an? |the |my |our |their )?<thing> (?:went|go|goes|rose|fell|dropped|"
            r"increased|decreased|grew|changed|has risen|has gone|went up|went down) (?:up |"
            r"down )?from <x> to <y>[.,]? (?:what(?:'s| is)|by (?:what|how many|how much)|how "
            r"(?:much|many)) (?:the |a )?(?:percent|percentage|%)(?: ?(?:increase|decrease|"
            r"change|difference))?(?: is (?:that|it)| did (?:it|they) (?:go up|go down|rise|"
            r"fall|increase|drop)| was (?:that|it)| increase)?",
            r"(?:the )?(?:original|old|initial) price was <x>,? (?:and )?(?:it is |it's |is "
            r")?now (?:it's |it is )?<y>,? what(?:'s| is) the (?:discount|percentage|"
            r"reduction)(?: in (?:percent|%)| in percentage| discount| off)?",
        ),
        "add": (
            rf"{_EN}<x> after (?:a |an )?<p> (?:raise|rise|increase|pay rise|pay raise)",
            r"i (?:earn|make|get|pay) <x> (?:an? month |a year )?and (?:i )?(?:get|got|will "
            r"get) (?:a |an )?<p> (?:raise|pay rise|rise|increase),? what(?:'s| is| will be) "
            r"my new (?:salary|pay|wage|rent)",
        ),
        "interest": (
            rf"{_EN}simple interest (?:on|for|of) <x> at <p>(?: per year| a year| per annum| "
            r"p\.?a\.?| annually)? (?:for|over|after|in) <t> (?P<unit>years?|months?)",
            rf"{_EN}interest (?:on|for) <x> at <p>(?: per year| a year| per annum)?,? simple,? "
            r"(?:for|over|after) <t> (?P<unit>years?|months?)",
            rf"{_EN}interest (?:on|for) <x> at <p> simple(?: interest)? (?:for|over|after) <t> "
            r"(?P<unit>years?|months?)",
            rf"{_EN}<x> at <p> simple interest (?:for|over|after) <t> (?P<unit>years?|months?)",
        ),
    },
    "de": {
        "tax_on": (
            rf"{_DE}<p> {_DE_TAX} (?:auf|von|fur) <x>(?: netto)?",
            rf"{_DE}{_DE_TAX} (?:auf|von|fur) <x>(?: netto)? bei <p>",
            rf"{_DE}{_DE_TAX} von <p> (?:auf|fur) <x>(?: netto)?",
        ),
        "gross": (
            rf"{_DE}<x>(?: netto)? (?:plus|\+|zzgl\.?|zuzuglich) <p> {_DE_TAX}(?: brutto)?",
            rf"{_DE}<x> netto mit <p> {_DE_TAX}(?: brutto)?",
            rf"<x> netto,? (?:{_DE})(?:ist das |sind das )?brutto (?:bei|mit) <p>(?: {_DE_TAX})?",
        ),
        "net": (
            r"<x> brutto,? (?:was|wie ?viel) (?:ist|sind) (?:das |es )?netto (?:bei|mit) "
            rf"<p>(?: {_DE_TAX})?",
            rf"{_DE}<x> brutto (?:mit|bei) <p> {_DE_TAX} netto",
            rf"<x>,? (?:inkl\.?|inklusive|einschliesslich|mit) <p> {_DE_TAX},? (?:(?:was|wie "
            r"?viel) (?:ist|sind) (?:das |es )?)?(?:wie ?viel )?netto",
            rf"(?:was|wie ?viel) {_DE_TAX} (?:steckt|steht|ist|sind|stecken|enthalten) in "
            rf"<x>(?: brutto)?(?: enthalten)? bei <p>(?: {_DE_TAX})?",
            rf"(?:rechne|zieh|ziehe|nimm) <p> {_DE_TAX} (?:aus|von) <x> (?:heraus|raus|ab)",
            rf"{_DE_ASKED}(?:nettopreis|nettobetrag|netto) (?:von|bei|zu) <x>(?: brutto)? "
            rf"(?:mit|bei|inkl\.?) <p>(?: {_DE_TAX})?",
        ),
        "less": (
            r"<p> (?:rabatt|nachlass|skonto) auf <x>",
            rf"{_DE}(?:ein |eine |einen )?<thing> (?:fur|zu|um) <x> (?:(?:abzuglich|minus) <p>|"
            rf"(?:mit|bei) <p> (?:rabatt|nachlass)){_DE_PAY}",
            r"(?:die |der |das |ein |eine |mein |meine )?<thing> (?:kosten|kostet) <x>,? "
            r"(?:ist |sind |und ist |und sind |mit |bei |minus )?(?:um )?<p> (?:reduziert|"
            rf"rabatt|nachlass|gunstiger|billiger){_DE_PAY}",
            rf"{_DE}<x> (?:(?:minus|abzuglich|-) <p>(?: rabatt| nachlass)?|mit <p> (?:rabatt|"
            r"nachlass))(?:,? (?:und |dann )+(?:nochmals? |noch einmal |weitere |minus |"
            r"zusatzlich )+<q>(?: rabatt| nachlass)?)?",
        ),
        "saved": (
            r"(?:wie ?viel|was) spare ich (?:bei|mit) <p> (?:rabatt|nachlass)(?: auf| von| "
            r"bei)? <x>",
        ),
        "before": (
            r"nach <p> (?:rabatt|nachlass) (?:kostet|kosten|zahle|bezahle) (?:es|sie|er|das|"
            r"ich) <x>,? (?:was|wie hoch|wie) war (?:der |das )?(?:ursprungliche |alte |"
            r"fruhere |originale )?(?:preis|ursprungspreis|originalpreis|normalpreis)",
            r"(?:wie hoch|was) war (?:der )?(?:ursprungliche |alte )?(?:preis|originalpreis|"
            r"ursprungspreis),? wenn (?:es|ich|sie) nach <p> rabatt <x> (?:kostet|zahle|"
            r"bezahle)",
        ),
        "share": (
            r"(?:wie ?viel|was) (?:prozent|%) (?:sind|ist|von|waren) <x> von <y>",
            r"(?:wie ?viel|was) (?:prozent|%) von <y> (?:sind|ist) <x>",
            r"<x> von <y>,? (?:(?:sind|ist|in|sind das) (?:wie ?viele? )?|wie ?viele? )"
            r"(?:prozent|%)",
            r"<x> (?:sind|ist) (?:wie ?viel|was) (?:prozent|%) von <y>",
        ),
        "change": (
            r"(?:der |die |das |mein |meine |unser |unsere )?<thing> (?:stieg|steigt|fiel|sank|"
            r"sinkt|ging|ist|wurde) von <x> auf <y>(?: (?:gestiegen|gefallen|gesunken|erhoht|"
            r"gesenkt))?,? (?:um )?(?:wie ?viel|was) (?:prozent|%)(?: (?:sind|ist|macht|waren) "
            r"das)?",
            r"um (?:wie ?viel|was) (?:prozent|%) (?:ist|sind|stieg|fiel|sank) (?:der |die |das "
            r"|mein |meine )?<thing> von <x> auf <y>(?: (?:gestiegen|gefallen|gesunken|erhoht|"
            r"gesenkt))?",
            rf"{_DE}(?:prozentuale )?(?:veranderung|anderung|steigerung|erhohung|zunahme|"
            r"abnahme) (?:von <x> (?:auf|zu) <y>)(?: in prozent)?",
        ),
        "add": (
            rf"{_DE}<x> plus <p>",
            r"(?:die |der |das |mein |meine )?<thing> von <x> (?:wird|steigt|ist|wurde) um "
            r"<p>(?: (?:erhoht|gesteigert))?,? wie (?:hoch|viel|teuer) ist (?:sie|er|es|"
            r"das)(?: dann| jetzt)?",
            r"(?:erhohe|steigere) <x> um <p>",
        ),
        "interest": (
            rf"{_DE}(?P<simple_1>einfachen? )?(?:zinsen|zins) (?:auf|fur|von|bei) <x> (?:bei|"
            r"mit|zu) <p>(?: zinsen)? (?:fur|in|nach|uber) <t> (?P<unit>jahr(?:en?)?|"
            r"monat(?:en?)?)(?P<simple>,? ?\(?(?:einfach|ohne zinseszins(?:en)?)\)?)?",
            r"(?:was|wie ?viel)(?: an)? zinsen (?:bekomme ich|bringen|gibt es|erhalte ich|"
            r"sind)(?: fur| auf| bei)? <x> (?:bei|mit|zu) <p>(?: zinsen)? "
            r"(?:in|fur|nach|uber) <t> (?P<unit>jahr(?:en?)?|monat(?:en?)?)(?P<simple>,? "
            r"?\(?(?:einfach|ohne zinseszins(?:en)?)\)?)?",
        ),
    },
    "fr": {
        "part": (
            r"(?:c'est quoi|ca fait combien|ca donne quoi|calcule[rz]?|donne-moi|quel est|"
            r"combien ca fait) <p> de <x>",
        ),
        "tax_on": (
            rf"{_FR}<p> {_FR_TAX} (?:sur|de|pour) <x>(?: ht)?",
            rf"combien {_FR_TAX} (?:a|de) <p> (?:sur|pour) <x>",
            rf"{_FR}{_FR_TAX} (?:a |de )?<p> (?:sur|de|pour) <x>(?: ht)?",
        ),
        "gross": (
            rf"{_FR}<x>(?: ht avec|(?: ht)? (?:plus|\+)) (?:une )?(?:{_FR_TAX} (?:de |a )?<p>|"
            rf"<p> {_FR_TAX})(?: ttc)?",
            rf"(?:{_FR_ASKED}prix ttc (?:de|pour) <x>(?: ht)?|(?:le )?prix ttc (?:de|pour) <x> ht) "
            rf"(?:avec|a) (?:une )?(?:{_FR_TAX} )?(?:de |a )?<p>(?: {_FR_TAX})?",
            rf"<x> ht (?:en|=|ca fait combien en|combien en) ttc (?:a|avec) <p>(?: {_FR_TAX})?",
        ),
        "net": (
            r"<x> ttc,? (?:ca fait combien|c'est combien|combien|ca fait|en|=) ?(?:en )?(?:ht|"
            rf"hors taxes?) (?:avec|a) (?:une )?<p>(?: {_FR_TAX})?",
            rf"(?:{_FR_ASKED}(?:prix )?(?:ht|hors taxes?) (?:de|pour) <x>(?: ttc)?|(?:le )?"
            r"(?:prix )?(?:ht|hors taxes?) (?:de|pour) <x> ttc) (?:avec|a) (?:une )?"
            rf"(?:{_FR_TAX} )?(?:de |a )?<p>(?: {_FR_TAX})?",
            rf"combien {_FR_TAX} (?:y a-t-il )?(?:dans|sur) <x> ttc (?:a|avec) <p>(?: {_FR_TAX})?",
            rf"combien {_FR_TAX} (?:y a-t-il )?dans <x>(?: ttc)? a <p>",
        ),
        "less": (
            rf"{_FR}<x> (?:(?:moins|-) ?(?:une )?<p>(?: de (?:reduction|remise|rabais))?|avec "
            r"(?:une (?:remise|reduction) de <p>|-? ?<p> de (?:reduction|remise|rabais)))(?:,? "
            r"(?:puis(?: encore| ensuite)?|et (?:encore|ensuite)) -? ?<q>(?: de (?:reduction|"
            r"remise|rabais))?)?",
            r"<p> de (?:remise|reduction|rabais) sur <x>",
            r"-? ?<p>,? puis (?:encore |de nouveau |a nouveau )?-? ?<q> sur <x>",
            rf"{_FR}(?:un |une |des )?<thing> (?:a|de) <x> (?:soldee?s?(?: a)? -? ?<p>|avec "
            r"(?:une (?:remise|reduction) de <p>|-? ?<p> de (?:reduction|remise|"
            rf"rabais))){_FR_PAY}",
        ),
        "saved": (
            r"combien (?:j'economise|est-ce que j'economise|economise-t-on) (?:avec|a) <p> de "
            r"(?:remise|reduction|rabais) sur <x>",
        ),
        "before": (
            r"apres (?:une (?:remise|reduction) de <p>|<p> de (?:remise|reduction|rabais)),? "
            r"(?:je paie|ca coute|il coute|j'ai paye) <x>,? (?:quel etait|quel est) le prix "
            r"(?:initial|d'origine|de depart|original|avant remise)",
        ),
        "share": (
            r"<x> sur <y>,? (?:(?:ca fait |c'est |en )(?:(?:quel|combien en|combien de|en) )?|"
            r"(?:quel|combien en|combien de) )(?:pourcentage|pour ?cent|%)",
            r"quel pourcentage de <y> (?:represente|represent|font|fait|est) <x>",
            r"<x> (?:represente|represent|est|font|fait) quel pourcentage de <y>",
        ),
        "change": (
            r"(?:le |la |les |mon |ma |l'|notre )?<thing> (?:est|sont) (?:passee?s?|montee?s?|"
            r"descendue?s?) de <x> a <y>,? (?:quel(?:le)?(?: est)?|ca fait quel|de quel|de "
            r"combien de) (?:le |la |l')?(?:pourcentage|augmentation|hausse|baisse|%)(?: "
            r"d'augmentation| de hausse| de baisse| de reduction| en pourcentage)?",
            r"de <x> a <y>,? quel(?:le)? est (?:le |la |l')?(?:pourcentage d')?(?:augmentation|"
            r"hausse|baisse|evolution)(?: en (?:pourcentage|%))?",
        ),
        "add": (
            rf"{_FR}<x> plus <p>",
            r"augmente[rz]? <x> de <p>",
        ),
        "interest": (
            rf"{_FR}(?P<simple>interets? simples?) (?:sur|de|pour) <x> a <p>(?: par an)? "
            r"(?:pendant|sur|pour|en) <t> (?P<unit>ans?|mois)",
            r"combien d'interets? (?:pour|sur|rapportent) <x> a <p>(?: par an)? (?:pendant|sur|"
            r"pour|en) <t> (?P<unit>ans?|mois)",
        ),
    },
    "es": {
        "part": (r"(?:calcula|dime|cual es|cuanto es|cuanto seria) (?:el |un )?<p> de <x>",),
        "tax_on": (
            rf"{_ES}<p> {_ES_TAX} (?:de|sobre|para) <x>(?: netos?)?",
            rf"{_ES}{_ES_TAX} (?:del |de |al )?<p> (?:de|sobre|para) <x>(?: netos?)?",
        ),
        "gross": (
            rf"{_ES}<x> (?:mas|\+) (?:el |un )?(?:{_ES_TAX} (?:del |de |al )?<p>|<p> {_ES_TAX})",
        ),
        "net": (
            r"<x> con (?:el )?iva incluido,? (?:cuanto (?:es|son|seria) )?(?:el precio )?sin "
            r"iva (?:al|del|con el|con) <p>",
            rf"{_ES}(?:precio )?sin iva (?:de|son) <x> (?:con|al)(?: un| el)? <p>(?: de "
            r"iva)?(?: incluido)?",
            r"cuanto iva hay (?:incluido )?en <x> (?:al|con el|con un) <p>",
        ),
        "less": (
            rf"{_ES}<x> (?:menos (?:un |el )?<p>(?: de (?:descuento|rebaja))?|con (?:un |el "
            r")?<p> de (?:descuento|rebaja))(?:,? (?:y )?(?:luego|despues) (?:otro <q>(?: de "
            r"(?:descuento|rebaja))?|(?:un )?<q> de (?:descuento|rebaja)))?",
            r"<p> de (?:descuento|rebaja) (?:en|sobre|a) <x>",
            rf"{_ES}(?:un |una |unos |unas )?<thing> de <x> (?:(?:rebajad[oa]s?|menos) (?:un |"
            rf"el )?<p>|con (?:un |el )?<p> de (?:descuento|rebaja)){_ES_PAY}",
        ),
        "saved": (
            r"cuanto (?:ahorro|me ahorro|ahorraria) con (?:un |el )?<p> de (?:descuento|"
            r"rebaja) (?:en|sobre|de) <x>",
        ),
        "before": (
            r"(?:despues de|con|tras) (?:un )?<p> de (?:descuento|rebaja),? (?:pago|pague|"
            r"cuesta|costo|me cuesta) <x>,? (?:cual|cuanto) (?:era|es) (?:el )?precio "
            r"(?:original|inicial|sin descuento|anterior)",
        ),
        "share": (
            r"que porcentaje (?:es|son|representa) <x> (?:de|sobre) <y>",
            r"que porcentaje de <y> (?:es|son|representa) <x>",
            r"<x>,? (?:es |son |representa )?que porcentaje (?:es |son |representa )?de <y>",
        ),
        "change": (
            r"(?:el |la |los |mi |nuestro )?<thing> (?:subio|bajo|paso|aumento|ha subido|ha "
            r"bajado|cayo) de <x> a <y>,? (?:que|cual es el|en que|cuanto) (?:porcentaje)(?: "
            r"(?:es|de (?:aumento|subida|bajada)|subio|bajo|aumento))?",
            rf"{_ES}(?:aumento|incremento|cambio|subida|bajada|reduccion)(?: porcentual| en "
            r"porcentaje) (?:de|desde) <x> (?:a|hasta) <y>",
        ),
        "add": (
            rf"{_ES}<x> mas (?:el |un )?<p>",
            r"(?:aumenta|sube|incrementa) <x> (?:en |un )?(?:un )?<p>",
        ),
        "interest": (
            rf"{_ES}(?:cuanto )?(?P<simple>interes(?:es)? simples?) (?:de|sobre|para|generan|"
            r"dan|producen) <x> (?:al|con un|con el) <p>(?: anual)? (?:durante|en|por|a) <t> "
            r"(?P<unit>anos?|mes(?:es)?)",
            r"cuanto(?:s)? interes(?:es)? (?:dan|da|generan|producen) <x> "
            r"(?:al|con un|con el) <p>(?: anual)? (?:durante|en|por|a) <t> (?P<unit>anos?|"
            r"mes(?:es)?)",
        ),
    },
}

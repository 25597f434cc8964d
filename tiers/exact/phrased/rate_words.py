"""Lists the forms of questions about taxes, discounts, percentages and interest, by language.

Each form must fit all of a question. It knows nothing about numbers.
"""

from __future__ import annotations

_EN = r"(?:(?:what(?:'s| is| are| would be)?|whats|how much(?: is|'s| are| would be)?|calculate|work out|find|compute) )?(?:the )?"
_DE = r"(?:(?:was|wie ?viel|wie hoch)(?: ist| sind| macht| machen| kostet| kosten| waren| waere| ware| ergibt| betragt)?|berechne|rechne)? ?(?:die |der |den |das )?"
_FR = r"(?:(?:combien (?:font|fait|coute|coutent|est|ca fait|vaut)|(?:quel|quelle)s? (?:est|sont|serait)|c'est (?:quoi|combien)|calcule[rz]?|que font) )?(?:le |la |les |l')?"
_ES = r"(?:(?:cuant[oa]s?(?: es| son| seria| cuestan?| vale| queda)?|cual(?:es)? (?:es|son|seria)|calcul[ae]|que es|dime) )?(?:el |la |los )?"

_EN_TAX = r"(?:vat|tax|sales tax|gst)"
_DE_TAX = r"(?:mwst\.?|mehrwertsteuer|ust\.?|umsatzsteuer|steuern?)"
_FR_TAX = r"(?:de )?(?:la )?(?:tva|taxe)"
_ES_TAX = r"(?:de(?:l)? )?(?:iva|impuesto)"
_EN_ASK_NET = r"(?:what(?:'s| is)? |how much (?:is it |is that )?)?(?:the )?(?:net(?: price| amount)?|price (?:without|excluding|before) (?:vat|tax)|(?:it )?(?:without|excluding|before) (?:vat|tax))"
_EN_PAY = r"(?:,? (?:and )?(?:how much (?:do i pay|is it|does it cost|is that)|what do i pay|what's the (?:final )?price))?"
_DE_PAY = r"(?:,? (?:was|wie ?viel) (?:zahle ich|muss ich zahlen|kostet (?:es|das|sie|er)|ist das)(?: dann| noch)?)?"
_FR_PAY = r"(?:,? (?:combien (?:je paie|dois-je payer|ca fait|ca coute|je dois payer|vais-je payer)))?"
_ES_PAY = r"(?:,? (?:cuanto (?:pago|tengo que pagar|cuestan?|es|queda|debo pagar)))?"

FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "tax_on": (
            rf"{_EN}<p> {_EN_TAX} (?:on|of|for) <x>",
            rf"{_EN}{_EN_TAX} (?:on|of|for) <x> at <p>",
        ),
        "gross": (
            rf"{_EN}<x> (?:plus|\+) <p> {_EN_TAX}(?: added)?",
            rf"{_EN}<x> with <p> {_EN_TAX} added",
            rf"{_EN}<x> (?:plus|\+) {_EN_TAX} (?:at|of) <p>",
            rf"add <p> {_EN_TAX} to <x>",
            rf"{_EN}(?:gross )?price of <x> plus <p> {_EN_TAX}(?: added)?",
        ),
        "net": (
            rf"(?:the )?(?:price|total|amount|bill|invoice)?(?: is)?,? ?(?:including|incl\.?|with) <p> {_EN_TAX} (?:is|=|of) <x>,? {_EN_ASK_NET}",
            rf"(?:the )?(?:price|total|amount|bill|invoice)? ?(?:is |of |was )?<x>,? (?:including|incl\.?|inclusive of|with) <p> {_EN_TAX}(?: included)?,? {_EN_ASK_NET}",
            rf"(?:remove|take off|take out|subtract|deduct|strip) <p> {_EN_TAX} (?:from|off) <x>",
            rf"{_EN}<x> (?:excluding|excl\.?|without|ex|before) <p> {_EN_TAX}",
            rf"{_EN}net (?:price |amount )?(?:of|for) <x> (?:including|incl\.?|with|at) <p> {_EN_TAX}",
            rf"(?:how much|what) {_EN_TAX} is (?:there )?(?:included )?in <x>(?: at| with)? <p>(?: {_EN_TAX})?",
            rf"{_EN}{_EN_TAX} (?:in|included in|contained in) <x> at <p>",
        ),
        "less": (
            rf"<p> off,? (?:and )?then (?:another |an extra |a further )?<q> off <x>",
            rf"{_EN}<x> (?:(?:minus|less) <p>(?: discount| off)?|(?:with|after) (?:a |an )?<p> (?:discount|off)),? (?:and )?(?:then )?(?:minus |with |after )?(?:a |an )?(?:another|extra|further|additional) <q>(?: off| discount)?",
            rf"{_EN}<x>,? <p> off,? (?:and )?(?:then )?(?:another |an extra |a further )?<q> off",
            rf"(?:i buy |if )?(?:an? |the |my )?<thing> (?:costs?|is|are|for) <x>,? (?:with|at|and (?:there is|i get|gets)|minus|and is) (?:a |an )?<p> (?:off|discount){_EN_PAY}",
        ),
        "saved": (rf"how much (?:do|would|will) i save (?:with|at|on|if) (?:a |an )?<p> (?:off|discount)(?: on| off| of)? <x>",),
        "before": (
            rf"(?:an? |the |my )?<thing> (?:is|was|are|costs?|cost) <x> after (?:a |an )?<p> (?:off|discount|reduction),? (?:and )?what (?:was|is) the (?:original|full|old|regular|initial) price",
            rf"{_EN}(?:original|full|old|regular|initial) price (?:if|when) (?:it |i )?(?:is|costs?|pa(?:y|id)) <x> after (?:a |an )?<p>(?: off| discount)?",
            rf"(?:i paid|it costs?|it cost me) <x> (?:for (?:an? |the |my )?<thing> )?(?:(?:that|which) (?:was|were|is) <p> off|after (?:a |an )?<p>(?: off| discount)),? what (?:(?:was|is) the (?:original|full|old|regular|initial) price|(?:did|do) (?:it|they) cost (?:before|originally))",
        ),
        "share": (
            rf"(?:if )?i (?:scored|got|had|have|answered) <x> (?:out )?of <y>(?: right| correct| points)?,? what (?:percent|percentage|%) (?:is|was) (?:that|it)",
            rf"<x> (?:out )?of <y>,? (?:is|as|in|what is (?:that|it) (?:as|in)) (?:what |a |how much )?(?:percent|percentage|%)",
            rf"what (?:percent|percentage|%) of <y> (?:is|are) <x>",
        ),
        "change": (
            rf"(?:an? |the |my |our |their )?<thing> (?:went|go|goes|rose|fell|dropped|increased|decreased|grew|changed|has risen|has gone|went up|went down) (?:up |down )?from <x> to <y>,? (?:what(?:'s| is)|by (?:what|how many|how much)|how (?:much|many)) (?:the |a )?(?:percent|percentage|%)(?: ?(?:increase|decrease|change|difference))?(?: is (?:that|it)| did (?:it|they) (?:go up|go down|rise|fall|increase|drop)| was (?:that|it)| increase)?",
            rf"(?:the )?(?:original|old|initial) price was <x>,? (?:and )?(?:it is |it's |is )?now (?:it's |it is )?<y>,? what(?:'s| is) the (?:discount|percentage|reduction)(?: in (?:percent|%)| in percentage| discount| off)?",
        ),
        "add": (
            rf"i (?:earn|make|get|pay) <x> (?:an? month |a year )?and (?:i )?(?:get|got|will get) (?:a |an )?<p> (?:raise|pay rise|rise|increase),? what(?:'s| is| will be) my new (?:salary|pay|wage|rent)",
        ),
        "interest": (
            rf"{_EN}simple interest (?:on|for|of) <x> at <p>(?: per year| a year| per annum| p\.?a\.?| annually)? (?:for|over|after|in) <t> (?P<unit>years?|months?)",
            rf"{_EN}interest (?:on|for) <x> at <p>(?: per year| a year| per annum)?,? simple,? (?:for|over|after) <t> (?P<unit>years?|months?)",
            rf"{_EN}interest (?:on|for) <x> at <p> simple(?: interest)? (?:for|over|after) <t> (?P<unit>years?|months?)",
            rf"{_EN}<x> at <p> simple interest (?:for|over|after) <t> (?P<unit>years?|months?)",
        ),
    },
    "de": {
        "tax_on": (
            rf"{_DE}<p> {_DE_TAX} (?:auf|von|fur) <x>",
            rf"{_DE}{_DE_TAX} (?:auf|von|fur) <x> bei <p>",
        ),
        "gross": (
            rf"{_DE}<x>(?: netto)? (?:plus|\+|zzgl\.?|zuzuglich) <p> {_DE_TAX}(?: brutto)?",
            rf"{_DE}<x> netto mit <p> {_DE_TAX}(?: brutto)?",
            rf"<x> netto,? (?:{_DE})(?:ist das |sind das )?brutto (?:bei|mit) <p>(?: {_DE_TAX})?",
        ),
        "net": (
            rf"<x> brutto,? (?:was|wie ?viel) (?:ist|sind) (?:das |es )?netto (?:bei|mit) <p>(?: {_DE_TAX})?",
            rf"{_DE}<x> brutto (?:mit|bei) <p> {_DE_TAX} netto",
            rf"<x>,? (?:inkl\.?|inklusive|einschliesslich|mit) <p> {_DE_TAX},? (?:(?:was|wie ?viel) (?:ist|sind) (?:das |es )?)?(?:wie ?viel )?netto",
            rf"(?:was|wie ?viel) {_DE_TAX} (?:steckt|steht|ist|sind|stecken|enthalten) in <x>(?: brutto)?(?: enthalten)? bei <p>(?: {_DE_TAX})?",
            rf"(?:rechne|zieh|ziehe|nimm) <p> {_DE_TAX} (?:aus|von) <x> (?:heraus|raus|ab)",
            rf"{_DE}(?:nettopreis|nettobetrag|netto) (?:von|bei|zu) <x>(?: brutto)? (?:mit|bei|inkl\.?) <p>(?: {_DE_TAX})?",
        ),
        "less": (
            rf"<p> (?:rabatt|nachlass|skonto) auf <x>",
            rf"{_DE}(?:ein |eine |einen )?<thing> (?:fur|zu|um) <x> (?:(?:abzuglich|minus) <p>|(?:mit|bei) <p> (?:rabatt|nachlass)){_DE_PAY}",
            rf"(?:die |der |das |ein |eine |mein |meine )?<thing> (?:kosten|kostet) <x>,? (?:ist |sind |und ist |und sind |mit |bei |minus )?(?:um )?<p> (?:reduziert|rabatt|nachlass|gunstiger|billiger){_DE_PAY}",
            rf"{_DE}<x> (?:(?:minus|abzuglich|-) <p>(?: rabatt| nachlass)?|mit <p> (?:rabatt|nachlass))(?:,? (?:und |dann )+(?:nochmals? |noch einmal |weitere |minus |zusatzlich )+<q>(?: rabatt| nachlass)?)?",
        ),
        "saved": (rf"(?:wie ?viel|was) spare ich (?:bei|mit) <p> (?:rabatt|nachlass)(?: auf| von| bei)? <x>",),
        "before": (
            rf"nach <p> (?:rabatt|nachlass) (?:kostet|kosten|zahle|bezahle) (?:es|sie|er|das|ich) <x>,? (?:was|wie hoch|wie) war (?:der |das )?(?:ursprungliche |alte |fruhere |originale )?(?:preis|ursprungspreis|originalpreis|normalpreis)",
            rf"(?:wie hoch|was) war (?:der )?(?:ursprungliche |alte )?(?:preis|originalpreis|ursprungspreis),? wenn (?:es|ich|sie) nach <p> rabatt <x> (?:kostet|zahle|bezahle)",
        ),
        "share": (
            rf"(?:wie ?viel|was) (?:prozent|%) (?:sind|ist|von|waren) <x> von <y>",
            rf"(?:wie ?viel|was) (?:prozent|%) von <y> (?:sind|ist) <x>",
            rf"<x> von <y> (?:sind|ist|in|sind das)? ?(?:wie ?viel |wie viele )?(?:prozent|%)",
            rf"<x> (?:sind|ist) (?:wie ?viel|was) (?:prozent|%) von <y>",
        ),
        "change": (
            rf"(?:der |die |das |mein |meine |unser |unsere )?<thing> (?:stieg|steigt|fiel|sank|sinkt|ging|ist|wurde) von <x> auf <y>(?: (?:gestiegen|gefallen|gesunken|erhoht|gesenkt))?,? (?:um )?(?:wie ?viel|was) (?:prozent|%)(?: (?:sind|ist|macht|waren) das)?",
            rf"um (?:wie ?viel|was) (?:prozent|%) (?:ist|sind|stieg|fiel|sank) (?:der |die |das |mein |meine )?<thing> von <x> auf <y>(?: (?:gestiegen|gefallen|gesunken|erhoht|gesenkt))?",
            rf"{_DE}(?:prozentuale )?(?:veranderung|anderung|steigerung|erhohung|zunahme|abnahme) (?:von <x> (?:auf|zu) <y>)(?: in prozent)?",
        ),
        "add": (
            rf"{_DE}<x> plus <p>",
            rf"(?:die |der |das |mein |meine )?<thing> von <x> (?:wird|steigt|ist|wurde) um <p>(?: (?:erhoht|gesteigert))?,? wie (?:hoch|viel|teuer) ist (?:sie|er|es|das)(?: dann| jetzt)?",
            rf"(?:erhohe|steigere) <x> um <p>",
        ),
        "interest": (
            rf"{_DE}(?P<simple_1>einfachen? )?(?:zinsen|zins) (?:auf|fur|von|bei) <x> (?:bei|mit|zu) <p>(?: zinsen)? (?:fur|in|nach|uber) <t> (?P<unit>jahr(?:en?)?|monat(?:en?)?)(?P<simple>,? ?\(?(?:einfach|ohne zinseszins(?:en)?)\)?)?",
            rf"(?:was|wie ?viel)(?: an)? zinsen (?:bekomme ich|bringen|gibt es|erhalte ich|kosten|zahle ich|sind)(?: fur| auf| bei)? <x> (?:bei|mit|zu) <p>(?: zinsen)? (?:in|fur|nach|uber) <t> (?P<unit>jahr(?:en?)?|monat(?:en?)?)(?P<simple>,? ?\(?(?:einfach|ohne zinseszins(?:en)?)\)?)?",
        ),
    },
    "fr": {
        "part": (
            rf"(?:c'est quoi|ca fait combien|ca donne quoi|calcule[rz]?|donne-moi|quel est|combien ca fait) <p> de <x>",
        ),
        "tax_on": (
            rf"{_FR}<p> {_FR_TAX} (?:sur|de|pour) <x>",
            rf"combien {_FR_TAX} (?:a|de) <p> (?:sur|pour) <x>",
            rf"{_FR}{_FR_TAX} (?:a |de )?<p> (?:sur|de|pour) <x>",
        ),
        "gross": (
            rf"{_FR}<x>(?: ht avec|(?: ht)? (?:plus|\+)) (?:une )?(?:{_FR_TAX} (?:de |a )?<p>|<p> {_FR_TAX})(?: ttc)?",
            rf"{_FR}prix ttc (?:de|pour) <x>(?: ht)? (?:avec|a) (?:une )?(?:{_FR_TAX} )?(?:de |a )?<p>(?: {_FR_TAX})?",
            rf"<x> ht (?:en|=|ca fait combien en|combien en) ttc (?:a|avec) <p>(?: {_FR_TAX})?",
        ),
        "net": (
            rf"<x> ttc,? (?:ca fait combien|c'est combien|combien|ca fait|en|=) ?(?:en )?(?:ht|hors taxes?) (?:avec|a) (?:une )?<p>(?: {_FR_TAX})?",
            rf"{_FR}(?:prix )?(?:ht|hors taxes?) (?:de|pour) <x>(?: ttc)? (?:avec|a) (?:une )?(?:{_FR_TAX} )?(?:de |a )?<p>(?: {_FR_TAX})?",
            rf"combien {_FR_TAX} (?:y a-t-il )?(?:dans|sur) <x> ttc (?:a|avec) <p>(?: {_FR_TAX})?",
            rf"combien {_FR_TAX} (?:y a-t-il )?dans <x>(?: ttc)? a <p>",
        ),
        "less": (
            rf"{_FR}<x> (?:(?:moins|-) ?(?:une )?<p>(?: de (?:reduction|remise|rabais))?|avec (?:une (?:remise|reduction) de <p>|-? ?<p> de (?:reduction|remise|rabais)))(?:,? (?:puis|et)(?: encore| ensuite)? -? ?<q>(?: de (?:reduction|remise|rabais))?)?",
            rf"<p> de (?:remise|reduction|rabais) sur <x>",
            rf"-? ?<p>,? puis (?:encore |de nouveau |a nouveau )?-? ?<q> sur <x>",
            rf"{_FR}(?:un |une |des )?<thing> (?:a|de) <x> (?:soldee?s?(?: a)? -? ?<p>|avec (?:une (?:remise|reduction) de <p>|-? ?<p> de (?:reduction|remise|rabais))){_FR_PAY}",
        ),
        "saved": (rf"combien (?:j'economise|est-ce que j'economise|economise-t-on) (?:avec|a) <p> de (?:remise|reduction|rabais) sur <x>",),
        "before": (
            rf"apres (?:une (?:remise|reduction) de )?<p>(?: de (?:remise|reduction|rabais))?,? (?:je paie|ca coute|il coute|j'ai paye) <x>,? (?:quel etait|quel est) le prix (?:initial|d'origine|de depart|original|avant remise)",
        ),
        "share": (
            rf"<x> sur <y>,? (?:ca fait |c'est |en )?(?:quel|combien en|combien de|en)? ?(?:pourcentage|pour ?cent|%)",
            rf"quel pourcentage de <y> (?:represente|represent|font|fait|est) <x>",
            rf"<x> (?:represente|represent|est|font|fait) quel pourcentage de <y>",
        ),
        "change": (
            rf"(?:le |la |les |mon |ma |l'|notre )?<thing> (?:est|sont) (?:passee?s?|montee?s?|descendue?s?) de <x> a <y>,? (?:quel(?:le)?(?: est)?|ca fait quel|de quel|de combien de) (?:le |la |l')?(?:pourcentage|augmentation|hausse|baisse|%)(?: d'augmentation| de hausse| de baisse| de reduction| en pourcentage)?",
            rf"de <x> a <y>,? quel(?:le)? est (?:le |la |l')?(?:pourcentage d')?(?:augmentation|hausse|baisse|evolution)(?: en (?:pourcentage|%))?",
        ),
        "add": (
            rf"{_FR}<x> plus <p>",
            rf"augmente[rz]? <x> de <p>",
        ),
        "interest": (
            rf"{_FR}(?P<simple>interets? simples?) (?:sur|de|pour) <x> a <p>(?: par an)? (?:pendant|sur|pour|en) <t> (?P<unit>ans?|mois)",
            rf"combien d'interets? (?:pour|sur|rapportent) <x> a <p>(?: par an)? (?:pendant|sur|pour|en) <t> (?P<unit>ans?|mois)",
        ),
    },
    "es": {
        "tax_on": (
            rf"{_ES}<p> {_ES_TAX} (?:de|sobre|para) <x>",
            rf"{_ES}{_ES_TAX} (?:del |de |al )?<p> (?:de|sobre|para) <x>",
        ),
        "gross": (
            rf"{_ES}<x> (?:mas|\+) (?:el |un )?(?:{_ES_TAX} (?:del |de |al )?<p>|<p> {_ES_TAX})",
        ),
        "net": (
            rf"<x> con (?:el )?iva incluido,? (?:cuanto (?:es|son|seria) )?(?:el precio )?sin iva (?:al|del|con el|con) <p>",
            rf"{_ES}(?:precio )?sin iva (?:de|son) <x> (?:con|al)(?: un| el)? <p>(?: de iva)?(?: incluido)?",
            rf"cuanto iva hay (?:incluido )?en <x> (?:al|con el|con un) <p>",
        ),
        "less": (
            rf"{_ES}<x> (?:menos (?:un |el )?<p>(?: de (?:descuento|rebaja))?|con (?:un |el )?<p> de (?:descuento|rebaja))(?:,? (?:y )?(?:luego|despues) (?:otro |un )?<q>(?: de (?:descuento|rebaja)| mas)?)?",
            rf"<p> de (?:descuento|rebaja) (?:en|sobre|a) <x>",
            rf"{_ES}(?:un |una |unos |unas )?<thing> de <x> (?:(?:rebajad[oa]s?|menos) (?:un |el )?<p>|con (?:un |el )?<p> de (?:descuento|rebaja)){_ES_PAY}",
        ),
        "saved": (rf"cuanto (?:ahorro|me ahorro|ahorraria) con (?:un |el )?<p> de (?:descuento|rebaja) (?:en|sobre|de) <x>",),
        "before": (
            rf"(?:despues de|con|tras) (?:un )?<p> de (?:descuento|rebaja),? (?:pago|pague|cuesta|costo|me cuesta) <x>,? (?:cual|cuanto) (?:era|es) (?:el )?precio (?:original|inicial|sin descuento|anterior)",
        ),
        "share": (
            rf"que porcentaje (?:es|son|representa) <x> (?:de|sobre) <y>",
            rf"que porcentaje de <y> (?:es|son|representa) <x>",
            rf"<x>,? (?:es |son |representa )?que porcentaje (?:es |son |representa )?de <y>",
        ),
        "change": (
            rf"(?:el |la |los |mi |nuestro )?<thing> (?:subio|bajo|paso|aumento|ha subido|ha bajado|cayo) de <x> a <y>,? (?:que|cual es el|en que|cuanto) (?:porcentaje)(?: (?:es|de (?:aumento|subida|bajada)|subio|bajo|aumento))?",
            rf"{_ES}(?:aumento|incremento|cambio|subida|bajada|reduccion)(?: porcentual| en porcentaje) (?:de|desde) <x> (?:a|hasta) <y>",
        ),
        "add": (
            rf"{_ES}<x> mas (?:el |un )?<p>",
            rf"(?:aumenta|sube|incrementa) <x> (?:en |un )?(?:un )?<p>",
        ),
        "interest": (
            rf"{_ES}(?:cuanto )?(?P<simple>interes(?:es)? simples?) (?:de|sobre|para|generan|dan|producen) <x> (?:al|con un|con el) <p>(?: anual)? (?:durante|en|por|a) <t> (?P<unit>anos?|mes(?:es)?)",
            rf"cuanto(?:s)? interes(?:es)? (?:dan|da|generan|producen|pago por|hay por) <x> (?:al|con un|con el) <p>(?: anual)? (?:durante|en|por|a) <t> (?P<unit>anos?|mes(?:es)?)",
        ),
    },
}

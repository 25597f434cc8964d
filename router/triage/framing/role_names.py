"""Holds everyday roles in four languages: "shop assistant", "Reiseführer", "serveur", "camarera".

Nobody asks a request for harm of such a role more than of anybody. A locksmith, a chemist or a
hacker is none of them, and neither is a person of somebody's family: roles of known jailbreaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class RoleNames(NamedTuple):
    """Holds patterns of one language, in any case: alternatives with `|` between."""

    roles: str
    kinds: str  # what may stand before a role
    articles: str
    places: str  # where a role may be
    at: str  # what stands before a place
    inside: str  # what stands before its name: whoever is "from Hamas" is no shop


_TEACHES = (
    "maths? mathematics history english german french spanish geography music art physics biology "
    "science school primary kindergarten piano guitar dance yoga language driving"
)
_TAUGHT = (
    "mathe mathematik geschichts deutsch englisch französisch spanisch erdkunde musik kunst physik "
    "biologie grundschul klavier gitarren tanz yoga sprach fahr sport"
)
_ENSEIGNE = (
    "maths? mathématiques histoire anglais allemand français espagnol géographie musique physique "
    "biologie piano guitare danse yoga langues"
)
_ENSEÑA = (
    "matemáticas mates historia inglés alemán francés español geografía música física biología "
    "piano guitarra baile yoga idiomas"
)


def _either(words: str) -> str:
    return "|".join(words.split())


NAMES: Mapping[str, RoleNames] = {
    "en": RoleNames(
        roles=(
            rf"(?:(?:{_either(_TEACHES)}) )?(?:teacher|tutor|instructor)|"
            r"(?:shop|sales|store|retail) (?:assistant|clerk|person|worker)|salesperson|cashier|"
            r"shopkeeper|(?:shop|store) (?:owner|manager)|bookseller|florist|baker|barista|waiter|"
            r"waitress|bartender|chef|cook|sommelier|butler|(?:hotel )?receptionist|concierge|"
            r"(?:tour|travel|museum|city|mountain) guide|travel (?:agent|planner|expert)|"
            r"librarian|gardener|"
            r"(?:customer (?:service|support|care)|support|help ?desk|call cent(?:er|re)) "
            r"(?:agent|assistant|representative|rep|employee|person|worker)|assistant|secretary|"
            r"personal (?:trainer|assistant|shopper)|(?:fitness|career|life|football) coach|coach|"
            r"(?:job |hr )?interviewer|recruiter|weather (?:presenter|forecaster)|news ?reader|"
            r"(?:news|radio|tv|quiz|game show|talk show) (?:presenter|host)|journalist|editor|"
            r"translator|poet|novelist|storyteller|comedian|actor|painter|photographer|musician|"
            r"(?:interior|fashion|graphic) designer|architect|carpenter|tailor|hairdresser|"
            r"farmer|fisherman|bus driver|postman|mail carrier|flight attendant|"
            r"marketing (?:manager|expert|assistant)|accountant|book(?:keeper| critic)|film critic|"
            r"food critic|professor|student|shop|waitstaff|pirate|santa claus"
        ),
        kinds=(
            "friendly|helpful|polite|kind|patient|strict|funny|cheerful|experienced|professional|"
            "expert|good|great|nice|young|old|senior|junior|busy|local|calm|grumpy|enthusiastic"
        ),
        articles="an?|the|my|our|your",
        places=(
            r"(?:(?:large|small|big|busy|nice|online|shoe|book|clothes|toy|furniture|local) )?"
            r"(?:shop|store|hotel|restaurant|caf[eé]|bakery|museum|library|school|company|"
            r"supermarket|call cent(?:er|re)|village|town|city|theat(?:er|re)|university)"
        ),
        at="in|at|of|for|from",
        inside="in|at",
    ),
    "de": RoleNames(
        roles=(
            rf"(?:{_either(_TAUGHT)})?-?lehrer|(?:nachhilfe|grundschul)lehrer|tutor|"
            r"(?:schuh|buch|blumen|möbel|fach)?verkäufer|kassierer|buchhändler|florist|bäcker|"
            r"barista|kellner|barkeeper|koch|köchin|sommelier|butler|rezeptionist|concierge|"
            r"(?:fremden|reise|stadt|museums|berg)führer|reiseleiter|reisebüro|bibliothekar|gärtner|"
            r"(?:kunden)?berater|kundenbetreuer|kundenservice(?:-?mitarbeiter)?|assistent|sekretär|"
            r"(?:service|support|kundendienst|hotline)-?mitarbeiter|(?:fitness|fußball|personal )?"
            r"trainer|coach|personaler|wettermoderator|nachrichtensprecher|moderator|journalist|"
            r"redakteur|übersetzer|dichter|schriftsteller|erzähler|märchenerzähler|komiker|"
            r"schauspieler|maler|fotograf|musiker|designer|architekt|tischler|schneider|friseur|"
            r"bauer|landwirt|fischer|busfahrer|postbote|flugbegleiter|buchhalter|professor|student|"
            r"pirat|weihnachtsmann|mitarbeiter"
        ),
        kinds=(
            r"(?:freundlich|hilfsbereit|höflich|nett|geduldig|streng|lustig|fröhlich|erfahren|"
            r"professionell|gut|jung|alt|ruhig|begeistert)(?:e[rnms]?)"
        ),
        articles="ein(?:e[nrms]?)?|der|die|den|dem|des|mein(?:e[nr]?)?|unser(?:e[nr]?)?",
        places=(
            r"(?:geschäft|laden|schuhladen|buchladen|hotel|restaurant|café|bäckerei|museum|"
            r"bibliothek|schule|firma|supermarkt|onlineshop|dorf|stadt|theater|universität)"
        ),
        at="in|im|am|an|bei|beim|von|vom|aus",
        inside="in|im|am|an|bei|beim",
    ),
    "fr": RoleNames(
        roles=(
            rf"(?:prof(?:esseure?)?|enseignante?)(?: (?:de |d['\u2019])(?:{_either(_ENSEIGNE)}))?|"
            r"institut(?:eur|rice)|moniteur|monitrice|vendeu(?:r|se)|caissi(?:er|ère)|libraire|"
            r"commerçante?|fleuriste|boulang(?:er|ère)|barista|serveu(?:r|se)|barman|cuisini(?:er|"
            r"ère)|chef(?: cuisinier)?|sommeli(?:er|ère)|majordome|réceptionniste|concierge|"
            r"guide(?: touristique| de musée| de montagne)?|agente? de voyages?|bibliothécaire|"
            r"jardini(?:er|ère)|conseill(?:er|ère)(?: clientèle| client| de vente)?|"
            r"agente? du service client|assistante?|secrétaire|coach(?: sportif| sportive)?|"
            r"entraîneu(?:r|se)|recruteu(?:r|se)|présentat(?:eur|rice)(?: météo)?|journaliste|"
            r"rédact(?:eur|rice)|traduct(?:eur|rice)|poète|romanci(?:er|ère)|conteu(?:r|se)|"
            r"humoriste|act(?:eur|rice)|peintre|photographe|musicienn?e?|designer|architecte|"
            r"menuisi(?:er|ère)|couturi(?:er|ère)|coiffeu(?:r|se)|agricult(?:eur|rice)|pêcheur|"
            r"fact(?:eur|rice)|hôtesse de l['\u2019]air|comptable|étudiante?|pirate|père noël"
        ),
        kinds=(
            "gentil(?:le)?|sympathique|aimable|patiente?|drôle|expérimentée?|bone?|bonne|jeune|"
            "vieux|vieille|grande?|professionnel(?:le)?|petite?"
        ),
        articles=(
            "une?|le|la|l['\u2019]|mon|ma|notre|votre|ton|ta|d['\u2019]une?|du|de la|de l['\u2019]"
        ),
        places=(
            r"(?:magasin|boutique|hôtel|restaurant|café|boulangerie|musée|bibliothèque|école|"
            r"entreprise|supermarché|village|ville|théâtre|université)"
        ),
        at="dans|à|au|en|chez|d['\u2019]|de|du",
        inside="dans|à|au|en|chez",
    ),
    "es": RoleNames(
        roles=(
            rf"(?:prof(?:esora?)?|maestr[oa])(?: de (?:{_either(_ENSEÑA)}))?|tutora?|"
            r"dependient[ea]|vendedora?|cajer[oa]|librer[oa]|tender[oa]|florista|panader[oa]|"
            r"barista|camarer[oa]|mesera?|mesero|barman|cociner[oa]|chef|sumiller|mayordomo|"
            r"recepcionista|conserje|guía(?: turístic[oa]| de museo| de montaña)?|"
            r"agente de (?:viajes|atención al cliente|ventas)|bibliotecari[oa]|jardiner[oa]|"
            r"asesora? (?:de ventas|comercial)|asistente|secretari[oa]|entrenadora?(?: personal)?|"
            r"reclutadora?|presentadora?(?: del tiempo)?|periodista|redactora?|traductora?|poeta|"
            r"poetisa|novelista|cuentacuentos|humorista|act(?:or|riz)|pintora?|fotógraf[oa]|"
            r"músic[oa]|diseñadora?|arquitect[oa]|carpinter[oa]|sastre|peluquer[oa]|agricultora?|"
            r"pescadora?|carter[oa]|azafata|contable|estudiante|pirata|papá noel"
        ),
        kinds=(
            "amable|simpátic[oa]|educad[oa]|paciente|divertid[oa]|expert[oa]|buena?|buen|joven|"
            "viej[oa]|gran|profesional"
        ),
        articles="una?|el|la|mi|nuestr[oa]|tu",
        places=(
            r"(?:tienda|zapatería|librería|hotel|restaurante|café|cafetería|panadería|museo|"
            r"biblioteca|escuela|empresa|supermercado|pueblo|ciudad|teatro|universidad)"
        ),
        at="en|de|del|para",
        inside="en",
    ),
}
"""The names by language."""

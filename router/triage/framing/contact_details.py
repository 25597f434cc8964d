"""Leaves out who writes and from where: addresses, telephone and order numbers, signatures.

What reads harm and grave matters weighs all words of a message. "He is not breathing, 12 Baker
Street, London NW1, order A-10442" was half a matter of delivery. So a message is read besides
without such details. It does no harm that a pattern takes more than an address now and then, since
the whole message still counts. It knows nothing about models or policies.
"""

# ruff: noqa: RUF001 - addresses and marks of other scripts

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from router.regexes.late import late_regex
from router.triage.framing.frame import SENT_FROM, may_be_framed, without_frame
from router.triage.framing.introductions import NAMES
from router.triage.text.folding import fold

MOST_CHARACTERS = 2_000
"""A longer text is a document, whose addresses are its matter."""
LEAST_WORDS = 2
"""Words that must be left."""

_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀ-Ž](?:[^\W\d_]|['’-]){0,24}(?!\d)"
_NAMES = rf"(?-i:(?:,?[ \n]{{1,2}}{_CAPITAL}){{0,3}})"  # of a district, a city, a country
_NO_CITY = r"(?!Euro|EUR|Dollar|USD|Pound|GBP|CHF|Frank|Franc|Reais|Peso|Zł|Lir|Uhr\b)"
_POSTCODE = (
    r"(?-i:[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2}\b|[A-Z]{2},? \d{5}(?:-\d{4})?\b|〒 ?\d{3}-?\d{4}"
    r"|(?:[A-Z]{1,2}-)?(?:\d{2}-\d{3}|\d{4,5}(?:-\d{3})?(?: ?[A-Z]{2}\b)?) "
    rf"{_NO_CITY}{_CAPITAL}(?:[ /-]{_CAPITAL}){{0,2}})"
)
_UNIT = (
    r"(?:,? ?(?:flat|apt|apartment|unit|suite|floor|room|wohnung|appt?|piso|int\.?|daire|kat|#) ?"
    r"[\w-]{1,5}|,? \d{1,2}[ºª°] ?\w?)?"
)
_ARTICLES = (
    r"(?:(?:de|du|des|la|le|les|el|los|las|da|do|das|dos|di|del|della|dei|der|den|dem|van|von|am|"
    r"an|zur|zum) |[ld]['’]){0,2}"
)
_BEFORE_NUMBER = (  # "Calle Mayor 12", "ul. Długa 12"
    *("calle", "c/", "avenida", "av", "avda", "plaza", "pza", "paseo", "camino", "via", "viale"),
    *("piazza", "corso", "largo", "vicolo", "rua", "r", "praça", "travessa", "estrada", "ul"),
    *("ulica", "al", "os", "pl", "plac", "straße", "strasse", "allee", "platz", "weg"),
)
_BEHIND_NUMBER = (  # "12 rue de la Paix"
    *("rue", "avenue", "av", "boulevard", "bd", "place", "chemin", "impasse", "allée", "route"),
    *("quai", "cours"),
)
_ENGLISH = (  # "12 Baker Street"
    *("street", "st", "road", "rd", "avenue", "ave", "lane", "ln", "drive", "dr", "close", "court"),
    *("ct", "place", "square", "way", "boulevard", "blvd", "crescent", "terrace", "gardens"),
    *("grove", "parkway", "pkwy", "highway", "hwy", "circle", "trail", "mews", "row", "alley"),
)
_TURKISH = ("caddesi", "cad", "sokak", "sokağı", "sok", "mahallesi", "mah", "bulvarı", "blv")
_ENDINGS = (  # "Hauptstraße 12", "Kerkstraat 12"
    *("straße", "strasse", "str", "weg", "platz", "allee", "gasse", "damm", "ufer", "ring"),
    *("straat", "laan", "plein", "gracht", "kade", "dijk", "singel", "gatan", "vägen", "vej"),
    *("gade", "veien", "katu"),
)
_STREET_WORDS = frozenset((*_BEFORE_NUMBER, *_BEHIND_NUMBER, *_ENGLISH, *_TURKISH))


def _any_of(words: Sequence[str]) -> str:
    return "|".join(map(re.escape, words))


_STREETS = (
    rf"\d{{1,5}}[a-z]?,? (?:(?:(?-i:{_CAPITAL}) ){{1,3}}|\w{{2,15}} )(?:{_any_of(_ENGLISH)})\b\.?",
    # Most words have no number behind them, and are passed by before their endings are tried.
    rf"(?=\w{{1,32}}\.? \d)\w{{1,24}}(?:{_any_of(_ENDINGS)})\.? \d{{1,4}} ?[a-z]?\b",
    rf"\d{{1,4}}(?: ?bis| ?ter)?,? (?:{_any_of(_BEHIND_NUMBER)})\.? {_ARTICLES}"
    rf"(?-i:(?:{_CAPITAL} ?){{0,3}})\w{{2,20}}",
    rf"(?:{_any_of(_BEFORE_NUMBER)})\.? ?{_ARTICLES}(?:(?-i:{_CAPITAL}) ?{_ARTICLES}){{1,4}},? ?"
    r"(?:n[º°.]{1,2}|no:?|número|nr\.?)? ?\d{1,5}(?:[a-z]\b)?(?:/\d{1,4})?",
    rf"(?-i:(?:{_CAPITAL} ){{1,3}})(?:{_any_of(_TURKISH)})\b\.?"
    r"(?:,? ?no ?:? ?\d{1,4}(?:/\d{1,4})?| \d{1,4})?",
)
_LIVES = (
    r"(?:(?:(?:i|we) (?:live|am|are|stay)|i'?m|my address(?: is)?|address:?|(?:ich|wir) wohnen?|"
    r"meine adresse(?: ist|:)?|adresse:?|anschrift:?|j['’]habite|nous habitons|mon adresse"
    r"(?: est)?|viv[oei]m?o?s?|mi dirección(?: es)?|dirección:?|abito|abitiamo|indirizzo:?|"
    r"mor[oa]m?o?s?|meu endereço(?: é)?|endereço:?|ik woon|wij wonen|mijn adres(?: is)?|"
    r"adres(?:im)?:?|mieszkam|mój adres(?: to)?) )?(?:(?:at|in|on|to|in der|im|am|aux?|dans la|"
    r"à|en|en la|en el|al?|na|no|em|op|de|aan de|in de|przy|w) )?"
)
_ADDRESS = late_regex(
    rf"(?<!\w)(?:{_LIVES})(?:{'|'.join(_STREETS)}){_UNIT}(?:,?[ \n]{{1,2}}{_POSTCODE})?{_NAMES}"
    rf"(?:,?[ \n]{{1,2}}{_POSTCODE})?",
    re.IGNORECASE,
)
_CITY = late_regex(rf"(?<!\w){_POSTCODE}")
_HAN_ADDRESS = late_regex(
    r"(?:住所(?:は|[:：])?|地址(?:是|[:：])?)? ?"
    r"(?:[一-龥]{2,3}[都道府県][ぁ-ヿ一-龥]{1,8}[市区町村]|[一-龥]{2,8}[省市][一-龥]{1,8}[区县市])"
    r"[^\s、。，,で]{0,24}(?:です)?"
)
_KOREAN_ADDRESS = late_regex(
    r"(?:주소(?:는|[:：])? ?)?"
    r"(?:(?:서울|부산|대구|인천|광주|대전|울산|세종)(?:특별시|광역시|특별자치시|시)?"
    r"|[가-힣]{2,6}도|[가-힣]{2,4}시) [가-힣]{1,5}[구시군](?: [가-힣0-9]{1,10}[읍면동로길가]){1,2}"
    r"(?: ?\d{1,5}(?:-\d{1,4})?)?(?: ?\d{1,4}동)?(?: ?\d{1,5}호)?"
)
_PHONE = late_regex(
    r"(?:(?<!\w)(?:(?:please )?(?:call|phone|text|ring|reach|contact)(?: me| us)?"
    r"(?: at| on| back on)?|"
    r"(?:my |meine? |mon |mi |meu |mijn |mój )?(?:tel|phone|telephone|telefon\w{0,8}|mobile?|cell|"
    r"handy\w{0,8}|fax|tél\w{0,7}|portable|teléfono|móvil|celular|telefone|telemóvel|cellulare|"
    r"telefoon\w{0,8}|gsm|電話(?:番号)?|电话|手机|전화(?:번호)?|휴대폰|연락처|"
    r"тел(?:ефон\w{0,4})?)(?: number| is| no)?)[.:：]{0,2} ?)?"
    r"(?<![\w.,$€£-])[+(]?\d(?:[ ()/.-]{0,2}\d){7,14}(?![\w%])",
    re.IGNORECASE,
)
_EMAIL = late_regex(
    r"(?:(?:my |meine |mon |mi |meu |mijn )?(?:e-?mail(?:[- ]?adress?e?)?|mail|correo)"
    r"(?: is| ist| est| es)? ?[:：]? ?)?[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}",
    re.IGNORECASE,
)
_THINGS = (
    "order|customer|client|account|invoice|booking|reservation|tracking|reference|ref|ticket|case|"
    "contract|policy|membership|member|patient|bestellung|auftrag|rechnung|(?:bestell|kunden|"
    "auftrags|rechnungs|sendungs|vorgangs|buchungs|vertrags|mitglieds|konto|patienten|"
    "versicherungs)-?(?:nummer|nr)|commande|facture|dossier|(?:numéro|n[°º])(?: de)? (?:client|"
    "commande|dossier|contrat)|pedido|n[uú]mero de (?:cliente|pedido)|ordine|numero (?:cliente|"
    "ordine)|cod(?:ice|\\.) cliente|factura|fattura|factuur|faktura|fatura|cliente|klant|"
    "numer (?:klienta|zamówienia)|zam\\.|encomenda|bestelling|bestelnummer|klantnummer|zamówienie|"
    "nr zamówienia|sipariş|müşteri|注文番号|订单号?|주문 ?번호|замовлення"
)
_REFERENCE = late_regex(
    r"(?<![^.,;!?\n(|]) {0,3}(?:(?:re|betreff|objet|asunto|oggetto|assunto|betreft|dotyczy)"
    r" ?:? )?(?:my |our |your |meine |ihre |mon |ma |votre |mi |su |mijn |uw )?"
    rf"(?:{_THINGS})(?: (?:number|no|nr|id|ref|n[º°]|numéro|número|numero))?[ .:#：]{{0,3}}"
    r"(?:is |ist |est |es )?#?(?:[a-z]{2} )?(?=[\w/-]{0,8}\d)[\w/-]{3,24} ?(?=[.,;!?\n)|]|$)",
    re.IGNORECASE,
)
_LABELLED = late_regex(
    r"(?:name|vorname|nachname|nom|prénom|nombre|nome|naam|imię(?: i nazwisko)?|ad soyad|isim|dob|"
    r"date of birth|geboren(?: am)?|geburtsdatum|née? le|氏名|名前|姓名|이름|성함|"
    r"ім['’]я|прізвище) ?[:：].{0,50}",
    re.IGNORECASE,
)
CLOSINGS = (
    r"mfg|lg|vg|cordialement|bien à vous|saludos|un saludo|atentamente|cordiali saluti|distinti "
    r"saluti|atenciosamente|cumprimentos|met vriendelijke groet(?:en)?|mvg|pozdrawiam|"
    r"z poważaniem|saygılarımla|saygılar|teşekkürler"
)
"""Words above a name that nobody uses for anything else."""
_CLOSING = late_regex(
    r"(?:(?:kind|best|warm|many) (?:regards|wishes|thanks)|regards|sincerely|yours(?: \w{4,10})?|"
    r"(?:mit )?(?:freundlichen|herzlichen|besten|lieben|viele|liebe) grü(?:ß|ss)en?|"
    rf"{CLOSINGS}|iyi (?:günler|çalışmalar)|sevgiler|谢谢|此致|敬礼|"
    r"よろしくお願い(?:します|致します|いたします)|감사합니다|고맙습니다|з повагою|щиро дякую)",
    re.IGNORECASE,
)
_INTRODUCTION = late_regex(
    rf"(?<!\w)(?:{NAMES}|(?:benim )?adım|(?<=[,;] )(?:name|nom|nombre|nome|naam|nazwisko|"
    rf"apellidos?|cognome|apelido|achternaam)(?: ?:)?) (?-i:{_CAPITAL}(?: {_CAPITAL}){{0,3}})",
    re.IGNORECASE,
)
_NAME = late_regex(
    rf"{_CAPITAL}\.?(?: (?:de|van|von|der|da|di|{_CAPITAL})\.?){{0,4}}|[ぁ-ヿ一-龥 ]{{2,6}}"
    r"|[가-힣]{2,4}"
)
_LONG_NUMBER = re.compile(r"\d(?:[ ()/.-]{0,2}\d){7}")
# Each begins at a digit or a sign, at which alone the search of a text then stops.
_MAY_BE_CITY = re.compile(
    r"[\d〒](?:(?<=〒)|(?<=[A-Z]\d)|(?<=[A-Z]{2} \d)\d{4}|"
    r"(?<=\d)\d{2}(?:-\d{3})? (?:[A-Z]{2} )?[A-ZÀ-Ž])"
)
_TELLS = re.compile(r"[\d@\n]")
_DIGITS = re.compile(r"\d+")
_HAN = re.compile(r"[一-龥]")
_HANGUL = re.compile(r"[가-힣]")
_SENT_WORDS = ("sent", "sendet", "envoy", "enviad", "inviat", "verzonden", "wysłan", "outlook")
_SIGN = 2  # characters of the sign of a Japanese postcode before its number
_NEAR = 45  # characters around a number in which a street is looked for
_EDGES = " \t,;|()-–—.:：、，。"
_MARK = "\0"


def without_contact_details(text: str, words: Collection[str], language: str) -> str:
    r"""Returns a message without its contact details; "" where it has none, or hardly more.

    `words` are the folded ones of the text.

    >>> mail = "He is not breathing!\n\nJane Smith\n12 Baker Street\nLondon NW1 6XE\n07700 900123"
    >>> without_contact_details(mail, fold(mail).words, "en")
    'He is not breathing!'
    """
    tells = None if len(text) > MOST_CHARACTERS else _TELLS.search(text)
    if tells is None:
        return ""
    marked = text
    for pattern in _likely(text, tells.start()):
        marked = pattern.sub(_MARK, marked)
    if marked == text and "\n" not in text:
        return ""  # a single line is no signature
    if marked != text:
        marked = _INTRODUCTION.sub(_MARK, marked)
    lines = [line.strip(" \t\r") for line in marked.split("\n")]
    kept = _signed_off([line for line in lines if not _LABELLED.fullmatch(line)])
    if marked == text and len(kept) == len(lines):
        return ""
    rest = "\n".join(kept).replace(_MARK, " ").strip(_EDGES + "\n")
    left = fold(rest).words
    if may_be_framed(rest, left, language):
        rest = without_frame(rest, left, language)
        left = fold(rest).words
    return rest if LEAST_WORDS <= len(left) < len(words) else ""


def _likely(text: str, start: int) -> Iterator[re.Pattern[str]]:
    """Yields the patterns that may find something: most of them are slow beside what tells that.

    There is no digit before `start`.
    """
    if "@" in text:
        yield _EMAIL
    number = _DIGITS.search(text, start)
    if number is not None and _may_have_street(text, number.start()):
        yield _ADDRESS
    if not text.isascii() and _HAN.search(text):
        yield _HAN_ADDRESS
    if not text.isascii() and _HANGUL.search(text):
        yield _KOREAN_ADDRESS
    if number is not None:
        if _MAY_BE_CITY.search(text, max(number.start() - _SIGN, 0)):
            yield _CITY
        if _LONG_NUMBER.search(text, number.start()):
            yield _PHONE
        yield _REFERENCE
    lowered = text.lower()
    if any([word in lowered for word in _SENT_WORDS]):
        yield SENT_FROM


def _may_have_street(text: str, start: int) -> bool:
    """Returns True where a word for a street stands near a number; none is before `start`."""
    for number in _DIGITS.finditer(text, start):
        around = text[max(number.start() - _NEAR, 0) : number.end() + _NEAR].lower()
        for word in around.split():
            bare = word.strip(".,;:")
            if bare in _STREET_WORDS or bare.endswith(_ENDINGS):
                return True
    return False


def _signed_off(lines: Sequence[str]) -> list[str]:
    """Returns the lines without those of details alone, and without the names beside these."""
    details = [_is_detail(line) for line in lines]
    return [
        line
        for i, line in enumerate(lines)
        if not details[i]
        and not (any(details[max(i - 1, 0) : i + 2]) and _NAME.fullmatch(line.strip(_EDGES)))
    ]


def _is_detail(line: str) -> bool:
    bare = line.replace(_MARK, "").strip(_EDGES)
    return not bare if _MARK in line else _CLOSING.fullmatch(bare) is not None

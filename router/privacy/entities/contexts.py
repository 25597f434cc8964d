"""Finds the words near a number that show what the number is. Pure.

The words are looked for in small letters, in a `Window` of the text before the number.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex

BEFORE = 44
"""Bounds the characters before a number in which a word may tell what it is."""

PHONE = late_regex(
    r"phone|telefon|téléphone|teléfono|mobil|móvil|calling|handy|whatsapp"
    r"|reach (?:me|him|her|us|them)|appele|llama|durchwahl|portable|joignable|erreichbar"
    r"|contact(?:o|ar)? (?:me|us|number)|signal|anruf|hotline|callback|rückruf"
    r"|\b(?:tel\b|tel[.:]|cell|call\b|fax|ruf|text (?:me|him|her|us)|ring\b|sms\b|dial)"
)
NOT_PERSONAL = late_regex(
    r"order|bestell|commande|pedido|invoice|rechnung|facture|factura|ticket|tracking"
    r"|sendung|serial|serien|artikel|modell|version|build|model\b"
    r"|reference|referenz|référence|referencia|batch"
    r"|patent|release|catalog|article|artículo|colis|suivi|envío"
    r"|seriennummer|coordinates|kernel|firmware|booking|flight|vorgang|barcode"
    r"|paragraph|section|chapter|page|zeile|line|row|id of the (?:item|product)"
    r"|checksum|commit|hash|meter|zähler|licen[cs]e key|licen[cs]e plate|quote|quotation"
    r"|contract no"
    r"|\b(?:case\b|sku\b|isbn|issn|part\b|refs?\b|lot\b|imei|vin\b|doi\b|iso\b|rfc\b|din\b"
    r"|bolt|ean\b|gtin|clause)"
)
SSN = late_regex(
    r"social security|tax ?id|steuer-?id|identifikationsnummer|steuernummer"
    r"|sozialversicherung|rentenversicherung|sécurité sociale|national insurance|numéro de sécu"
    r"|\b(?:ssn|itin|tin|nir|dni|nie|nif|ni|nino)\b"
)
BORN = late_regex(
    r"birth ?(?:date|day)|date of birth|of birth|geboren|geburts|naissance|nacimiento"
    r"|cumplea[ñn]os|cumple a[ñn]os|\b(?:mi|tu|su) cumple\b|\bcumple(?=\W{0,2}(?:[0-9]|$))"
    r"|fecha de nac|anniversaire|nascita|urodz"
    r"|\b(?:born\b|d\.?o\.?b\b|birth\b|geb\b|n[ée]{1,2}\(?e?\)? le\b|ur\.(?!\w)"
    r"|nac(?:\.|í|i[oó]?\b|id[oa]s?\b)"
    r"|nat[oa](?: a [^\n.;:]{1,30}?)? (?:il\b|in data\b|l['\u2019](?=[0-9]|$)))"
)
BORN_PARTS = (
    "birth", "born", "dob", "d.o", "do.b", "geb", "naiss", "annivers", " le ", " le\n", "nac",
    "cumple", "nata ", "nato ", "nascita", "urodz", "ur.",
)  # fmt: skip
"""One of these is in every text with a word of birth before a date, in small letters."""
NOT_BORN = late_regex(
    r"(?i:\b(?:la|alla|dalla|della|nella|sulla|trattato|alleanza|paesi|vertice) nato\b)"
    r"|(?i:\b(?:nato|onu|otan) (?:(?:è|e'|fu|est|fut) )?(?:nat[oa]|n[ée]e?|nació)\b)"
    r"|(?i:\b(?:società|azienda|impresa|ditta|associazione|alleanza|legge|société|entreprise"
    r"|association|alliance|empresa|sociedad|asociación|alianza|company)"
    r" (?:(?:è|fu|est|fut|was|is) (?:nat[oa]|n[ée]e?|born)|nació)\b)"
)
"""Finds what sounds like a birth and is none: "la NATO il 4 aprile 1949", a firm that "was born".
Such words stand right before nobody's birth."""
BORN_AFTER = late_regex(
    r"^\)?\s{0,2}(?:is|was|ist|war|est|es)\s(?:(?:my|his|her|their|the|when|mein|sein|ihr|ma"
    r"|mi)\s)?"
    r"(?:\w+\s){0,2}(?:birthday|date of birth|d\.?o\.?b|born|birth date|geboren|geburtstag"
    r"|geburtsdatum)"
    # In brackets of its own the word tells of the date before: "1984-03-12 (DOB)".
    r"|^\s{0,2}[(\[]\s?(?:d\.?o\.?b|date of birth|birth ?date|birthday|born|geb|geboren"
    r"|geburtsdatum|date de naissance|fecha de nacimiento|data di nascita|data urodzenia)"
    r"\.?\s?[)\]]",
    re.I,
)


class Window:
    """Holds the text right before a number, in small letters."""

    __slots__ = ("_distances", "text")

    def __init__(self, text: str, start: int, reach: int = BEFORE) -> None:
        # One letter more shows if a word goes on before the window.
        self.text = text[max(0, start - reach - 1) : start].lower()
        if start <= reach:
            self.text = f" {self.text}"
        self._distances: dict[re.Pattern[str], int] = {}

    def distance_to(self, pattern: re.Pattern[str]) -> int:
        """Returns how near to the number the pattern's last word ends; -1 where it has none."""
        nearest = self._distances.get(pattern)
        if nearest is None:
            nearest = -1
            for match in pattern.finditer(self.text, 1):
                nearest = len(self.text) - match.end()
            self._distances[pattern] = nearest
        return nearest

    def is_personal(self, wanted: re.Pattern[str]) -> bool | None:
        """Returns True or False as the nearest word says; None where no word says anything."""
        ours, other = self.distance_to(wanted), self.distance_to(NOT_PERSONAL)
        if ours < 0 and other < 0:
            return None
        return other < 0 or 0 <= ours <= other

"""Says which words near a number tell what the number is. Pure."""

from __future__ import annotations

import re

BEFORE = 44
"""Bounds the characters before a number in which a word may tell what it is."""

PHONE = re.compile(
    r"phone|\btel\b|\btel[.:]|telefon|téléphone|teléfono|mobil|móvil|\bcell|\bcall\b|calling|\bfax"
    r"|\bruf|handy|whatsapp|\btext (?:me|him|her|us)|\bring\b|reach (?:me|him|her|us|them)"
    r"|appele|llama|durchwahl|portable|joignable|erreichbar|contact(?:o|ar)? (?:me|us|number)"
    r"|\bsms\b|signal|anruf|hotline|callback|rückruf|\bdial",
    re.I,
)
NOT_PERSONAL = re.compile(
    r"order|bestell|commande|pedido|invoice|rechnung|facture|factura|ticket|\bcase\b|tracking"
    r"|sendung|serial|serien|\bsku\b|\bisbn|\bissn|\bpart\b|artikel|model\b|modell|version|build"
    r"|\brefs?\b|reference|referenz|référence|referencia|\blot\b|batch|\bimei|\bvin\b|\bdoi\b"
    r"|patent|\biso\b|\brfc\b|\bdin\b|release|\bbolt|catalog|article|artículo|colis|suivi|envío"
    r"|seriennummer|coordinates|kernel|firmware|booking|flight|vorgang|barcode|\bean\b|\bgtin"
    r"|paragraph|section|\bclause|chapter|page|zeile|line|row|id of the (?:item|product)"
    r"|checksum|commit|hash|meter|zähler|licen[cs]e key|licen[cs]e plate|quote|quotation"
    r"|contract no",
    re.I,
)
SSN = re.compile(
    r"\bssn\b|social security|\bitin\b|tax ?id|\btin\b|steuer-?id|identifikationsnummer"
    r"|steuernummer"
    r"|sozialversicherung|rentenversicherung|sécurité sociale|\bnir\b|\bdni\b|\bnie\b|\bnif\b"
    r"|national insurance|\bNI\b|\bnino\b|numéro de sécu",
    re.I,
)
BORN = re.compile(
    r"\bborn\b|\bd\.?o\.?b\b|birth ?(?:date|day)|date of birth|of birth|birthday|\bbirth\b"
    r"|geboren|\bgeb\b|geburts|\bn[ée]{1,2}\(?e?\)? le\b|naissance|\bnac\w+|nacimiento|cumple"
    r"|\bnació|fecha de nac|anniversaire",
    re.I,
)
BORN_AFTER = re.compile(
    r"^\)?\s{0,2}(?:is|was|ist|war|est|es)\s(?:(?:my|his|her|their|the|when|mein|sein|ihr|ma"
    r"|mi)\s)?"
    r"(?:\w+\s){0,2}(?:birthday|date of birth|d\.?o\.?b|born|birth date|geboren|geburtstag"
    r"|geburtsdatum)",
    re.I,
)


def tells(pattern: re.Pattern[str], text: str, start: int, reach: int = BEFORE) -> int:
    """Returns how near before `start` the pattern's last word ends; -1 where it has none."""
    nearest = -1
    begin = max(0, start - reach)
    for match in pattern.finditer(text, begin, start):
        nearest = start - match.end()
    return nearest


def is_personal(wanted: re.Pattern[str], text: str, start: int) -> bool | None:
    """Returns what the nearest word before a number says: True, False, None where none says it."""
    ours, other = tells(wanted, text, start), tells(NOT_PERSONAL, text, start)
    if ours < 0 and other < 0:
        return None
    return other < 0 or 0 <= ours <= other

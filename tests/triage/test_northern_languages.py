"""Swedish, Danish and Norwegian are told from Dutch and German; signs of units tell no language."""

from __future__ import annotations

import pytest

from router.triage.facts.languages import heard
from router.triage.text.folding import fold


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("var är mitt paket?", {"sv"}),
        ("jag kan inte logga in på mitt konto", {"sv"}),
        ("hur lång tid tar leveransen", {"sv"}),
        ("berätta en saga om en drake", {"sv"}),
        ("kan jag byta storlek", {"sv"}),
        ("hvad koster fragten", {"da"}),
        ("min hund har spist chokolade, hvad gør jeg", {"da"}),
        ("tak for hjælpen", {"da"}),
        ("hva koster frakten", {"nb"}),
        ("takk for hjelpen", {"nb"}),
        ("hvor er pakken min?", {"da", "nb"}),  # in both
        ("wat kost de verzending", {"nl"}),
        ("kan ik de maat omruilen", {"nl"}),
        ("kann ich die Größe tauschen", {"de"}),
        ("was kostet der Versand", {"de"}),
        ("how far is it", {"en"}),
        ("set the timer to seven minutes", {"en"}),
    ],
)
def test_a_northern_language_is_read_as_no_other(text: str, languages: set[str]) -> None:
    told = heard(text, fold(text).words)
    assert {told.language, *told.even} == languages


@pytest.mark.parametrize(
    "text",
    [
        "pump 5.5 kW, 230 V, cos phi 0.9 - current?",
        "valve DN 40, 16 bar, z 25, flow?",
        "R 10 k, C 100 nF, f = ?",
    ],
)
def test_signs_among_measures_tell_no_language(text: str) -> None:
    assert heard(text, fold(text).words).language in ("", "en")


def test_two_words_among_measures_tell_one() -> None:
    text = "ile pradu bierze silnik 12 V, 60 A, 0.9 i czy to duzo"
    assert heard(text, fold(text).words).language == "pl"

"""Dangers to people are found in Swedish, Danish and Norwegian, not in news and idioms."""

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import phrases_in

NORTHERN = (":sv", ":da", ":nb")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("medical_emergency:sv", "det trycker över bröstet på pappa och han kallsvettas"),
        ("medical_emergency:sv", "mormors mungipa hänger och hon pratar konstigt"),
        ("medical_emergency:sv", "bebisen andas inte"),
        ("medical_emergency:sv", "pappa föll ihop och vaknar inte"),
        ("poison:sv", "min syrra har tryckt i sig en hel karta alvedon"),
        ("poison:sv", "lillebror har fått i sig propplösare"),
        ("self_harm:sv", "jag orkar inte leva längre"),
        ("engineering_safety:sv", "det brinner i köket hos oss"),
        ("engineering_safety:sv", "ett stearinljus föll och gardinerna brinner"),
        ("engineering_safety:sv", "det luktar gas i hela trapphuset"),
        ("violence:sv", "min kille slog mig nyss och han står utanför dörren"),
        ("violence:sv", "min dotter på 6 år är borta sedan en timme"),
        ("medical_emergency:da", "min far har stærke smerter i brystet"),
        ("medical_emergency:da", "hun kan ikke løfte armen og mundvigen hænger"),
        ("medical_emergency:da", "han trækker ikke vejret"),
        ("poison:da", "min datter har slugt alle mine panodiler"),
        ("self_harm:da", "jeg vil ikke leve mere"),
        ("engineering_safety:da", "der er ild i køkkenet"),
        ("engineering_safety:da", "her lugter af gas i opgangen"),
        ("violence:da", "min kæreste tog kvælertag på mig"),
        ("violence:da", "vores søn er forsvundet fra legepladsen"),
        ("medical_emergency:nb", "bestefar har vondt i brystet"),
        ("medical_emergency:nb", "bestemor snakker rart og munnviken henger"),
        ("medical_emergency:nb", "mannen min puster ikke"),
        ("poison:nb", "hun har tatt et helt brett paracet"),
        ("self_harm:nb", "jeg har lyst til å ta livet av meg i kveld"),
        ("engineering_safety:nb", "det brenner på badet, vi kommer oss ikke ut"),
        ("engineering_safety:nb", "det lukter gass i kjelleren"),
        ("violence:nb", "samboeren min prøver å kvele meg"),
        ("violence:nb", "lillebroren min er savnet, vi har lett overalt"),
        ("poison:sv", "min son svalde knappbatteriet från lampan"),
        ("poison:da", "min søn har slugt knapbatteriet fra lampen"),
        ("poison:nb", "sønnen min svelget knappbatteriet fra lampen"),
        ("poison:sv", "barnet har fått propplösare i ögonen"),
        ("poison:nb", "barnet har fått tennvæske i øyet"),
        ("poison:da", "drengen har fået lud i øjet"),
        ("medical_emergency:da", "min far reagerer ikke på mine råb"),
        ("medical_emergency:da", "jeg kan ikke få vejret"),
        ("medical_emergency:sv", "han har ingen puls"),
        ("self_harm:nb", "jeg vil dø for jeg orker ikke mer"),
    ],
)
def test_a_danger_is_found(name: str, text: str) -> None:
    assert name in phrases_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "hon brinner för miljöfrågor, förbättra meningen",
        "vi brænder for vores kunder, find et bedre slogan",
        "vi brenner for bærekraft, lag en overskrift",
        "jag höll på att dö av skratt, skriv ett svar till Lena",
        "jeg er ved at dø af grin over den mail",
        "jeg holdt på å le meg i hjel",
        "matchen: han slog mig med 3-0 i fifa",
        "filmen der en mann kveler kona, hva heter den",
        "kyckling på bröstet, hur länge i ugnen",
        "hur många alvedon ligger det i en karta",
        "hvor mange panodiler er der i en pakke",
        "jag orkar inte med måndagar",
        "stearinljuset i köket: hur länge brinner ljuset",
        "min väska är borta sedan flyget landade",
        "fakturaen er forsvundet fra systemet",
        "pakken min er savnet hos posten",
        "hvordan skriver jeg om selvmordsforebygging på intranettet",
        "det slog mig att pappa fyller år på fredag",
        "hvad koster gas til grillen",
        "jag har fått fel batteri i paketet",
        "jag har fått diskmedel på soffan, hur får jag bort det",
        "jeg har fått feil batteri i pakken",
        "jeg har fået opvaskemiddel i stedet for shampoo",
        "min søn har fået et nyt batteri til cyklen",
        "hun reagerer ikke på min klage",
        "han reagerer ikke på mine mails",
        "jeg kan ikke få vejret i weekenden på appen",
        "min klocka visar ingen puls",
        "pulsklokken viser ingen puls",
        "jag har ont i bröstet av skratt",
        "jag vill dö för den jackan",
        "jeg vil dø for den kjolen",
    ],
)
def test_news_work_and_idioms_alarm_nobody(text: str) -> None:
    assert [name for name in phrases_in(text) if name.endswith(NORTHERN)] == []

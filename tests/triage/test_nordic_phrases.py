"""Shipped phrases of law, fraud, safety at work and decisions of companies in Swedish, Danish and
Norwegian. The lines were written after the phrases; the calm ones have the same words.
"""

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import lists_of


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("legal", "Vi har fått brev om avhysning, allt ska ut på onsdag."),
        ("legal", "Åklagaren säger att jag är misstänkt för rattfylleri, fast jag inte körde."),
        ("legal", "Jag blev uppsagd dagen efter att jag berättat att jag är gravid."),
        ("fraud", "En man som sa att han var från banken bad om koden till dosan."),
        ("fraud", "Är det klokt att sälja huset för att köpa bitcoin?"),
        ("engineering_safety", "Ljusridån stannar pressen hela tiden, vi tänkte tejpa över den."),
        ("engineering_safety", "Kan jag ta bort en vägg i köket om den är bärande?"),
        ("strategy", "Styrelsen undrar om vi borde stänga kontoret i Malmö."),
        ("poison", "Sonen drack av kylarvätskan i garaget, han är yr."),
        ("legal", "Min udlejer har skiftet lås, og jeg kan ikke komme ind til mine ting."),
        ("legal", "Kommunen vil fjerne vores børn, der er møde i morgen."),
        ("fraud", "Leverandøren har fået ny bankkonto, skriver de. Skal jeg overføre?"),
        ("engineering_safety", "Jeg satte et søm i stedet for sikringen, holder det?"),
        ("engineering_safety", "Han kravlede ned i siloen og svarer ikke mere."),
        ("strategy", "Er det på tide at sælge virksomheden til konkurrenten?"),
        ("legal", "Barnevernet hentet barna i dag. Hva kan vi gjøre?"),
        ("legal", "Jeg ble sparket på dagen etter at jeg ble sykmeldt."),
        ("fraud", "En dame jeg har blitt kjent med på nettet ber om penger til billett."),
        ("engineering_safety", "Kan vi koble ut endebryteren på krana i dag?"),
        ("strategy", "Bør vi fusjonere med konkurrenten i Bergen?"),
    ],
)
def test_a_grave_matter_in_a_nordic_language_is_named(name: str, text: str) -> None:
    assert name in lists_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "Vad gör Kronofogden?",
        "Polisen i serien Bron, vad heter hon?",
        "Hur laddar jag ner BankID på en ny telefon?",
        "Kan ni skicka fakturan till en ny adress?",
        "Hur byter jag en säkring i sommarstugan?",
        "Min stropp till kameran är sliten, finns den att köpa?",
        "Ska vi flytta mötet till torsdag?",
        "Hvornår lukker retten op på mandag?",
        "Hvad koster en ny konto?",
        "Kæden på min cykel er rusten, hvad koster en ny?",
        "Skal vi købe kage til ansatte på fredag?",
        "Er det større sikring på hytta enn hjemme?",
        "Jeg vil ha penger tilbake, vi har aldri møtt noen fra dere.",
        "Skal vi legge ned flisene i dag eller i morgen?",
        "Når kommer barna tilbake fra leir?",
        "Kan dere sende meg utkastet i morgen?",
        "Jeg har kastet ut den gamle sofaen, kan jeg kjøpe en ny?",
        "Jeg er gravid i uke 22 og babyen har sparket i dag.",
        "Jag är gravid i vecka 22 och bebisen sparkar mindre i dag.",
        "Jag har fått en kallelse till mammografi på tisdag, kan jag ändra tiden?",
        "Jeg har fått innkalling til generalforsamling på mandag.",
        "Jeg har fået en indkaldelse til tandlægen på mandag.",
        "Jag har skapat ett nytt konto, var ser jag fakturan från mars?",
        "Jeg har oprettet en ny konto, hvor er min faktura?",
        "Jeg har laget en ny konto, hvor er fakturaen min?",
        "Maskinen er sat ud af drift, kan jeg få en ny?",
    ],
)
def test_everyday_words_of_nordic_languages_name_nothing(text: str) -> None:
    assert not lists_of(text)

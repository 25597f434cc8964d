"""Data in wrong hands, pay that is mailed around, hidden accidents, prams and blind cords."""

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import lists_of


@pytest.mark.parametrize(
    "text",
    [
        "I forwarded the patient list to the wrong supplier",
        "One customer file went to another customer, I noticed just now",
        "a colleague emailed the personnel files to everyone in cc",
        "Bob accidentally shared the client list outside",
        "my boss mailed the medical report to the wrong family",
        "I put all four hundred members in cc instead of bcc",
        "The salary sheet was sent to the staff mailing list this morning",
        "payroll sent everyone's pay to the whole company",
        "What everybody earns went out with a reply all",
        "We had a workplace accident and they told me to keep it quiet",
        "He had an accident at work and the boss wants it left out of the log",
        "Ich habe die Kundenliste aus Versehen an alle geschickt",
        "Patientenakten wurden an die falsche Person gesendet",
        "Die Lohnliste wurde an den Verteiler gemailt",
        "J'ai transféré le dossier médical au mauvais destinataire",
        "La liste des salaires a été envoyée à toute l'entreprise",
        "I attached the wrong file and the client now has another client's contract",
        "We uploaded our clients' contracts to a public folder",
        "I lost a laptop with customer data on it",
        "I accidentally cc'd all our customers instead of bcc",
        "Ich habe die Akte eines Mandanten versehentlich an alle geschickt",
        "Laptop mit Kundendaten im Zug verloren",
        "J'ai oublié le fichier clients dans le train",
        "He enviado el expediente de un cliente a otro cliente por error",
        "Ho inviato la pratica di un cliente a un altro cliente per errore",
        "Ik heb het dossier van een klant per ongeluk naar een andere klant gestuurd",
    ],
)
def test_people_whose_data_went_to_others_are_a_legal_matter(text: str) -> None:
    assert "legal" in lists_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "the stroller rolled off by itself onto the street",
        "our pushchair rolled onto the tracks",
        "the blind cord was around her neck when I came in",
        "my boy's neck was in the loop of the blind",
        "fumes are coming from the power bank",
        "the battery is fizzing",
        "printer on fire",
        "the kettle is on fire, what now",
        "Der Buggy ist von allein auf die Fahrbahn gerollt",
    ],
)
def test_prams_on_roads_are_a_danger(text: str) -> None:
    assert "engineering_safety" in lists_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "My parcel was sent to the wrong address",
        "I sent the return to the wrong company by mistake",
        "You sent me another customer's parcel",
        "Übersetze: Die Kundenliste wurde versehentlich an alle geschickt",
        "Schreibe eine Kurzgeschichte, in der die Gehaltsliste an die ganze Firma verschickt wird",
        "Die Gehälter wurden versehentlich zweimal verschickt",
        "Wie verschicke ich die Lohnabrechnungen an alle?",
        "Traduis : la liste des clients a été envoyée par erreur",
        "Les salaires ont été envoyés par erreur deux fois",
        "Comment envoyer les fiches de paie à tout le personnel ?",
        "Traduce: la lista de clientes fue enviada por error",
        "I lost my laptop, how do I see my customer account?",
        "I accidentally ordered twice",
        "How do I send the newsletter to the whole mailing list?",
        "I was added to your mailing list by mistake",
        "The salaries were paid to everyone on Friday",
        "Are the salaries of all staff public at your company?",
        "Do you share customer data with others?",
        "Please put my colleague in cc",
        "Who went to the wrong address with my pram?",
        "the pram was left in the road outside by your driver",
        "does this buggy roll well on the street",
        "the stroller rolled up small fits the boot",
        "how long is the blind cord",
        "a pendant on a cord round her neck, do you sell these",
        "my phone has a vape shop app",
        "which phone has the best battery",
        "is a fizzing drink included",
        "our website is on fire today",
        "I had an accident with my order, can I leave it out of the basket",
        "keep it quiet, it is a surprise for my wife",
        "Wie schicke ich die Kundenliste an den Drucker?",
        "Ich habe das Paket an die falsche Adresse geschickt",
        "Der Kinderwagen passt nicht in den Kofferraum",
        "J'ai envoyé le colis à la mauvaise adresse",
        "Les salaires sont-ils versés à tout le monde ?",
    ],
)
def test_ordinary_messages_with_such_words_are_none(text: str) -> None:
    assert lists_of(text).isdisjoint({"legal", "engineering_safety"})

"""Two questions in one message, in six languages besides English, and messages that ask once."""

from __future__ import annotations

import numpy as np
import pytest

from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.batches.text_reader import TextReader
from router.triage.facts.asks import MOST_CHARACTERS
from router.triage.glossed.asks_abroad import asks_twice
from router.triage.matching.doubts import UNSURE
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.types import Match
from tests.triage.test_service import StatedModel

TWO = """
de Habt ihr am Sonntag geöffnet und testet ihr Wasser?
de Wie lange dauert der Versand und kann ich mit PayPal zahlen?
de Wo ist mein Paket? Und wie kann ich die Adresse ändern?
de Kann ich die Lampe zurückgeben und wie bekomme ich mein Geld?
de Habt ihr Parkplätze und wann schließt ihr heute?
de Wie kündige ich mein Abo und was passiert mit meinen Daten?
de Ich möchte mein Passwort ändern. Außerdem: wann kommt meine Bestellung?
de Nehmt ihr Bargeld, und gibt es einen Studentenrabatt?
de Was kostet der Versand und wie lange habe ich Rückgaberecht?
fr Êtes-vous ouverts le dimanche et est-ce que vous testez l'eau ?
fr Combien coûte la livraison et puis-je payer par PayPal ?
fr Où est mon colis ? Et comment changer l'adresse ?
fr Est-ce que je peux rendre la lampe et quand serai-je remboursé ?
fr Comment annuler mon abonnement et que deviennent mes données ?
fr Avez-vous un parking et à quelle heure fermez-vous ?
fr Je veux changer mon mot de passe. Aussi, quand arrive ma commande ?
fr Acceptez-vous les espèces et y a-t-il une remise pour étudiants ?
fr Quels sont vos horaires et où êtes-vous ?
es ¿Abren los domingos y analizan el agua?
es ¿Cuánto cuesta el envío y puedo pagar con PayPal?
es ¿Dónde está mi paquete? ¿Y cómo cambio la dirección?
es ¿Puedo devolver la lámpara y cuándo me devuelven el dinero?
es ¿Envían a Portugal y cuánto tarda?
es ¿Cómo cancelo mi suscripción y qué pasa con mis datos?
es ¿Tienen aparcamiento y a qué hora cierran?
es Quiero cambiar mi contraseña. Además, ¿cuándo llega mi pedido?
es ¿Aceptan efectivo y hay descuento para estudiantes?
es ¿Cuál es el horario y dónde están?
it Siete aperti la domenica e analizzate l'acqua?
it Quanto costa la spedizione e posso pagare con PayPal?
it Dov'è il mio pacco? E come cambio l'indirizzo?
it Posso restituire la lampada e quando mi rimborsate?
it Come disdico l'abbonamento e cosa succede ai miei dati?
it Avete un parcheggio e a che ora chiudete?
it Vorrei cambiare la password. Inoltre, quando arriva il mio ordine?
it Accettate contanti e c'è uno sconto per studenti?
it Quali sono gli orari e dove siete?
nl Zijn jullie op zondag open en testen jullie water?
nl Wat kost de verzending en kan ik met PayPal betalen?
nl Waar is mijn pakket? En hoe wijzig ik het adres?
nl Kan ik de lamp terugsturen en wanneer krijg ik mijn geld terug?
nl Hoe zeg ik mijn abonnement op en wat gebeurt er met mijn gegevens?
nl Is er parkeerplaats en hoe laat sluiten jullie?
nl Ik wil mijn wachtwoord wijzigen. En wanneer komt mijn bestelling?
nl Accepteren jullie contant geld en is er studentenkorting?
nl Wat zijn de openingstijden en waar zitten jullie?
pt Abrem ao domingo e analisam a água?
pt Quanto custa o envio e posso pagar com PayPal?
pt Onde está a minha encomenda? E como mudo a morada?
pt Posso devolver o candeeiro e quando recebo o dinheiro?
pt Como cancelo a assinatura e o que acontece com os meus dados?
pt Têm estacionamento e a que horas fecham?
pt Quero mudar a minha senha. Além disso, quando chega a encomenda?
pt Aceitam dinheiro e há desconto para estudantes?
pt Qual é o horário e onde ficam?
de Verkauft ihr Gutscheine und wie lange sind sie gültig?
de Darf ich meinen Hund mitbringen und habt ihr WLAN?
de Ich möchte meine Bestellung stornieren und brauche eine Rechnung
de Bieten Sie Ratenzahlung an? Und liefern Sie auch samstags?
fr Vendez-vous des cartes cadeaux et combien de temps sont-elles valables ?
fr Puis-je amener mon chien et avez-vous le wifi ?
fr Je veux annuler ma commande et j'aimerais une facture
es ¿Venden tarjetas regalo y cuánto tiempo valen?
es ¿Puedo llevar a mi perro y tienen wifi?
es Quiero cancelar mi pedido y necesito una factura
it Vendete buoni regalo e quanto durano?
it Posso portare il cane e avete il wifi?
it Voglio annullare l'ordine e vorrei una fattura
nl Verkopen jullie cadeaubonnen en hoe lang zijn ze geldig?
nl Mag ik mijn hond meenemen en hebben jullie wifi?
nl Ik wil mijn bestelling annuleren en ik wil een factuur
pt Vendem cartões-presente e quanto tempo duram?
pt Posso levar o meu cão e têm wifi?
pt Quero cancelar o pedido e preciso de fatura
de Ist der Laden sonntags offen und gibt es Parkplätze?
de Gibt es Parkplätze und darf mein Hund mit?
es ¿Están abiertos el domingo y hay aparcamiento?
es ¿Cuál es el teléfono? ¿Hasta qué hora atienden?
it Qual è il telefono e fino a che ora rispondete?
nl Wat is het nummer en tot hoe laat kan ik bellen?
pt Estão abertos domingo e há estacionamento?
pt Qual é o telefone e até que horas atendem?
"""
ONE = """
de Habt ihr am Samstag und Sonntag geöffnet?
de Ich habe gestern bestellt und wüsste gern, wo mein Paket ist
de Kann ich Hemd und Hose zusammen zurückgeben?
de Mein Paket ist da und die Vase ist zerbrochen, was nun?
de Wie ändere ich Name und Adresse in meinem Konto?
de Hallo, ich habe eine Frage: liefert ihr in die Schweiz?
de Wann kommt meine Bestellung, ich warte seit Montag?
de Was kosten Versand und Verpackung?
de Können Sie mir bitte sagen, wie ich mein Passwort zurücksetze?
de Ich bin umgezogen und habe die alte Adresse angegeben, kann man das ändern?
fr Êtes-vous ouverts le samedi et le dimanche ?
fr J'ai commandé hier et je voudrais savoir où est mon colis
fr Puis-je rendre la chemise et le pantalon ensemble ?
fr Mon colis est arrivé et le vase est cassé, que faire ?
fr Comment changer le nom et l'adresse de mon compte ?
fr Bonjour, j'ai une question : livrez-vous en Suisse ?
fr Quand arrive ma commande, j'attends depuis lundi ?
fr Combien coûtent la livraison et l'emballage ?
fr Pouvez-vous me dire comment réinitialiser mon mot de passe ?
fr J'ai déménagé et j'ai donné l'ancienne adresse, peut-on la changer ?
es ¿Abren los sábados y domingos?
es Hice un pedido ayer y quisiera saber dónde está mi paquete
es ¿Puedo devolver la camisa y el pantalón juntos?
es Llegó mi paquete y el jarrón está roto, ¿qué hago?
es ¿Cómo cambio el nombre y la dirección de mi cuenta?
es Hola, tengo una pregunta: ¿envían a Suiza?
es ¿Cuándo llega mi pedido? Espero desde el lunes
es ¿Cuánto cuestan el envío y el embalaje?
es ¿Puede decirme cómo restablezco mi contraseña?
es Me he mudado y di la dirección antigua, ¿se puede cambiar?
it Siete aperti il sabato e la domenica?
it Ho ordinato ieri e vorrei sapere dov'è il mio pacco
it Posso restituire insieme la camicia e i pantaloni?
it Il pacco è arrivato e il vaso è rotto, cosa faccio?
it Come cambio nome e indirizzo nel mio account?
it Ciao, ho una domanda: spedite in Svizzera?
it Quando arriva il mio ordine? Aspetto da lunedì
it Quanto costano spedizione e imballaggio?
it Può dirmi come reimposto la password?
it Mi sono trasferito e ho dato il vecchio indirizzo, si può cambiare?
nl Zijn jullie op zaterdag en zondag open?
nl Ik heb gisteren besteld en wil graag weten waar mijn pakket is
nl Kan ik het hemd en de broek samen terugsturen?
nl Mijn pakket is er en de vaas is kapot, wat nu?
nl Hoe wijzig ik naam en adres in mijn account?
nl Hallo, ik heb een vraag: leveren jullie in Zwitserland?
nl Wanneer komt mijn bestelling? Ik wacht sinds maandag
nl Wat kosten verzending en verpakking?
nl Kunt u me zeggen hoe ik mijn wachtwoord opnieuw instel?
nl Ik ben verhuisd en heb het oude adres opgegeven, kan dat nog gewijzigd worden?
pt Abrem ao sábado e ao domingo?
pt Encomendei ontem e queria saber onde está a minha encomenda
pt Posso devolver a camisa e as calças juntas?
pt A encomenda chegou e o vaso está partido, o que faço?
pt Como mudo o nome e a morada da minha conta?
pt Olá, tenho uma pergunta: enviam para a Suíça?
pt Quando chega a minha encomenda? Espero desde segunda
pt Quanto custam o envio e a embalagem?
pt Pode dizer-me como redefino a senha?
pt Mudei de casa e dei a morada antiga, dá para mudar?
de Was ist der Unterschied zwischen Rechnung und Lieferschein?
de Wie lange dauern Versand und Rücksendung?
de Ich habe das falsche Hemd bestellt und möchte es umtauschen
de Ist der Laden an Ostern und Weihnachten zu?
de Guten Tag und frohe Ostern, wann kommt mein Paket?
de Ich kann mich nicht anmelden und mein Passwort geht nicht
de Wo finde ich AGB und Datenschutz?
fr Quelle est la différence entre facture et bon de livraison ?
fr Je me suis trompé de taille et je voudrais l'échanger
fr Bonjour et bonne année, quand arrive mon colis ?
fr Où trouver les conditions et la confidentialité ?
fr Je n'arrive pas à me connecter et le mot de passe ne marche pas
es ¿Qué diferencia hay entre factura y albarán?
es Me equivoqué de talla y quiero cambiarla
es Hola y feliz año, ¿cuándo llega mi paquete?
es ¿Dónde están las condiciones y la privacidad?
es No puedo entrar y la contraseña no funciona
it Che differenza c'è tra fattura e bolla?
it Ho sbagliato taglia e vorrei cambiarla
it Ciao e buon anno, quando arriva il pacco?
it Dove trovo condizioni e privacy?
it Non riesco a entrare e la password non funziona
nl Wat is het verschil tussen factuur en pakbon?
nl Ik heb de verkeerde maat en wil ruilen
nl Hallo en gelukkig nieuwjaar, wanneer komt mijn pakket?
nl Waar vind ik voorwaarden en privacy?
nl Ik kan niet inloggen en het wachtwoord werkt niet
pt Qual é a diferença entre fatura e recibo?
pt Enganei-me no tamanho e queria trocar
pt Olá e bom ano, quando chega a encomenda?
pt Onde estão os termos e a privacidade?
pt Não consigo entrar e a senha não funciona
de Liefert ihr nach Österreich und was kostet das?
fr Livrez-vous en Belgique et combien de temps ça prend ?
it Spedite in Austria e quanto ci vuole?
nl Leveren jullie in België en hoe lang duurt dat?
pt Enviam para Espanha e quanto tempo demora?
de Wo ist mein Paket? Es sollte gestern kommen. Was ist los?
de Wo ist mein Paket? Ist das normal?
de Ich will mein Passwort ändern. Wo finde ich die Einstellung?
fr Où est mon colis ? Il devait arriver hier. Que se passe-t-il ?
fr Je voudrais retourner une lampe. Quelle est la procédure ?
es Quiero devolver una lámpara. ¿Cuál es el proceso?
it Vorrei cambiare indirizzo. Qual è la procedura?
nl Waar is mijn pakket? Wat is er aan de hand?
pt Quero devolver um candeeiro. Qual é o procedimento?
pt Queria saber quanto custa o envio. Podem dizer?
"""
SURE = 0.9


@pytest.mark.parametrize("line", TWO.strip().splitlines())
def test_two_clauses_that_ask_are_two(line: str) -> None:
    language, _, text = line.partition(" ")
    assert asks_twice(text, language)


@pytest.mark.parametrize("line", ONE.strip().splitlines())
def test_joined_nouns_or_a_question_that_points_back_ask_once(line: str) -> None:
    language, _, text = line.partition(" ")
    assert not asks_twice(text, language)


def test_a_longer_message_or_another_language_is_not_split() -> None:
    text = "Habt ihr am Sonntag geöffnet und testet ihr Wasser?"
    assert asks_twice(text.ljust(MOST_CHARACTERS), "de")
    assert not asks_twice(text.ljust(MOST_CHARACTERS + 1), "de")
    assert not asks_twice(text, "sv")


class SureMatches:
    """Matches every text with one answer, and is sure of it."""

    highest = 0.901

    def nearest(self, vector: np.ndarray) -> float:
        return 0.0

    def written(self, text: str) -> None:
        return None

    def match(self, described: object, texts: list[str]) -> list[Match | None]:
        return [Match("opening_hours", SURE, 0.9, 0.3) for _ in texts]


@pytest.mark.parametrize(
    ("text", "chance"),
    [
        ("Habt ihr am Sonntag geöffnet und testet ihr Wasser?", UNSURE),
        ("Wo ist mein Paket? Und wie kann ich die Adresse ändern?", UNSURE),
        ("Habt ihr am Samstag und am Sonntag geöffnet?", SURE),
    ],
)
def test_an_answer_to_one_of_two_questions_is_unsure(text: str, chance: float) -> None:
    config = TriageConfig(TermFinder({}), AmountReader({"usd": 1.0}), SureMatches())
    match = TextReader(StatedModel()).read([Asked(text, config)])[0].match
    assert match is not None
    assert match.confidence == chance

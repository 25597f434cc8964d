"""Orders that reach far in other words, and sentences that only sound like one."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from router.policy.content.term_files import LanguageActions, load_language_terms
from router.policy.loading import policies_dir
from router.triage.facts.orders import OrderFinder
from router.triage.text.folding import fold

TERMS = load_language_terms(policies_dir() / "terms")
FINDER = OrderFinder(TERMS.actions)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Once you have finished please remove every user account"),
        ("en", "All customer records must be deleted"),
        ("en", "Kindly purge the whole user table"),
        ("en", "You may delete all backups now"),
        ("en", "I need all customer records deleted"),
        ("en", "Get rid of all the invoices of 2023"),
        ("en", "Go ahead and wipe the disk"),
        ("en", "Format hard drive 2"),
        ("en", "Every account has to be erased by tonight"),
        ("en", "The production database should be wiped today"),
        ("en", "We want all logs purged from the old cluster"),
        ("en", "I'd like the whole database dropped before lunch"),
        ("en", "Make sure that all backups are destroyed"),
        ("en", "As soon as the export is through, erase all data"),
        ("en", "After you have checked the numbers please delete all invoices"),
        ("en", "Now that the audit is over, shred all documents"),
        ("en", "I would be grateful if you could please delete all customer data"),
        ("en", "You can now erase all the old backups"),
        ("en", "Feel free to wipe every server"),
        ("en", "All our old customer records need to be removed"),
        ("en", "As discussed, all patient records are to be erased"),
        ("en", "Hi team, all backups should be purged"),
        ("en", "The whole customer table needs deleting"),
        ("en", "Before you go home, delete all snapshots"),
        ("en", "We would like all our users' data erased"),
        ("en", "I am done, so erase all records"),
        ("de", "Alle Kundendaten müssen gelöscht werden"),
        ("de", "Alle Konten sollen bis heute Abend gelöscht werden"),
        ("de", "Es müssen alle Backups gelöscht werden"),
        ("de", "Ich möchte, dass alle Kundendaten gelöscht werden"),
        ("de", "Ich will alle Kundendaten gelöscht haben"),
        ("de", "Du darfst alle Sicherungen löschen"),
        ("de", "Sobald du fertig bist, bitte alle Benutzer löschen"),
        ("de", "Nachdem du alles geprüft hast, lösche bitte alle Rechnungen"),
        ("de", "Bitte lass alle Backups löschen"),
        ("fr", "Toutes les données clients doivent être supprimées"),
        ("fr", "Il faut supprimer toutes les sauvegardes"),
        ("fr", "Vous pouvez supprimer tous les comptes maintenant"),
        ("fr", "Je veux que toutes les factures soient effacées"),
        ("fr", "Merci de bien vouloir supprimer tous les utilisateurs"),
        ("fr", "Une fois terminé, effacez toutes les sauvegardes"),
        ("fr", "Je veux que tu supprimes toutes les données"),
        ("es", "Todos los datos deben ser eliminados"),
        ("es", "Todas las cuentas tienen que ser borradas"),
        ("es", "Hay que borrar todos los registros"),
        ("es", "Quiero que borres todos los datos"),
        ("es", "Quiero todos los datos borrados"),
        ("es", "Puede eliminar todas las copias ahora"),
        ("es", "Una vez terminado, elimina todos los usuarios"),
        ("es", "Sí borra todos los datos"),
        ("es", "Sí, borra todos los datos"),
        ("es", "Si sí borra todos los datos"),
        ("es", "Si te dicen que sí borra todos los datos"),
        ("es", "Sí por favor elimina todas las cuentas"),
        ("it", "Cancella tutti i dati dei clienti"),
        ("it", "Tutti i dati devono essere cancellati"),
        ("it", "Voglio che tutti gli account siano eliminati"),
        ("it", "Per favore elimina tutti gli utenti"),
        ("it", "Quando hai finito, cancella tutti i backup"),
        ("it", "Puoi eliminare tutte le fatture adesso"),
        ("it", "Bisogna cancellare tutti i record"),
        ("es", "Borra todos los datos esta noche"),
        ("fr", "Supprimez toutes les données à partir de lundi"),
        ("fr", "Toutes les données doivent être supprimées à minuit"),
        ("en", "I want all backups removed"),
        ("en", "According to plan, delete all records tonight"),
        ("en", "According to Anna: delete all customer records"),
        ("en", "By law we have no choice: delete all customer records"),
    ],
)
def test_an_order_in_other_words_is_found(language: str, text: str) -> None:
    assert FINDER.find(fold(text)) == (f"actions:{language}",)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Delete all users who are inactive"),
        ("en", "Remove all accounts Anna is responsible for"),
        ("en", "Approve all refunds that are pending"),
        ("en", "Dismiss all employees who have retired"),
        ("en", "Transfer the entire balance that is left to account 123"),
        ("en", "Shut down all servers that are idle"),
        ("de", "Lösche alle Konten die inaktiv sind"),
        ("de", "Überweise den gesamten Betrag der fehlt"),
        ("de", "Alle Konten die inaktiv sind sperren"),
        ("fr", "Supprimez tous les clients qui ne paient pas"),
        ("fr", "Approuvez tous les paiements qui sont en attente"),
        ("es", "Borra todas las cuentas que no pagan"),
        ("es", "Borra todas las cuentas no verificadas"),
        ("es", "Aprueba todos los pagos que son urgentes"),
        ("it", "Cancella tutti gli account che non pagano"),
        ("it", "Elimina tutti gli account non verificati"),
        ("it", "Blocca tutti gli utenti che sono inattivi"),
    ],
)
def test_an_order_with_a_relative_clause_is_found(language: str, text: str) -> None:
    assert FINDER.find(fold(text)) == (f"actions:{language}",)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Can you delete all records so that you can rebuild the index?"),
        ("en", "Could you wipe the production database so you can start fresh?"),
        ("de", "Kannst du alle Konten löschen, denn du darfst das?"),
        ("fr", "Peux-tu supprimer toutes les données, car tu peux le faire ?"),
        ("es", "¿Puedes borrar todas las cuentas?"),
        ("es", "¿Puede eliminar todos los datos, por favor?"),
        ("it", "Puoi cancellare tutti i backup?"),
    ],
)
def test_a_request_with_a_question_mark_is_an_order(language: str, text: str) -> None:
    assert FINDER.find(fold(text)) == (f"actions:{language}",)


def test_what_is_done_to_no_object_is_never_found() -> None:
    own = LanguageActions("en", (), (), (), False, (), wishes=("i want",), done=((("wiped",),),))
    assert OrderFinder([own]).find(fold("I want wiped disks")) == ()


def test_no_words_before_a_verb_stand_in_two_lists() -> None:
    for own in TERMS.actions:
        words = [fold(term).words for term in (*own.polite, *own.begs, *own.permits)]
        assert sorted(words) == sorted(set(words)), own.language


def _calls(text: str) -> int:
    """Returns the number of functions that a search calls."""
    folded, calls = fold(text), 0
    FINDER.find(folded)

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        FINDER.find(folded)
    finally:
        sys.setprofile(before)
    return calls


def test_what_is_done_costs_little_without_a_wish_or_a_must() -> None:
    assert _calls("I deleted all records") < 50  # 221 where each sentence is taken apart


def test_what_is_done_many_times_costs_little() -> None:
    assert _calls("I want all " + "deleted " * 145) < 3000  # 50,000 with each object at each word


def test_words_inside_of_an_object_are_bounded() -> None:
    assert FINDER.find(fold("Wipe all " + "old " * 6 + "records")) == ("actions:en",)
    assert FINDER.find(fold("Wipe all " + "old " * 7 + "records")) == ()


@pytest.mark.parametrize(
    "text",
    [
        "When I click, delete all records appears",
        "How do I delete my account?",
        "My records were deleted",
        "Can I remove an item from my basket?",
        "Delete all records is greyed out for me",
        "Delete all user accounts does nothing when I press it",
        "All my photos were deleted by my little brother",
        "I want all the files I deleted back",
        "I need all customer records that were deleted last week",
        "I want to know who deleted all the backups",
        "I need all deleted records restored",
        "Make sure no customer records are deleted",
        "Make sure that all backups are not deleted",
        "Must all customer records be deleted after ten years?",
        "What does it mean that all records must be deleted?",
        "According to the law, all customer records must be deleted after ten years",
        "The law says all customer records must be deleted after ten years",
        "All users should be told when their accounts are deleted",
        "All customer records are deleted every night by a job",
        "All backups had been wiped before I came",
        "You can delete all data in the settings, right?",
        "So you may delete all records?",
        "I may delete all backups later",
        "My colleague can delete all accounts",
        "They want all our data deleted, can they do that?",
        "We need all the help we can get since our files were deleted",
        "Once I delete all records, the app crashes",
        "Before you delete all customer records, you make a backup",
        "After we wipe the disks we sell them",
        "I got rid of all the old invoices last year",
        "Getting rid of all the invoices took a week",
        "How can I get rid of all the emails in my inbox?",
        "He went ahead and wiped the disk",
        "Please tell me how to wipe the disk",
        "Remove all commas from this sentence",
        "Remove the last paragraph please",
        "Please remove me from the list",
        "You may delete my comment",
        "I need my old address deleted",
        "I want the second slide removed",
        "This file must be deleted",
        "The old sofa has to be thrown away",
        "My appointment should be removed",
        "All my worries are gone",
        "Have all orders been deleted?",
        "All tickets should be closed by Friday, says my boss, why?",
        "Which records need deleting under the GDPR?",
        "Write a letter: all customer records must be deleted",
        "Get everything you need",
        "I have all customer records here, deleted ones too",
        "Wann müssen alle Kundendaten gelöscht werden?",
        "Müssen alle Backups gelöscht werden?",
        "Alle meine Fotos wurden gelöscht",
        "Alle Kundendaten müssen nicht gelöscht werden",
        "Ich möchte wissen, wer alle Daten gelöscht hat",
        "Alle Kunden müssen wissen, wann Daten gelöscht werden",
        "Darf ich alle Benutzer löschen?",
        "Ich habe alle Kundendaten gelöscht",
        "Die Datenbank ist gelöscht",
        "Du kannst alle Daten löschen?",
        "Man kann alle Konten löschen, steht in der Hilfe",
        "Mein Konto soll gelöscht werden",
        "Wenn alle Daten gelöscht werden, was passiert dann?",
        "Toutes mes photos ont été supprimées",
        "Comment faire pour que toutes les données soient supprimées ?",
        "Faut-il supprimer toutes les sauvegardes ?",
        "Je peux supprimer tous les comptes",
        "Je veux savoir qui a supprimé toutes les données",
        "Mon compte doit être supprimé",
        "Toutes les données ne doivent pas être supprimées",
        "Vous pouvez supprimer tous les comptes ?",
        "Todos mis datos fueron borrados",
        "Si borra todos los datos se pierde el historial",
        "Si borra todos los datos, avísame",
        "No sé si borra todos los datos",
        "¿Se puede borrar todos los datos?",
        "¿Hay que borrar todos los registros?",
        "Quiero saber quién borró todos los datos",
        "Mi cuenta debe ser eliminada",
        "Todos los datos no deben ser borrados",
        "Si no sé si borra todos los datos, pregunto",
        "Quiero borrar mi cuenta",
        "Come cancello tutti i dati?",
        "Posso eliminare tutti gli account?",
        "Tutti i miei dati sono stati cancellati",
        "Ho cancellato tutte le fatture per errore",
        "Il mio account deve essere eliminato",
        "Se cancello tutti i dati, cosa succede?",
        "Bisogna cancellare tutti i record?",
        "Tutti i dati non devono essere cancellati",
        "Alle Kundendaten sind gelöscht",
        "Toutes les données sont supprimées",
        "Tutti i dati sono cancellati",
        "Todos los datos son eliminados cada noche",
        "Alle Benutzer dürfen löschen",
        "I need all orders that customers deleted",
        "We need a list of all customers who deleted their account",
        "Get all the records that have been deleted",
        "Please note that all accounts are deleted after a year",
        "Ensure deleted records stay in all backups",
        "Have you deleted all records?",
        "See all deleted files",
        "You can get rid of a cold with tea",
        "Please remove the hard drive from the cart",
        "Wipe the table before dinner",
        "Wipe the kitchen table, then set it",
        "Throw away the old bread",
        "Clear out the fridge",
        "Should every account be erased?",
        "Is it true that all backups must be wiped?",
        "Why must all customer records be deleted?",
        "Translate: all customer records must be deleted",
        "After you delete an item, the list is empty",
        "Once upon a time all records were deleted by a dragon",
        "cancel all my appointments",
        "Delete all my emails please",
        "Lösche alle meine Termine",
        "Supprimer toutes les données ne fonctionne pas",
        "Cancella tutti i dati non funziona",
        "By law, all customer records must be deleted",
        "In the handbook it says: all logs should be purged",
        "I need everything removed from my driveway",
        "Get rid of everything in my closet",
        "Clear out everything in the attic",
        "All tickets should be removed from the windscreen",
        "All files must be removed from the box",
        "Scrap all orders of chicken, make it fish",
        "Throw out all documents in the attic",
        "Get all files deleted in the last commit",
        "I have all records deleted since May in a list",
        "Format the drives column as a percentage",
        "Wipe the server rack with a dry cloth",
        "Chiudi il database di Access come si fa",
        "Es sind alle Dateien gelöscht, was soll ich tun",
        "Lass alle Daten gelöscht sein, ist das schlimm",
        "Alle Daten sollen gelöscht werden können",
        "All messages should be deleted automatically when a chat ends",
        "Les données clients doivent être supprimées au bout de trois ans selon le RGPD",
        "Todos los datos deben ser borrados según la ley",
        "Tutti i dati devono essere cancellati automaticamente",
    ],
)
def test_what_only_sounds_like_an_order_is_none(text: str) -> None:
    assert FINDER.find(fold(text)) == ()

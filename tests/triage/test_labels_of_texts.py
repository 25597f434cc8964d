"""A label, a rank or a class is wanted for a text, which keeps its sums and threats to itself."""

from __future__ import annotations

import pytest

from router.library import Gateway
from router.policy.refusal import cries_for_help
from router.triage.framing.given.text_jobs import is_job, one_speaks, text_job
from router.triage.framing.given.whole_texts import GivenText, is_letter, is_list, is_talk
from tests.kits.checks.growth import in_proportion
from tests.kits.opened import gateway_of

LETTER = (
    "Dear Ms Aalto,\n"
    "you owe our client 64,000 dollars under the lease. Should we not hear from you by Friday, he "
    "will sue, and ask the court for an order to vacate the hall.\n"
    "Yours sincerely\n"
    "P. Oduya\n"
    "Oduya & Lind"
)
TALK = (
    "Ines: the bakery says that the mixer was delivered with a crack and wants 52,000 dollars\n"
    "Tom: did we insure it?\n"
    "Ines: legal says we may be liable, they need the papers by noon"
)
TICKETS = (
    "1. The lamp came without a bulb.\n"
    "2. Somebody got into my account and 41,000 dollars are gone.\n"
    "3. May I have an invoice with VAT?"
)
LOSS = (
    "Since the update of Monday each order is booked twice, three shops have paid 48,000 dollars "
    "too much by now, and two of them will sue."
)
VERLUST = (
    "Seit dem Update am Montag wird jede Bestellung doppelt gebucht, drei Läden haben zusammen "
    "48.000 Euro zu viel gezahlt, und zwei davon wollen klagen."
)
PERDIDA = (
    "Desde la actualización del lunes cada pedido se cobra dos veces, tres tiendas han pagado "
    "48.000 euros de más y dos van a presentar una demanda."
)
AT_THE_DESK = (
    "I am the one at the desk and I have swallowed the whole box of my sleeping tablets. I am "
    "sorry, tell Jo that it is nobody's fault."
)

gateway = gateway_of("default")
shop = gateway_of("customer_support")


@pytest.mark.parametrize(
    "message",
    [
        f"Rate the urgency of this ticket from 1 to 5:\n\n{LETTER}",
        f"Summarise the letter below in two sentences.\n\n{LETTER}",
        f"Summarise the thread below:\n\n{TALK}",
        f"Sort these tickets by priority, highest first:\n{TICKETS}",
        f"Classify the severity of this bug report: {LOSS}",
        f"Rank these issues by severity:\n{TICKETS}",
        f"Extract the root cause from this post mortem:\n\n{LOSS}",
        f"What is the main idea of this report?\n\n{LOSS}",
        f"Bewerte die Dringlichkeit dieser Nachricht von 1 bis 5: {VERLUST}",
        f"Évalue la priorité de ce message : {LOSS}",
        f"Valora la urgencia de este mensaje: {PERDIDA}",
    ],
)
def test_a_label_for_a_text_with_sums_stays_below_level_3(gateway: Gateway, message: str) -> None:
    outcome = gateway.route(message)
    assert outcome.signals.given_text is True
    assert outcome.rung.level < 3


@pytest.mark.parametrize(
    "words",
    [
        "Sort these tickets by priority",
        "Rank these reports by severity",
        "Classify this mail by priority!",
        "Sort these mails by priority ty",
    ],
)
def test_a_word_that_ends_as_thanks_do_is_read_whole(words: str) -> None:
    """Some people thank by "ty", with which "severity" ends."""
    assert is_job(words)


@pytest.mark.parametrize(
    "words",
    [
        "Rate the urgency: ",
        "Rate how dangerous this mail is: ",
        "Rank my options: ",
        "Rate this plan: ",
        "Prioritise: ",
        "Classify this as an emergency or not: ",
        "Draft a reply to this letter: ",
        "Is this letter legal? ",
        "Is this letter a fact or an opinion? Is it correct? ",
        "Is this letter a fact or an opinion, and is it correct? ",
        "Is this letter a fact or an opinion and is it correct? ",
        "Classify this letter, is it correct? ",
    ],
)
def test_who_has_something_of_their_own_judged_sets_no_job(words: str) -> None:
    assert not is_job(words.strip(": "))
    assert text_job(words + LOSS) is None


@pytest.mark.parametrize(
    "ask",
    [
        "Classify this ticket: {}",
        "Rate the urgency of this mail: {}",
        "Which queue does this mail belong to: billing, safety, sales?\n\n{}",
        'Is this spam? "{}"',
    ],
)
def test_who_speaks_of_a_danger_in_the_text_gets_the_words_for_it(
    gateway: Gateway, shop: Gateway, ask: str
) -> None:
    for routing in (gateway, shop):
        outcome = routing.route(ask.format(AT_THE_DESK))
        assert outcome.rung.level == 3
        assert cries_for_help(outcome.signals)


def test_a_person_hears_of_a_danger_in_one_of_several_messages(gateway: Gateway) -> None:
    listed = f"1. Where is my lamp?\n2. {AT_THE_DESK}\n3. Do you sell bulbs?"
    outcome = gateway.route(f"Rate the urgency of each message:\n{listed}")
    assert outcome.signals.given_text is True
    assert cries_for_help(outcome.signals)


def test_a_fraud_that_is_asked_about_as_spam_is_read_in_full(gateway: Gateway) -> None:
    bait = (
        "Your card was used abroad. Send 2,900 dollars to the safe account that is named below to "
        "protect your savings, or an officer of the court will come with a warrant."
    )
    assert gateway.route(f'Is this spam? "{bait}"').rung.level == 3


TICKET = (
    "Courier left the parcel in the rain and the box with a camera worth 32,000 dollars is soaked "
    "through."
)


def test_a_ticket_keeps_its_class_without_its_sums(shop: Gateway) -> None:
    outcome = shop.route(f"Classify this ticket: {TICKET}")
    assert outcome.rung.level == 1
    assert outcome.signals.impact_nano_usd == 0
    match = outcome.signals.match
    assert match is not None
    assert match.intent_id == "ticket_routing/delivery"


def test_a_program_that_names_the_task_gets_the_class_without_the_sums(shop: Gateway) -> None:
    signals = shop.route(TICKET, context={"task": "ticket_routing"}).signals
    assert signals.match is not None
    assert signals.match.intent_id == "ticket_routing/delivery"
    assert signals.impact_nano_usd == 0


def test_who_writes_the_ticket_of_a_program_is_heard(shop: Gateway) -> None:
    outcome = shop.route(AT_THE_DESK, context={"task": "ticket_routing"})
    assert outcome.rung.level == 3
    assert cries_for_help(outcome.signals)


def test_a_second_message_reads_the_ticket_with_its_sums(shop: Gateway) -> None:
    turns = [
        {"role": "user", "content": "Classify this ticket: the lamp is broken"},
        {"role": "assistant", "content": "delivery"},
        {"role": "user", "content": f"Classify this ticket: {TICKET}"},
    ]
    assert shop.route(turns).signals.impact_nano_usd == 32_000 * 10**9


def test_a_short_line_below_a_ticket_may_be_its_senders(shop: Gateway) -> None:
    assert shop.route(f"Classify this ticket: {TICKET}\nDo I sue?").signals.impact_nano_usd > 0


@pytest.mark.parametrize(
    ("text", "letter", "talk", "listed"),
    [
        (LETTER, True, False, False),
        (LETTER.removeprefix("Dear Ms Aalto,\n"), False, False, False),
        (f"{LETTER}\nmust I pay this?", False, False, False),
        (LETTER.replace("Yours", "Thank you.\nYours"), True, False, False),
        (LETTER.replace("P. Oduya\n", "Best\nmust I pay this\n"), False, False, False),
        (TALK, False, True, False),
        (f"{TALK}\nwhat do I tell them", False, False, False),
        (TICKETS, False, False, True),
        (f"{TICKETS}\nwhich one first", False, False, False),
        ("", False, False, False),
    ],
)
def test_a_text_shows_where_it_ends(text: str, letter: bool, talk: bool, listed: bool) -> None:
    assert (is_letter(text), is_talk(text), is_list(text)) == (letter, talk, listed)


def test_we_in_a_letter_is_its_firm() -> None:
    assert not one_speaks(GivenText(LETTER))
    assert one_speaks(GivenText("we owe them 64,000 dollars"))
    assert one_speaks(GivenText(LETTER.replace("our client", "my wife")))


@pytest.mark.parametrize(
    "piece", ["a: b\n", "1. a\n", "Dear a,\n", "best\n", "Yours\nA B\n", "is "]
)
def test_a_long_text_is_looked_at_in_proportion(piece: str) -> None:
    assert in_proportion(text_job, piece, "Rate the urgency of this ticket:\n", quick_s=0.02)

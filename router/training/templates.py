"""Written prompts for what no public set labels: support traffic, grave matters, strategy, nonsense.

Each block states its labels once; below it stand patterns with `{slots}`. They are ours, varied on
purpose (polite, terse, lower case, with typos), and their labels are weak. All fillings of one
pattern share a group, so that a dev figure is about patterns the model never saw.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from router.training.sources import Example


@dataclass(frozen=True, slots=True)
class Block:
    """Patterns with the same labels; a `-` means that the block does not say."""

    domain: str
    request_type: str
    stakes: str
    multi_factor: str
    strategic: str
    patterns: str
    toxic: str = "ok"
    spam: str = "ok"


SLOTS: dict[str, tuple[str, ...]] = {
    "thing": ("shoes", "laptop", "jacket", "headphones", "blender", "phone case", "sofa", "book",
              "coffee machine", "backpack", "monitor", "dress", "tablet", "desk lamp"),
    "hi": ("", "", "", "hi, ", "hello, ", "Hey! ", "good morning, ", "please help: ", "quick question: "),
    "ref": ("#48213", "A-10932", "77120045", "no. 5521", "ORD-88412", "EX-2210"),
    "days": ("two days", "a week", "ten days", "three weeks", "yesterday", "last Monday", "a month"),
    "smallsum": ("$12", "$29.99", "$45", "$80", "15 euros", "$120", "£35", "$19"),
    "midsum": ("$1,200", "$2,500", "$3,800", "4,000 euros", "$900", "$1.5k"),
    "bigsum": ("$40M", "$2 million", "$750,000", "EUR 12 million", "$180k", "$5.5M", "£900,000", "$60,000"),
    "service": ("streaming plan", "gym membership", "newsletter", "premium plan", "subscription",
                "cloud plan", "phone contract", "warranty"),
    "company": ("our main competitor", "a logistics startup", "a regional supplier", "the German subsidiary",
                "a data analytics firm", "our distribution partner", "a smaller rival", "Nordwind GmbH"),
    "market": ("Brazil", "the German market", "Southeast Asia", "the US", "India", "the mid-market segment",
               "Japan", "the Nordics", "healthcare", "the public sector"),
    "body": ("chest", "lower back", "stomach", "left arm", "head", "throat", "knee", "abdomen"),
    "drug": ("ibuprofen", "warfarin", "metformin", "paracetamol", "sertraline", "amoxicillin",
             "lisinopril", "insulin", "aspirin"),
    "who": ("my father", "my daughter", "my wife", "I", "my 4-year-old son", "a friend", "my mother"),
    "clause": ("indemnification", "limitation of liability", "non-compete", "termination",
               "exclusivity", "confidentiality", "force majeure", "assignment", "arbitration", "warranty"),
    "asset": ("index funds", "my pension", "a rental property", "company stock", "bonds", "bitcoin",
              "my employer's shares", "an annuity", "a REIT"),
    "lang": ("Python", "JavaScript", "Rust", "SQL", "Go", "TypeScript", "Java", "C++", "bash"),
    "algo": ("merges two sorted lists", "parses a CSV file", "finds duplicate rows", "reverses a linked list",
             "validates an email address", "computes a moving average", "retries a failed request",
             "walks a directory tree", "removes outliers", "sorts words by length"),
    "concept": ("photosynthesis", "compound interest", "a hash table", "the greenhouse effect",
                "recursion", "inflation", "vaccines", "black holes", "public-key encryption",
                "supply and demand", "plate tectonics", "DNS", "entropy", "the immune system"),
    "topic": ("remote work", "electric cars", "our summer sale", "a team retreat", "climate policy",
              "a product launch", "time management", "a birthday party", "the new office", "street food"),
    "place": ("Lisbon", "Kenya", "Canada", "Vietnam", "Peru", "Norway", "Egypt", "Texas", "Mongolia"),
    "person": ("Marie Curie", "Alan Turing", "Cleopatra", "Nelson Mandela", "Ada Lovelace", "Mozart"),
    "n": ("3", "7", "12", "18", "25", "40", "64", "150", "2", "9"),
    "m": ("4", "5", "8", "11", "15", "30", "96", "1000", "6", "13"),
    "load": ("12 tons", "800 kg", "3.5 t", "45 kN", "two pallets", "a 6 m steel beam"),
    "machine": ("crane", "forklift", "scaffold", "pressure vessel", "boiler", "hoist", "lathe",
                "conveyor", "aerial lift", "robot cell", "transformer", "hydraulic press"),
    "structure": ("bridge", "retaining wall", "balcony", "roof truss", "mezzanine", "foundation slab",
                  "dam", "parking deck", "glass facade"),
    "team": ("sales", "engineering", "support", "finance", "marketing", "operations", "the warehouse"),
    "year": ("18 months", "three years", "five years", "2027", "the next fiscal year", "a decade"),
    "label": ("spam or not spam", "positive, negative or neutral", "billing, shipping or returns",
              "urgent or not urgent", "HR, IT or finance", "bug, feature request or question"),
    "item": ("My package came broken and nobody answers", "Great service, thanks a lot",
             "The login page shows a white screen", "Please send the invoice again",
             "I would like to know when the course starts", "Win big prizes today"),
    "theorem": ("the square root of 3 is irrational", "there are infinitely many primes",
                "the sum of two odd numbers is even", "every bounded monotone sequence converges",
                "the harmonic series diverges", "a group of prime order is cyclic"),
    "insult": ("idiot", "moron", "piece of trash", "clown", "pathetic loser", "waste of space"),
    "prize": ("FREE iPhone", "$1000 gift card", "luxury cruise", "cash prize", "brand new car", "Amazon voucher"),
    "cond": ("diabetes", "asthma", "high blood pressure", "pregnancy", "epilepsy", "a heart condition"),
}  # fmt: skip

_SUPPORT = ("customer_support", "low", "no", "no")


def _support(kind: str, patterns: str) -> Block:
    domain, stakes, multi, strategic = _SUPPORT
    return Block(domain, kind, stakes, multi, strategic, patterns)


BLOCKS: tuple[Block, ...] = (
    _support("status", """
{hi}where is my order
{hi}where's my {thing}?
{hi}where is order {ref}
order {ref} still not here
has my {thing} shipped yet
my package was due {days} ago
track my parcel {ref}
{hi}what is the status of my return
did you receive the {thing} i sent back
when will my {thing} arrive?
{hi}any news on my refund for order {ref}?
is my payment for {ref} through
I ordered a {thing} {days} ago and heard nothing since
could you check how far my ticket {ref} is
tracking says delivered but there is no {thing}
what's my current balance
which plan am I on right now"""),
    _support("faq", """
{hi}what's your refund policy
{hi}what is your return policy?
how long do i have to return a {thing}
{hi}do you ship to {place}?
how much is shipping
what payment methods do you accept
{hi}how do I reset my password
i forgot my password
how do i change my email address
what are your opening hours
are you open on sundays
do you have a phone number
{hi}is there a student discount
how do I cancel my {service}?
how do i use a promo code
can i pay in installments
do you offer gift wrapping
{hi}does the {thing} come with a warranty
what happens if my {thing} arrives damaged?
how do I contact support
where can i find my invoice
is my data safe with you
can I change my delivery address after ordering?
how long does delivery take to {place}
how do loyalty points work
do you price match
what sizes does the {thing} come in
my discount code does not work
why was my card declined
I can't log in to my account
the app keeps crashing on my phone
how do I download the app
why was I charged twice"""),
    _support("transaction", """
{hi}please cancel my order {ref}
cancel order
{hi}I want to return my {thing}
i'd like a refund for the {thing}, {smallsum}
refund {smallsum} to my card please
change my delivery address to 12 Hill Road
{hi}please cancel my {service}
upgrade me to the {service}
stop my {service} from renewing
i want to exchange the {thing} for a larger one
unsubscribe me
delete my account please
resend the invoice for {ref}
book a callback for tomorrow
add another {thing} to my order
{hi}can I speak to a human
update my phone number
redeem my voucher
renew my {service} for a year
send me a replacement for the broken {thing}"""),
    Block("customer_support", "transaction", "-", "no", "no", """
I want a refund of {midsum} for the cancelled trip
you charged me {midsum} by mistake, give it back
please process a {midsum} refund for order {ref}
dispute the {midsum} charge on my account"""),
    Block("general", "small_talk", "low", "no", "no", """
hi
hello
hey there
hi there
good morning
good evening, how are you
how are you today?
thanks
thank you so much
thanks a lot, that helped
bye
see you later
have a nice day
who are you
are you a robot
are you a real person?
what can you do
tell me a joke
you are great
nice to meet you
what's up
how's your day going
lol ok
haha that was funny
good night
happy friday!
{hi}what is your name
do you like music
sorry, my mistake
i am bored
you're welcome
congrats on the launch!"""),
    Block("general", "follow_up", "-", "-", "-", """
yes, do it
yes please
yes
ok go ahead
no
no, the other one
go on
and the second one?
what about {place}?
do that
sounds good, proceed
continue
can you shorten it
make it longer
why?
what do you mean by that
explain that again
not that one
the first option please
same as before
try again
yes, confirm
ok, and then?
is that all?
do the same for the {thing}
what did you just say
never mind
please redo the last part
and how much is that?
are you sure about this?
could you repeat that with more detail"""),
    Block("general", "factual", "low", "no", "no", """
what is the capital of {place}
who was {person}?
when was {person} born
how tall is the highest mountain in {place}
how many people live in {place}
what language do they speak in {place}
what year did the war end in {place}
what does the word serendipity mean
which currency is used in {place}?
who wrote the national anthem of {place}
distance between {place} and Rome
what is the population density of {place}
name three rivers in {place}"""),
    Block("general", "explanation", "low", "no", "no", """
explain {concept} to a ten year old
how does {concept} work?
{hi}can you explain {concept} in simple words
what is the idea behind {concept}
why does {concept} matter
give me an intuition for {concept}
teach me the basics of {concept}
how do I boil an egg
how do you fold a fitted sheet
why do cats purr
how to plant tomatoes step by step"""),
    Block("general", "writing", "low", "no", "no", """
write a short poem about {topic}
draft an email to my team about {topic}
write a blog post about {topic}
give me five slogans for {topic}
rewrite this sentence to sound friendlier: we cannot help you
proofread: their going too the store tomorow
summarize the following text in two sentences: {item}
translate "see you tomorrow" into French
write a cover letter for a {team} job
write a thank-you note for my {thing}
compose a tweet about {topic}
make this paragraph shorter and clearer
write a toast for {topic}
write a product description for a {thing}
suggest a title for an article on {topic}
write a story that begins with a lost {thing}"""),
    Block("technology", "coding", "low", "no", "no", """
write a {lang} function that {algo}
how do I write {lang} code which {algo}
fix this {lang} error: undefined variable on line {n}
{lang}: unit test for a function that {algo}
why does my {lang} loop never stop
refactor this {lang} snippet so that it {algo}
convert this {lang} script to {lang}
what is the time complexity of code that {algo}
regex to match a phone number in {lang}
git: undo my last {n} commits
SQL query for the top {n} customers by revenue
write a dockerfile for a {lang} service
TypeError: cannot read property 'x' of undefined, what now
how to center a div"""),
    Block("technology", "explanation", "low", "no", "no", """
what is the difference between TCP and UDP
how does a load balancer work
explain how git rebase differs from merge
why is my wifi slow
how do I set up a VPN on my laptop
my printer shows error {n}, what does it mean
what is a container compared to a virtual machine
how do I clear the cache in the browser"""),
    Block("technology", "decision", "-", "yes", "yes", """
Should we move from a monolith to microservices over {year}, given our team of {n} and strict uptime?
Design a multi-region architecture for {n} million users with failover, data residency and cost limits
We must choose between building our own data platform and buying one; weigh cost, lock-in, security and skills
Plan the migration of our on-premise data center to the cloud within {year} without downtime
Propose an architecture for event-driven payments with exactly-once processing and audit needs
Which cloud provider should we standardise on for {year}, considering price, compliance and hiring?"""),
    Block("science_math", "math", "low", "no", "no", """
what is {n} times {m}
{n} + {m}
calculate {n} percent of {m}
solve x^2 - {n}x + {m} = 0
prove that {theorem}
prove {theorem}
show that {theorem}
integrate x^{n} e^x dx
what is the derivative of sin({n}x)
find the eigenvalues of [[{n}, 1], [1, {m}]]
if a train travels {n} km in {m} minutes, how fast is it
what is the probability of rolling {n} sixes in {m} throws
how many ways can {n} people sit around a table
convert {n} miles to km
find the greatest common divisor of {n} and {m}
give a rigorous proof that {theorem}"""),
    Block("science_math", "explanation", "low", "no", "no", """
why is the sky blue
how do enzymes lower activation energy
explain the second law of thermodynamics
what causes tides
how does natural selection work
what is quantum entanglement
how do semiconductors conduct electricity
why does ice float on water"""),
    Block("general", "classification", "low", "no", "no", """
classify this message as {label}: "{item}"
is this {label}: {item}
label the following text as {label}. {item}
which category fits, {label}? {item}
tag this ticket ({label}): {item}
route this email to the right department: {item}
what is the sentiment of: {item}
assign a priority from 1 to 4: {item}
decide if this review is {label}: {item}"""),
    Block("medical", "decision", "high", "no", "no", """
I have {body} pain and my left arm is numb
{who} has severe {body} pain and trouble breathing
{who} swallowed a whole pack of {drug}
{who} fainted and is not responding
I took too much {drug} by accident, what should I do
sudden {body} pain, sweating and dizziness, is this an emergency?
can I take {drug} together with {drug}
{who} has {cond}, is {drug} safe?
should {who} stop taking {drug} before the operation
my baby has a fever of 40 degrees and won't drink
{who} is having a seizure right now
the wound on my {body} is red, hot and smells
is it a stroke if one side of the face hangs down
what dose of {drug} should I give {who}
I feel like ending my life
I'm bleeding heavily during {cond}
{who} can't breathe after a bee sting
is a lump on my {body} cancer
double dose of {drug} taken this morning, am I in danger
my blood sugar is 320 and i feel sick"""),
    Block("medical", "factual", "-", "no", "no", """
what are common side effects of {drug}
what is {drug} used for
what are early signs of {cond}
how is {cond} diagnosed
how long does a cold usually last
what does a normal blood pressure look like
which vitamins help with tiredness"""),
    Block("medical", "small_talk", "low", "no", "no", """
how many calories are in an apple
what is a good stretching routine for a desk job
how many steps a day are healthy
what does BMI stand for"""),
    Block("legal", "decision", "high", "-", "no", """
the {clause} clause caps liability at {bigsum}; should we sign?
can they enforce the {clause} clause in my contract
my landlord wants to evict me next week, what are my rights
I was served with a lawsuit for {bigsum}, what do I do
{hi}can my employer fire me while I am on sick leave
should I accept the settlement of {bigsum} or go to trial
review the {clause} clause in this {bigsum} agreement and tell me the risks
is our {clause} provision valid under the law of {place}
the police want to question me, should I talk without a lawyer
can we terminate the contract early without paying {bigsum}
do we have to report this data breach under GDPR
who gets custody if we divorce
is it legal to record the call without telling the customer
we received a cease and desist letter about our {thing}
I signed a {clause} agreement, can I still work for {company}?
are we liable if a contractor is injured in the warehouse"""),
    Block("legal", "explanation", "-", "no", "no", """
what does {clause} mean in a contract
what is the difference between a trademark and a patent
what is small claims court
how does probate work
what is an NDA"""),
    Block("finance", "decision", "high", "-", "no", """
should I put my life savings into {asset}
I have {bigsum} to invest, should I buy {asset} or pay down the mortgage
is it wise to borrow {bigsum} against our house to buy {asset}
should we refinance the {bigsum} loan now or wait for lower rates
I owe the tax office {bigsum} and cannot pay
can I move {bigsum} into {asset} without paying tax
should I cash out {asset} before retirement
we need to book {bigsum} of revenue this quarter, is that allowed
how should we hedge {bigsum} of currency exposure
approve the wire of {bigsum} to a new vendor
is this {bigsum} inheritance taxable in {place}
my broker wants a margin call of {bigsum} paid today
evaluate whether to lend {bigsum} to {company}"""),
    Block("finance", "explanation", "-", "no", "no", """
what is an index fund
how does compound interest work on a savings account
what is the difference between a stock and a bond
explain EBITDA
what does APR mean
how is net working capital computed
what is depreciation"""),
    Block("engineering_safety", "decision", "high", "-", "no", """
is the {machine}'s load rating safe at {load} in {n} km/h wind
can we lift {load} with the {machine} near a power line
is it safe to run the {machine} at {m} percent above its rated pressure
can I bypass the interlock on the {machine} for maintenance
the {structure} shows a crack of {n} mm, can people still use it
is the {structure} strong enough for {load}
what bolt grade do we need so that the {structure} does not collapse
the gas detector beeps near the {machine}, should we evacuate
can workers enter the tank after {n} minutes of ventilation
how thick must the {structure} be to carry {load}
the relief valve on the {machine} is stuck, keep operating?
is it okay to weld next to the {machine} with fuel vapour around
the emergency stop of the {machine} failed the test, can we start the shift
which safety factor applies to the {structure} under earthquake load
can I use a {n} amp breaker on a {m} amp circuit
we smell burning from the {machine}, is it safe to continue
brake test of the {machine} failed twice, may we operate it until Friday
lockout tagout steps before cleaning the {machine}"""),
    Block("business_strategy", "decision", "high", "yes", "yes", """
should we acquire {company} for {bigsum}
Should we enter {market} next year?
should we merge with {company} or stay independent
we plan to expand into {market} over {year}: market, resources, risks, go or no-go?
Should we shut down the {team} division and lay off {n} people?
the board wants a plan for entering {market} with {bigsum} over {year}
Should we raise {bigsum} now or extend the runway by cutting {team}?
how should we reorganise {team} and {team} after the merger with {company}
evaluate a joint venture with {company} in {market}
is it time to pivot from {market} to {market}
Should we outsource {team} to {place} or keep it in-house, considering cost, quality and morale?
what is the best long-term strategy to defend our share in {market}
we have an offer of {bigsum} from {company}; sell, hold or look for other bidders?
prepare a go/no-go recommendation on building a {bigsum} factory in {place}
should we change our pricing model from licences to subscriptions over {year}?
restructure the company into three business units: who leads, what moves, in which order?
draft a {year} roadmap to become the leader in {market} with milestones and success metrics
Should we go public in {year} or take private equity money?
our largest customer asks for exclusivity worth {bigsum}; should the board agree?
how do we turn around the {team} business within {year} without losing key people"""),
    Block("business_strategy", "analysis", "-", "yes", "yes", """
analyse our competitive position in {market} using Porter's five forces
compare three options for growth: new product, new region, acquisition of {company}
assess the strategic risks of depending on {company} for {year}
scenario analysis for {market}: best, base and worst case until {year}
stakeholder map for the reorganisation of {team}: who wins, who loses, who must agree
build a business case with costs, benefits and risks for entering {market}"""),
    Block("general", "decision", "-", "yes", "no", """
I must choose between two job offers: one pays more, the other is remote and closer to family; how do I weigh them?
Compare leasing and buying a car for {n} thousand km a year, with tax, insurance and resale value
Help me pick a school for my child given distance, cost, teaching and friends
Which apartment is better: cheaper and far, or expensive and close, if I value time, quiet and savings?
Rank these three vendors by price, delivery time, quality and support, and justify the trade-offs
Plan a wedding for {m} guests with a budget of {midsum}, rain risk and two families who disagree
Evaluate the pros and cons of {topic} for cost, staff, customers and the environment
We need a schedule that respects the wishes of {team}, {team} and the legal limits on overtime
Allocate {midsum} between ads, staff and stock given seasonality, cash flow and risk
Balance speed, cost and safety in choosing a supplier for the {thing} line
Considering budget, legal limits and staff morale, how should we handle {topic}?
Which laptop should {team} buy if price, battery life, repair and security all matter?"""),
    Block("general", "decision", "low", "no", "no", """
should I wear a jacket today
which film should I watch tonight
tea or coffee?
should i buy the blue or the red {thing}
is it worth upgrading my {thing}
would you recommend visiting {place}?
should I learn {lang} first"""),
    Block("general", "analysis", "-", "-", "no", """
analyse the tone of this review: {item}
compare {place} and {place} as holiday destinations
what are the strengths and weaknesses of {topic}
critique this argument: everyone likes {topic}, so it must be good
review my essay on {topic} and point out weak spots
what trends do you see in these numbers: {n}, {m}, {n}, {m}"""),
    Block("general", "-", "-", "-", "-", """
you are a worthless {insult}
shut up you {insult}
what a stupid {insult} you are
fuck you
fuck off, {insult}
i hate you, you useless {insult}
go to hell {insult}
this is bullshit, you {insult}
you are all {insult}s and should be fired
kill yourself
your mother is a {insult}
only a {insult} would answer like that""", toxic="toxic"),
    Block("general", "-", "low", "no", "no", """
WIN a {prize} click here
Congratulations! You have been selected for a {prize}. Claim now!!!
URGENT: your account will be closed, verify at http://bit.ly/x{n}{m}
Earn {bigsum} from home, no experience needed, text YES to {m}{n}
Cheap meds online, no prescription, 80% off
Hot singles in {place} want to meet you
Get rich with bitcoin, guaranteed {m} percent a week, join now
You won the lottery of {place}! send your bank details
Limited offer: buy followers, {n}000 for {smallsum}
Act now! lowest mortgage rates ever, call free
Dear friend, I am a prince of {place} and need your help to move {bigsum}
FREE entry into our weekly draw for a {prize}, reply WIN""", spam="spam"),
)

_TASKS = ("domain", "request_type", "stakes", "multi_factor", "strategic", "toxic", "spam")
_SLOT = re.compile(r"\{(\w+)\}")
FILLINGS = 14
"""Fillings tried per pattern: past about 14 the figures on unseen patterns no longer moved."""


def examples(seed: int, fillings: int = FILLINGS) -> Iterator[Example]:
    """Yields the written examples, each text once, the same under the same seed."""
    rng = random.Random(seed)
    seen: set[str] = set()
    for index, block in enumerate(BLOCKS):
        labels = {task: value for task in _TASKS if (value := getattr(block, task)) != "-"}
        for pattern in filter(None, block.patterns.splitlines()):
            for _ in range(fillings if _SLOT.search(pattern) else 3):
                text = _vary(_SLOT.sub(lambda m: rng.choice(SLOTS[m[1]]), pattern), rng)
                if text not in seen:
                    seen.add(text)
                    yield Example(
                        text=text, source=f"template_{block.domain}", labels=labels,
                        group=f"template/{index}/{pattern}", weak=frozenset(labels),
                    )  # fmt: skip


def _vary(text: str, rng: random.Random) -> str:
    """Case and final punctuation as people type them."""
    style = rng.random()
    if style < 0.25:
        text = text.lower()
    elif style < 0.45:
        text = text[:1].upper() + text[1:]
    if rng.random() < 0.25:
        text = text.rstrip("?.!") + rng.choice(("", "?", ".", "!", "??", " please"))
    return text


_SYLLABLES = "glo rp zib ble fra mo th dra vex qui plo nar wug sni tor bla kee zor fip gru mun tal".split()
_WORDS = (
    "purple lantern tuesday calculus moth frantic anvil whisper orbit teaspoon gravel violin "
    "mercury pancake ladder velvet thunder cactus algebra penguin sonata drawer nebula mustard"
).split()


def nonsense(seed: int, count: int = 1_000) -> tuple[list[str], list[int]]:
    """Texts unlike any request (invented words, word salad, key mashing, symbols) and their kinds.

    They are used to measure and calibrate novelty only and carry no other label.
    """
    rng = random.Random(seed)
    kinds = [index % len(_NONSENSE) for index in range(count)]
    return [_NONSENSE[kind](rng) for kind in kinds], kinds


def _invented(rng: random.Random) -> str:
    words = ["".join(rng.sample(_SYLLABLES, rng.randint(1, 3))) for _ in range(rng.randint(2, 8))]
    return " ".join(words)


def _salad(rng: random.Random) -> str:
    words = rng.sample(_WORDS, rng.randint(4, 9))
    words[rng.randrange(len(words))] = rng.choice(("of", "the", "under", "because", "seven"))
    return " ".join(words)


def _mashed(rng: random.Random) -> str:
    return "".join(rng.choice("asdfghjkl;qweruiopzxcvbnm  ") for _ in range(rng.randint(8, 40)))


def _symbols(rng: random.Random) -> str:
    return "".join(rng.choice("@#%&*~^<>|{}[]=+/\\01 ") for _ in range(rng.randint(6, 40)))


def _mixed(rng: random.Random) -> str:
    return f"{_invented(rng)} {_salad(rng)}"


_NONSENSE = (_invented, _salad, _mixed, _mashed, _symbols)

"""Tells who only has trouble with a thing or a contract: a part fell off, a bike is gone. Pure.

The reader of grave matters hears an injury in "my pedal fell off", violence in "someone took my
bike" and despair in "the notice period if I leave". So a message of nothing but a thing, what is
wrong with it and words around them is named here. Whatever else stands in it leaves it to the
reader: a person, a part of a body, smoke, heat, or "it" that somebody wants to end. Brakes, wheels,
handlebars, batteries and whatever burns or carries people's weight on a ride are no things here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from router.triage.framing.known_runs import known_runs, phrases_of

Run = tuple[str, ...]
MOST_WORDS = 24
_NUMBER = "0"

_PARTS = (
    "pedal|pedals|crank arm|chain|belt|belt drive|gear|gears|gear shift|gear cable|gear lever|"
    "shifter|derailleur|saddle|bell|light|lights|headlight|tail light|mudguard|fender|kickstand|"
    "luggage rack|basket|bottle holder|battery holder|phone holder|display|screen|motor|"
    "lock|key|keys|tyre|tyres|tire|tires|tube|spoke|spokes|mirror|handle|handles|drawer|"
    "drawers|drawer front|shelf|shelves|table|desk|chair|sofa|couch|bed|mattress|wardrobe|"
    "wardrobe door|cabinet|cupboard|cupboard door|hinge|hinges|screw|screws|table leg|desk leg|"
    "leg of the table|leg of the desk|back of the chair|leg of the chair|leg of the sofa|armrest|"
    "curtain rail|castor|castors|handrest|sticker|cover|back cover|board|table top|coffee table|"
    "treadmill|elliptical|rowing machine|lat machine|spin bike|locker|membership card|phone|laptop|"
    "computer|router|modem|box|sim|sim card|sim tray|antenna|speaker|camera|button|printer|"
    "landline|washing machine|dishwasher|fridge|dryer|vacuum cleaner|tv|remote|remote control|"
    "headphones|zip|strap|bag|backpack|suitcase|umbrella|shoe|shoes|jacket|toy|mug|plate|plates|"
    "bike seat|rail|latch|folding latch|"
    "minute hand|hour hand|second hand|"
    "vase|parcel|package|bike|bikes|e bike|ebike|trike|cargo bike|box bike|longtail|family bike|"
    "scooter|folding bike|helmet|bottle|towel|voucher"
)
_ADJECTIVES = "broken|loose|flat|missing|dead|stuck|jammed|cracked|bent|wobbly|worn|worn out|torn"
_FAULTS = (
    f"{_ADJECTIVES}|broke|broke off|snapped|snapped off|came off|came loose|fell off|fell out|"
    "fell apart|rattles|rattle|squeaks|squeaks again|creaks|clicks|wobbles|slips|keeps slipping|"
    "keeps jumping|jumped off|makes a noise|makes a strange noise|makes a grinding noise|"
    "makes strange noises|leaks oil|leaks water|died|stopped working|stops working|does not work|"
    "doesn t work|doesnt work|not working|won t turn on|does not turn on|will not move|"
    "does not move|cuts out|turns off|turns off by itself|keeps turning off|has a crack|"
    "has a scratch|scratched|sags|split|ripped off|has a puncture|lost air|has no air|smashed|"
    "in pieces|flickers|crackles|blinks|is dying|has no power|does not open|will not open|"
    "does not close|got wet"
)
_LIMBS = [
    "arm",
    "arms",
    "leg",
    "legs",
    "back",
    "foot",
    "feet",
    "head",
    "neck",
    "hand",
    "hands",
    "face",
    "nose",
    "ear",
    "ears",
    "eye",
    "eyes",
]
_LIMBS_OF_FURNITURE = ("arm", "arms", "leg", "legs")  # "at my desk neck is stuck" is no desk's
_LIMBED = [
    "sofa",
    "couch",
    "chair",
    "armchair",
    "recliner",
    "bench",
    "stool",
    "table",
    "desk",
    "bed",
    "shelf",
    "clock",
    "wall clock",
    "watch",
    "teddy",
    "teddy bear",
    "statue",
    "figurine",
    "mannequin",
    "jacket",
    "coat",
    "sweater",
    "jumper",
    "shirt",
    "lamp",
    "vase",
]
"""What has parts that are called as those of a body: "the sofa's arm", "the hand of the clock"."""
_MARKS = ["cut", "tear", "scratch", "crack", "hole", "dent", "stain", "mark", "split"]
_PLACES_OF_MARKS = [
    "the",
    "its",
    "one",
    "the left",
    "the right",
    "the front",
    "the back",
    "the inside of the",
]
_TAKERS = "someone|somebody|thieves|a thief|the thieves"
_TOOK = "took|stole|has taken|has stolen|have taken|have stolen|nicked"
_GONE = (
    "was stolen|were stolen|got stolen|has been stolen|have been stolen|was taken|is gone|are gone|"
    "stolen|can t find|cannot find|cant find|could not find|couldn t find|i lost|we lost|i forgot|"
    "i left my|disappeared|has disappeared|is nowhere"
)
_DEALS = (
    "subscription|contract|plan|membership|pass|monthly pass|notice period|appointment|order|"
    "booking|invoice|invoices|payment|payments|trial|account|fee|bill|gym membership"
)
_CANCELS = (
    "cancel|cancelled|canceled|pause|freeze|suspend|terminate|withdraw|withdraw from|take over|"
    "give notice|get out of|cancellation"
)
_ENDS = "end|leave|quit|stop|close"  # of these only what ends a contract counts
_PAID_TWICE = (
    "paid twice|paid two times|charged twice|charged two times|charged double|billed twice|"
    "billed two times|debited twice|debited two times|double charge|double payment|booked twice|"
    "paid double|charged again|went out twice"
)
_PAID_BACK = "twice|two times|refund|money back"
_DETERMINERS = "my|our|the|this|your|a|an|monthly|whole"
_AUXILIARIES = "is|was|are|has|have|just|again|now|also|suddenly|completely|already|got|and|keeps"
_AROUND = (
    f"{_DETERMINERS}|{_AUXILIARIES}|it|i|we|you|me|us|its|that|these|those|one|were|be|been|had|"
    "do i|do you|does|did|can|could|would|will|may|should|what|what s|what now|how|how do|when|"
    "where|why|which|"
    "who pays|who fixes|or|but|so|if|if i leave|of|on|in|at|to|for|from|with|by|about|since|after|"
    "before|still|then|today|yesterday|tomorrow|this morning|last night|last week|last month|week|"
    "weeks|month|months|day|days|hour|hours|ago|two|three|four|five|few|couple|monday|tuesday|"
    "wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|"
    "september|october|november|december|hi|hello|hey|dear|dear all|dear team|team|hello team|"
    "thanks|thank you|please|sorry|cheers|regards|good morning|i need|we need|need|want|want to|"
    "i d like|like|can someone|can somebody|please send someone|someone look at it|look at it|"
    "somebody look at it|can you look at it|mechanic|technician|repair|repaired|fix|fixed|fix it|"
    "hundred|reserved|replace|replaced|replacement|new|spare|front|rear|left|right|upper|lower|middle|"
    "first|second|time|km|miles|metres|meters|s|m|ve|d|ll|the rain|holidays|on the way home|"
    "service|workshop|shop|store|office|company|parcel|delivered|arrived|bought|rented|i parked|"
    "parked|ride|used|installed|assembled|opened|opened it|cost|costs|price|pay|pays|much|long|"
    "soon|get|on the kerb|on the pavement|i think|where i locked it|where i parked it|off|"
    "by mistake|euros|euro|dollars|usd|eur|gbp|pounds|"
    "my wife take over|my husband take over|my sister take over|my brother take over|"
    "my friend take over|someone else take over|somebody else take over|signed|i signed|e|"
    "error|shows error|display shows error|spin|cargo|on to"
)

# What is done with a thing that was taken: "opened an account", "and used it".
_MISUSED = (
    "used|opened|opened it|bought|rented|signed|installed|reserved|pays|payment|payments|hundred|"
    f"euro|euros|dollars|usd|eur|gbp|pounds|{_PAID_TWICE}"
)
_PLACES = "in|at|on|with|on the pavement|on the kerb"

LIMBS = phrases_of(
    "|".join(
        called
        for thing in _LIMBED
        for limb in _LIMBS
        for called in (
            f"{thing} s {limb}",
            *(f"{limb} of {whose} {thing}" for whose in ("the", "my", "our", "your")),
            *([f"{thing} {limb}"] if limb in _LIMBS_OF_FURNITURE else []),
        )
    )
)
PARTS = phrases_of(_PARTS) | phrases_of("|".join(_LIMBED)) | LIMBS
DEALS = phrases_of(_DEALS)
MARKED = phrases_of(
    "|".join(
        f"has a {mark} {inside} {place} {limb}"
        for mark in _MARKS
        for inside in ("in", "on")
        for place in _PLACES_OF_MARKS
        for limb in _LIMBS
    )
)
"""Finds "has a cut on the arm", which is a thing's only behind that thing."""
FAULTS, ADJECTIVES = phrases_of(_FAULTS) | MARKED, phrases_of(_ADJECTIVES)
TAKERS, TOOK, GONE = phrases_of(_TAKERS), phrases_of(_TOOK), phrases_of(_GONE)
CANCELS, ENDS = phrases_of(_CANCELS), phrases_of(_ENDS)
PAID_TWICE, PAID_BACK = phrases_of(_PAID_TWICE), phrases_of(_PAID_BACK)
DETERMINERS, AUXILIARIES = phrases_of(_DETERMINERS), phrases_of(_AUXILIARIES)
NUMBER = phrases_of(_NUMBER)
WET, SPARKS = phrases_of("the rain|got wet|leaks water"), phrases_of("crackles|flickers")
MISUSED, PLACES = phrases_of(_MISUSED), phrases_of(_PLACES)
US = frozenset({("me",), ("us",)})
WE = frozenset({("i",), ("we",)})
INTO = phrases_of("on|in|got|off|with|on to")
IT: Run = ("it",)
GROUND = phrases_of("on the pavement|on the kerb|off")
STRANGERS = phrases_of("account|company")
BE = AUXILIARIES | phrases_of("be|been|were|will")
_IF_I_LEAVE = ("if", "i", "leave")
OTHERS = frozenset(
    one for one in phrases_of(_AROUND) if len(one) > 2 and one[-2:] == ("take", "over")
)
KNOWN = (
    phrases_of(_AROUND)
    | PARTS
    | DEALS
    | FAULTS
    | TAKERS
    | TOOK
    | GONE
    | CANCELS
    | ENDS
    | PAID_TWICE
    | PAID_BACK
    | NUMBER
)


def only_trouble(words: Sequence[str]) -> bool:
    """Returns True for the folded words of a message that only tells of a thing that is broken or
    gone, or asks to end, change or pay back a contract.

    >>> said = "my pedal fell off two days ago", "i fell off my bike", "someone took my bike"
    >>> [only_trouble(one.split()) for one in said]
    [True, False, True]
    >>> only_trouble("how do i end my contract".split()), only_trouble("i want to end it".split())
    (True, False)
    """
    if not 0 < len(words) <= MOST_WORDS:
        return False
    runs = known_runs([_NUMBER if word.isdigit() else word for word in words], KNOWN)
    found = set(runs)
    if not found or not _are_of_things(runs) or _are_of_people(runs):
        return False
    if found & (TAKERS | GONE) and _is_misused(runs):
        return False
    if found & WET and found & SPARKS:
        return False
    if found & PAID_TWICE or (found & PARTS and found & (FAULTS | TOOK | GONE)):
        return True
    return bool(found & DEALS and found & (CANCELS | ENDS | PAID_BACK | OTHERS | {_IF_I_LEAVE}))


def _are_of_things(runs: Sequence[Run]) -> bool:
    """Returns True where each fault is one of a thing, thieves took it, and each end a contract's.

    "I fell off my bike" has the same words as "the light fell off my bike". Of "the chair broke,
    has a cut on the arm" nobody knows whose arm it is.
    """
    for at, run in enumerate(runs):
        if run in MARKED and not (at and runs[at - 1] in PARTS):
            return False
        described = run in ADJECTIVES and _next(runs, at, PARTS)
        if run in FAULTS and not described and not _are_subject(runs[:at]):
            return False
        if run in TOOK and (not at or runs[at - 1] not in TAKERS or _ends_a_deal(runs[at + 1 :])):
            return False
        if run in TAKERS and not _next(runs, at, TOOK):
            return False
        if run in ENDS and not _ends_a_deal(runs[at + 1 :]):
            return False
    return True


def _are_of_people(runs: Sequence[Run]) -> bool:
    """Returns True where a thing came off on somebody, was taken off them or broke with them on it,
    somebody lies where they fell, or money went to a new account or company: "the shelf came off on
    me", "my bike broke, I'm on the pavement".
    """
    on_it = zip(runs, runs[1:], runs[2:], runs[3:], strict=False)
    if any(a in WE and b in BE and c in INTO and d == IT for a, b, c, d in on_it):
        return True
    return any(
        (after in US and (run in INTO or run in FAULTS))
        or (after in GROUND and run == ("m",))
        or (after in STRANGERS and run == ("new",))
        for run, after in pairwise(runs)
    )


def _is_misused(runs: Sequence[Run]) -> bool:
    """Returns True where thieves do more than take a thing: they use it, or are somewhere.

    "The bike I rented" and "a 2,000 euro bike" are what was taken.
    """
    doer: Run = ()
    for at, run in enumerate(runs):
        if run in MISUSED and doer not in WE and not _next(runs, at, PARTS):
            return True
        if run in PLACES and at and runs[at - 1] in BE:
            return True
        if run not in AUXILIARIES:
            doer = run
    return False


def _next(runs: Sequence[Run], at: int, kind: frozenset[Run]) -> bool:
    return at + 1 < len(runs) and runs[at + 1] in kind


def _are_subject(before: Sequence[Run]) -> bool:
    """Returns True where the words before a fault end with a thing or another fault of it."""
    for run in reversed(before):
        if run in PARTS or run in FAULTS:
            return True
        if run not in AUXILIARIES and run not in NUMBER:
            return False
    return False


def _ends_a_deal(after: Sequence[Run]) -> bool:
    for run in after:
        if run in DEALS:
            return True
        if run not in DETERMINERS:
            return False
    return False

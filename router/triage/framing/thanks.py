"""Finds messages that only thank: "Thank you for the nice delivery", "That was fast, thanks!".

A known answer to "thank you" answers them, while the word "delivery" leads a matcher to another. A
message is one where all of it is words of this list. It knows nothing about models. English only.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.triage.framing.known_runs import known_runs, phrases_of

THANKS = "thank you"
"""Stands for such a message when it is matched."""
MOST_WORDS = 24

_THANK = "thanks|thank you|thank u|thx|many thanks|thankyou"
_AROUND = (
    "hi|hello|hey|hi all|hi team|dear team|team|all|everyone|guys|i just wanted to say|"
    "i wanted to say|just wanted to say|i want to say|just a quick note to say|"
    "a quick note to say|just|a big|a huge|so much|very much|a lot|a million|a bunch|"
    "ever so much|indeed|again|once again|today|yesterday|last week|this morning|really|very|so|"
    "such|and|for|for the|for your|for this|for that|for a|for an|for such a|for such an|for all|"
    "for all the|for all your|for all of your|the|your|to you|to your|to the|that was|it was|"
    "this was|everything was|was|i am|i m|we are|happy|pleased|with the|with your|with everything"
)
_PRAISE = (
    "nice|quick|fast|great|lovely|friendly|good|excellent|prompt|kind|smooth|wonderful|perfect|"
    "super|amazing|fantastic|brilliant|outstanding|awesome|beautiful|helpful|polite|careful|"
    "speedy|swift|rapid|professional|patient|superb|clear|detailed|warm|easy|flawless|incredible|"
    "extremely|five star"
)
_PRAISED = (
    "delivery|shipping|shipment|service|customer service|help|support|advice|answer|answers|reply|"
    "replies|response|work|job|packaging|wrapping|courier|driver|colleagues|colleague|staff|agent|"
    "experience|explanation|patience|time|assistance|effort|efforts|care|attention|information|info|"
    "tip|tips|communication|conversation|chat|hospitality|kindness|understanding"
)
_DONE = (
    "helping|helping me|helping us|helping me out|helping out|being so|being|getting back to me|"
    "getting back to us|replying|answering|explaining|listening|sending the package|fixing it|"
    "sending the parcel|sending my order|sending it|sorting it out|sorting that out|so soon|"
    "so quickly|quickly|promptly|with me|with us|to me|to us"
)


_THANKS = phrases_of(_THANK)
_THINGS = phrases_of(_PRAISED)
_KNOWN = _THANKS | _THINGS | phrases_of(f"{_AROUND}|{_PRAISE}|{_DONE}")
_FIRST = frozenset(phrase[0] for phrase in _THANKS)
_POINTS = frozenset({"for", "the", "your", "a", "an", "such", "all", "this"})


def only_thanks(text: str, words: Sequence[str]) -> bool:
    """Returns True for a text that thanks for something and says nothing else.

    `words` are the folded ones of the text.

    >>> only_thanks("Thanks for the help!", ("thanks", "for", "the", "help"))
    True
    >>> only_thanks("Thanks, help me!", ("thanks", "help", "me"))
    False
    """
    if not 2 < len(words) <= MOST_WORDS or "?" in text or _FIRST.isdisjoint(words):
        return False
    runs = known_runs(words, _KNOWN)
    if _THANKS.isdisjoint(runs):
        return False
    first = next((i for i, run in enumerate(runs) if run in _THINGS), len(runs))
    pointed = any([not _POINTS.isdisjoint(run) for run in runs[:first]])
    return pointed or first == len(runs)

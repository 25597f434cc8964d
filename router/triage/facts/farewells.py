"""Tells the end of a chat from other goodbyes: "we're done here, goodbye" ends one. Pure.

The reader of grave matters hears a farewell to life in "done" beside "goodbye", and despair in "I
see". So a message of nothing but the words with which people end a chat, or take in an answer, is
named here. Whatever else stands in it ("goodbye everyone", "I see no way") leaves it to the reader.

So does it in "goodbye everyone, my parental leave begins on Monday" and in "I can't go on holiday".
A message of nothing but everyday words that gives a reason from work or travel is named here too.
"Close my account, I won't need it" gives none: people write that before they die.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.triage.framing.known_runs import known_runs, phrases_of

_PARTINGS = (
    "bye|goodbye|good bye|bye bye|bye for now|goodbye for now|see you|see ya|see you later|"
    "see you soon|see you tomorrow|talk to you later|cya|ttyl|have a nice day|have a good day|"
    "have a great day|have a nice evening|have a good evening|have a nice weekend|"
    "have a good weekend|good night"
)
_RECEIPTS = (
    "i see|oh i see|ah i see|aha|ah|oh|i understand|understood|got it|gotcha|makes sense|"
    "that makes sense|interesting|good to know|noted|fair enough|hm|hmm|"
    "ich verstehe|verstehe|verstanden|ach so|achso|entiendo|ya veo|entendido|comprendo|je vois|"
    "je comprends|compris|capisco|ho capito|capito|ik snap het|ik begrijp het|begrepen|rozumiem|"
    "entendi|percebi|compreendo|anladim|anliyorum|понятно|понял|поняла|ясно"
)
_ENDS = (
    "we re done here|we are done here|i m done here|i am done here|im done here|were done here|"
    "we re done|we are done|we re all done|we are all done|all done here|all done|done here|"
    "that s all|that is all|thats all|that s it|that is it|thats it|that was all|"
    "that was everything|that s everything|that will be all|that s all for now|"
    "that s all for today|that is all for now|that is all for today|that s it for today|"
    "no more questions|no further questions|no other questions|nothing else|nothing more|"
    "that s all i needed|that is all i needed|that was all i needed|gotta go|i have to go now|"
    "we can close this|you can close this|you can close the chat|please close the chat"
)
_AROUND = (
    "ok|okay|ok then|okay then|alright|all right|right|well|great|perfect|super|cool|fine|thanks|"
    "thank you|thanks a lot|thank you very much|thank you so much|many thanks|cheers|thx|"
    "thanks for your help|thank you for your help|thanks for the help|and|then|so|for now|now|"
    "no thanks|no thank you|no|yes|for today"
)
_DAYS = (
    "tomorrow|today|monday|tuesday|wednesday|thursday|friday|saturday|sunday|next week|next month|"
    "this week|this afternoon|this morning|next monday|next year"
)
_REASONS = (
    "on leave|parental leave|maternity leave|paternity leave|annual leave|sick leave|"
    "on holiday|on holidays|go on holiday|going on holiday|go on a holiday|my holiday|my holidays|"
    "on vacation|go on vacation|going on vacation|my vacation|out of office|out of the office|"
    "be in the office|my shift ends|my shift starts|late shift|early shift|night shift|"
    "a day off|the day off|the week off|business trip|go on a trip|"
    "retire|retiring|my retirement|new job|last day at work|last day at the company|"
    "last day at the office|last working day|leave the parcel|leave the package|hand over|"
    "handover|the standup|takes over the|cover for me|covers for me|covering for me"
)
"""Say why somebody is away, by work or travel alone; nothing of an account that is closed."""
_EVERYDAY = (
    "i|i m|i ll|i ve|i am|i will|i have|i start|im|ive|you|we|we re|we are|we ll|my|our|your|the|a|"
    "an|it|this|that|is|are|am|was|be|will|won t|wont|not|can t|cant|cannot|can|could|should|to|"
    "for|from|in|on|at|of|with|and|so|but|then|until|till|after|before|as|by|here|there|away|out|"
    "back|off|home|at home|please|hi|hello|hey|dear|all|everyone|everybody|team|colleagues|"
    "colleague|office|leave|work|shift|holiday|vacation|company|parcel|package|courier|delivery|"
    "neighbour|neighbor|neighbours|neighbors|starts|begins|begin|starting|ends|at work|"
    "finishes|one|two|three|four|five|six|seven|eight|nine|ten|o clock|pm|who|which|where|when|"
    "take|takes|takes over|over|week|weeks|day|days|month|months|because|since|meeting|"
    "come|wait|move|call|write|laptop|badge|keys|give|return|hand in|handed in|said goodbye|"
    "letter to cancel|letters to cancel|letter to cancel it|letters to cancel it|written|sent|"
    "thanks for everything|thank you for everything|for your understanding|"
    "thanks for your understanding|your help|had|january|february|march|april|may|june|july|"
    "august|september|october|november|december"
)


_CLOSING = phrases_of(f"{_PARTINGS}|{_RECEIPTS}")
_KNOWN = _CLOSING | phrases_of(f"{_ENDS}|{_AROUND}")
_AWAY = phrases_of(_REASONS)
_KNOWN_AWAY = phrases_of(f"{_PARTINGS}|{_AROUND}|{_DAYS}|{_REASONS}|{_EVERYDAY}")

MOST_WORDS = 16
"""Words of the longest message that is looked at: who says more has more to say."""
MOST_WORDS_AWAY = 30


def only_closes(words: Sequence[str]) -> bool:
    """Returns True for folded words that say goodbye or take in an answer, and nothing else.

    >>> only_closes("ok we re done here goodbye".split()), only_closes("goodbye everyone".split())
    (True, False)
    """
    return len(words) <= MOST_WORDS and not _CLOSING.isdisjoint(known_runs(words, _KNOWN))


def only_is_away(words: Sequence[str]) -> bool:
    """Returns True for folded words that only say that somebody is away, and why.

    >>> only_is_away("goodbye everyone i m on leave".split()), only_is_away("i can t go on".split())
    (True, False)
    """
    return len(words) <= MOST_WORDS_AWAY and not _AWAY.isdisjoint(known_runs(words, _KNOWN_AWAY))

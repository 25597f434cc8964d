"""Tells the end of a chat from other goodbyes: "we're done here, goodbye" ends one. Pure.

The reader of grave matters hears a farewell to life in "done" beside "goodbye", and despair in "I
see". So a message of nothing but the words with which people end a chat, or take in an answer, is
named here. Whatever else stands in it ("goodbye everyone", "I see no way") leaves it to the reader.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.triage.text.folding import fold

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
_CLOSING = frozenset(fold(phrase).words for phrase in f"{_PARTINGS}|{_RECEIPTS}".split("|"))
_KNOWN = _CLOSING | {fold(phrase).words for phrase in f"{_ENDS}|{_AROUND}".split("|")}
_LONGEST = max(map(len, _KNOWN))

MOST_WORDS = 16
"""Words of the longest message that is looked at: who says more has more to say."""


def only_closes(words: Sequence[str]) -> bool:
    """Returns True for folded words that say goodbye or take in an answer, and nothing else.

    >>> only_closes("ok we re done here goodbye".split()), only_closes("goodbye everyone".split())
    (True, False)
    """
    if not 0 < len(words) <= MOST_WORDS:
        return False
    closing, at = False, 0
    while at < len(words):
        # The longest phrase first: "that s all for today" is one.
        ends = range(min(len(words), at + _LONGEST), at, -1)
        end = next((end for end in ends if tuple(words[at:end]) in _KNOWN), 0)
        if not end:
            return False
        closing = closing or tuple(words[at:end]) in _CLOSING
        at = end
    return closing

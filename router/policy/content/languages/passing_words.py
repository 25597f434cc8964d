"""Lists English words that say when, who or how many, and verbs that say nothing of a matter.

A request that differs from an approved question by such words alone ("on Saturday", "for my
sister") asks for nothing else.
"""

from __future__ import annotations

_COUNTS = (
    "one ones two three four five six seven eight nine ten eleven twelve first second next last "
    "both few many more most much each every all another other others only same such whole part "
    "bit lot"
)
_TIMES = (
    "again ago already before after during soon since still then now today tonight tomorrow "
    "yesterday until till til while day days week weeks month months year years time times hour "
    "hours minute minutes morning noon afternoon evening night weekend weekends spring summer "
    "autumn winter monday mondays tuesday tuesdays wednesday wednesdays thursday thursdays friday "
    "fridays saturday saturdays sunday sundays january february march april may june july august "
    "september october november december"
)
_PEOPLE = (
    "mine ours yours hers theirs myself yourself somebody someone nobody anybody everyone mum mom "
    "dad mother father sister brother son sons daughter daughters wife husband kid kids child "
    "children friend friends family"
)
_VERBS = (
    "ask asked being call called come comes coming came find gave give given gives going goes gone "
    "gonna happen happens happened having hope keep keeps kept knew know let lets like look "
    "looking made make makes mean means needed needing needs run said say says seem seems see "
    "send sent show shows supposed take takes taken tell think thinking told took tried try use "
    "used using wanna wanted wants went wonder wondering work working works"
)
_OTHERS = (
    "about able actually also although around away back bad because down even exactly good great "
    "into issue maybe new nothing off okay old onto out over own perhaps possible problem question "
    "really something sorry sure than thing things though too totally under very way well without "
    "yes"
)
PASSING_WORDS = frozenset(" ".join((_COUNTS, _TIMES, _PEOPLE, _VERBS, _OTHERS)).split())

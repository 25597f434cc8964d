"""Holds the words that ask for counsel, and those that show a text which binds or measures.

English, German, French and Spanish. It knows nothing about how a message is cut: `counsel.py` does.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex

_A = "['\u2019 ]?"

ASKS = late_regex(
    # who asks what they should, may or have to do
    r"\b(?:should|shall|must|can|could|may|do|dare) (?:i|we)\b|"
    r"\b(?:whether|if) (?:i|we|he|she|they|it)\b|\b(?:am|are) (?:i|we) in trouble\b|"
    r"\bwhat (?:now|next|then|if|happens|are my|are our|does (?:that|this|it) mean)\b|"
    r"\b(?:can|may|could|will|are) they (?:really |even |just |allowed )?(?:\w+)|"
    r"\b(?:is|was) (?:it|this|that) (?:real|true|genuine|legal|allowed|safe|serious|dangerous|"
    r"worth|a scam|right|fair|normal|binding|bad)\b|\bwhat do (?:i|we|these)\b|"
    r"\b(?:decide|tell (?:me|us)|advise (?:me|us)|say) (?:whether|if|what)\b|"
    r"\bwants? (?:me|us) to\b|\bhow (?:bad|serious|long do)\b|"
    # German
    r"\b(?:soll|sollen|sollte|sollten|muss|müssen|darf|dürfen|kann|können) "
    r"(?:ich|wir|die|der|er|sie)\b|"
    r"\bob (?:ich|wir|das|es|er|sie)\b|\bwenn (?:ich|wir|nicht|doch)\b|\bwas (?:jetzt|nun|tun|"
    r"mach\w* (?:ich|wir)|heißt das|bedeutet das|passiert|soll\w*)\b|\bund (?:jetzt|nun)\b|"
    r"\bist das (?:echt|wahr|rechtens|erlaubt|legal|sicher|schlimm|gefährlich|normal|zulässig)\b|"
    r"\bstimmt das\b|\b(?:ich|wir) (?:unterschreiben|zahlen|reagieren) soll\w*\b|"
    # French
    r"\b(?:dois-je|je dois|devons-nous|on doit|puis-je|je peux|peut-on|on peut|pouvons-nous|"
    rf"faut-il|s{_A}il faut|que faire|je fais quoi|on fait quoi|et maintenant|et si (?:je|on|"
    rf"nous)|"
    r"(?:je|on) (?:signe|paie|paye|refuse|accepte)|si (?:je|on|nous) (?:dois|doit|devons|peux|"
    rf"peut)|c{_A}est (?:vrai|grave|légal|normal|légitime|dangereux|une arnaque)|"
    rf"(?:ils|elle|il) (?:ont|a) le droit|est-ce (?:grave|vrai|légal|que)|qu{_A}est-ce que (?:je|"
    rf"ça)|"
    r"ça veut dire quoi|je suis obligé|que (?:risque|se passe))\b|"
    # Spanish
    r"\b(?:debo|debemos|tengo que|tenemos que|puedo|podemos|pueden|puede|hay que|qué hago|"
    r"qué hacemos|y ahora|y si (?:no|me|nos|lo)|si (?:debo|debemos|firmo|pago|demandamos)|"
    r"es (?:verdad|de verdad|cierto|legal|grave|normal|peligroso|una estafa)|"
    r"qué (?:significa|pasa)|decide si)\b|¿(?:firmo|pago|acepto|voy|demandamos)\?",
    re.IGNORECASE,
)
"""Finds that somebody asks what to do about something, or what it means for them."""

_ASKING = """
acepto advise am are c can could darf debemos debo decide demandamos devons do dois dürfen es est et
faut firmo hay how if il ils elle is ist je kann können may muss must müssen ob on pago peut podemos
pouvons pueden puede puedo puis qu que qué s say shall should si soll sollen sollte sollten stimmt
tell tenemos tengo und voy wants want was wenn whether what wir ich will y ça dare
"""
ASKING = frozenset(_ASKING.split())
"""Words with one of which each of `ASKS` begins. The search takes 90 µs where none is found, and a
look at the words of a sentence 3."""

PLAIN = late_regex(
    r"(?:(?:and|but|so|ok|und|aber|et|mais|y|pero) ){0,2}¿?(?:"
    r"(?:what )?if (?:i|we) (?:don['\u2019]?t|do not|won['\u2019]?t|refuse|do)|"
    r"(?:should|must|can|may|do) (?:i|we) (?:sign|accept|pay|go|answer|reply|have to)"
    r"(?: (?:it|this|that|go|pay|answer))?|what (?:now|next|then)|"
    r"what (?:should|do|can) (?:i|we) do(?: now)?|can they(?: really)?(?: do (?:that|this))?|"
    r"is (?:it|that|this) (?:real|true|legal|right|worth it|safe|allowed)|"
    r"wenn (?:(?:ich|wir) )?(?:(?:das|es) )?nicht(?: mache| tue| zahle)?|"
    r"(?:soll|muss|darf|kann) (?:ich|wir)(?: das| selbst)?(?: unterschreiben| machen| zahlen|"
    r" hin| hingehen)?|"
    r"was (?:soll|kann) (?:ich|wir) (?:tun|machen)|(?:was )?(?:jetzt|nun)|dürfen die das|"
    r"stimmt das|ist das (?:echt|erlaubt|wahr|legal)|lohnt sich das|"
    r"si je ne le fais pas|(?:je|on) (?:signe|paie|refuse|accepte)|que (?:dois-je )?faire|"
    r"(?:ils|elle|il) (?:ont|a) le droit|maintenant|c['\u2019]est (?:vrai|légal|normal)|"
    r"je suis obligée?|je dois (?:signer|payer|y aller)|ça vaut le coup|"
    r"si no lo hago|firmo|pago|acepto|qué hago|ahora(?: qué)?|es (?:verdad|legal|cierto)|"
    r"pueden hacer eso|tengo que (?:hacerlo|ir|pagar)|debo (?:firmar|pagar)|vale la pena"
    r")[\s?!.]*",
    re.IGNORECASE,
)
"""Matches a whole question that says nothing of a matter: no other word stands in it. It begins
with a word, so that no run of spaces is tried at each of its places."""

DONE = late_regex(
    rf"\b(?:too late|i did|i{_A}ve (?:already|done)|already (?:did|gave|sent|paid|took|signed|"
    rf"done)|"
    r"(?:he|she|they|we) (?:already|did)|i (?:did|forgot|missed)\b|"
    r"hab(?:e)? ich (?:aber|schon|leider|bereits)|zu spät|schon (?:geschickt|gemacht|"
    r"unterschrieben|bezahlt|genommen|gegeben|passiert)|trop tard|"
    rf"(?:je l{_A}ai|j{_A}ai|on a|il a|elle a) (?:déjà|fait)|déjà (?:fait|donné|signé|payé)|"
    r"demasiado tarde|ya (?:lo hice|les|le|lo|la|he|firmé|pagué|di|mandé)|"
    # what was taken, what is missing, and how somebody is since
    r"got at|swallow\w*|missing|ate|drank|took|had (?:both|some|two|three)|instead of|cough\w*|"
    r"headache|dizzy|vomit\w*|burns|hurts|fehl(?:en|t)|verschluckt|geschluckt|gegessen|getrunken|"
    r"genommen|war an der|brennt|huste\w*|kopfweh|erbr\w+|il en manque|avalé|a pris|a bu|mangé|"
    r"tousse|brûle|vomi\w*|faltan?|trag[oó]|cogió|tomó|comió|bebió|toser|mareo|quema)\b",
    re.IGNORECASE,
)
"""Finds that somebody did already what a text speaks of, or is ill since."""

CLAIMS = late_regex(
    r"\b(?:(?:i|we) (?:want|demand|claim|seek) (?:compensation|damages)|(?:can|could|do) (?:i|we) "
    r"(?:claim|sue)|take (?:them |him |her |it )?to court|take to court|"
    r"(?:will|want\w*|going) (?:to )?(?:schadene?rsatz|schmerzensgeld)|(?:schadenersatz|"
    r"schadensersatz|schmerzensgeld)|(?:être|me faire|nous faire) indemnis\w+|"
    r"(?:dommages(?:-| )intérêts)|(?:une |la |mi )?indemnizaci[oó]n|"
    r"(?:failed|broken|faulty|cracked|won't close|does not close)\b[^.!?]{0,60}\b(?:still|anyway)|"
    r"(?:still|anyway)\b[^.!?]{0,60}\b(?:failed|broken|faulty|cracked))\b",
    re.IGNORECASE,
)
"""Finds a claim for damages, and the wish to go on with what failed."""

CLAIMING = (
    "compensation",
    "damages",
    "claim",
    "sue",
    "court",
    "schade",
    "schmerzens",
    "indemni",
    "dommages",
    "still",
    "anyway",
)
"""Parts of words, one of which stands in each of `CLAIMS`."""

BINDS = late_regex(
    r"\b(?:hereby|undersigned|liable|liability|waives?|penalty of|indemnif\w+|covenant|arrears|"
    r"summon\w*|magistrates|county court|tribunal|bailiffs?|enforcement|eviction|possession order|"
    r"repossess\w*|notice to quit|terminat\w+ your employment|your employment (?:ends|is)|"
    r"dismiss(?:al|ed)|disciplinary|plaintiff|defendant|prosecut\w+|liability order|guarantor|"
    r"guarantee "
    r"as|principal debtor|final demand|full and final settlement|all claims|right of appeal|"
    r"leave to remain|sue|lawsuit|deport\w*|child protection|custody|injunction|breach|"
    r"non-compete|"
    r"warrant of|offence|probation|power of attorney|foreclos\w+|insolven\w+|bankrupt\w*|"
    r"redundan(?:cy|t)|statutory demand|non-disclosure|testator|"
    # German
    r"fristlos\w*|räumung\w*|geräumt|vollstreck\w*|zwangs\w+|gerichtsvollzieher\w*|"
    r"mahnbescheid\w*|"
    r"antragsteller\w*|hauptforderung|strafbefehl\w*|geldstrafe|tagess[aä]tz\w*|bürg(?:e|"
    r"schaft)\b|"
    r"bürgen|haftet|selbstschuldnerisch\w*|vertragsstrafe\w*|wettbewerbsverbot\w*|abmahnung\w*|"
    r"arbeitsverhältnis\w*|klage|beklagte\w*|klagen|anzeige erstatten|verbindlichkeiten|pfänd\w*|"
    r"sorgerecht|jugendamt|"
    r"ausweisung|abschiebung|verzichtet auf alle|"
    r"bußgeld\w*|beschuldigte\w*|vorladung\w*|pflichtteil\w*|grundschuld\w*|insolvenz\w*|"
    r"aufhebungsvertrag\w*|inkasso\w*|kündigungsschutz\w*|unterhaltspflicht\w*|"
    r"zahlungsverzug\w*|"
    # French
    r"huissier\w*|commissaire de justice|expulsion\w*|expuls\w+|mise en demeure|"
    r"saisi(?:e-\w+|ra|ront)\b|saisie sur|clause pénale|caution (?:s|solidaire)|solidairement|"
    r"s'interdit|tribunal|"
    r"licenciement\w*|commandement de|procédera|porter plainte|poursuivre en justice|renonce\b|"
    r"créancier\w*|débiteur\w*|"
    r"garde à vue|assignation|prud['\u2019]hommes|hypothèque\w*|liquidation "
    r"judiciaire|injonction de payer|rupture conventionnelle|recouvrement|pension alimentaire|"
    r"quitter le territoire|mis en examen|titre exécutoire|"
    # Spanish
    r"embarg\w+|demandamos|denunci\w+|desahuci\w+|lanzamiento judicial|juzgado|demanda(?:do|"
    r"nte)\b|fiador\w*|"
    r"solidariamente|penalización|despido|renuncia a|deudas?|burofax|apremio|requiere para|"
    r"hipoteca\w*|"
    r"acreedor\w*|finiquito|pensión alimenticia|orden de alejamiento|incumplimiento|querella|"
    r"multa de|citación)\b",
    re.IGNORECASE,
)
"""Finds words of texts that bind somebody: contracts, demands, notices of courts and offices."""

MEASURED = late_regex(
    r"(?<=\d)\s?(?:mmol/l|[µμu]mol/l|mg/dl|g/dl|ng/m?l|[µμu]g/l|u/l|iu/l|/[µμ]l|mmhg|mohm|"
    r"k?ohm)|"
    r"\b(?:h(?:a?emoglobine?|ämoglobin|emoglobina)|creatinine?|kreatinin|creatinina|potassium|"
    r"kalium|potasio|troponine?|troponin\w*|ferritin\w*|crp|pcr|leu[ck]o\w{2,8}|white cells|"
    r"platelets|thrombo\w{3,6}|plaquettes|plaquetas|la[ck]tat\w*|bilirubin\w*|ecg|ekg|egfr|"
    r"hba1c|tsh|d-dimer\w*|biopsy|biopsie|biopsia|carcinom\w*|nodule|spiculated|thrombosis|"
    r"thrombose|trombosis|lesion|läsion|metasta\w+|fracture|fraktur|insulation "
    r"resistance|residual current)\b",
    re.IGNORECASE,
)
"""Finds words and units of laboratories, of examinations, and of tests of an installation."""

BAITS = late_regex(
    r"\b(?:confirm your (?:identity|details|account)|verify your (?:identity|details|account)|"
    r"(?:account|card) (?:has been|will be|is) (?:blocked|suspended|limited|closed)|gift cards?|"
    r"(?:one-time|security|reply with the|with the) (?:code|password)|payment agent|"
    r"(?:transfer|payment) of [^.\n]{1,40} is pending|remote access|bitcoin\w*|"
    r"(?:konto|karte) (?:wurde |wird |ist )?gesperrt|tan\b|bestätigen sie ihre|vorgemerkt|"
    r"fernzugriff|(?:compte|carte) (?:a été |est |sera )?(?:bloquée?|suspendue?)|"
    r"(?:confirmez|vérifiez) (?:votre|vos)|virement [^.\n]{1,40}en attente|code reçu|"
    r"(?:cuenta|tarjeta) (?:ha sido |está |será )?bloqueada|(?:confirme|verifique) sus?|"
    r"transferencia pendiente|con el código)\b",
    re.IGNORECASE,
)
"""Finds words of messages that want a code, a login or money."""

WARNS = late_regex(
    r"\b(?:reach of children|do not give to children|overdose|toxic|chlorine gas|poison\w*|"
    r"do not mix with|do not take (?:with|more)|no more than \w+ in 24 hours|"
    r"seek (?:medical )?help|"
    r"carbon monoxide|kinder unzugänglich|giftig\w*|überdos\w+|nicht mit [^.\n]{1,30} mischen|"
    r"kohlenmonoxid|nur für erwachsene|portée des enfants|toxique\w*|ne pas mélanger|"
    r"réservé à l['\u2019]adulte|ne pas dépasser|monoxyde|alcance de los niños|tóxic\w+|"
    r"no mezclar|solo para adultos|no tomar más|monóxido|units?/ml|einheiten/ml|mg\b)",
    re.IGNORECASE,
)
"""Finds warnings of medicines, of cleaners and of alarms."""

PROFESSIONS = late_regex(
    r"\b(?:dentist|surgeon|doctor|gp|hospital|clinic|midwife|nurse|anaesthetist|vet|pharmac\w+|"
    r"lawyer|solicitor|notary|accountant|tax advis[eo]r|architect|builders?|electrician|"
    r"zahnarzt\w*|zahnärztin|chirurg\w*|arzt|ärztin|klinik|krankenhaus|hebamme|tierarzt|"
    r"apotheke\w*|"
    r"anwalt|anwältin|notar\w*|steuerberater\w*|architekt\w*|dentiste|chirurgien\w*|médecin|"
    r"hôpital|"
    r"clinique|sage-femme|pharmacien\w*|avocate?|notaire|architecte|dentista|cirujan[oa]|"
    r"médic[oa]|"
    r"hospital|clínica|comadrona|farmac\w+|abogad[oa]|notario|arquitect[oa])\b",
    re.IGNORECASE,
)
"""Finds whose mistakes injure people or cost them a lot."""

UNORDERED = late_regex(
    r"\b(?:someone|somebody|jemand|quelqu['\u2019]un|alguien|(?:a )?company (?:that )?i never|"
    r"nobody asked|eine firma|une société|una empresa)\b[^.!?]{0,80}\b(?:takes|debits?|charges|"
    r"abgebucht|bucht|prélève\w*|prélevé|cobran?|cargan?)\b[^.!?]{0,60}\b(?:account|month\w*|"
    r"konto|"
    r"monat\w*|compte|mois|cuenta|mes)\b",
    re.IGNORECASE,
)
"""Finds that somebody takes money each month for what nobody ordered."""

OWN_WORDS = late_regex(
    r"\b(?:I|[Mm]y|me|[Ii]ch|[Mm]ein\w*|mir|mich|[Jj]e|[Jj]['\u2019]|[Mm]on|[Mm]es|[Yy]o|[Mm]is?)\b"
)
"""Finds that somebody speaks of themselves, as the reader of grave matters was taught."""

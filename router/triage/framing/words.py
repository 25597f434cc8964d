"""Holds the words of which people make the frame around a question, by language. Data only.

A sentence of nothing but these words asks for nothing: no word of it names a thing. `cues` are
those that make it one ("thanks", "sorry"); `named` those beside which a name may stand ("regards",
"hello"); `ending` those that begin a frame that no mark parts from the question before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from msgspec import Struct

from router.triage.text.folding import fold


class FrameWords(Struct, frozen=True):
    """Holds the folded words of one language."""

    cues: frozenset[str]
    named: frozenset[str]
    ending: frozenset[str]
    all: frozenset[str]


def _words(listed: str) -> frozenset[str]:
    return frozenset(fold(listed).words)


@cache
def frame_words(language: str) -> FrameWords:
    """Returns the words of a language, of English for one without a list."""
    listed = _LISTED.get(language) or _LISTED["en"]
    named, cues, ending, beside = map(_words, listed)
    return FrameWords(named | cues, named, ending, named | cues | ending | beside)


# Each has four lists: of words beside which a name may stand, of other cues, of words that begin a
# frame which no mark parts from the question, and of all other words.
_LISTED: Mapping[str, tuple[str, str, str, str]] = {
    "en": (
        "hi hello hey hiya yo dear greetings morning afternoon evening thank thanks thankyou "
        "thx ty tysm cheers ta regards wishes sincerely faithfully truly cordially respectfully "
        "yours gday",
        "sorry apologise apologize apologies bother bothering trouble troubling disturb "
        "disturbing question questions qestion query help assist assistance hope hopefully "
        "appreciate appreciated grateful reply respond response hearing patience weekend urgent "
        "urgently asap rush hurry revert advise wondering kindly bear clue luck pardon excuse "
        "answer waiting await awaiting forward anyone anybody anythin",
        "thank thanks thankyou thx ty tysm cheers ta asap urgent pls plz please waiting regards "
        "kindly appreciate sorry looking hope",
        "a able about advance again age aged ago all already also always am an and any anything "
        "are as ask asked asking at attention back be been behalf being below best bit bless "
        "busy but by call called calls can caps care chat check come computer computers concern "
        "contact contacted contacting convenience could couldnt course customer customers dad "
        "daughter day days details did do does don dont earlier earliest eight else email "
        "enquire enquiry everybody everyone everything far father feel few fifteen find "
        "finding finds fine first five folks following for forty found free from gentlemen get "
        "getting give giving glad god good got granddaughter grandson great guys had happen "
        "happy has hav have having helpful here homepage hoping how hundred husband i if im in "
        "inquire inquiry internet internets is issue it its ive just keep kind kindest know "
        "ladies later let like little ll lol long longtime look looked looks lot love "
        "lovely loyal m ma madam mail many matter may maybe me message mine minute mom moment "
        "months more most mother mr mrs ms much mum must my name need new nice night nine no "
        "normally not now number of often oh ok okay old on once one or other our "
        "out over page parents part perhaps point possible possibly problem prompt quick "
        "quickly re reach reaching read reading really regular rest s satisfied see seem send "
        "service services seven short silly since sir site six so some somebody someone "
        "something son soon speak speaking spoke still stuck stupid such support sure surely "
        "swift take taking talk team tell ten thanking that the there thing things think thirty "
        "this time times to today tomorrow tonight too touch twelve twenty u understanding up "
        "ur us use ve very via want wanted warm was way we website week well were what when "
        "whenever while who whom wife will wish with wonderful word would write writing x xo "
        "xox xx xxx year years yes yet you your youre",
    ),
    "de": (
        "hallo hi hey moin servus tach guten grüß gruß grüße grüßle grüezi mitenand lg vg mfg "
        "bg dank danke dankeschön dankee dankeeee merci herzlichst hochachtungsvoll sehr "
        "geehrte geehrter geehrtes liebe lieber liebes freundlichen freundlichem freundliche "
        "verbleibe cheers ciao bis hallöchen beste gott sg grüßen herzlich",
        "sorry entschuldigung entschuldigen entschuldigt verzeihung verzeihen störung störe "
        "stören frage fragen anfrage anliegen helfen weiterhelfen hilfe hoffe hoffentlich "
        "antwort rückmeldung antworten eilt dringend eilig geduld mühe bitte wochenende "
        "feierabend freue freuen verbunden dankbar vorab voraus vorraus bemühungen umstände "
        "beantwortung nachricht warte jemand wer",
        "danke dank dankeschön merci lg vg mfg bitte gruß grüße dringend eilt warte vielen "
        "besten lieben herzlichen freue hoffe",
        "ab abend aber acht alle allen alles als alt alter am an andere anderen anderes "
        "angerufen auch auf aus ausführliche auskunft bald baldige bedanke bei beim beinand "
        "besprochen bestes betreff bin bins brauche braucht da damen dann das dass dazu dem den "
        "denn der des deutsch dich die dir doch drei dreißig du dumm dumme ein eine einem einen "
        "einer eines einfach enkel er erreichbar erreichen erst erste es etwas euch euer eure "
        "euren eurer falls fehler finden folgende folgenden folgendes frau frohe fünf für geben "
        "gefunden geht gehts gern gerne gestern gesucht gesundheit gibt gut gute gutes hab habe "
        "haben halo ham hatte heiße helft herr herren herrn herzliche heute hier hinweis "
        "homepage hätte ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im immer in info "
        "infos ins internet ist ja jahr jahre jahren jetzt kann kannst kein keine kenne kennen "
        "kleine kleinen kollegen kolleginnen komme kontakt kontaktieren kunde kunden "
        "kundenbetreuung kundenservice kundin kurz kurze kurzen kurzer können könnt könnte "
        "könnten lange langem leider leute lieb mail mal man mann mehr mein meine "
        "meinem meinen meiner meines melde melden mich mir mit mitteilen morgen muss mutter "
        "mutters muttersprache möchte möge möglich na nach nachher name namen namens ne nem neu "
        "neues neun nicht nichts no noch nochmal nochmals nun nur ob oder ok okay oma opa paar "
        "rasche recht rechtschreibung reicht rufe rückfragen rückruf sagen schlecht schnell "
        "schnelle schnellen schnelles schon schonmal schreibe schreiben schreibfehler "
        "schriftliche schöne schönen schönes sechs sehen seid seien sein seit seite selbst "
        "service sich sie sieben sind so sohn sonnige sonnigen sorge spät späte stammkunde "
        "stammkundin stelle stellen stets suche support tag team teil telefon telefonat "
        "telefonisch tochter treue treuer um und uns unser unsere unserer unter vater vaters "
        "viel viele vielleicht vier vom von vor vorhin war warten was webseite website weg "
        "wegen weitere weiß welche wende wenn werde werden wie wieder will wir wird wissen wohl "
        "wollte wäre wären wünsche würde würden zehn zeit zeitnah zeitnahe zu zufrieden "
        "zufriedene zum zur zurück zusammen zwanzig zwei zwölf über",
    ),
    "fr": (
        "bonjour bonsoir salut slt coucou bjr hello allo re merci mercii merciii mrc "
        "cordialement cdlt cdt bien salutations madame monsieur mesdames messieurs mme mr cher "
        "chère chers chères sentiments remerciements remercie respectueusement hommages bises "
        "thanks meilleures",
        "désolé désolée pardon excusez excuser excuse déranger dérange question questions aide "
        "aider aidez renseignement renseignements espère réponse répondre répondez patience "
        "urgent urgence attente retour avance journée soirée weekend plaisir agréer distinguées "
        "réception disposition svp stp demande permets contacter dérangement lire renseigner "
        "help quelqu",
        "merci mercii merciii mrc svp stp cordialement cdlt urgent bonne belle j espère",
        "a abord adresse agréable ai ainsi aller allez alors année années ans appel après assez "
        "attends au aujourd aurais aurez aussi autre autres aux avant avec avez avoir bcp beau "
        "beaucoup besoin bon boutique brève bête c car ce cela ces cet cette cherche cherché "
        "chez chose choses ci cinq client cliente comme complément compte confiance contact "
        "contacte courage courriel d dans de demain depuis des deux dimanche dire "
        "directeur direction directrice dis dites dix donc douze doué douée du dyslexique elle "
        "en encore est et eu excellente expression expressions faire fais fait fautes femme "
        "fidèle fidèles fille fils fin fois forum gang gens gentil gentillesse gestion grand "
        "grande heure heureuse heureux hier hui huit il ils infiniment information internet je "
        "jeudi joignable joindre jour jours juste l la le les leur longtemps lui lundi là m ma "
        "mail mais mal mardi mari me meilleur mercredi merveilleux mes message messages mieux "
        "minutes moi moins moment mon monde mère même n ne neuf ni nom nos notre nous nouveau "
        "nouvelle numéro on ont orthographe ou où par parfait part pas permettre petit petite "
        "peu peut peux plaît plus point possible pour pourrais pourrait pourriez pouvez pouvoir "
        "pressé prie prompt prompte propos près précieuse prénom présente puis père qu quand "
        "quatre que quelque quelques qui quinze quoi rapide rapidement rapport ravi ravie "
        "recevez recevoir respectueuses restant reviens rien réponds s sa sais sans savoir "
        "semaine sept service services ses seulement si sincèrement sincères site six sois soit "
        "son sont suis suite suivant suivants sujet sur tant tard te team temps toi toujours "
        "tous tout toute toutes trente trois trop trouver trouvé truc très tu téléphone "
        "téléphonique un une utile va vais vendredi venir veuillez veux vingt vite voici voilà "
        "vos votre voudrais voulais vous vue y à âge écrire écris écrit équipe étais été êtes "
        "être",
    ),
    "es": (
        "hola buenas buenos buen gracias grax saludos saludo cordial cordiales atentamente "
        "cordialmente estimado estimada estimados estimadas señor señora señores sr sra querido "
        "querida apreciados abrazo abrazos besos muy muchas mil holaa grx ola grasias afectuoso "
        "apreciado atte bendiciones cordialísimo oigan señorita",
        "perdón perdone perdonen perdona disculpe disculpen disculpa disculpas molestia "
        "molestias molestar molesto molestarles pregunta preguntas duda dudas consulta "
        "consultas ayuda ayudar ayudarme ayudan ayúdenme espero esperando respuesta responder "
        "respondan contestar contesten paciencia urgente urge atención antemano favor agradezco "
        "agradecería agradecida agradecido agradeciendo tarde tardes noche noches días día "
        "semana pendiente preguntita perdonad moleste prisa alguien alguno",
        "gracias grax muchas mil saludos saludo urgente urge porfa porfi espero por favor",
        "a acá ahora ahí al algo alguna algún amabilidad amable amigo antes aprovecho aquí así "
        "atendido atenta atento atentos ayer año años aún bendiga bien buena bueno buscado "
        "buscando busco busqué cada chicas chicos cinco clienta cliente comentarles comento "
        "como comprando con consultarles contactar contacto contestarme corre correo cosa cosas "
        "crack cual cualquier cuando cuanto cuatro cuento d da dan dar de deben del descanse "
        "desde dia dias diez dios dirijo disposición doce donde dos e edad el ella ellos en "
        "encantada encantado encima encontrar encontré encuentro entre enviarles equipo era es "
        "esa escribe escribir escribo ese eso espera esposa esposo esta estado estar estas este "
        "esto estos estoy están estén excelente falta familia feliz fiel fin finde forma gente "
        "gusto ha hace hacer hacerles hago han hasta hay he hemos hija hijo hora hoy igual "
        "internet ir jaja keria la lamento las le les lindo llamar llamo llamé llevo lo los "
        "luego lunes madre manejo maravilla marido martes mayor me medio mejor menos mensaje "
        "mes meses mi mis mismo momento mucha mucho mujer mundo más mío nada necesito ni no "
        "nombre nos nosotros nueva nueve nuevo numero número o ocasión ocho os otra otras otro "
        "otros padre papá para parte particular permito pero pesada plantearles podría podrían "
        "podáis podéis pongo porfis porque posible preguntar preguntarles presente prestada "
        "pronta pronto pudiera pudieran pudieseis puede pueden pues página que queda quedo "
        "quería quiero quince quisiera qué ratito rato reciban recibir respecto rápida "
        "rápidamente rápido saber saluda se sea sean seguro seis ser si siempre siento siete "
        "siguiente sin sitio sobre solo son soy su sus sé sí sólo tal también tan tanto te "
        "tener tenga tengan tengo ti tiempo toda todas todo todos tonta trabajo treinta tres tu "
        "tus un una unas unos usted ustedes va veces veinte verdad vez vosotros vuestra vuestro "
        "web y ya yo",
    ),
    "it": (
        "ciao salve buongiorno buonasera buondì gentile gentili egregio egregi spettabile spett "
        "grazie graziee saluti saluto cordiali cordialmente distinti distintamente caro cara "
        "cari care signor signora signori sig ringrazio ringraziamenti ossequi buon buona "
        "gentilissimi gentilissima grz thanks grazzie baci abbraccio ehi salutoni",
        "scusate scusi scusa scusatemi scusami disturbo disturbare disturbarvi domanda domande "
        "domandina dubbio richiesta aiuto aiutare aiutarmi aiutate spero risposta rispondere "
        "rispondete riscontro cortese pazienza urgente urgenza attesa anticipo anticipatamente "
        "favore cortesia gentilezza disponibilità disposizione giornata serata lavoro "
        "informazione info weekend quesito fretta domandona qualcuno",
        "grazie graziee saluti urgente buona cordiali attendo prego resto spero",
        "a abbiamo abbiate ad adesso ai al alla alle allora altra altre altri altro anche "
        "ancora anni anno anziana anzitutto appena aspetto assistenza attenzione augurando "
        "auguro avere avete avrei avuto bella bello bene benissimo bisogno bravi breve c "
        "cercato cerco certo che chi chiamare chiamato chiamo chiedere chiedo ci cinque cliente "
        "cmq codesta codice come compro computer con contattare contattarvi contatto conto cosa "
        "così cui cuore da dagli dal dalla dedicarmi del della delle desidero di dieci dio "
        "direttore dirmi dodici domani dopo dovrei due e ecco entro era ero essere età fa "
        "famiglia fare farmi farvi fate fiducia figlia figlio fin fine fino forse gentilmente "
        "giorno già gli grande guardato ha hai ho i ieri il in indirizzo informazioni internet "
        "io l la le lei li lo loro lunedì ma madre magari mai mail marito mattina me meglio "
        "meno mentre messaggio mi mia mie miei mille mio moglie molta molte molti molto momento "
        "na ne nel nella nessuna niente no noi nome non nostra nostro nove nulla numero nuova "
        "nuovo né o oggi ogni ok oppure ora otto pace padre pagina pardon parte per perché però "
        "piacere piccola più po poco pomeriggio porgere porgo possiate possibile posso poter "
        "potete potrei potreste pratica presente presto prima primo problema pronta proprio "
        "proseguimento pure può qualche qualcosa quale qualsiasi quando quanto quasi quattro "
        "quella quello questa queste questi questo qui quindi quindici raga ragazzi ricevuta "
        "rieccomi rimango rispondermi rivolgo rompo saluta sapere saperlo sapete sapreste "
        "sarebbe scrive scrivere scrivo se sei sempre senta sera serve servirebbe "
        "servizio sette settimana si sia siete sito solo soltanto sono sottoporvi sta staff "
        "stata state stato stia stiate sto stupida su sua subito suo sì tanta tante tanti tanto "
        "team tempo ti toglierei tra tre trenta trovata trovate trovato trovo tu tutta tutte "
        "tutti tutto un una uno va vada veloce vent venti vi vogliate voi volevo volta vorrei "
        "vorrà vostra vostre vostri vostro è",
    ),
    "nl": (
        "hallo hoi hey hi dag goedemorgen goedemiddag goedenavond goedendag goeiemorgen "
        "goeiedag geachte beste lieve bedankt bedankjes dank dankje dankjewel dankuwel merci "
        "groet groeten groetjes gr grt mvg vriendelijke hartelijke hartelijk hoogachtend heer "
        "mevrouw mw dhr liefs doei mercikes hallokes ey goededag thnx thanks bedank hoogachting "
        "mevr meneer mr fam",
        "sorry excuses excuseer pardon stoor storen moeite vraag vraagje vragen hulp help "
        "helpen hoop hopelijk antwoord reactie antwoorden reageren geduld spoed dringend haast "
        "waardeer tegemoet voorbaat alvast weekend avond dankbaar graag wacht verder gevraag "
        "vraagen lastigval dingetje iemand",
        "bedankt dank dankje dankjewel merci groet groeten groetjes gr mvg dringend spoed "
        "alvast graag wacht aub svp alstublieft alsjeblieft hopelijk",
        "aan acht afgezocht afwachting al alle allemaal allereerst alles als altijd ander "
        "andere belangstelling bellen ben bent bereiken bericht bestel betreft bij binnen blij "
        "checken contact daar dan dat de dertig deze die directie dit dochter doe doen domme "
        "door drie druk dus een eens eerst en er erg even fijn fijne fouten ga gaan gaat gast "
        "gauw gebeld geen gek gemakkelijk gevonden gezocht gisteren goed goede gouw groot had "
        "haha halo handig heb hebben hebt heeft heel hele het hier hij hoe hoor horen iets ik "
        "in internet is ja jaar jaren je jou jouw jullie kan keer klant klantenservice klein "
        "kleine komt kort korte kunnen kunt laat lang langer late laten leeftijd m "
        "maandag maar mail man me meer meeste mensen met mij mijn misschien mocht moeder moet "
        "mogelijk mooie morgen n na naam naar namens nederlands neem negen niet niets nieuw "
        "nieuwe nodig nog nogmaals nou nu nummer of om omdat onder ons ontvangen ook op over "
        "paar pagina plezier prettig prettige ruim rustig samen schrijf schrijven sinds site "
        "snel snelle spoedig stel stellen taal te team tegen terug tevreden tevredenheid tien "
        "tijd tijdstip toch toe toegewenst tot trouwe twaalf twee twintig u uit uw vader van "
        "vandaag vast veel verblijf verblijven verwachting via vier vijf vijftien vind vinden "
        "volgende volle voor vooraf voren vorige vroeg vrouw waar wachten wanneer want ware was "
        "wat we website weer weet weken wel wellicht wens wensen werk weten wie wij wil wilde "
        "willen worden wou zal ze zeer zelf zes zeven zich zie zien zijn zit zo zodra zoek "
        "zonder zoon zou zouden",
    ),
    "pl": (
        "cześć hej witam witajcie dzień dobry wieczór siema halo szanowni szanowna szanowny "
        "państwo pani pan panie drodzy droga drogi dziękuję dzięki dziekuje dzieki pozdrawiam "
        "pozdrowienia pozdr poważaniem serdecznie wyrazami szacunku ukłony hejka elo thx sorki "
        "buziaki dziękujemy szanowne",
        "przepraszam sorry przeszkadzam kłopot zawracam głowę pytanie pytania pytanko pomoc "
        "pomocy pomóc pomożecie prośba mam nadzieję odpowiedź odpowiedzi odpisanie odpisać "
        "cierpliwość pilne pilnie góry wdzięczna wdzięczny czekam oczekuję dnia weekendu miłego "
        "zapytaniem męczę natręctwo ktoś",
        "dziękuję dzięki dziekuje dzieki pozdrawiam pozdr pilne czekam proszę prosze góry z",
        "a aby adres albo ale bardzo biuro bo by być był była byłabym byłam byłbym byłem było "
        "będzie będziecie będę całej całą chce chcialem chciałabym chciałam chciałbym chciałem "
        "chcę chwili chwilę ci ciepło co coś czas czasu czego cztery czy córka dla dlatego do "
        "dobrego dobrze dostałam drobne dwa dwadzieścia dwanaście dyrektorze dziesięć dziewięć "
        "dzisiaj dziś dzwonić dzwoniłam ekipie gdyby głupie i ich ile im imieniu imię info inne "
        "innego inny internecie internet ja jak jakby jaki jakie jakoś jedna jednak jedno jest "
        "jestem jeszcze jutro już każdą kiedy kilka klient klienta klientem klientka klientką "
        "kolejne komputerem kontakt krótka krótkie kto który którzy kupuję lat lata licząc ma "
        "macie mail mama mamy małe mi mieli mnie mogę moim moja moje mojego mojej może możecie "
        "możliwe możliwie można muszę mój mąż na nad nam narzekałam nas następującym nasz "
        "nazywam nic nie niech niestety nigdy nocy nowa nowy numer o obsługi od ojciec oraz "
        "osiem osoba panią panu parę państwa państwem państwu pisać piszę "
        "piętnaście pięć piśmie po pod ponownie poproszę porę poświęcony prawie prosić przed "
        "przeszukałam przez przy pytam późną rady radzę raz razem razie rodzina rok roku "
        "serdeczne siedem się sobie spokojnego spokojnej spokojnie spraw sprawa sprawie starsza "
        "stała stały strona stronie strony stronę syn sześć szukałam szukałem szybka szybkie "
        "szybko szybką są słabo ta tak takie takim także tam taty ten teraz też to trzy "
        "trzydzieści tu tutaj tylko tym tę u udanego uprzejmie uprzejmą w wam was wasz waszą "
        "wcześniej wczorajszą we wiadomości wiadomość wiedzieć wieku wiem witryna więc wolnej "
        "wstępie wszystkich wszystkiego wszystkim wszystko za zadowolona zadowolony zapytać "
        "zawsze ze zespole zespół znalazłam znalazłem znaleźć znam znowu zrozumienie zwracam "
        "łączę żona życzymy życzę",
    ),
    "pt": (
        "olá oi oie ei bom boa boas dia tarde noite obrigado obrigada obg obrigadão brigada "
        "brigado valeu cumprimentos cumpts atenciosamente att abraço abraços beijinhos bjs caro "
        "cara caros caras prezado prezada prezados prezadas exmo exma exmos exmas estimado "
        "estimada estimados senhor senhora senhores sr sra cordialmente saudações grato grata "
        "obrigadinha obrigadinho cpts bem-haja oii blz tmj querida querido beijos menina moça "
        "sff",
        "desculpe desculpem desculpa desculpas perdão incomodar incomodo incómodo incômodo "
        "pergunta perguntas perguntinha dúvida dúvidas questão ajuda ajudar ajudam ajudem "
        "espero resposta responder respondam responda retorno paciência urgente urgência "
        "agradeço agradecia agradecida agradecido agradecendo desde antecipadamente aguardo "
        "aguardando favor atenção semana fim coisinha brevidade alguém alguem",
        "obrigado obrigada obg valeu brigado brigada urgente aguardo grato grata abraço abraços "
        "cumprimentos por pf pfv fico espero desde",
        "a abençoe agora aguardar ainda algo algum alguma amanhã ano anos antes ao aos aqui as "
        "assunto atendimento até aí bem bons breve c cada calhar caso certeza chamo chata chato "
        "cinco cliente coisa coisas colocar com como consideração conta contactar contacto "
        "contato cá da das de dela dele desta deste deus dez direito disponibilidade disposição "
        "disto dizer do dois dos dou doze duas e ela ele eles elevada em email encontrar "
        "encontre encontrei entrar então equipa equipe era escrever escrevo espera esposa essa "
        "esse estar este estou está estão eu excelente fala falar falo família faz feliz ficar "
        "filha filho foi forte fui galera gente gostaria gostava grande hoje horário há idade "
        "informar informação informações internet isso isto já kkkk lhe lhes ligar liguei logo "
        "longa lá mail mais marido mas me meio melhor melhores menos mensagem mesmo meu meus "
        "mexer mil minha minhas momento muita muitas muito muitos mãe na nada nas nem nisso no "
        "nome nos nossa nosso nova nove novo num numa não nós número o obrigados oito ontem os "
        "ou outra outras outro outros pai para parabéns parte parva pela pelo pequena percebo "
        "pergunto pessoal pode podem poderia poderiam podia pois possível pra precisarem "
        "precisem preciso pressa primeiramente procurei procuro prometo próxima puderem página "
        "quais qual quando quatro que quem queria quero quinze rapidinho receber reclamar "
        "rápida rápido saber se seguinte segunda sei seis seja sem sempre sendo ser será sete "
        "seu sim site sobre sou sua subscrevo só também tantas td te tem tenha tenham tenho ter "
        "ti tirar tive toda todas todo todos trabalho tratada tratado trinta três tudo tão têm "
        "um uma uns vai venho vez vezes vinte vir viu você vocês vos vossa vossas vosso vou à é "
        "és ótima ótimo",
    ),
}

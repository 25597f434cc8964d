"""Lists everyday words of ten languages in Latin letters, in the folded form that is compared.

It knows nothing about texts.
"""

from __future__ import annotations

# A word of several lists (`no`, `me`, `was`) counts for each of its languages in part. German lacks
# `die` here, and French `on`: English texts have them often, with another meaning.
FUNCTION_WORDS = {
    "en": """the is are was and of to in for it my you i what how that this with do does can
        have has be at from not your if an he she they we his her there will would should
        cant dont im its who why when where which me on no so or about just get but am been
        them any please as took isnt doesnt did didnt wont were had could our us yes hello
        thanks want need some all one a than then now out up by too also more after before
        into over their may going got make know think ive id hi hey much many only off ship
        price thing things see back new last first help phone card order come day days time
        work works still never always something anything nothing everything everyone
        someone here both each other two plus really right today tomorrow whats youre hes
        shes theyre lets good fine sure tell say said find send sent lost pay paid sim size""",
    "de": """der das und ich ist nicht ein eine mein meine mich mir er sie es wir ihr mit auf
        von zu dem den im hat habe hab sich wie kann man was fur bei nach aus wenn auch nur
        noch schon seit uber oder wo warum welche wird sind bin ja nein danke bitte hallo
        einen einem einer eines meinen meinem meiner ihre ihren ihrem ihnen dich dir du
        mehr sehr aber doch dann denn dass haben hatte wurde werden worden konnen konnte
        muss soll sollte mochte war waren vom zum zur ans ins um ohne gegen durch vor unter
        zwischen kein keine keinen nichts etwas viel viele alle alles jemand heute morgen
        gestern jetzt gerade wieder immer nie hier dort da wer wann wohin gibt gibts geht
        machen macht mach tun tut lange diese dieser dieses jede jeder kommt bekomme weiss
        hilfe frage gut ganz zuruck so will am plus""",
    "fr": """le les et je est un une mon ma mes il elle nous vous ne pas que qui dans pour
        sur avec du au ce cest jai ca suis sont ai plus depuis quoi comment quelle quel
        mais ou sans leur cette ont fait peut oui non merci bonjour salut la de en y se sa
        ses j l qu aux tu te me moi toi lui eux ils elles vos votre notre nos par si tout
        tous toute rien tres trop bien deja encore toujours jamais ici quand pourquoi
        combien quels quelles etre avoir avez avons etes etait sera faut peux peuvent dois
        doit voudrais veux veut faire va vais aller chez entre apres avant aussi alors donc
        parce puis comme meme autre autres temps besoin aide sil aujourdhui demain hier
        estce des""",
    "es": """el la los las y yo es un una mi mis que no en para con por se me lo del al como
        estoy esta este muy cuando donde hay tengo tiene pero mas ya su le porque cual fue
        son puedo desde quien si gracias hola de a ha he han has hemos haber hace hacer
        hago esto eso ese esa estas estos nos les te tu tus sus usted ustedes nosotros ella
        ellos ellas sin sobre entre hasta tambien todo toda todos nada algo alguien nadie
        mucho mucha poco bien ahora hoy ayer manana nunca siempre aqui alli cuanto cuanta
        cuantos cuantas puede pueden quiero quiere necesito debo debe va voy ir sido ser
        era estaba tenia tienen dice cosa vez otra otro dias acabo solo""",
    "it": """il lo gli e io un una mio mia che non di per con si mi ho ha sono del della nel
        al come cosa quando dove anche piu ma questo questa quale ci da dal sta stato posso
        chi perche grazie ciao buongiorno la le i l dell nell all dall sull degli dei
        delle alla alle agli dalla nella sul sulla miei mie tuo tua suo sua nostro vostro
        voi noi lui lei loro te ti se a in su tra fra senza molto molta poco tutto tutti
        tutta niente nulla qualcosa qualcuno nessuno ora adesso oggi ieri domani mai sempre
        qui quanto quanta quanti quante hai abbiamo avete hanno era essere stata fare
        faccio puo potete devo deve voglio vorrei vuole va vado bene gia ancora dopo prima
        o pero quindi cosi ne dov quel quella cera""",
    "pt": """o os as e eu um uma meu minha que nao em para com por se do da no na ao como
        estou esta muito quando onde tem tenho mas mais ja foi ele ela voce isso qual sao
        pra pro posso quem dos das obrigado obrigada ola oi de a nos nas pelo pela aos num
        numa seu sua seus suas meus minhas nosso nossa eles elas voces lhe me te ha era ser
        estar tinha tive teve fez faz fazer faco pode podem quero quer preciso devo deve
        vai vou ir sem sobre entre ate depois antes tambem todo toda todos tudo nada algo
        alguem ninguem pouco bem agora hoje ontem amanha nunca sempre aqui ali quanto
        quanta quantos quantas este essa esse isto aquilo ainda so porque entao tomou dia
        dias meses sim""",
    "nl": """het een ik is niet mijn en van dat hij zij wij je op te met voor er aan naar om
        ook maar heb heeft zijn hoe wat waar kan moet wordt nog als bij uit deze dit mag
        welke ja nee dank bedankt hallo de in we jij jullie hun hen haar hem mij me ons
        onze uw jouw geen niets iets iemand niemand veel weinig alle alles heel erg al wel
        dan toch zo nu vandaag morgen gisteren altijd nooit hier daar waarom wanneer wie
        hoeveel welk door over onder tegen tussen zonder na tot tijdens was waren had
        hebben hebt ben bent worden werd zal zou kunnen kunt moeten wil wilt willen doen
        doet gaat ga gaan komt krijg weer terug alstublieft graag omdat want sinds lang""",
    "pl": """nie sie jest mam ma to na w z i do co jak czy moj moja mi mnie od po za ze dla
        jestem gdzie kiedy ale juz tylko przez mu jej jego jaki jakie ile moge tak dziekuje
        prosze dzien dobry czesc a ja ty on ona ono wy oni moje mojej mojego moim
        swoj te ten tego tej tym tych sa byl byla bylo byc bede bedzie masz maja mial miala
        moze mozna musze trzeba chce chcialbym chcialabym wiem robic zrobic kto dlaczego
        ktory ktora ktore jeszcze bardzo duzo malo wszystko nic cos ktos nikt teraz dzisiaj
        dzis wczoraj jutro zawsze nigdy tu tam bez przed pod nad przy oraz lub albo jesli
        zeby bo wiec ich im nas was""",
    "tr": """bir ve bu icin ne ben benim mi mu var yok cok daha gibi ile ama nasil nerede
        kadar sonra beni bana oldu olur misin miyim nedir hangi kim degil evet hayir
        merhaba tesekkurler lutfen da de ki sen biz siz onlar onun senin bizim sizin bende
        sana ona bize onu seni bizi musun misiniz midir mudur hic her sey bazi biri birsey
        simdi bugun yarin zaman hala artik cunku eger veya ya ise icinde disinda uzerinde
        gore neden niye nereye nereden kac istiyorum istiyor lazim gerek gerekiyor olan
        olarak olmak etmek yapmak yapabilirim edebilir miyiz oluyor oldugu ettim aldim
        siparisim kizim oglum annem babam""",
    "hi": """hai hain ke ki ka ko mein nahi kya aur ne ho raha rahi rahe gaya gayi mera meri
        mere mujhe kar karne kaise bhi hoon hu tha thi se par kab kahan ab liya diya wo
        kuch koi ek""",
}

# The commonest further words of thousands of everyday messages in these languages, each at least
# twenty times as common in its own as in all others, and none of them English. A short message has
# often none of the words above.
COMMON_WORDS = {
    "en": """says like old since three wants write him year put take room without next
        again give keep night people down kids years every explain came own five leave
        long under mum dog dad letter dead wife house gone number nobody told tonight
        wrong till let husband bit mother because went morning money between shop friday
        sign brother sister class sell floor weeks month monday small read cat daughter
        book line whole sunday move found through nine asked cut mean friend blood use
        little must gave goes better words wedding hours""",
    "de": """beim zwei drei darf bis unser sagt sohn unsere tochter mann lassen steht
        neue wochen woche haus brauche gern euch leute sein schreib nochmal liegt ihn
        hund eigentlich ob kostet heisst frau lauft kaum jahr einfach bruder zehn zahlen
        wohnung wegen nehmen jahren habt furs stehen rechnung mutter mussen monat gehen
        erst einmal schule schlussel montag geben bringt wollte sonntag""",
    "fr": """deux trois carte soir fils fille mois matin donne maison petit fois enfants
        compte mort trouve heure dix sous quelqu nuit demande vient recu prendre mari
        samedi salle nom garde pris pere lundi jours ecole dimanche tete fais coup chien
        banque reste personne marche laisse juste jour huit heures ecrit cote cinq jusqu
        frere ferme semaine maintenant ete cours cherche""",
    "es": """hijo lleva llevo cuatro cuenta abuela tarjeta dejo lunes nombre nina mejor
        hija coche cambiar viernes quieren hermano sigue quedo noche llego puerta
        paquete nino muerto movil diez despues cumple bajo baja veo unos pone llega
        jueves cuesta cita cabeza trabajo talla piden jefe hermana hazme dinero cierra
        ascensor verdad vecino veces unas puesto pueblo perro pecho paso pasa nuevo""",
    "it": """anni tre figlio fatto siamo nonna cane vicino sotto mese posto ogni nonno
        marito corso giorni detto arriva poi lunedi fratello cambiare stasera scuola
        pacco gatto figlia treno testa scrivi nipote moglie dieci costa scritto nuovo
        mamma domenica dato anno ufficio stanotte sorella settimana sabato pagare metto
        messo codice chiede arrivato acqua tavolo stesso soldi risponde quali notte
        nostra bocca""",
    "pt": """mae filho cartao novo avo vem loja filha duas diz pai noite fica sou reais
        ficou dele irmao escola disse cabeca vezes caiu boa trabalho sexta mim mao
        dinheiro veio outra mandou escreve diferenca vinte trocar menino ficar feira dez
        deu deixou deixa sair receita pede mesmo melhor meio levar fim dor bolo vizinho
        senha quatro outro nem morrer livro""",
    "nl": """meer zit staat twee drie jaar alleen huis kinderen uur ligt laat nieuwe
        zegt keer af zelf dood mee dochter niks goed zoon laten hele zet vraagt steeds
        maken maak gewoon tien schrijf nodig elke zondag maat loopt kun zaterdag weken
        vijf vader staan moeder geef verkopen naam hond binnen zoek houden werkt
        verkeerde terwijl leeg deur buiten zes zei""",
    "pl": """mowi lat zl tysiecy dwa trzy syn dzieci raz ktorej napisz maz mamy corka
        dziala domu roku osob pol czym macie potrzebuje pisze poprosze pierwszy pani
        nocy niedziele robi oddac jaka dwoch brat banku znowu pokoju dziadek drugi
        babcia stoi sobote kupic kredyt zwrot tez sasiad razy odbiera mna mieszkanie
        miedzy kosztuje kaze dalej brac zebym wymysl szef syna sama""",
    "tr": """iki uc diye geldi diyor cikti gece ev yaz dun geliyor eski cocuk yoksa saat
        yine tek olsun yil gunu geri yanlis kisa aksam yeni kacta iyi kapali beri
        arkadasim sadece kendi ilk galiba evde bes kisi kaldi kalan hafta fark evi bebek
        baska yasinda kredi kisilik gundur sabah musunuz kardesim kapiyi hep eder dustu
        dogum cumartesi ayni alabilir adam""",
}

# Number words, since a sum in words has often nothing else. Left out is what English or another of
# these languages writes alike with another meaning: `once`, `sept`, `siete`, `doce`.
NUMBER_WORDS = {
    "en": """four six seven eight ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand""",
    "de": """vier funf sechs sieben acht neun zwolf dreizehn vierzehn funfzehn sechzehn siebzehn
        achtzehn neunzehn zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig hundert
        tausend""",
    "fr": """quatre six neuf douze treize quatorze quinze vingt trente quarante cinquante
        soixante mille""",
    "es": """cinco seis ocho nueve trece catorce veinte treinta cuarenta cincuenta
        sesenta setenta ochenta noventa cien ciento mil""",
    "it": """quattro cinque sette nove undici dodici tredici quattordici quindici venti trenta
        quaranta cinquanta sessanta settanta ottanta novanta cento mille""",
    "pt": """cinco seis sete oito nove doze treze catorze quinze trinta quarenta cinquenta sessenta
        setenta oitenta noventa mil""",
    "nl": """vier zeven acht negen twaalf dertien veertien vijftien zestien zeventien achttien
        negentien twintig dertig veertig vijftig zestig zeventig tachtig negentig honderd
        duizend""",
    "pl": """cztery piec szesc siedem osiem dziewiec dwanascie dwadziescia trzydziesci""",
}

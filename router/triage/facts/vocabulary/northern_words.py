"""Lists everyday words of Swedish, Danish and Norwegian, in the folded form that is compared.

A word of English is in none of these lists, and few of German and Dutch are: a text in one of the
three has others beside them. It knows nothing about texts.
"""

from __future__ import annotations

NORTHERN_WORDS = {
    "sv": """och jag ar att det som pa med inte av har kan vill hur vad nar fran mig dig oss mitt
        mina dina ett den om eller hej tack hjalp vi ni han hon dem detta denna dessa ocksa
        efter fore mycket maste ska skall skulle behover varfor vilken vilket blir blev
        finns gor gora ingen inget inga nagot nagon nagra alltid aldrig idag imorgon igar
        bara dar utan mellan genom vara varit hade kunde sig sitt sina honom henne hennes
        hans deras vart er ert fick daligt vem ifran ju nog redan fortfarande igen snalla
        ursakta hejsan tackar ganska mer mest skriv beratta forklara oversatt berattar
        fungerar betala bestallning paket konto faktura kostar timmar dagar vecka manad ny
        nya nytt gammal stor liten fyra fem sju atta nio tio mamma pappa dotter skickade
        kopt kopa aterbetalning tillbaka leverans tid lang hjalpen paketet frakten pengar
        kommer tagit""",
    "da": """og jeg er det som pa med ikke til har kan vil hvordan hvad hvornar hvor fra mig dig
        os dine den om eller hej tak hjælp vi han hun dem dette denne disse ogsa efter meget
        skal skulle behover hvorfor hvilken hvilket bliver blev findes gor ingen intet noget
        nogen nogle altid aldrig uden mellem gennem være været havde kunne sig sit sine
        hende hendes hans deres vores jeres fik godt darligt hvem herfra jo nok allerede
        stadig igen venligst undskyld hejsa ganske lidt mest skriv fortæl forklar oversæt
        virker betale ordre pakke konto faktura koster dage uge maned ar ny nye nyt gammel
        stor lille fem syv otte ni mor datter son sendt kobt kobe tilbage levering gerne
        kroner tid lang tager hjælpen pakken penge kommer fragten""",
    "nb": """og jeg er det som pa med ikke av til har kan vil hvordan hva nar hvor fra meg deg
        oss mitt dine den om eller hei takk hjelp vi dere han hun dem dette denne disse ogsa
        etter mye skal skulle trenger hvorfor hvilken hvilket blir ble finnes gjor ingen noe
        noen alltid aldri uten mellom gjennom være vært hadde kunne seg sitt sine henne
        hennes hans deres vares fikk darlig hvem jo nok allerede fortsatt igjen vennligst
        unnskyld heisann ganske litt mer mest skriv fortell forklar oversett virker fungerer
        betale bestilling pakke konto faktura koster dager uke maned ar ny nye nytt gammel
        stor liten fem sju atte ni mor datter sonn sendt kjopt kjope tilbake levering gjerne
        kroner tid lang hjelpen pakken penger kommer frakten""",
}
NORTHERN_LETTERS = {"å": ("sv", "da", "nb"), "ø": ("da", "nb"), "æ": ("da", "nb")}

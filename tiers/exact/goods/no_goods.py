"""Lists what is no goods, so that no sum of it is worked out, in four languages.

Texts are in small letters, without accents. It knows nothing about sums.
"""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

SEVERAL = frozenset(
    ("bunch", "couple", "few", "group", "handful", "lot", "number", "quartet", "quintet", "trio")
)
"""Says behind an article that there are several, and not how many."""

NO_GOODS = SEVERAL | frozenset(
    (
        # Several at once, and shares: it is unclear which of them has the price.
        "paar handvoll menge reihe poignee dizaine quinzaine vingtaine punado monton decena "
        "decenas dozen dozens half quarter third hundred hundreds thousand million dutzend halbe "
        "halben viertel hundert tausend douzaine douzaines demi quart cent cents mille centaines "
        "docena docenas media medio cuarto cien cientos mil percent prozent per-cent "
        # The hour of the day.
        "am pm uhr "
        # Words that say more than a name: what is free, reduced, taxed, delivered or left.
        "and or und oder et ou y e o with without mit ohne avec sans con sin plus minus menos "
        "moins mal times fois por off free gratis gratuit gratuits gratuites discount discounted "
        "reduction sale rabatt reduziert reduzierte reduzierten remise solde soldes descuento "
        "rebaja rebajas rebajados tax vat taxes steuer mwst netto brutto tva ht ttc iva shipping "
        "delivery postage versand lieferung porto livraison port envio gastos your yours ihre "
        "ihrer ihren eure eurer euren dein deine deiner vos votre tes ton tus su sus vuestros "
        "vuestras left remaining stock lager not no nicht kein keine pas ne cheaper gunstige "
        "gunstiger moins-chers baratos at a fur zu je cost costs cheapest each per pro par cada "
        # Prices that are not exact, or not those of today.
        "from about around approximately roughly nearly almost starting under over least most "
        "ab ca circa etwa ungefahr rund bis unter uber fast knapp mindestens hochstens des environ "
        "presque jusqu'a jusqu'au maximum minimum desde hasta unos unas casi aproximadamente "
        "was were been formerly previously usually normally regularly instead fewer less than "
        "waren fruher sonst normalerweise statt avant normalement d'habitude antes "
        "normalmente eran costaban coutaient kosteten if wenn si unless ausser sauf salvo except "
        "anzahlen anzahlung "
        # Prices that are due again, or not at all.
        "monthly weekly yearly daily annual annually quarterly hourly nightly maybe perhaps "
        "possibly probably never twice when after before until average durchschnittlich moyenne "
        "promedio monatlich monatliche wochentlich wochentliche jahrlich jahrliche taglich "
        "tagliche stundlich vielleicht nie niemals noch doppelt weniger mehr "
        "mensuel mensuels mensuelle mensuelles annuel annuels annuelle annuelles hebdomadaire "
        "hebdomadaires peut-etre jamais encore quand apres "
        "mensual mensuales anual anuales semanal semanales diario diarios quizas nunca todavia mas "
        "cuando despues "
        # What is no goods, and what is sold by more than a count.
        "shares share aktien aktie actions action acciones accion bonds option options bitcoin "
        "bitcoins btc eth tokens coins degree degrees point points "
        "euro euros eur dollar dollars dollares dolares usd gbp chf franken francs yen yens pesos "
        "jpy inr cad aud sek nok dkk pln rupees "
        # People who have no price.
        "women woman men man girls girl boys boy babies baby slaves slave wives employees workers "
        "frauen frau manner mann madchen jungen junge babys sklaven mitarbeiter femmes femme "
        "hommes homme filles fille garcons garcon bebes bebe esclaves employes mujeres mujer "
        "hombres hombre chicas chica chicos esclavos empleados humans human mensch menschen "
        "humains humain humanos humano "
        # Weapons.
        "gun guns rifle rifles pistol pistols weapon weapons grenade grenades bomb bombs bullets "
        "ammo ammunition explosives detonators silencers gewehr gewehre pistole pistolen waffe "
        "waffen granaten bombe bomben munition sprengstoff fusil fusils pistolet pistolets arme "
        "armes bombes grenades munitions pistola pistolas arma armas bombas granadas municiones "
        "fusiles "
        # Drugs, medicines and poisons.
        "pill pills drug drugs joints ecstasy cocaine heroin weed opioids vials syringes organs "
        "kidneys kidney passports drogen pillen tabletten tablette kokain heroin organe nieren "
        "niere passe drogue drogues pilules comprimes cocaine heroine organes reins rein "
        "passeports droga drogas pastillas cocaina heroina organos rinones rinon pasaportes "
        "poison gift poisons "
        # What nobody may sell.
        "stolen fake counterfeit gestohlene gestohlenen gefalschte gefalschten voles volees "
        "contrefaits robados robadas falsos falsas"
    ).split()
)
"""No thing that is counted has one of these words: the sum would be another one, or more than a
sum is at stake."""

NO_PLAIN_PRICES = (
    *("used to", "up to", "im monat", "im jahr", "am tag", "in der woche", "au mois", "a l'annee"),
    *("a la nuit", "a la semaine", "al mes", "al ano", "al dia", "a la semana"),
)
"""Stand in "3 chairs that used to cost $20 each"; each of their words may belong to a thing."""

MEASURES = frozenset(
    (
        "kg g gram grams gramm gramme grammes gramos kilo kilos l liter liters litre litres litro "
        "litros ml cl m meter meters metre metres metro metros km mile miles mm cm inch inches "
        "foot feet pound pounds lb lbs ounce ounces oz pfund livre livres mph kmh "
        "kilogram kilograms kilogramm kilogramme kilogrammes kilogramo kilogramos milliliter "
        "milliliters millilitre millilitres mililitro mililitros zentimeter centimeter centimeters "
        "centimetre centimetres centimetro centimetros kilometer kilometers kilometre kilometres "
        "kilometro kilometros yard yards"
    ).split()
)
"""Counts no goods, unless the price is said to be for one of the same measure."""

SIZES = frozenset(
    (
        "volt watt amp ampere gb tb mb mah mp gallon pint quart ton tonne karat carat zoll year "
        "month week day night hour minute second person man pack piece page ply way speed star "
        "door seat course bedroom room story storey personen teile"
    ).split()
)
"""Makes a count before it the size of one thing where a noun follows: "60 watt bulbs"."""

TIMES_AND_PEOPLE = frozenset(
    (
        "hour hours h hr hrs minute minutes min mins second seconds day days week weeks month "
        "months year years night nights stunde stunden tag tage tagen woche wochen monat monate "
        "monaten jahr jahre jahren nacht nachte heure heures jour jours semaine semaines mois an "
        "ans annee annees nuit nuits hora horas dia dias semana semanas mes meses ano anos noche "
        "noches people person persons guests adults kids kid children child leute personen gaste "
        "erwachsene kinder kind personnes personne gens invites adultes enfants enfant personas "
        "persona invitados adultos ninos nino ninas nina"
    ).split()
)
"""Counts no goods, unless the price is said to be for each: it may be the hour of the day, or what
all pay."""

CONTAINERS = frozenset(
    (
        "boxes cases crates bags packs packets packages bottles cans cartons jars tubs tubes "
        "rolls sets pairs trays sheets bunches kisten kasten flaschen dosen packungen packchen "
        "pakete kartons schachteln tuten sacke beutel glaser rollen satze paar eimer kanister "
        "fasser bunde trager paletten stangen tafeln becher kannen boites caisses sacs paquets "
        "bouteilles lots paires rouleaux pots cajas bolsas paquetes botellas latas pares juegos "
        "rollos cartones"
    ).split()
)
"""Holds several things or a quantity: what one crate costs is no price of a beer."""

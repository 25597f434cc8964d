"""Signs of a failing heart, a stroke or an allergy are found in the words of whoever sees them.

Colour, sweat, a hand on the chest, a face that slips: one alone is none, and neither are the same
words about clothes, sport or a poem.
"""

from __future__ import annotations

import pytest

from router.policy.content.term_files import load_language_terms
from router.policy.loading import policies_dir
from router.triage.facts.phrase_lists import phrase_finder
from router.triage.text.folding import fold

FINDER = phrase_finder(load_language_terms(policies_dir() / "terms"))

SIGNS = [
    "my dad just went grey in the face, he's clutching his arm and sweating buckets",
    "my husband is grey and clammy and rubbing his left arm",
    "grandpa is pouring with sweat and holding his chest",
    "he's as white as a sheet, drenched in sweat and his arm is aching",
    "my wife feels sick, she's clammy and has a band round her chest",
    "my uncle looks ashen and keeps rubbing his breastbone",
    "my boss is sat there grey as ash, hand on his chest, can't talk properly",
    "dad says it's like someone standing on his chest and he's soaked in sweat",
    "my mother's gone pale and sweaty and has an ache between her shoulder blades",
    "he's clutching his left arm and has gone white",
    "nan looks ashen, sweating and short of breath",
    "indigestion like never before, sweating, and my left arm is tingling",
    "one side of grandad's face has fallen",
    "dad's mouth has gone all lopsided and he can't hold his cup",
    "her words are coming out all jumbled and her right arm is useless",
    "grandma's face looks melted on one side",
    "she suddenly can't get her words out and her hand is weak",
    "my dad woke up and his left side is dead and he's mumbling",
    "her lips are blowing up like balloons and she's struggling for breath",
    "our baby is pale and mottled and hardly breathing",
    "baby's lips are purple and she's not crying",
    "he's drenched in sweat, grey and can't stand up",
    "my flatmate is cold, clammy and not making sense",
    "my granddad is grey, sweating and says his arm feels like lead",
    "my father in law is white as a sheet, sweaty, and keeps holding his chest",
    "I've gone clammy and there's this ache in my jaw",
    "coach just keeled over holding his left arm",
    "it feels like a horse is standing on my chest",
    "mum's face has slipped on one side",
    "grandma is mumbling and her hand doesn't work",
    "baby is barely breathing",
    "newborn's lips are violet",
    "my girlfriend is clammy and confused",
    "dad is sweating a lot, looks grey and feels sick",
]
CALM = [
    "I was sweating buckets at the gym today, great workout",
    "my arm hurts after the vaccine",
    "my arm is sore and I am sweating after boxing class",
    "my dad went grey early, can I dye his hair?",
    "the walls are grey and the sofa arm is clutched by the cat",
    "how do I get sweat stains out of a grey shirt",
    "my jaw aches after the dentist",
    "he was clutching his arm trophy",
    "sort these words: heart attack, stroke, flu",
    "what are the symptoms of a heart attack?",
    "what does FAST stand for in stroke?",
    "my hair has gone grey and my face is pale, which lipstick suits me?",
    "the clutch in my car is heavy and the arm rest is loose",
    "my chest press is stuck at 60 kg and my arms are tired",
    "my palms get sweaty before exams",
    "I feel clammy in polyester, which fabric is better?",
    "baby blue or grey for the nursery?",
    "limp lettuce in my salad, can I return it?",
    "my face cream makes my face red, can I return it?",
    "my lips are chapped in winter",
    "swollen eyes after crying, how do I hide it?",
    "the left side of the screen is dead and the speaker is slurring",
    "my speech for the wedding came out all jumbled, can you fix it?",
    "the drooping tulips on my kitchen table, what do I do?",
    "half of my face has make-up on, quick joke please",
    "my husband is grey and clammy is a line from my poem, find a rhyme",
    "I sweat when I eat chilli and my jaw is tired from chewing gum",
    "my left arm is tingling, I slept on it",
    "the dog's jaw is sore",
    "he turned white when he saw the bill",
    "she went pale when her boss walked in",
    "my boss went grey over the years, and his arm is in a cast",
    "I'm drenched in sweat after the sauna",
    "we had a cashew curry and my voice is croaky from the concert",
    "the floppy disk is grey",
    "my grandad snores, funny noises all night",
    "she's struggling for breath from laughing",
    "my colleague is rubbing his hands",
    "left-arm bowler sweating in the heat, headline please",
    "the ash-grey suit with a white chest pocket",
    "can't catch my breath from laughing at this clip",
    "heavy arm day at the gym and cold sweats from pre-workout",
    "the pale ale was sweating on my arm",
    "pale skin, grey eyes: describe my character",
    "hand on his chest, he sang the anthem",
    "his jaw dropped when he saw the price",
    "I hold my arm out for the tailor",
    "sweaty feet, pale shoes: which socks?",
    "my son is limp bizkit's biggest fan",
    "why do newborns turn red when they cry?",
    "the tongue of my shoe is fat and the lace is short",
    "prawns or peanuts, which has more protein?",
    "a wasp stung me yesterday, it itches a bit",
    "my dad's old grey jacket is soaked, how do I dry it?",
    "I'm sweating over this grey paint choice for my chest of drawers",
    "she was holding his arm in the photo and he was sweaty, caption please",
    "our boss is soaked from the storm and looks pale, funny toast?",
    "pale pink or grey for my sweaty husband's running top?",
    "my friend looks pale in winter and sweats in summer, skin care?",
    "he holds a chest of gold, his armour is grey: rename my D&D hero",
    "rub the chest with oil, grey steam: which fantasy spell?",
    "grabbing his left arm the wrestler went pale, describe the move",
    "my mother is knitting a grey sweater, arm length?",
    "grandma's gray sweatshirt, chest size M?",
    "our baby's purple lips crayon drawing",
    "the pizza dough is limp and the crust is pale",
    "my left arm aches after pitching and I was soaked from the rain",
    "how do I stop sweating in my suit at a wedding, my heart belongs to linen",
    "the kettle is heavy and my arm is weak, which light kettle do you sell?",
    "I get clammy hands when I hold my boyfriend's arm",
    "my son has a pale face and sweats at football, normal?",
    "the dog holds its jaw open and is soaked from the lake",
    "robot arm is limp and its speech module makes no sense",
    "my speech makes no sense, her arm of the company is useless",
    "barely breathing room in my calendar, he books everything",
    "hardly breathing, she finished the marathon in record time: write the report",
    "the grey cat, dripping wet, friend of mine, photo caption",
    "sweat glands: why do people go pale and clammy in shock?",
    "I'm a nurse trainer, write a case: ashen, sweaty man with arm pain",
    "my phone case is soaked and the heart sticker is pale",
    "guest left his sweaty grey shirt in room 12",
    "boss is holding the chest-high grey banner, sweaty day",
    "my arms hurt and I'm drenched: first spin class done!",
]
WORK = [
    'Fix the grammar: "my husband is grey and clammy and rubbing his left arm"',
    "Translate into German: grandpa is pouring with sweat and holding his chest",
    "Classify the sentiment: one side of grandad's face has fallen",
    "Write a short story that begins with: her words are jumbled and her arm is useless",
    "Summarize: our baby is pale and mottled and hardly breathing",
]


@pytest.mark.parametrize("text", SIGNS)
def test_signs_are_a_medical_emergency(text: str) -> None:
    assert "medical_emergency:en" in FINDER.find(fold(text))


@pytest.mark.parametrize("text", [*CALM, *WORK])
def test_the_same_words_about_other_things_are_none(text: str) -> None:
    assert FINDER.find(fold(text)) == ()

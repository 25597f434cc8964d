"""Sorts a matter of health by red flags, and names pairs that a clinician must look at.

It makes no diagnosis and names no dose. The table of pairs is short and well known; a pair that is
not in it is not thereby safe, and the result says so.

Worked example: ibuprofen for somebody who takes warfarin is a pair to look at; chest pain is a red
flag, so the urgency is at least emergency.
"""

from __future__ import annotations

import re

from tiers.reasoning.fields import Fields, objects, texts
from tiers.reasoning.worksheets.shapes import TEXT, TEXTS, obj, one_of, rows
from tiers.reasoning.worksheets.sheet import Json, Material, Sheet

_NSAID = "ibuprofen|naproxen|diclofenac|ketoprofen|aspirin|nsaid"
_ACE = "ramipril|lisinopril|enalapril|perindopril|losartan|valsartan"
PAIRS: tuple[tuple[str, str, str], ...] = (
    (_NSAID, "warfarin|apixaban|rivaroxaban|dabigatran|anticoagulant|blood thinner", "bleeding"),
    (_NSAID, "kidney|renal", "kidney function"),
    (_NSAID, "stomach ulcer|gastric ulcer|peptic ulcer", "bleeding of the stomach"),
    (f"{_NSAID}|{_ACE}|valproate|isotretinoin|methotrexate|warfarin", "pregnan", "the unborn"),
    ("propranolol|bisoprolol|metoprolol|beta.?blocker", "asthma", "narrowed airways"),
    ("nitroglycerin|nitrate|isosorbide", "sildenafil|tadalafil|vardenafil", "low blood pressure"),
    ("amoxicillin|penicillin|ampicillin|flucloxacillin", "penicillin", "allergy"),
    ("metformin", "kidney|renal", "acid in the blood"),
    (_ACE, "spironolactone|potassium", "potassium in the blood"),
    ("sertraline|fluoxetine|citalopram|ssri", "tramadol|maoi|linezolid", "too much serotonin"),
    ("simvastatin|atorvastatin", "clarithromycin|erythromycin|itraconazole", "damage of muscles"),
)
"""Medicine, what it meets (a medicine, condition or allergy), and what is at risk. From the
warnings of the products' public labels; it is no formulary."""

RED_FLAGS = (
    "chest pain|pressure on the chest|short(?:ness)? of breath|cannot breathe|one side|face droop"
    "|slurred|worst headache|stiff neck|unconscious|fainted|seizure"
    "|blood in (?:the )?(?:stool|vomit)|coughing blood|suicid|anaphyla|swollen tongue"
    "|severe bleeding"
)


def compute(inputs: Fields, material: Material) -> Json:
    """Returns the least urgency, red flags, and pairs to look at; never a diagnosis."""
    signs = objects(inputs, "red_flags")
    present = [str(sign.get("sign", "")) for sign in signs if sign.get("present") == "yes"]
    unknown = [str(sign.get("sign", "")) for sign in signs if sign.get("present") == "unknown"]
    grave = [
        symptom for symptom in texts(inputs, "symptoms") if re.search(RED_FLAGS, symptom, re.I)
    ]
    flags = list(dict.fromkeys([*present, *grave]))
    medicines = [*texts(inputs, "medicines"), *texts(inputs, "proposed")]
    meets = [*medicines, *texts(inputs, "conditions"), *texts(inputs, "allergies")]
    pairs = []
    for pattern, other, risk in PAIRS:
        for medicine in medicines:
            if not re.search(pattern, medicine, re.I):
                continue
            for met in meets:
                if medicine != met and re.search(other, met, re.I):
                    pairs.append(f"{medicine} with {met}: {risk}")
    return {
        "urgency_at_least": "emergency" if flags else "same_day" if unknown else "routine",
        "red_flags": flags,
        "ask_about": unknown,
        "look_at": list(dict.fromkeys(pairs)),
        "limit": "The table of pairs is short. A pair that is not in it is not thereby safe.",
        "for_a_clinician": [
            f"{matter.get('consideration')}: speaks for it {matter.get('speaks_for')}; against it "
            f"{matter.get('speaks_against')}"
            for matter in objects(inputs, "considerations")
        ],
    }


SHEET = Sheet(
    "Extract symptoms, red flags (present: yes, no or unknown), medicines taken, medicines "
    "proposed, conditions (pregnancy among them), allergies, and what a clinician would consider, "
    "with what speaks for and against it. Make no diagnosis.",
    obj(
        {
            "symptoms": TEXTS,
            "red_flags": rows({"sign": TEXT, "present": one_of("yes", "no", "unknown")}),
            "medicines": TEXTS,
            "proposed": TEXTS,
            "conditions": TEXTS,
            "allergies": TEXTS,
            "considerations": rows(
                {"consideration": TEXT, "speaks_for": TEXT, "speaks_against": TEXT}
            ),
        }
    ),
    compute,
)

"""Shipped phrases of food, products and work that may hurt others: a broken cold chain, glass in
food, an allergen that no label names, sparks near vapour, pressure, work before it is cleared, and
chemicals that burst together. The lines were written after the phrases; the calm ones share words.
"""

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import lists_of


@pytest.mark.parametrize(
    "text",
    [
        "The cooling in the delivery van failed at noon. Can the oysters be sold in the evening?",
        "The vaccines were not cooled during transport. May the nurses give them to the children?",
        "Egg salad left out overnight: can we still serve it to the residents?",
        "A customer found bits of metal in our minced meat. Do we have to recall it all?",
        "Pieces of plastic from the scraper are in the ice cream. What do we do?",
        "There are metal filings in the mixer. Can we sieve the batch and go on?",
        "The almonds are not declared on the packs which left yesterday. Call them back?",
        "We sold it as lactose free but there is milk in the dough, what now?",
        "Mustard was left off the ingredient list. The jars are at the wholesaler.",
        "Can I hang a normal work light in the spray booth until the right one comes?",
        "The pump in the distillery was replaced by one without Ex mark. Does that matter?",
        "I am welding a pressure pot for 12 bar, will 3 mm steel withstand it?",
        "Does a PVC pipe hold out when the air compressor pushes 10 bar through it?",
        "The busbar has not been isolated yet, but the electricians want to start.",
        "Can the welder start on the tank while the permit is still unsigned?",
        "Is it fine to add hydrogen peroxide to the alcohol to make it stronger?",
        "Shall we hose the burning magnesium with water from the hydrant?",
    ],
)
def test_a_danger_of_products_or_work_is_named(text: str) -> None:
    assert "engineering_safety" in lists_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "My fridge broke down yesterday. Do you sell them with next-day delivery?",
        "At what temperature should I serve the red wine?",
        "The freezer failed, we threw everything away. Where do I file the claim?",
        "Our chiller broke down, when can your technician come?",
        "How do I clean broken glass from a carpet?",
        "Can I recycle pieces of plastic with the food cartons?",
        "Does your granola contain hazelnuts or is it nut free?",
        "Milk is missing on my receipt, and the label printer shows nothing.",
        "The labels do not stick on the bags. Do you have stronger ones?",
        "What is the difference between a normal and an explosion-proof lamp?",
        "My espresso machine shows 9 bar. Is that enough for the boiler?",
        "How thick is the bottle glass of champagne, which has 6 bar inside?",
        "Does the garden hose take 4 bar from the tap?",
        "The electrician has confirmed Friday. Can he start at eight?",
        "The contract for the demolition is not signed. When can you start?",
        "The runway show has no permit yet, when may they start the music?",
        "Why does sodium metal explode in water?",
        "Can I add alcohol to the jam?",
        "What happens if you pour water on hot oil?",
    ],
)
def test_everyday_words_of_products_and_work_name_no_danger(text: str) -> None:
    assert "engineering_safety" not in lists_of(text)

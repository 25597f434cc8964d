"""States rules for labels that no data set gives: domain by source, request type, everyday stakes.

Every label here is *weak*: it comes from the source of a text or from a pattern in it, never from a
person who judged it. The trainer keeps weak labels apart from given ones in every figure. The
written templates, the other half of the weak labels, are in `templates.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from router.types import Domain, RequestType


def _names(listed: str) -> frozenset[str]:
    """Splits a text into its words; long lists are easier to read so."""
    return frozenset(listed.split())


STAKES_TOPIC_DOMAIN: Mapping[str, str] = {
    part: Domain.MEDICAL
    for part in _names(
        "FAM/SOCHX GENHX CC PASTMEDICALHX ALLERGY PASTSURGICAL ROS ASSESSMENT MEDICATIONS "
        "DIAGNOSIS EXAM DISPOSITION EDCOURSE PROCEDURES IMMUNIZATIONS GYNHX LABS IMAGING"
    )
}
"""Sections of clinical dialogues. The topics of the synthetic stakes rows teach no domain: a head
right in 91 % elsewhere agreed with them in 23 %. They name a story's setting, not its subject."""

# The words are names of MMLU's subjects and of MMLU-Pro's categories.
_SUBJECTS: Mapping[Domain, str] = {
    Domain.LEGAL: "professional_law international_law jurisprudence law",
    Domain.MEDICAL: "anatomy clinical_knowledge college_medicine medical_genetics nutrition "
    "professional_medicine virology human_aging health",
    Domain.SCIENCE_MATH: "abstract_algebra astronomy college_biology college_chemistry "
    "college_mathematics college_physics conceptual_physics elementary_mathematics formal_logic "
    "high_school_biology high_school_chemistry high_school_mathematics high_school_physics "
    "high_school_statistics physics math chemistry biology",
    Domain.TECHNOLOGY: "college_computer_science computer_security high_school_computer_science "
    "machine_learning",
    Domain.FINANCE: "econometrics professional_accounting",
    Domain.BUSINESS_STRATEGY: "business_ethics management marketing public_relations",
    Domain.GENERAL: "global_facts high_school_geography high_school_us_history miscellaneous "
    "high_school_world_history high_school_european_history prehistory world_religions philosophy "
    "moral_disputes moral_scenarios logical_fallacies sociology history "
    "high_school_government_and_politics",
}
SUBJECT_DOMAIN: Mapping[str, str] = {
    subject: domain for domain, names in _SUBJECTS.items() for subject in names.split()
} | {"computer science": Domain.TECHNOLOGY}
"""Exam subjects with a plain domain; others (psychology, economics, engineering) teach none."""

_SOURCE_DOMAIN: Mapping[str, str] = {
    "banking77": Domain.CUSTOMER_SUPPORT,
    "hint3": Domain.CUSTOMER_SUPPORT,
    "hwu64": Domain.GENERAL,
    "snips": Domain.GENERAL,
    "tickets": Domain.TECHNOLOGY,
    "sms": Domain.GENERAL,
    "davidson": Domain.GENERAL,
    "stakes_mts_dialog_dev": Domain.MEDICAL,
    "llmrouter_mbpp": Domain.TECHNOLOGY,
    "llmrouter_human_eval": Domain.TECHNOLOGY,
    "zeroeval_cruxeval": Domain.TECHNOLOGY,
    "llmrouter_math": Domain.SCIENCE_MATH,
    "llmrouter_gsm8k": Domain.SCIENCE_MATH,
    "llmrouter_agentverse-mgsm": Domain.SCIENCE_MATH,
    "llmrouter_arc_challenge": Domain.SCIENCE_MATH,
    "llmrouter_openbook_qa": Domain.SCIENCE_MATH,
    "zeroeval_gsm8k": Domain.SCIENCE_MATH,
    "zeroeval_math_level5": Domain.SCIENCE_MATH,
    "pairs_gsm8k": Domain.SCIENCE_MATH,
    "llmrouter_trivia_qa": Domain.GENERAL,
    "llmrouter_natural_qa": Domain.GENERAL,
    "llmrouter_commonsense_qa": Domain.GENERAL,
    "llmrouter_commongen": Domain.GENERAL,
    "user_oriented": Domain.GENERAL,
    "self_instruct_seed": Domain.GENERAL,
}

_CLINC_SUPPORT = _names(
    "account_blocked apr balance bill_balance bill_due card_declined credit_limit "
    "credit_limit_change damaged_card direct_deposit expiration_date freeze_account "
    "interest_rate international_fees lost_luggage min_payment new_card order order_checks "
    "order_status pay_bill pin_change redeem_rewards replacement_card_duration report_fraud "
    "report_lost_card rewards_balance routing spending_history transactions transfer "
    "application_status cancel_reservation confirm_reservation flight_status"
)

# Written by hand from each set's list of intents. An intent without an entry gets no type.
_TYPE_BY_INTENT: Mapping[str, Mapping[RequestType, str]] = {
    "clinc150": {
        RequestType.SMALL_TALK: (
            "are_you_a_bot do_you_have_pets fun_fact goodbye greeting how_old_are_you "
            "meaning_of_life tell_joke thank_you what_are_your_hobbies what_can_i_ask_you "
            "what_is_your_name where_are_you_from who_do_you_work_for who_made_you"
        ),
        RequestType.STATUS: (
            "application_status balance bill_balance bill_due flight_status order_status "
            "pto_balance pto_request_status pto_used rewards_balance spending_history "
            "transactions credit_limit credit_score payday min_payment last_maintenance gas "
            "current_location calendar traffic user_name todo_list shopping_list"
        ),
        RequestType.TRANSACTION: (
            "accept_reservations alarm book_flight book_hotel calendar_update cancel_reservation "
            "car_rental change_accent change_ai_name change_language change_speed change_volume "
            "credit_limit_change find_phone flip_coin freeze_account make_call new_card next_song "
            "order order_checks pay_bill pin_change play_music pto_request redeem_rewards "
            "reminder_update report_fraud report_lost_card reset_settings restaurant_reservation "
            "roll_dice schedule_maintenance schedule_meeting share_location shopping_list_update "
            "smart_home sync_device text timer todo_list_update transfer travel_notification uber "
            "update_playlist whisper_mode insurance_change"
        ),
        RequestType.FAQ: (
            "apr account_blocked card_declined damaged_card direct_deposit expiration_date "
            "international_fees interest_rate international_visa lost_luggage "
            "replacement_card_duration rollover_401k routing taxes w2 carry_on insurance vaccines "
            "improve_credit_score travel_alert"
        ),
        RequestType.FACTUAL: (
            "calories definition distance exchange_rate food_last ingredient_substitution "
            "ingredients_list nutrition_info oil_change_when plug_type spelling time timezone "
            "weather cook_time gas_type tire_pressure mpg next_holiday"
        ),
        RequestType.EXPLANATION: ("jump_start oil_change_how recipe tire_change"),
        RequestType.MATH: ("calculator measurement_conversion"),
        RequestType.FOLLOW_UP: ("yes no maybe repeat"),
    },
    "banking77": {
        RequestType.STATUS: (
            "balance_not_updated_after_bank_transfer card_arrival pending_top_up "
            "balance_not_updated_after_cheque_or_cash_deposit pending_card_payment "
            "pending_transfer pending_cash_withdrawal Refund_not_showing_up "
            "transfer_not_received_by_recipient"
        ),
        RequestType.TRANSACTION: (
            "activate_my_card cancel_transfer change_pin edit_personal_details get_physical_card "
            "order_physical_card request_refund terminate_account get_disposable_virtual_card "
            "getting_spare_card lost_or_stolen_card"
        ),
        RequestType.FAQ: (
            "age_limit apple_pay_or_google_pay atm_support automatic_top_up card_acceptance "
            "card_delivery_estimate card_payment_fee_charged country_support "
            "cash_withdrawal_charge disposable_card_limits exchange_charge exchange_rate "
            "exchange_via_app fiat_currency_support getting_virtual_card "
            "supported_cards_and_currencies top_up_by_bank_transfer_charge top_up_by_card_charge "
            "top_up_by_cash_or_cheque top_up_limits transfer_fee_charged transfer_timing "
            "verify_my_identity verify_source_of_funds visa_or_mastercard why_verify_identity "
            "passcode_forgotten pin_blocked card_linking"
        ),
    },
    "hwu64": {
        RequestType.SMALL_TALK: ("general_joke general_praise general_quirky"),
        RequestType.FOLLOW_UP: (
            "general_affirm general_confirm general_negate general_repeat general_dontcare "
            "general_explain"
        ),
        RequestType.STATUS: (
            "alarm_query calendar_query email_query lists_query takeaway_query transport_traffic"
        ),
        RequestType.TRANSACTION: (
            "alarm_remove alarm_set audio_volume_down audio_volume_mute audio_volume_up "
            "calendar_remove calendar_set email_addcontact email_sendemail iot_cleaning "
            "iot_coffee iot_hue_lightchange iot_hue_lightdim iot_hue_lightoff iot_hue_lighton "
            "iot_hue_lightup iot_wemo_off iot_wemo_on lists_createoradd lists_remove "
            "music_settings play_audiobook play_game play_music play_podcasts play_radio "
            "social_post takeaway_order transport_taxi transport_ticket"
        ),
        RequestType.FACTUAL: (
            "qa_definition qa_factoid qa_stock qa_currency datetime_query weather_query"
        ),
        RequestType.MATH: ("qa_maths datetime_convert"),
        RequestType.EXPLANATION: ("cooking_recipe"),
    },
    "snips": {
        RequestType.TRANSACTION: ("AddToPlaylist BookRestaurant PlayMusic RateBook"),
        RequestType.FACTUAL: ("GetWeather SearchScreeningEvent"),
    },
    "hint3": {
        RequestType.STATUS: (
            "curekart:ORDER_STATUS curekart:DELAY_IN_PARCEL curekart:ORDER_QUERY "
            "powerplay11:CHECK_DEPOSIT_STATUS powerplay11:WITHDRAWAL_STATUS "
            "sofmattress:ORDER_STATUS powerplay11:CHECK_WALLET_BALANCE "
            "sofmattress:DELAY_IN_DELIVERY"
        ),
        RequestType.TRANSACTION: (
            "curekart:CANCEL_ORDER curekart:MODIFY_ADDRESS curekart:ORDER_TAKING "
            "powerplay11:ACCOUNT_RESET powerplay11:CHANGE_BANK_ACCOUNT "
            "powerplay11:DELETE_PAN_CARD powerplay11:CHANGE_MOBILE_NUMBER "
            "sofmattress:CANCEL_ORDER curekart:RESUME_DELIVERY"
        ),
        RequestType.SMALL_TALK: (
            "powerplay11:GREETINGS_DAY powerplay11:THANKS powerplay11:PRESENCE "
            "powerplay11:APPRECIATION"
        ),
        RequestType.FAQ: (
            "curekart:CHECK_PINCODE curekart:EXPIRY_DATE curekart:FRANCHISE "
            "curekart:INTERNATIONAL_SHIPPING curekart:MODES_OF_PAYMENTS curekart:ORIGINAL_PRODUCT "
            "curekart:REFUNDS_RETURNS_REPLACEMENTS curekart:STORE_INFORMATION sofmattress:COD "
            "curekart:REFER_EARN sofmattress:100_NIGHT_TRIAL_OFFER sofmattress:DISTRIBUTORS "
            "sofmattress:EMI sofmattress:ERGO_FEATURES sofmattress:MATTRESS_COST "
            "sofmattress:OFFERS sofmattress:ORTHO_FEATURES sofmattress:PILLOWS "
            "sofmattress:PRODUCT_VARIANTS sofmattress:RETURN_EXCHANGE "
            "sofmattress:SIZE_CUSTOMIZATION sofmattress:WARRANTY powerplay11:CASH_BONUS_EXPIRY "
            "powerplay11:HOW_POINTS_CALCULATED powerplay11:HOW_TO_PLAY "
            "powerplay11:INSTANT_WITHDRAWAL powerplay11:SIGNUP_BONUS "
            "powerplay11:TAXES_ON_WINNINGS powerplay11:TYPES_BONUS "
            "powerplay11:WHAT_IF_THERES_A_TIE powerplay11:WHY_VERIFY powerplay11:WITHDRAWAL_TIME "
            "powerplay11:VERIFY_PAN powerplay11:VERIFY_EMAIL"
        ),
    },
}
# The same table turned around, for a look-up by source and intent.
_INTENT_TYPE: Mapping[tuple[str, str], str] = {
    (source, intent): kind
    for source, kinds in _TYPE_BY_INTENT.items()
    for kind, names in kinds.items()
    for intent in names.split()
}

_SOURCE_TYPE: Mapping[str, str] = {
    "llmrouter_mbpp": RequestType.CODING,
    "llmrouter_human_eval": RequestType.CODING,
    "zeroeval_cruxeval": RequestType.CODING,
    "llmrouter_math": RequestType.MATH,
    "llmrouter_gsm8k": RequestType.MATH,
    "llmrouter_agentverse-mgsm": RequestType.MATH,
    "zeroeval_gsm8k": RequestType.MATH,
    "zeroeval_math_level5": RequestType.MATH,
    "pairs_gsm8k": RequestType.MATH,
    "math_math": RequestType.MATH,
    "math_svamp": RequestType.MATH,
    "llmrouter_trivia_qa": RequestType.FACTUAL,
    "llmrouter_natural_qa": RequestType.FACTUAL,
    "llmrouter_commonsense_qa": RequestType.FACTUAL,
    "llmrouter_openbook_qa": RequestType.FACTUAL,
    "llmrouter_commongen": RequestType.WRITING,
    "medquad": RequestType.FACTUAL,
    "tatqa": RequestType.FACTUAL,
    "pubmedqa": RequestType.FACTUAL,
    "legalbench": RequestType.ANALYSIS,
}

_CATEGORY_TYPE: Mapping[str, str] = {
    "coding": RequestType.CODING,
    "math": RequestType.MATH,
    "creative_writing": RequestType.WRITING,
    "generation": RequestType.WRITING,
    "writing": RequestType.WRITING,
    "knowledge": RequestType.FACTUAL,
    "classification": RequestType.CLASSIFICATION,
}

# In order: the first pattern that matches decides, so code comes before explaining code.
_OPENING: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), kind)
    for pattern, kind in (
        (r"```|\bdef \w+\(|\b(python|javascript|typescript|c\+\+|rust|sql|regex|bash)\b.{0,60}"
         r"\b(function|script|code|query|program|class)\b|\b(function|script|code|program)\b.{0,40}"
         r"\bin (python|javascript|c\+\+|rust|java)\b", RequestType.CODING),
        (r"^(please )?(write|compose|draft|rewrite|rephrase|paraphrase|proofread|summari[sz]e|"
         r"translate|create a (poem|story|slogan|blog)|brainstorm)\b", RequestType.WRITING),
        (r"^(please )?(classify|categori[sz]e|label|tag|decide which category|"
         r"is the (sentiment|tone))\b",
         RequestType.CLASSIFICATION),
        (r"^(please )?(explain|describe how|how (do|does|did|is|are)\b|why (do|does|did|is|are)\b)",
         RequestType.EXPLANATION),
        (r"^(please )?(analy[sz]e|compare|evaluate|assess|review|critique|contrast)\b",
         RequestType.ANALYSIS),
        (r"^(should (i|we)|would it be (better|wise)|is it worth|do you recommend|"
         r"help me decide)\b",
         RequestType.DECISION),
        (r"^(prove|solve|compute|calculate|find the (value|sum|number|area)|simplify|integrate)\b",
         RequestType.MATH),
    )
)  # fmt: skip
_OPENING_SOURCES = _names(
    "user_oriented self_instruct_seed vicuna_bench ifeval arena_hard_v0.1 arena_hard_v2.0 "
    "arena_bench"
)
_CODE_WORDS = re.compile(
    r"```|\b(python|javascript|typescript|c\+\+|rust|sql|api|docker|linux|database|regex|bash|"
    r"algorithm|server|kubernetes|react|html|css)\b",
    re.I,
)

_CALM_SOURCES = frozenset({"hwu64", "snips", "hint3"})
_GRAVE_INTENTS = _names(
    "report_fraud report_lost_card account_blocked freeze_account compromised_card "
    "lost_or_stolen_card card_swallowed lost_or_stolen_phone rollover_401k taxes insurance "
    "insurance_change vaccines SIDE_EFFECT oos terminate_account "
    "cash_withdrawal_not_recognised card_payment_not_recognised "
    "direct_debit_payment_not_recognised verify_source_of_funds"
)
"""Intents that may be grave: they do not get the weak label `low` of everyday requests."""


def weak_labels(
    source: str, text: str, given: Mapping[str, str], row: Mapping[str, object]
) -> dict[str, str]:
    """Returns the weak labels of one text: task -> class; empty when no rule applies.

    >>> weak_labels("hwu64", "wake me at six", {"intent/hwu64": "alarm_set"}, {})["request_type"]
    'transaction'
    """
    labels: dict[str, str] = {}
    intent = given.get(f"intent/{source}", "")
    domain = _SOURCE_DOMAIN.get(source)
    # CLINC150 mixes both domains, so its intent decides; out-of-scope requests teach no domain.
    if source == "clinc150" and intent != "oos":
        domain = Domain.CUSTOMER_SUPPORT if intent in _CLINC_SUPPORT else Domain.GENERAL
    kind = _INTENT_TYPE.get((source, intent)) or _SOURCE_TYPE.get(source)
    # These sources mix all kinds of prompts, so category and wording decide, not the source.
    if source in _OPENING_SOURCES:
        kind = _CATEGORY_TYPE.get(str(row.get("category"))) or _opening(text)
        if kind == RequestType.MATH:
            domain = Domain.SCIENCE_MATH
        elif kind == RequestType.CODING or _CODE_WORDS.search(text[:1000]):
            domain = Domain.TECHNOLOGY
    if domain:
        labels["domain"] = str(domain)
    if kind:
        labels["request_type"] = str(kind)
    # Everyday requests teach the calm class of every chance head, unless the intent may be grave.
    everyday = source in _CALM_SOURCES or source in ("clinc150", "banking77")
    if everyday and intent.rsplit(":", 1)[-1] not in _GRAVE_INTENTS:
        labels |= {"stakes": "low", "multi_factor": "no", "strategic": "no"}
        labels |= {"toxic": "ok", "spam": "ok"}
    # Exam questions have no consequence for the person who asks.
    elif source.startswith(("llmrouter_", "zeroeval_", "pairs_gsm8k", "math_")):
        labels |= {
            "stakes": "low",
            "multi_factor": "no",
            "strategic": "no",
            "toxic": "ok",
            "spam": "ok",
        }
    elif source in ("medquad", "tatqa", "tickets"):
        labels |= {"strategic": "no", "toxic": "ok", "spam": "ok"}
    elif source in _OPENING_SOURCES:
        labels |= {"toxic": "ok", "spam": "ok"}
    return labels


def _opening(text: str) -> str | None:
    for pattern, kind in _OPENING:
        if pattern.search(text[:600].strip()):
            return kind
    return None


# Different tables spell the same model in different ways; each alias maps to one spelling.
_MODEL_ALIASES: Mapping[str, str] = {
    "meta-llama-3_1-70b-instruct": "llama-3.1-70b-instruct",
    "meta-llama-3_1-8b-instruct": "llama-3.1-8b-instruct",
    "meta-llama-3.1-70b-instruct": "llama-3.1-70b-instruct",
    "meta-llama-3.1-8b-instruct": "llama-3.1-8b-instruct",
    "llama-3.1-405b-inst@sambanova": "llama-3.1-405b-instruct",
    "meta-llama-3-70b-instruct": "llama-3-70b-instruct",
    "meta-llama-3-8b-instruct": "llama-3-8b-instruct",
}


def model_name(name: str) -> str:
    """Returns one lower-case spelling per model, so that tables of different sources meet.

    >>> model_name("Meta-Llama-3_1-8B-Instruct")
    'llama-3.1-8b-instruct'
    """
    return _MODEL_ALIASES.get(name.lower(), name.lower())

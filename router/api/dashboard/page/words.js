// Every reason that the ledger counts, in words. A test holds this list against the code's.

export const REASONS = {
  lowest_expected_loss: "it has the lowest expected loss",
  lowest_loss_allowed: "it has the lowest expected loss of those that the rules allow",
  only_one_allowed: "the rules allow no other",
  gain_too_small: "a dearer one is hardly better",
  answer_in_hand: "its answer is in hand while a higher tier is asked",
  nothing_better: "every other tier is known to be right less often",
  floor: "it is the lowest level that the rules allow",
  fixed_triggers_decide: "fixed triggers decide",
  costly_mistake: "a wrong answer of a lower tier would be dear",
  fallback: "a tier before it could not answer",
  pinned: "the client named it",
  cache_hit: "the same question was answered before",
  semantic_cache_hit: "the same question in other words was answered before",
  idempotent_replay: "a retry got its first answer again",
  observed: "the policy only observes",
  shadowed: "asked beside the client's answer, to compare",
  explored: "tried by chance, to learn",
  warm_cache: "its prompt cache is warm",
  speculated: "called early, in case it was needed",
  exact_tool: "an exact tool computed it",
  small_talk: "approved small talk",
  read_by_rules: "rules and heads read the fields",
  quoted: "the nearest approved answers, quoted",
  both_answered: "it asked two questions, and got the approved answer to each",
  no_model: "no model here may answer it; add one to the policy's tiers",
  no_passage: "the documents do not answer this",
  nothing_known: "no approved answer is sure enough",
  none_trusted: "no answer could be trusted, so it is refused",
  handed_over: "a person takes the matter, and approved words go out",
  asked_for_slot: "it asks for what its answer lacks",
  asked_which: "it offers the approved questions that may be meant",
  key_not_found: "it has nothing to show for what was typed",
  low_confidence: "level 1 was not sure enough",
  multi_factor: "several matters must be weighed",
  novel: "it is unlike what was seen before",
  impact_level_2: "the amount asks for level 2",
  impact_level_3: "the amount asks for level 3",
  high_stakes: "a mistake would be costly",
  strategic: "it is a strategic matter",
  architecture: "it is a question of architecture",
  high_risk_financial: "high financial risk",
  high_risk_legal: "high legal risk",
  high_risk_medical: "high medical risk",
  high_risk_engineering_safety: "people's safety depends on it",
  high_risk_personal_safety: "somebody may harm themselves or be harmed",
  high_risk: "much may be at stake, of health, law, money or safety",
  unsafe: "unsafe content",
  policy_rule: "a rule of the policy",
  triage_degraded: "triage is degraded, so caution decides",
  harmful: "the policy refuses requests of this kind",
  certificate_suspended: "traffic left the certificate's range, or feedback contradicts it",
  hint_min_tier: "the client asked for at least this level",
  tool_loop: "a tool loop stays where it began",
  below_floor: "below the lowest level allowed",
  above_ceiling: "above the highest level allowed",
  low_impact: "too little is at stake for it",
  hint_max_tier: "the client asked for at most this level",
  higher_expected_loss: "its expected loss is higher",
  would_not_help: "it is known to be right less often than the answer in hand",
  ladder_full: "the ladder has its greatest length",
  not_capable: "not every answerer can do what is asked",
  nothing_to_resolve: "no approved answer fits",
  tools_offered: "the request offers tools, which only a model calls",
  kept_off_shelf: "it is too grave for an approved answer",
  asks_twice: "it asks for two things, and one approved answer is half",
  residency: "its personal details may not go there",
  not_ready: "it was not ready",
  tier_not_allowed: "the key may not use this tier",
  over_max_cost: "it may cost more than the client allows",
  unknown_price: "a budget counts its calls, and nobody states their price",
  budget_soft_limit: "the budget runs low, so a lower level goes first",
  budget_soft_limit_kept: "the budget runs low, but nothing lower is allowed",
  answer_accepted: "its answer was accepted",
  answer_not_trusted: "its answer was not trusted",
  answer_refused: "it refused to answer",
  answer_invalid: "its answer was invalid",
  answer_cut: "its answer was cut by the cap of output",
  answer_off_topic: "its answer says nothing on the matter",
  answer_garbled: "its answer repeats itself or is no language",
  answer_failed_checks: "code found faults in its answer that one repair did not mend",
  answer_unchecked: "nobody has measured yet how often this model is right",
  answer_judged_low: "its judge gave the answer too low a score",
  answer_marked: "words were added, since the policy doubts a part of it",
  answer_withheld: "the rest is withheld by the policy",
  slot_unfilled: "a lookup for the answer found nothing",
  answerer_failed: "the call failed",
  outage_same_level: "one of the same level failed, and it stood in",
  outage_higher: "all below it failed, and it stood in",
  outage_lower: "all that should have answered failed, and it stood in unverified",
  gain_below_cost: "climbing would cost more than it gains",
  budget_exhausted: "a budget or rate was used up, or could not be asked",
  time_exhausted: "the time was used up",
  ladder_exhausted: "there was no higher tier",
};

/** Why another had the next turn, in words that promise no answer of its own. */
export const NEXT = {
  outage_same_level: "one of the same level failed",
  outage_higher: "all below it failed",
  outage_lower: "all that should have answered failed",
};

export const SOURCES = {
  known: "known before the call",
  match: "calibrated match",
  labelled: "labelled traffic",
  measured: "measured",
  table: "public results",
  prior: "prior: the policy's assumption, nobody measured it",
  answer: "read in the answer itself",
};

export const BASES = {
  list_price: "list price",
  token_price: "token price",
  own_compute: "own compute",
  unknown: "price unknown",
};

export const VERDICTS = {
  accepted: ["accepted", "good"],
  unverified: ["unverified", "warn"],
  safe_answer: ["safe answer", "warn"],
  held: ["held for a person", "warn"],
  refused: ["refused", "bad"],
};

/** What a client got, in the words of the report. */
export const REPLIES = {
  answer: "answered",
  question: "answered with a question back",
  no_answer: "told that there is no answer",
  safe_words: "given a safe text and handed to a person",
  declined: "refused as harmful",
  repeated: "given their first reply again",
  computed: "given labels or vectors",
};

export const STATES = {
  open: ["open", "note"],
  settled: ["settled", "good"],
  failed: ["failed", "bad"],
  cancelled: ["cancelled", "note"],
  unknown_cost: ["cost unknown", "warn"],
};

const NO_MODELS = {
  "tiergate-no-model": "no model: words that there is no answer",
  "tiergate-safe-answer": "no model: an approved safe text",
  "tiergate-refusal": "no model: a refusal",
};

/** True for words that no model wrote. */
export const byNobody = (model) => model in NO_MODELS;

export const shownModel = (model) => NO_MODELS[model] || model;

/** True where the reason says already that no model wrote the words. */
export const saysNoModel = ({ reason, model }) => reason === "no_model" && byNobody(model);

/** What a decision's chance is about: a question back has no chance to be the right answer. */
export const chanceOf = ({ reason }) => (["asked_which", "asked_for_slot"].includes(reason) ? "chance that it was meant" : "confidence");

const NO_TIER = "(no tier)"; // of harmful requests: approved words went out before any tier was asked

/** A tier's name; a harmful request has none, and what it got in its place. */
export const shownTier = (tier) => (tier === NO_TIER ? REPLIES.declined : tier || "no tier");

const SPECIALIST = "specialist"; // the tier of heads, which no ladder leads to

/** True for what heads read of a text or an encoder made of it: nobody accepted an answer. */
export const isComputed = ({ tier, state }) => tier === SPECIALIST && state === "settled";

export const COMPUTED = ["computed", "good"];

/** Says of a chance that it is the policy's assumption, which nobody measured. */
export const assumed = ({ confidence_source: source }) => (source === "prior" ? ", assumed" : "");

/** A reason in words; one that is not in the list by its own name. */
export const because = (reason, tier) => (tier === SPECIALIST && reason === "pinned" && "its endpoint asks no other") || REASONS[reason] || String(reason || "").replaceAll("_", " ");

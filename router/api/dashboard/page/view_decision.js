// One decision in full: why this tier, what every rung was expected to lose, and what was called.

import { el, row, section, table } from "./dom.js";
import { swatch } from "./charts.js";
import { count, dollars, duration, exact, moment, plain, share, usd } from "./format.js";
import { badge, facts } from "./parts.js";
import { BASES, COMPUTED, NEXT, SOURCES, STATES, VERDICTS, assumed, because, byNobody, chanceOf, isComputed, saysNoModel, shownModel, shownTier } from "./words.js";

/** The decision's document (`GET /api/v1/dashboard/decisions/{id}`) as elements. */
export function explained(told) {
  const record = told.record || {};
  const decision = record.decision;
  return [
    headline(told, decision),
    figures(told),
    decision && rules(told, decision),
    decision && losses(told, decision),
    (record.steps || []).length > 0 && steps(record.steps, decision),
    reasoning(told, record.reasoning),
    sources(record.sources, record.gathered),
    attempts(told.attempts),
    record.signals && signals(record.signals),
    el("details", { id: "raw" }, el("summary", null, "The record as JSON"), el("pre", { tabindex: "0" }, JSON.stringify(told, null, 2))),
  ];
}

/** True where the client got something. */
const wentOut = (told) => told.state === "settled" || Boolean(told.verdict);

/** True where the policy refused the request before any tier was tried. */
const refusedAtOnce = (told) => told.reason === "harmful";

/** Reasons in words; where nothing went out, nothing "stood in" either. */
const reasonsOf = (told, reasons) => reasons.map((reason) => (!wentOut(told) && NEXT[reason]) || because(reason)).join("; ");

/** How the climb went, "" for a request that got nothing: its calls stand below. */
function way(told, decision) {
  const climbs = told.escalations;
  const went = climbs ? `after ${climbs} climb${climbs === 1 ? "" : "s"}` : wentOut(told) && !refusedAtOnce(told) && "at the first tier that was tried";
  return [went, decision && decision.hard_rule && "where a trigger or rule sets the lowest level"].filter(Boolean).join(", ");
}

function headline(told, decision) {
  const [said, kind] = isComputed(told) ? COMPUTED : told.state === "settled" ? VERDICTS[told.verdict] || ["", ""] : STATES[told.state] || [told.state, ""];
  const answered = wentOut(told);
  const why = isComputed(told) ? because(told.reason, told.tier) : reasonsOf(told, [told.led_by, told.reason].filter(Boolean));
  const instead = saysNoModel(told) ? "" : byNobody(told.model) ? " without a model" : " in place of its draft";
  const stood = told.tier_number ? ` had its turn, and approved words went out${instead}: ` : ": "; // "refused as harmful: ..."
  const did = !answered ? " was asked: " : told.in_place ? stood : " answered: ";
  return el(
    "header",
    null,
    el("h2", null, el("span", { class: `tier lv${told.tier_number % 6}` }, shownTier(told.tier)), did, why, "."),
    el(
      "p",
      { class: "soft" },
      badge(said, kind),
      told.error_code && badge(plain(told.error_code), "bad"),
      told.review_id && badge("review by a person", "note"),
      ` ${way(told, decision)}`,
    ),
  );
}

/** All tokens of a side: of the calls, which an answer that is held or replaced has too. */
function tokens(told, side) {
  const all = told.attempts.reduce((sum, one) => sum + one.usage[side], 0);
  return count(all || told.usage[side]);
}

function figures(told) {
  const saved = told.saved_usd;
  return facts([
    ["Cost", usd(told.cost_usd), exact(told.cost_usd)],
    ["Saved", saved === null ? null : usd(saved, true), saved === null ? null : `${exact(saved)}, against the model that was asked for`],
    [chanceOf(told).replace(/^c/, "C"), told.verdict && !told.in_place ? `${share(told.confidence, 1)}${assumed(told)}` : null, SOURCES[told.confidence_source]],
    ["Took", duration(told.latency_ms)],
    ["First token", told.first_token_ms === null ? null : duration(told.first_token_ms)],
    ["Triage", duration(told.triage_ms)],
    ["When", moment(told.created_at_ms)],
    ["Tenant", told.tenant],
    ["Asked for", told.requested_model],
    ["Model", shownModel(told.model)],
    ["Endpoint", `${told.endpoint}${told.stream ? ", streamed" : ""}`],
    ["Policy", `${told.policy}@${told.policy_hash}`],
    ["Tokens", `${tokens(told, "input_tokens")} in, ${tokens(told, "output_tokens")} out`],
    ["Tags", told.tags.join(", ")],
    ["Keys of the body left out", ((told.record || {}).dropped || []).join(", ")],
    ["Key", told.key_id === "none" ? null : told.key_id],
    ["Decision", el("code", null, told.decision_id)],
  ]);
}

function rules(told, decision) {
  const all = told.reasons.filter((reason) => reason !== told.reason);
  return section(
    "Why this tier",
    null,
    el(
      "ul",
      { class: "plain" },
      el("li", null, "Stakes: a wrong answer was reckoned to cost ", el("strong", null, usd(dollars(decision.stakes_nano_usd))), `; mode ${plain(decision.mode)}.`),
      el("li", null, `Lowest level allowed: ${decision.floor}`, decision.floor_reasons.length ? `, since ${reasonsOf(told, decision.floor_reasons)}.` : "."),
      el("li", null, `Highest level allowed: ${decision.ceiling}`, decision.ceiling_reasons.length ? `, since ${reasonsOf(told, decision.ceiling_reasons)}.` : "."),
      el("li", null, `An answer of level 1 had to be sure to ${share(decision.confidence_floor)}.`),
      all.length > 0 && !refusedAtOnce(told) && el("li", null, "On the way: ", reasonsOf(told, all), "."),
    ),
  );
}

const RUNGS = [["Rung", "t"], ["Confidence", "n"], ["Cost", "n"], ["Expected loss", "n"], ["Why", "t wrap"]];

const ANSWERING = ["answer", "resolver", "refine"];

/** Says of each rung which turn it had: a badge's words, by its number. */
function turnsOf(told, { rungs, first, spare }) {
  const asked = new Set(((told.record || {}).steps || []).map((step) => step.rung));
  const calls = told.attempts.filter((one) => ANSWERING.includes(one.role) && one.state !== "released").map((one) => one.answerer);
  const had = (at) => asked.has(at) || calls.includes(rungs[at].answerer);
  return (at) => {
    if (at === first) return had(at) ? "tried first" : "first, not asked";
    if (had(at)) return rungs[at].taken ? "tried next" : "tried as a stand-in";
    if (rungs[at].taken) return "in reserve";
    return (spare || []).includes(at) ? "stands in if the others fail" : "passed over";
  };
}

function losses(told, decision) {
  const turn = turnsOf(told, decision);
  const most = Math.max(...decision.rungs.map((rung) => rung.expected_loss_nano_usd), 1);
  const price = (rung) => (rung.cost_basis === "unknown" ? "unknown" : usd(dollars(rung.cost_nano_usd)));
  const bar = (rung) => el("span", { class: "lossbar" }, el("span", null, usd(dollars(rung.expected_loss_nano_usd))), el("progress", { max: most, value: rung.expected_loss_nano_usd, class: rung.taken ? "" : "passed", "aria-hidden": "true" }));
  return section(
    "Expected loss per tier",
    "(1 − confidence) × stakes, and what the tier costs. Confidence is the chance of being right. The rules above go first; between them the least loss wins.",
    table(
      "Expected loss per rung",
      RUNGS,
      decision.rungs.map((rung, at) =>
        row(
          RUNGS,
          [
            el("span", { class: "keyed" }, swatch(`t${rung.level % 6}`), rung.tier, el("small", { class: "soft" }, rung.answerer === rung.tier ? "" : rung.answerer)),
            el("span", { title: `${SOURCES[rung.p_source] || rung.p_source}, ${count(rung.p_count)} labels` }, share(rung.p, 1)),
            el("span", { title: `${exact(dollars(rung.cost_nano_usd))}; ${BASES[rung.cost_basis] || rung.cost_basis}` }, price(rung)),
            bar(rung),
            el("span", null, badge(turn(at), at === decision.first ? "good" : "note"), " ", reasonsOf(told, rung.reasons), el("small", { class: "soft" }, ` · ${chanceOf({ reason: rung.reasons[0] })} (${SOURCES[rung.p_source] || rung.p_source})`)),
          ],
          { class: turn(at) === "passed over" ? "passed" : null },
        ),
      ),
    ),
  );
}

const WENT = { accept: "was accepted", climb: "was not enough: climbed to", fall_back: "was not enough: on to", stop: "was not enough: stopped" };
const FAILED = { climb: "went on to", fall_back: "went on to", stop: "stopped" };

/** One turn in words: what it gave, where the request went then, and why. */
function turned({ rung, p, failure, said }, name) {
  const chance = p === null ? !failure && "no confidence could be told" : `confidence ${share(p, 1)}`;
  const gave = [chance, failure && because(failure)].filter(Boolean).join(", ");
  const went = (failure && FAILED[said.action]) || WENT[said.action] || plain(said.action);
  const to = ["climb", "fall_back"].includes(said.action) && said.rung !== null ? ` ${name(said.rung)}` : "";
  const why = said.reason === failure ? "" : `, ${NEXT[said.reason] || because(said.reason)}`;
  return `${name(rung)}: ${gave}; ${went}${to}${why}.`;
}

function steps(all, decision) {
  const name = (at) => (decision && decision.rungs[at] ? decision.rungs[at].tier : `rung ${at}`);
  return section(
    "After each answer",
    null,
    el("ol", { class: "plain" }, all.map((step) => el("li", null, turned(step, name)))),
  );
}

/** The steps of a deliberation: what each found, and what code checked in it. */
function reasoning(told, note) {
  if (!note) return null;
  const kept = told.reasoning;
  const head = `${note.profile} profile, template ${note.template}, by the question's domain; ${count(note.claims || 0)} figures worked out again, ${count(note.wrong_claims || 0)} wrong.`;
  if (!kept) return section("Reasoning", `${head} The policy keeps no texts, or their time is over.`, el("ul", { class: "plain" }, note.steps.map(([name, state]) => el("li", null, `${plain(name)}: ${state}`))));
  return section(
    "Reasoning",
    head,
    (kept.marks || []).length > 0 && el("ul", { class: "plain" }, kept.marks.map((mark) => el("li", null, badge("marked", "bad"), " ", mark))),
    kept.steps.map((step) => el("details", { open: step.id === "synthesis" }, el("summary", null, plain(step.id), " ", badge(step.state, step.state === "done" ? "good" : "note")), step.fault && el("p", { class: "soft" }, step.fault), value(step.fields), (step.notes || []).length > 0 && el("ul", { class: "plain" }, step.notes.map((note) => el("li", null, `Checked: ${note}`))))),
  );
}

/** A value of a step by its form: words, a list, or named values. */
function value(told) {
  if (Array.isArray(told)) return el("ul", null, told.map((one) => el("li", null, value(one))));
  if (told === null || typeof told !== "object") return el("span", null, told === null ? "none" : String(told));
  return facts(Object.entries(told).map(([name, one]) => [plain(name), value(one)]));
}

/** States of calls: of one that came to nothing, the money that was held for it is free again. */
const CALL_STATES = { ...STATES, released: ["nothing paid", "note"], held: ["money held", "note"] };

const CALLS = [["Call", "t"], ["Outcome", "t"], ["Cost", "n"], ["Took", "n"], ["Tokens", "n"]];
const CITED = [["Source", "t"], ["Collection", "t"], ["Cited", "t"], ["Id", "t"]];

/** True for a call that gave an answer which nobody saw; one that failed gave none. */
const unseen = ({ discarded, state, error_code: error }) => discarded && !error && ["settled", "unknown_cost"].includes(state);

function attempts(all) {
  if (!all.length) return section("Calls", null, el("p", { class: "empty" }, "None: nothing outside was asked."));
  return section(
    "Calls",
    "Each priced call is a line; they sum to the cost.",
    table(
      "Attempts",
      CALLS,
      all.map((one) =>
        row(CALLS, [
          el("span", null, one.answerer, el("small", { class: "soft" }, ` ${plain(one.role)}${one.model && one.model !== one.answerer ? ` · ${one.model}` : ""}${one.adapter ? ` · ${one.adapter}` : ""}`)),
          el("span", null, badge(...(CALL_STATES[one.state] || [plain(one.state), one.state === "held" ? "note" : "warn"])), one.error_code && badge(plain(one.error_code), "bad"), unseen(one) && badge("thrown away", "note"), one.estimated && badge("estimated", "note")),
          el("span", { title: `${exact(dollars(one.cost_nano_usd)) || "unknown"}; ${BASES[one.cost_basis] || one.cost_basis}` }, one.cost_nano_usd === null ? "unknown" : usd(dollars(one.cost_nano_usd))),
          duration(one.latency_ms),
          `${count(one.usage.input_tokens)} + ${count(one.usage.output_tokens)}`,
        ]),
      ),
    ),
  );
}

/** What the answer was given to cite, and what it cites: passages, rows and approved answers. */
function sources(all, gathered) {
  const notes = (gathered || []).join("; ") || null;
  if (!all || all.length === 0) {
    return notes && section("Sources", notes);
  }
  return section(
    "Sources",
    notes,
    table(
      "Sources",
      CITED,
      all.map((one) => row(CITED, [one.place, one.collection, one.cited ? "cited" : "shown only", el("code", null, one.id)])),
    ),
  );
}

function matched(match) {
  const basis = match.basis ? ` (${match.basis})` : "";
  return `${match.intent_id}, confidence ${share(match.confidence, 1)}${basis}`;
}

function signals(read) {
  const guess = (key) => ((read.guessed || []).includes(key) ? ", a guess: its head cannot read the language" : "");
  const harm = (read.heads || []).find((head) => head.name === "harm");
  const chance = (name, key) => (read[key] === undefined ? null : [name, `${share(read[key])}${guess(key)}`]);
  return section(
    "What triage read",
    read.degraded ? "Rules alone: the model was not ready." : null,
    facts(
      [
        ["Request", read.request_type && `${plain(read.request_type)}, ${share(read.request_type_p)}${guess("request_type")}`],
        ["Domain", read.domain && `${plain(read.domain)}, ${share(read.domain_p)}${guess("domain")}`],
        ["Difficulty", read.difficulty === undefined ? null : read.difficulty.toFixed(2)],
        ["Amount at stake", read.impact_nano_usd ? usd(dollars(read.impact_nano_usd)) : null],
        chance("Stakes high", "stakes_high"),
        read.risk_domain ? [`Risk: ${plain(read.risk_domain)}`, `${share(read.risk_p)}${guess("risk_domain")}`] : null,
        chance("Grave matter, as if half of all messages were", "grave"),
        read.matter && read.grave >= 0.5 ? ["Which matter", plain(read.matter)] : null,
        chance("General knowledge only", "knowledge"),
        chance("Several factors", "multi_factor"),
        chance("Strategic", "strategic"),
        ["Terms and phrases found", (read.risk_terms || []).join(", ")],
        chance("Novel", "novelty"),
        chance("Toxic", "toxic"),
        harm ? ["Request for harm", share(harm.classes[0][1])] : null,
        chance("Spam", "spam"),
        ["Match", read.match ? matched(read.match) : null],
        ["From earlier turns", read.inherited ? "yes" : null],
        ["Text given", read.given_text ? "of it only heads and a request for harm count" : null],
      ].filter(Boolean),
    ),
  );
}

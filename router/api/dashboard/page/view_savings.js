// What routing saved against which baseline: the figures of `tiergate report`.

import { VIEWS, address, ask } from "./api.js";
import { bars, hues, signed } from "./charts.js";
import { el, prose, row, section, table, tiles } from "./dom.js";
import { briefly, count, duration, exact, parts, placed, plain, share as rounded } from "./format.js";
import { REPLIES as WORDS, because, shownModel, shownTier } from "./words.js";
import { periods } from "./parts.js";

export const every = 60000;

export const load = ({ tenant, query, signal }) =>
  ask(address(`${VIEWS}savings`, { tenant, days: query.get("days") }), { signal });

/** A share as the report shows it. */
const share = (x) => rounded(x, 1);

export function draw(told, { query }) {
  const { report } = told;
  const usd = (text, signed) => placed(text, report.shown_places, signed);
  const [first, ...others] = report.sentences;
  return [
    el("h1", { class: "headline" }, first),
    periods("savings", query),
    missing(told) && el("p", { class: "page-note" }, `${missing(told)} For the whole period: `, el("code", null, "tiergate report")),
    tiles([
      ["Requests", count(report.requests), `${above(report)}${count(report.cache_hits)} from cache`],
      savedTile(report, usd),
      ["Unverified", share(report.quality.unverified_share), checked(report)],
      ["Wait for a person", count(report.waiting), el("a", { href: "#/reviews" }, "Reviews"), null, report.waiting ? "warn" : ""],
      ["Not admitted", count(ended(report, "refused")), `${count(ended(report, "failed"))} failed`],
      ["Spend", usd(report.spend_usd), `${unknown(report, usd)}${usd(report.discarded_usd)} of it discarded`, exact(report.spend_usd)],
    ]),
    others.map((one) => el("p", { class: "lead told" }, prose(one))),
    got(report, usd),
    saved(report.savings, usd),
    el("div", { class: "two" }, shares(report), escalated(report, usd)),
    byTier(report, usd),
    fine("What this rests on", [...report.assumptions, ...report.notes]),
  ];
}

/** What of the spend counts at the most that it can be, since nobody knows it. */
const unknown = ({ unknown_cost: of }, usd) => (of.held_nano_usd ? `${usd(of.held_usd)} of it is not known, and counts at its most; ` : "");

/** Which requests of the period are in no figure of this page; "" where all are. */
const missing = ({ complete, most, purged, covers_since_ms: since }) =>
  [
    complete ? "" : `These are the newest ${count(most)} requests, since ${briefly(since)}.`,
    purged ? `Up to ${count(purged)} purged requests of this period are in none of these figures.` : "",
  ]
    .filter(Boolean)
    .join(" ");

/** What the baseline of the headline says, and what of it rests on accepted replies. */
function savedTile({ savings, headline_baseline, not_told_because: because, saved_left_usd: left }, usd) {
  const led = savings.find((one) => one.baseline === headline_baseline);
  const people = savings.find((one) => one.baseline === "people" && one.tellable);
  const beside = people ? `${because}; against ${people.label[0].toLowerCase()}${people.label.slice(1)}: ${usd(people.saved_usd)}` : because;
  if (!led) return ["Saved", "–", beside];
  const chance = mayBeChance(led) ? "This may be chance. " : "";
  const net = left === null ? "" : `${usd(left)} after what bought no answer. `;
  const asked = led.questions && led.saved_nano_usd > 0 ? `, ${usd(led.questions_saved_usd)} of it with ${count(led.questions)} ${led.questions === 1 ? "question" : "questions"} back` : "";
  const part = `${chance}${net}${usd(led.accepted_saved_usd)} with accepted replies only${asked}. Baseline: ${led.label}`;
  return ["Saved", usd(led.saved_usd), part, exact(led.saved_usd)];
}

/** Where the interval holds 0, it may be a gain or a loss. */
function mayBeChance({ saved_share_interval: ends }) {
  return Boolean(ends) && ends[0] < ends[1] && ends[0] <= 0 && ends[1] >= 0;
}

/** How many answers came from above the lowest level; nothing where the policies have one level. */
const above = ({ escalated, lowest_level, single_level }) => (single_level ? "" : `${count(escalated)} above ${lowest_level === null ? "their policy's lowest level" : `level ${lowest_level}`}, `);

const REPLIES = [["They were", "t wrap"], ["Requests", "n"], ["Of all", "n"], ["Spend", "n"]];
const NOT_KNOWN = ["Of it not known", "n"];

/** Marks the row that adds up those above it. */
const SUM = { class: "sum" };

/** What the requests got: an answer, words in place of one, or nothing. */
function got({ replies, requests, spend_usd: spend, unknown_cost: unknown }, usd) {
  const columns = unknown.held_nano_usd ? [...REPLIES, NOT_KNOWN] : REPLIES;
  const held = (one) => (one.held_unknown_usd === null ? "–" : el("span", { title: exact(one.held_unknown_usd) }, usd(one.held_unknown_usd)));
  const shown = parts(replies.map((one) => one.requests));
  return section(
    "What the requests got",
    "Each request is in one line. Answers, and questions that ask for what an answer lacks, are compared with a baseline; labels or vectors where somebody else's price is known. What is not known counts at the most that it can be.",
    table(
      "What the requests got",
      columns,
      replies.map((one, at) => {
        const cells = [named(one), count(one.requests), share(shown[at]), el("span", { title: exact(one.spend_usd) }, usd(one.spend_usd))];
        return row(columns, unknown.held_nano_usd ? [...cells, held(one)] : cells);
      }).concat(row(columns, ["Total", count(requests), share(requests ? 1 : null), usd(spend), ...(unknown.held_nano_usd ? [usd(unknown.held_usd)] : [])], SUM)),
    ),
  );
}

/** What an accepted answer on a prior rests on is no check, so their number stands beside the unverified ones. */
function checked({ quality, accepted_on: grounds }) {
  if (quality.unverified_share === null && quality.observed) return `${count(quality.observed)} observed answers, which nothing checked`;
  const prior = grounds.find((one) => one.grounds === "prior");
  return `${count(quality.unverified)} of ${count(quality.answered)} answers${prior ? `; ${count(prior.answers)} accepted on a prior` : ""}`;
}

const ended = ({ unanswered }, how) => unanswered.filter((one) => one.ending === how).reduce((sum, one) => sum + one.requests, 0);

/** A saving rounded down, as the headline and the report round it. */
const savedShare = (x) => (x < -10 ? "below -1,000\u00a0%" : `${(Math.floor(x * 1000 + 1e-9) / 10).toFixed(1)}\u00a0%`);

const named = ({ reply, words }) => (WORDS[reply] ? el("a", { href: address("#/decisions", { reply }) }, words) : words);

const BASELINES = [["Against", "t wrap"], ["Compared", "n"], ["It would cost", "n"], ["It cost", "n"], ["Saved", "n"], ["Share", "n"], ["95 % interval", "n"]];

function saved(savings, usd) {
  const known = savings.filter((one) => one.tellable && one.saved_share !== null);
  const between = (one) => (one.saved_share_interval && one.tellable && !one.answers_nothing ? one.saved_share_interval.map(savedShare).join(" to ") : "–");
  return section(
    "Saved",
    "Signed: a bar to the left of the line cost more; from -200 % on it ends at the left edge. The thin line is the 95 % interval. Three things are not drawn: a figure from fewer than 30 answers, a level that answers nothing by itself, and what has no share, since the baseline cost nothing or bills of earlier calls brought the own cost below zero.",
    known.length
      ? signed("Saved share of each baseline", known.map((one) => [one.label, savedShare(one.saved_share), one.saved_share, ...(one.saved_share_interval || [null, null])]))
      : el("p", { class: "empty" }, "No baseline has enough answers to tell what was saved."),
    table(
      "Savings per baseline",
      BASELINES,
      savings.map((one) =>
        row(BASELINES, [
          one.label,
          count(one.compared),
          usd(one.baseline_usd),
          usd(one.own_usd),
          one.tellable ? el("span", { class: mayBeChance(one) ? "soft" : one.saved_nano_usd < 0 ? "loss" : "gain", title: exact(one.saved_usd) }, usd(one.saved_usd, true)) : "–",
          one.saved_share === null || one.answers_nothing || !one.tellable ? "–" : savedShare(one.saved_share),
          between(one),
        ]),
      ),
    ),
  );
}

function shares(report) {
  const levels = report.levels.filter((one) => one.requests || one.planned !== null);
  const shown = parts(levels.map((one) => one.requests));
  return section(
    "Share per level",
    levels.some((one) => one.planned !== null) && "The upright mark is the plan.",
    levels.length
      ? bars("Share per level", levels.map((one, at) => [`Level ${one.level}`, `${share(shown[at] || 0)}${one.planned === null ? "" : `, plan ${share(one.planned)}`}`, one.share, `t${one.level % 6}`, one.planned]))
      : el("p", { class: "empty" }, "No answers yet."),
  );
}

function escalated(report, usd) {
  const reasons = report.escalation_reasons.filter((one) => one.first_requests).slice(0, 8);
  const most = Math.max(...reasons.map((one) => one.first_requests), 1);
  return section(
    "Why requests went above the lowest level",
    "By the reason that decided, with what they cost.",
    reasons.length
      ? bars("Reasons", reasons.map((one) => [because(one.reason), `${count(one.first_requests)} · ${usd(one.first_spend_usd)}`, one.first_requests / most]))
      : el("p", { class: "empty" }, "Everything was answered at the lowest level."),
  );
}

const TIERS = [["Tier", "t"], ["Model", "t wrap"], ["Requests", "n"], ["Of all", "n"], ["Spend", "n"], ["Accepted", "long"], ["Median", "n"], ["95 %", "n"]];

const MEASURED = ["answer", "labelled", "measured"];

/** The accepted share by the report's one rule: an assumed one is marked, and one of which nobody measured anything is no 0 %. */
function acceptedOf(one, { accepted_on: grounds, outcomes }) {
  if (!one.judged) return "–";
  const of = `${count(one.accepted)} of ${count(one.judged)}, `;
  const shown = of + share(one.acceptance);
  if (one.accepted && one.on_prior >= one.accepted) return `${shown} assumed`;
  if (one.accepted) return shown;
  if (one.in_words >= one.judged) return `${of}words`;
  const known = grounds.some((line) => MEASURED.includes(line.grounds)) || outcomes.some((line) => line.count);
  return known ? shown : `${of}not measured`;
}

function byTier(report, usd) {
  const { tiers } = report;
  if (!tiers.length) return null;
  const colours = hues(tiers);
  const shown = tiers.filter((one) => one.requests || one.spend_nano_usd);
  const ofAll = parts(shown.map((one) => one.requests));
  const total = summed(shown);
  return section(
    "Tiers and models",
    null,
    table(
      "Tiers and models",
      TIERS,
      shown.map((one, at) =>
        row(TIERS, [
          el("span", { class: `keyed dot-${colours.get(one.tier)}` }, plain(one.tier ? shownTier(one.tier) : "no answer")),
          el("span", { title: one.model }, shownModel(one.model) || "–"),
          count(one.requests),
          share(ofAll[at]),
          el("span", { title: exact(one.spend_usd) }, usd(one.spend_usd)),
          acceptedOf(one, report),
          duration(one.p50_ms),
          duration(one.p95_ms),
        ]),
      ).concat(row(TIERS, ["Total", "–", count(total.requests), share(total.requests ? 1 : null), usd(report.spend_usd), acceptedOf(total, report), "–", "–"], SUM)),
    ),
  );
}

/** The figures of all tiers together, of which the accepted share is a part. */
function summed(tiers) {
  const of = (name) => tiers.reduce((sum, one) => sum + one[name], 0);
  const [requests, judged, in_words, on_prior, accepted] = ["requests", "judged", "in_words", "on_prior", "accepted"].map(of);
  return { requests, judged, in_words, on_prior, accepted, acceptance: judged ? accepted / judged : null };
}

const fine = (title, lines) => section(title, null, el("ul", { class: "fine" }, lines.map((line) => el("li", null, line))));

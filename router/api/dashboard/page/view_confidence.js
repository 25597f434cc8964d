// How sure answers were, tier by tier, and whether that was right.

import { VIEWS, address, ask } from "./api.js";
import { histogram, hues, legend, reliability } from "./charts.js";
import { el, row, section, table } from "./dom.js";
import { count, share } from "./format.js";
import { periods } from "./parts.js";

export const every = 60000;

export const load = ({ tenant, query, signal }) =>
  ask(address(`${VIEWS}confidence`, { tenant, days: query.get("days") }), { signal });

export function draw(told, { query }) {
  return [
    el("h1", null, "How sure, and how right"),
    periods("confidence", query),
    told.requests >= told.most && el("p", { class: "page-note" }, `These are the answers among the newest ${count(told.most)} requests of the period.`),
    sure(told.tiers, ANSWERS),
    told.questions.length > 0 && sure(told.questions, QUESTIONS),
    right(told.reliability),
    told.judges.length > 0 && judges(told.judges),
  ];
}

const ANSWERS = {
  title: "Confidence per tier",
  lead: "The chance of being right that the gateway gave the answer that went out. Where nobody has measured a tier's answers it is an assumption of the policy, as each decision says. The dark part of a bar came after a climb.",
  columns: [["Confidence", "t"], ["Answers", "n"], ["After a climb", "n"], ["Share", "n"]],
  name: "Confidence",
  noun: "answer",
  id: "bins",
};

const QUESTIONS = {
  title: "Questions back",
  lead: "What level 1 asked in place of an answer: for something that its answer lacks, or which of the approved questions is meant. The chance is that what it asks about was meant, so these are no answers, and stand in no figure above.",
  columns: [["Chance", "t"], ["Questions", "n"], ["After a climb", "n"], ["Share", "n"]],
  name: "Chance of questions back",
  noun: "question",
  id: "question-bins",
};

/** The bins of each tier, of answers or of questions back. */
function sure(tiers, { title, lead, columns, name, noun, id }) {
  const colours = hues(tiers);
  if (!tiers.length) return section(title, lead, el("p", { class: "empty" }, "No answers in this period."));
  return section(
    title,
    lead,
    el("div", { class: "grid" }, tiers.map((one) => histogram(one.tier || "no tier", one.bins, colours.get(one.tier), noun))),
    legend([["came after a climb", "climbed"]]),
    el(
      "details",
      { id },
      el("summary", null, "The figures"),
      tiers.map((one) =>
        el(
          "div",
          null,
          el("h3", null, one.tier),
          table(
            `${name} of ${one.tier}`,
            columns,
            one.bins
              .filter((bin) => bin.requests)
              .map((bin) =>
                row(columns, [`${bin.low.toFixed(2)} to ${(bin.low + 1 / one.bins.length).toFixed(2)}`, count(bin.requests), count(bin.climbed), share(bin.climbed / bin.requests)]),
              ),
          ),
        ),
      ),
    ),
  );
}

const OUTCOMES = [["Sure", "t"], ["Outcomes", "n"], ["Assumed", "n"], ["Mean confidence", "n"], ["Right", "n"], ["95 %", "n"]];

function right(told) {
  const lead = "Where feedback or a review said what became of an answer. On the diagonal, answers are right as often as the gateway was sure.";
  if (!told.outcomes) {
    return section(
      "Calibration",
      lead,
      el("p", { class: "empty" }, "No outcomes yet. Confidence stays a claim until somebody says which answers were right."),
    );
  }
  return section(
    "Calibration",
    lead,
    el(
      "div",
      { class: "two wide-right" },
      reliability(told.bins),
      el(
        "div",
        null,
        el("p", { class: "big" }, share(told.calibration_error), el("small", null, "mean distance between sure and right, over ", count(told.outcomes), " outcomes")),
        told.assumed > 0 && el("p", { class: "soft" }, `Of these, ${count(told.assumed)} are of answers whose confidence is an assumption of the policy: nobody measured it.`),
        table(
          "Outcomes by confidence",
          OUTCOMES,
          told.bins.map((bin) => row(OUTCOMES, [`${bin.low.toFixed(1)} to ${(bin.low + 0.1).toFixed(1)}`, count(bin.count), count(bin.assumed), share(bin.confidence, 1), share(bin.right, 1), bin.interval.map((end) => share(end)).join(" to ")])),
        ),
      ),
    ),
  );
}

const JUDGES = [["Judge", "t"], ["Outcomes", "n"], ["Agree", "n"], ["Kappa", "n"], ["95 %", "n"]];

function judges(told) {
  const shown = (value) => (value == null ? "–" : value.toFixed(2));
  return section(
    "Judges",
    "Where a judge and people looked at the same answer. A kappa of 1 is full agreement, 0 is that of chance.",
    table(
      "Agreement of judges with people",
      JUDGES,
      told.map((one) =>
        row(JUDGES, [one.judge, count(one.outcomes), share(one.agreement.value), shown(one.kappa.value), `${shown(one.kappa.low)} to ${shown(one.kappa.high)}`]),
      ),
    ),
  );
}

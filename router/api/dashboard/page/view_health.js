// Whether each part is well: triage, ledger, policies, and every answerer with its last hour.

import { VIEWS, address, ask } from "./api.js";
import { el, row, section, table } from "./dom.js";
import { ago, count, duration, plain, share } from "./format.js";
import { badge } from "./parts.js";
import { shownModel } from "./words.js";

export const every = 5000;

export const load = ({ tenant, signal }) => ask(address(`${VIEWS}health`, { tenant }), { signal });

const KINDS = { ready: "good", loading: "note", failed: "bad", open_breaker: "bad", key_refused: "bad", degraded: "bad", failing: "bad" };

export function draw(told) {
  const down = told.answerers.filter((one) => one.state !== "ready").length;
  const said = !told.ready
    ? "Not ready: requests are refused"
    : down
      ? `Serving, but ${count(down)} of ${count(told.answerers.length)} answerers ${down === 1 ? "is" : "are"} not ready`
      : "Everything is ready";
  return [
    el("h1", null, said),
    el("div", { class: "cards" }, part("Triage", told.triage, told.triage.version), part("Ledger", told.ledger), told_of(told.policies)),
    answerers(told.answerers),
  ];
}

function part(name, { state, detail }, more) {
  return el(
    "section",
    { class: "card" },
    el("h2", null, name, " ", badge(plain(state), KINDS[state])),
    detail && el("p", null, detail),
    more && el("p", { class: "soft clip", title: more }, more),
  );
}

function told_of(policies) {
  return el(
    "section",
    { class: "card" },
    el("h2", null, "Policies"),
    Object.entries(policies).map(([name, one]) =>
      el(
        "div",
        null,
        el("p", null, el("strong", null, name), " ", el("code", { class: "soft" }, one.hash), " ", one.watching ? null : badge("not watched", "note")),
        one.mistakes.length > 0 && el("p", null, badge("the file has mistakes; what was before still serves", "bad")),
        one.mistakes.map((mistake) => el("p", { class: "soft" }, mistake)),
      ),
    ),
  );
}

const COLUMNS = [["Answerer", "t"], ["State", "t brief"], ["Tier", "t brief"], ["Model", "t wrap"], ["Calls", "n"], ["Failed", "n"], ["Thrown away", "n"], ["Median", "n"], ["95 %", "n"], ["Last failure", "t brief"]];

function answerers(all) {
  return section(
    "Answerers, last hour",
    "Calls of the newest 5,000 requests of the last hour. A call that names an error has failed; " +
      "one that a limit refused was not made.",
    table(
      "Answerers",
      COLUMNS,
      all.map((one) =>
        row(COLUMNS, [
          el("span", null, one.answerer, all.some((other) => other !== one && other.answerer === one.answerer) ? el("small", { class: "soft" }, ` ${one.policy}`) : null),
          el("span", { title: one.detail }, badge(one.untried ? "not called yet" : plain(one.state), one.untried ? "" : KINDS[one.state]), one.price_known ? null : badge("price unknown", "warn")),
          `${one.tier} · level ${one.level}`,
          el("span", { title: one.model }, shownModel(one.model)),
          count(one.attempts),
          one.failed ? el("span", { class: "loss" }, `${count(one.failed)} (${share(one.failed / one.attempts)})`) : "0",
          count(one.discarded),
          duration(one.p50_ms),
          duration(one.p95_ms),
          one.last_error ? `${plain(one.last_error.code)}, ${ago(one.last_error.at_ms)}` : "–",
        ]),
      ),
    ),
  );
}

// What is not what it was: active alarms, and every value that `tiergate alerts` looked at last.

import { VIEWS, address, ask } from "./api.js";
import { bars } from "./charts.js";
import { el, row, section, table } from "./dom.js";
import { NOTHING, ago, count, many, moment, plain } from "./format.js";
import { badge } from "./parts.js";

export const every = 10000;

export const load = ({ tenant, signal }) => ask(address(`${VIEWS}drift`, { tenant }), { signal });

const alarms = (told) => told.policies.flatMap((one) => one.active || []);

export const draw = (told) => [el("h1", null, title(told)), told.policies.map(policy)];

/** Says that all is well only where enough requests were held against a bound. */
function title(told) {
  const number = alarms(told).length;
  if (number) return `${many(number, "alarm")} ${number === 1 ? "is" : "are"} active`;
  if (!told.policies.some((one) => one.checked_ms)) return "Nobody has looked yet";
  const looked = told.policies.filter((one) => one.checked_ms);
  const judged = looked.flatMap((one) => one.seen.filter((value) => counts(one, value)));
  if (!judged.length) return "Nothing was compared: the last window had too few requests";
  const beyond = judged.filter((value) => value.value > value.bound).length;
  if (beyond) return `${many(beyond, "value")} ${beyond === 1 ? "is" : "are"} above the bound, in one window so far`;
  const past = looked.some(watchesPast) && !judged.some((value) => COMPARED.includes(value.watched));
  return past ? "No alarm is active, and nothing was compared with the past" : "Nothing is out of its bounds";
}

const COMPARED = ["drift", "provider"];

/** A value counts where it has a bound and enough requests: no other one can begin an alarm. */
const counts = (policy, value) => value.bound !== null && value.count >= policy.least[value.watched];

const watchesPast = (policy) => COMPARED.some((name) => name in policy.least);

function policy(one) {
  if (!one.watched) return part(one, el("p", { class: "empty" }, "This policy has no ", el("code", null, "alerts"), ": nothing is watched."));
  if (one.fault) return part(one, el("p", null, badge("cannot be read", "bad"), " ", one.fault));
  if (!one.checked_ms) return part(one, el("p", { class: "empty" }, "Nobody has looked yet. Beside the server: ", el("code", null, `tiergate alerts run --policy ${one.policy}`)));
  return part(one, looked(one), active(one.active), drifts(one), others(one.seen));
}

const part = (one, ...children) => section(`Policy ${one.policy}`, null, ...children);

/** When somebody looked last; three windows without a look are a fault of the program beside the server. */
function looked(one) {
  const late = Date.now() - one.checked_ms > one.late_ms;
  return el("p", { class: "soft", title: moment(one.checked_ms) }, `The last window that was looked at ended ${ago(one.checked_ms)}. `, late ? badge("nobody looks any more", "bad") : null, late ? " tiergate alerts run has stopped." : null);
}

const ALARMS = [["Watched", "t"], ["Of", "t wrap"], ["Found", "t wrap"], ["Value", "n"], ["Bound", "n"], ["Since", "t"], ["Judged last", "t"]];

function active(all) {
  if (!all.length) return el("p", null, badge("no alarm is active", "good"));
  return table(
    "Active alarms",
    ALARMS,
    all.map((one) => row(ALARMS, [badge(plain(one.watched), "bad"), one.subject, one.detail || NOTHING, figure(one.value), figure(one.bound), when(one.since_ms), when(one.heard_ms)])),
  );
}

const when = (ms) => el("span", { title: moment(ms) }, ago(ms));

const MOST = 40;

/** How near each feature is to its bound; at the mark it would be out of it. */
function drifts(policy) {
  if (!watchesPast(policy)) return el("p", { class: "empty" }, "Nothing is compared with the past: no rule of this policy watches drift or provider.");
  const compared = policy.seen.filter((one) => COMPARED.includes(one.watched));
  const known = compared.filter((one) => counts(policy, one)).sort((a, b) => b.value / b.bound - a.value / a.bound);
  if (!known.length) return el("p", { class: "empty" }, `Nothing was compared with the past yet. A window is compared if it has at least ${least(policy)}, and earlier windows had some too. The next window ends at ${moment(policy.next_ms)}.`);
  const without = compared.length - known.length;
  return [
    el("h3", null, "Against the past"),
    el("p", { class: "lead" }, "Half of the width is the bound that chance passes as seldom as the policy allows. Two windows beyond it are an alarm."),
    bars(
      "Distance from the past, as a part of the bound",
      known.slice(0, MOST).map((one) => {
        const part = one.value / one.bound;
        return [`${one.watched === "provider" ? "calls of " : ""}${one.subject}`, `${part.toFixed(2)} of the bound`, part / 2, part > 1 ? "failed" : "accent", 0.5];
      }),
    ),
    (known.length > MOST || without > 0) &&
      el("p", { class: "soft" }, known.length > MOST ? `The ${MOST} nearest of ${count(known.length)}. ` : "", without ? `${count(without)} without a bound: always the same, or too few.` : ""),
  ];
}

const least = (policy) => COMPARED.filter((name) => name in policy.least).map((name) => `${count(policy.least[name])} ${name === "drift" ? "requests of a tenant" : "calls of an answerer"}`).join(" or ");

const VALUES = [["Watched", "t"], ["Of", "t wrap"], ["Found", "t wrap"], ["Value", "n"], ["Bound", "n"], ["Requests", "n"]];

function others(seen) {
  const rest = seen.filter((one) => !COMPARED.includes(one.watched));
  if (!rest.length) return null;
  return [
    el("h3", null, "Everything else that is watched"),
    table(
      "Values of the last look",
      VALUES,
      rest.map((one) => {
        const beyond = one.bound !== null && one.value > one.bound;
        return row(VALUES, [plain(one.watched), one.subject, one.detail, beyond ? el("span", { class: "loss" }, figure(one.value)) : figure(one.value), figure(one.bound), count(one.count)]);
      }),
    ),
  ];
}

/** A bound may be none, and an alarm that an earlier version kept has no value. */
const figure = (value) => (typeof value === "number" ? String(Number(value.toPrecision(3))) : NOTHING);

export const spoken = (told) => {
  const number = alarms(told).length;
  return number ? `${many(number, "alarm")} active` : "";
};

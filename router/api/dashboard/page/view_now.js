// What happens now: alerts, the last hour, budgets, tiers.

import { VIEWS, address, ask } from "./api.js";
import { bars, hues, latency, legend, swatch, traffic } from "./charts.js";
import { el, prose, row, section, table, tiles } from "./dom.js";
import { count, dollars, duration, exact, parts, plain, share, usd } from "./format.js";
import { shownTier } from "./words.js";

export const every = 4000;

export const load = ({ tenant, signal }) => ask(address(`${VIEWS}now`, { tenant }), { signal });

export function draw(told, { tenant }) {
  const { hour, minutes, tiers, budgets, alerts } = told;
  return [
    el("h1", { class: "hidden" }, "Now"),
    warnings(alerts, tenant),
    figures(told),
    hour.requests ? pictures(minutes, tiers, hour) : nothing(),
    el("div", { class: "two" }, spending(budgets), answered(tiers, hour)),
  ];
}

/** What a screen reader is told when it changes. */
export const spoken = (told) => told.alerts.map((alert) => alert.message).join(" ") || "No alerts.";

const QUIET =
  "All quiet: every part is ready, no budget is near its end, no matter waits for a person, and no request of the last hour failed, was refused or was told that there is no answer.";

/** Where a matter is handled, by the code of its alert. */
const PLACES = {
  matters_wait: ["#/reviews", {}, "Reviews"],
  no_answer: ["#/decisions", { reply: "no_answer" }, "Decisions"],
  requests_failed: ["#/decisions", { state: "failed" }, "Decisions"],
  requests_failing: ["#/decisions", { state: "failed" }, "Decisions"],
  refused_by_limit: ["#/decisions", { state: "failed" }, "Decisions"],
  impossible_here: ["#/decisions", { state: "failed" }, "Decisions"],
  unknown_cost: ["#/decisions", { state: "unknown_cost" }, "Decisions"],
  tier_not_ready: ["#/health", {}, "Health"],
};

function place({ code }, tenant) {
  if (!PLACES[code]) return null;
  const [page, query, name] = PLACES[code];
  return el("a", { href: address(page, page === "#/reviews" ? {} : { tenant, ...query }) }, name);
}

function warnings(alerts, tenant) {
  if (!alerts.length) return el("p", { class: "calm" }, QUIET);
  const order = { bad: 0, warn: 1, note: 2 };
  const sorted = [...alerts].sort((a, b) => order[a.level] - order[b.level]);
  return el(
    "ul",
    { class: "alerts", "aria-label": "Alerts" },
    sorted.map((alert) =>
      el("li", { class: alert.level }, el("strong", null, plain(alert.code)), el("span", null, prose(alert.message)), place(alert, tenant)),
    ),
  );
}

/** Of how many replies the share is: of those at a level. The table's are these and the others. */
function levels(hour, tiers) {
  const others = tiers.reduce((sum, one) => sum + one.requests, 0) - hour.answered;
  const whole = `of ${count(hour.answered)} ${hour.answered === 1 ? "reply" : "replies"}${others ? ` at a level (${count(others)} at none)` : ""}`;
  return `${whole}; ${count(hour.climbed)} after another tier's turn`;
}

function figures({ hour, tiers, lowest_level, single_level, waiting, refused_at_once }) {
  const done = hour.requests - hour.open;
  const above = lowest_level === null ? "Above the policy's lowest level" : `Above level ${lowest_level}`;
  return tiles([
    ["Requests, last hour", count(hour.requests), `${(hour.requests / 60).toFixed(1)} a minute${hour.open ? `, ${count(hour.open)} open` : ""}`],
    ["Spend, last hour", usd(hour.spend_usd), hour.requests ? `${usd(each(hour))} a request, at our prices` : "", exact(hour.spend_usd)],
    single_level
      ? [above, "–", "the policies have no other level"]
      : [above, hour.answered ? share(hour.escalated / hour.answered) : "–", levels(hour, tiers)],
    ["No answer", count(hour.no_answer), done ? `${share(hour.no_answer / done)} were told so` : "", null, hour.no_answer ? "warn" : ""],
    ["Wait for a person", count(waiting), hour.handed_over ? `${count(hour.handed_over)} handed over in the last hour` : "", null, waiting ? "warn" : ""],
    ["Failed", count(hour.failed), `${done ? `${share(hour.failed / done)}; ` : ""}${count(hour.cancelled)} left by their client`, null, hour.failed ? "bad" : ""],
    ["Not admitted", count(hour.refused), `${count(hour.refused - hour.impossible)} by a limit, ${count(hour.impossible)} as impossible here; ${count(refused_at_once)} more were refused at once, without a row`, "What a key's rate (429) or the client's own cap of money refuses at once leaves no row, and is no request of the last hour.", hour.refused ? "warn" : ""],
    ["Median latency", duration(hour.p50_ms), `of replies, within 6 %; 95th percentile ${duration(hour.p95_ms)}`],
  ]);
}

const each = (hour) => (hour.spend_nano_usd / hour.requests / 1e9).toFixed(9);

function pictures(minutes, tiers, hour) {
  const colours = hues(tiers);
  const names = tiers.map(({ tier, requests }) => [shownTier(tier), colours.get(tier), count(requests)]);
  if (hour.failed) names.push(["failed", "failed", count(hour.failed)]);
  if (hour.cancelled) names.push(["left by their client", "open", count(hour.cancelled)]);
  if (hour.open) names.push(["open", "open", count(hour.open)]);
  return el(
    "div",
    { class: "two wide-left" },
    el("div", null, traffic(minutes, tiers), legend(names)),
    el("div", null, latency(minutes)),
  );
}

const nothing = () =>
  el(
    "p",
    { class: "empty" },
    "No request in the last hour. Send one: ",
    el("a", { href: "docs" }, "the API's page"),
    " has a line to copy.",
  );

function spending(budgets) {
  if (!budgets.length) {
    return section("Spend against budget", null, el("p", { class: "empty" }, "Nothing spent this month. A budget of the policy shows here with the first spending under it."));
  }
  const limited = budgets.filter((one) => one.limit_usd !== null);
  const own = budgets.filter((one) => one.tenant && !one.key_id && !one.policy && !one.tier);
  const free = own.filter((one) => one.limit_usd === null);
  return section(
    "Spend against budget",
    "UTC days and months, each call by its start. Counts what calls under way hold, and a provider's own figure where it is above our price. Reviewers' minutes do not count. The hour's spend is at our prices, with those minutes.",
    limited.length > 0 &&
      bars(
        "Budgets",
        limited.map((one) => [
          `${whose(one)}, ${one.kind}`,
          `${usd(used(one))} of ${usd(one.limit_usd)} · ${share(one.share)}`,
          one.share,
          one.share >= 1 ? "bad" : one.share >= 0.8 ? "warn" : "accent",
          0.8,
        ]),
      ),
    !limited.length && el("p", { class: "empty" }, prose("None of these has a budget. `budgets` in the policy sets one.")),
    free.length > 0 && table("Spend per tenant", MONEY, spent(own)),
  );
}

/** Whose money a budget counts: "tenant acme, tier reasoning", "all requests together". */
function whose({ tenant, key_id, policy, tier }) {
  const named = [
    tenant && `tenant ${tenant}`,
    key_id && (key_id === "none" ? "requests without a key" : `key ${key_id}`),
    policy && `policy ${policy}`,
    tier && `tier ${tier}`,
  ];
  return named.filter(Boolean).join(", ") || "all requests together";
}

/** What counts against a budget, in dollars: its share is of the same sum. */
const used = (one) => ((one.spent_nano_usd + one.held_nano_usd) / 1e9).toFixed(9);

const MONEY = [["Tenant", "t"], ["Today", "n"], ["This month", "n"]];

function spent(budgets) {
  const by = new Map();
  for (const one of budgets) by.set(one.tenant, { ...by.get(one.tenant), [one.kind]: one });
  const cell = (one) => (one ? el("span", { title: exact(used(one)) }, usd(used(one))) : "$0.00");
  return [...by].map(([tenant, kinds]) => row(MONEY, [el("a", { href: address("#/now", { tenant }) }, tenant), cell(kinds.day), cell(kinds.month)]));
}

const TIERS = [["Tier", "t"], ["Replies", "n"], ["Of replies", "n"], ["Spend", "n"], ["Median", "n"], ["95 %", "n"]];

/** The sums of all tiers; times of tiers have none. */
function totalOf(tiers) {
  const sum = (key) => tiers.reduce((all, one) => all + one[key], 0);
  const spend = dollars(sum("spend_nano_usd"));
  const requests = sum("requests");
  return row(TIERS, ["Total", count(requests), share(requests ? 1 : null), el("span", { title: exact(spend) }, usd(spend)), "–", "–"], { class: "sum" });
}

function answered(tiers, hour) {
  if (!tiers.length) return null;
  const colours = hues(tiers);
  const shares = parts(tiers.map((one) => one.requests));
  return section(
    "Tiers, last hour",
    "By the tier whose reply went out. Spend includes drafts that were thrown away; what requests without a reply cost, and what was booked for earlier ones, is in the hour's spend only.",
    table(
      "Tiers",
      TIERS,
      tiers.map((one, at) =>
        row(TIERS, [
          el("a", { href: address("#/decisions", { tier: one.tier }), class: "keyed" }, swatch(colours.get(one.tier)), shownTier(one.tier)),
          count(one.requests),
          share(shares[at], 1),
          el("span", { title: exact(one.spend_usd) }, usd(one.spend_usd)),
          duration(one.p50_ms),
          duration(one.p95_ms),
        ]),
      ).concat(totalOf(tiers)),
    ),
  );
}

// Decisions, newest first: a form to search them, a list to walk through, and one of them in full.

import { VIEWS, address, ask } from "./api.js";
import { el, prose, show } from "./dom.js";
import { briefly, count, duration, exact, plain, share, usd } from "./format.js";
import { badge } from "./parts.js";
import { COMPUTED, REASONS, REPLIES, STATES, VERDICTS, assumed, because, chanceOf, isComputed, saysNoModel, shownModel, shownTier } from "./words.js";
import { explained } from "./view_decision.js";

export const every = 4000;

const DOMAINS = ["general", "customer_support", "technology", "science_math", "finance", "legal", "medical", "engineering_safety", "business_strategy"];
const FILTERS = ["search", "tier", "domain", "reason", "verdict", "state", "reply", "min_cost_usd"];
const MAX_OLDER = 2000; // lines kept in the page; further ones need a narrower search

let older = { of: "", lines: [], next: undefined, since: null };
let form = null;

function asked(query, tenant) {
  const parameters = { tenant };
  for (const name of FILTERS) parameters[name] = query.get(name);
  return parameters;
}

export async function load({ tenant, query, id, signal }) {
  const list = ask(address(`${VIEWS}decisions`, asked(query, tenant)), { signal });
  const one = id ? ask(`${VIEWS}decisions/${encodeURIComponent(id)}`, { signal }).catch((error) => ({ refused: error })) : null;
  const [listed, opened] = await Promise.all([list, one]);
  return { listed, opened };
}

/** Nothing to draw anew where both parts are the very documents that are shown already. */
export const same = (a, b) => a.listed === b.listed && a.opened === b.opened;

export function draw(told, context) {
  const { query, tenant, id } = context;
  const of = address("", asked(query, tenant));
  if (older.of !== of) older = { of, lines: [], next: undefined, since: null };
  if (!form) form = built();
  fitted(form, query, told.listed.choices.tiers, context.go);
  return [
    el("h1", { class: "hidden" }, "Decisions"),
    form,
    el(
      "div",
      { class: id ? "split open" : "split" },
      list(told.listed, context),
      id && el("article", { class: "detail", id: "detail", tabindex: "-1", "aria-label": "Decision" }, back(query), opened(told.opened)),
    ),
  ];
}

const opened = (told) => (told.refused ? el("p", { class: "empty" }, prose(told.refused.message)) : explained(told));

const back = (query) => el("a", { class: "back", id: "back", href: link("", query) }, "Close");

const link = (id, query) => {
  const text = query.toString();
  return `#/decisions${id ? `/${id}` : ""}${text ? `?${text}` : ""}`;
};

// --- the form -------------------------------------------------------------------------------------

function built() {
  const choice = (name, label, options) =>
    el("label", null, el("span", null, label), el("select", { name, id: `by-${name}` }, el("option", { value: "" }, "any"), options));
  const options = (values, words) => values.map((value) => el("option", { value }, words(value)));
  return el(
    "form",
    { class: "search", role: "search", id: "search-form" },
    el("label", { class: "wide" }, el("span", null, "Search"), el("input", { type: "search", name: "search", id: "search", maxlength: "100", autocomplete: "off", spellcheck: "false", placeholder: "Id, model, tenant, tag", "aria-keyshortcuts": "/" })),
    choice("tier", "Tier", []),
    choice("domain", "Domain", options(DOMAINS, plain)),
    choice("reason", "Reason", options(Object.keys(REASONS), plain)),
    choice("verdict", "Verdict", options(Object.keys(VERDICTS), plain)),
    choice("reply", "What it got", options(Object.keys(REPLIES), (one) => REPLIES[one])),
    choice("state", "State", options(Object.keys(STATES), plain)),
    el("label", null, el("span", null, "Cost from, $"), el("input", { name: "min_cost_usd", id: "by-cost", inputmode: "decimal", pattern: "[0-9]*[.]?[0-9]*", maxlength: "15", autocomplete: "off" })),
    el("button", { type: "reset", id: "clear" }, "Clear"),
  );
}

let typing = 0;

function fitted(node, query, tiers, go) {
  const select = node.elements.tier;
  const wanted = [...new Set([...tiers, query.get("tier")])].filter(Boolean);
  if (wanted.join("\n") !== [...select.options].slice(1).map((one) => one.value).join("\n")) {
    show(select, el("option", { value: "" }, "any"), wanted.map((tier) => el("option", { value: tier }, shownTier(tier))));
  }
  for (const name of FILTERS) {
    const field = node.elements[name];
    if (document.activeElement !== field) field.value = query.get(name) || "";
  }
  const apply = () => {
    const next = new URLSearchParams();
    if (query.get("tenant")) next.set("tenant", query.get("tenant"));
    for (const name of FILTERS) if (node.elements[name].value.trim()) next.set(name, node.elements[name].value.trim());
    go(link("", next), true);
  };
  node.onsubmit = (event) => { event.preventDefault(); clearTimeout(typing); apply(); };
  node.onreset = () => setTimeout(apply);
  node.oninput = (event) => {
    clearTimeout(typing);
    typing = setTimeout(apply, event.target.tagName === "SELECT" ? 0 : 300);
  };
}

// --- the list -------------------------------------------------------------------------------------

function list(told, context) {
  const seen = new Set(told.data.map((line) => line.decision_id));
  const lines = [...told.data, ...older.lines.filter((line) => !seen.has(line.decision_id))];
  const next = older.next === undefined ? told.next : older.next;
  const since = older.next === undefined ? told.searched_since_ms : older.since;
  const filtered = FILTERS.some((name) => context.query.get(name));
  return el(
    "section",
    { class: "list", "aria-label": "Decisions" },
    el("p", { class: "soft found", role: "status" }, found(lines, next, since, filtered)),
    lines.length > 0 && el("ol", { class: "lines", id: "lines" }, lines.map((line) => el("li", null, entry(line, context)))),
    next && lines.length < MAX_OLDER && el("button", { type: "button", id: "older", onclick: () => further(next, context) }, since ? "Search further back" : "Older"),
  );
}

function found(lines, next, since, filtered) {
  if (!lines.length && !next) return filtered ? "No decision fits." : "No decisions yet.";
  const shown = `${count(lines.length)}${next ? "" : " in all"}, newest first`;
  return since ? `${shown}; searched back to ${briefly(since)}` : shown;
}

async function further(next, context) {
  const page = await context.guarded(() => ask(address(`${VIEWS}decisions`, { ...asked(context.query, context.tenant), before: next })));
  if (!page) return;
  older = { ...older, lines: [...older.lines, ...page.data], next: page.next, since: page.searched_since_ms };
  context.redraw();
}

function entry(line, { query, id }) {
  const [said, kind] = isComputed(line) ? COMPUTED : line.state === "settled" ? VERDICTS[line.verdict] || [plain(line.verdict), ""] : STATES[line.state] || [line.state, ""];
  return el(
    "a",
    { class: "line", id: `d-${line.decision_id}`, href: link(line.decision_id, query), "aria-current": line.decision_id === id ? "true" : null },
    el("span", { class: "when" }, briefly(line.created_at_ms)),
    el("span", { class: `tier lv${line.level % 6}` }, shownTier(line.tier)),
    el("span", { class: "why" }, line.led_by && `${because(line.led_by)}; `, because(line.reason, line.tier), line.escalations > 0 && el("span", { class: "soft" }, `, climbed ${line.escalations}×`)),
    el("span", { class: "soft what" }, [plain(line.domain), line.tenant, !saysNoModel(line) && shownModel(line.model)].filter(Boolean).join(" · ")),
    el("span", { class: "cost", title: exact(line.cost_usd) || "the cost is not known" }, usd(line.cost_usd)),
    el("span", { class: "soft took" }, duration(line.latency_ms)),
    el("span", { class: "said" }, badge(line.error_code && line.state === "failed" ? plain(line.error_code) : said, kind), line.review && badge("review", "note")),
    el("span", { class: "soft sure" }, line.verdict && !line.in_place ? `${chanceOf(line)}\u00a0${share(line.confidence)}${assumed(line)}` : ""),
  );
}

/** Arrows walk through the list, Enter opens (it is a link), Escape closes what is open. */
export function pressed(event, { id, query, go }) {
  const lines = [...document.querySelectorAll("a.line")];
  const at = lines.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const inForm = document.activeElement && document.activeElement.closest("form");
    if (!lines.length || (inForm && document.activeElement.id !== "search")) return false;
    if (event.key === "ArrowUp" && at === 0) document.getElementById("search").focus();
    else {
      const marked = lines.findIndex((one) => one.getAttribute("aria-current"));
      const from = at < 0 ? (marked < 0 || inForm ? -1 : marked) : at;
      const to = lines[Math.min(Math.max(from + (event.key === "ArrowDown" ? 1 : -1), 0), lines.length - 1)];
      to.focus();
      to.scrollIntoView({ block: "nearest" });
    }
    return true;
  }
  if (event.key === "Escape" && id) {
    go(link("", query));
    const line = document.getElementById(`d-${id}`);
    if (line) line.focus();
    return true;
  }
  return false;
}

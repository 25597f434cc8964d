// What several views are made of.

import { address } from "./api.js";
import { el } from "./dom.js";

const DAYS = [["1", "24 hours"], ["7", "7 days"], ["30", "30 days"]];

/** Links to the periods of a view; the chosen one is marked. */
export function periods(view, query) {
  const chosen = query.get("days") || "1";
  return el(
    "p",
    { class: "periods", role: "group", "aria-label": "Period" },
    DAYS.map(([days, name]) =>
      el("a", { href: address(`#/${view}`, { days, tenant: query.get("tenant") }), id: `days-${days}`, "aria-current": days === chosen ? "true" : null }, name),
    ),
  );
}

/** A word on a ground that says how it is meant; the word alone says it too. */
export const badge = (text, kind) => el("span", { class: `badge ${kind || ""}` }, text);

/** Names and values of one thing. Entries: [name, value, title]; those without value are left out. */
export function facts(entries) {
  return el(
    "dl",
    { class: "facts" },
    entries
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value, title]) => el("div", { title }, el("dt", null, name), el("dd", null, value))),
  );
}

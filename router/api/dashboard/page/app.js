// The page: which view, when it is asked for again, keys, the API key, light and dark.

import { Refused, key, setKey } from "./api.js";
import { el, prose, show } from "./dom.js";
import * as confidence from "./view_confidence.js";
import * as decisions from "./view_decisions.js";
import * as drift from "./view_drift.js";
import * as health from "./view_health.js";
import * as learning from "./view_learning.js";
import * as now from "./view_now.js";
import * as reviews from "./view_reviews.js";
import * as savings from "./view_savings.js";

const VIEWS = { now, decisions, savings, confidence, health, reviews, learning, drift };
const SLOWEST = 30000;

const main = document.getElementById("main");
const live = document.getElementById("live");
const said = document.getElementById("alerts-said");

let shown = { name: "", id: "", told: null };
let asking = null; // what aborts the request under way
let timer = 0;
let failures = 0;

// --- where we are ---------------------------------------------------------------------------------

function place() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, id = ""] = path.split("/");
  return { name: VIEWS[name] ? name : "now", id: decoded(id), query: new URLSearchParams(search) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function go(hash, replace = false) {
  if (location.hash === hash) return;
  if (!replace) location.hash = hash;
  else {
    history.replaceState(null, "", hash);
    refresh();
  }
}

function context() {
  const at = place();
  return { ...at, tenant: at.query.get("tenant") || "", go, redraw, guarded, say };
}

// --- asking and drawing ---------------------------------------------------------------------------

async function refresh() {
  clearTimeout(timer);
  if (asking) asking.abort();
  const mine = (asking = new AbortController());
  const at = context();
  const view = VIEWS[at.name];
  mark(at);
  try {
    const told = await view.load({ ...at, signal: mine.signal });
    if (mine.signal.aborted) return;
    failures = 0;
    const before = shown;
    shown = { name: at.name, id: at.id, told };
    const fresh = before.name !== at.name || before.id !== at.id;
    const same = before.told && (view.same ? view.same(before.told, told) : before.told === told);
    if (fresh || !same) drawn(view, told, at, fresh);
    status(document.hidden ? "paused" : "live");
  } catch (error) {
    if (mine.signal.aborted || error.name === "AbortError") return;
    if (!(error instanceof Refused)) throw error;
    failures += 1;
    refused(error);
  }
  if (!mine.signal.aborted) again(view, at);
}

function drawn(view, told, at, fresh) {
  show(main, ofTenant(at), view.draw(told, at));
  const words = view.spoken ? view.spoken(told) : "";
  if (words !== said.textContent) said.textContent = words;
  if (!fresh) return;
  const detail = document.getElementById("detail");
  if (detail && at.id) detail.focus({ preventScroll: true });
  if (!at.id || at.name !== "decisions") window.scrollTo(0, 0);
}

/** Says that one tenant's figures alone are shown, and leads back to all. */
function ofTenant(at) {
  if (!at.tenant || at.name === "reviews") return null;
  return el("p", { class: "chip" }, "Tenant ", el("strong", null, at.tenant), " ", el("a", { href: `#/${at.name}`, id: "all-tenants" }, "show all"));
}

function redraw() {
  const at = context();
  if (shown.told && shown.name === at.name) show(main, ofTenant(at), VIEWS[at.name].draw(shown.told, at));
}

function again(view, at) {
  const every = typeof view.every === "function" ? view.every(at) : view.every;
  if (!every || document.hidden) return;
  timer = setTimeout(refresh, Math.min(SLOWEST, every * 2 ** Math.min(failures, 4)));
}

async function guarded(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401 || error.status === 403) askForKey(error.status === 401 ? "" : error.message);
    say(error.message, true);
    return null;
  }
}

function say(text, bad = false) {
  document.querySelectorAll(".toast").forEach((one) => one.remove());
  const toast = el("p", { class: bad ? "toast bad" : "toast", role: bad ? "alert" : "status" }, prose(text));
  document.body.append(toast);
  setTimeout(() => toast.remove(), 8000);
}

// The server's own words are for programs, which send a header: nobody can type one into a browser.
const ENTER = "These figures need a key with the scope `reports`, which shows its own tenant, or `admin`, which shows all of them. Enter it here; this tab keeps it until it is closed.";
const MADE_BY = "Whoever runs this gateway makes one by `tiergate keys create --tenant NAME --scope reports`. A key for chat does not open this page.";

function refused(error) {
  status(error.status === 0 ? "no answer" : error.status === 401 || error.status === 403 ? "no access" : "error", true);
  const locked = error.status === 401 || error.status === 403;
  if (!locked && shown.told && shown.name === place().name) return; // what was shown is still true
  shown = { name: "", id: "", told: null };
  const title = error.status === 401 ? (key() ? "This key is not known" : "A key, please") : error.status === 403 ? "This key may not read this" : "No figures";
  show(
    main,
    el("h1", null, title),
    el("p", { class: "lead" }, prose(error.status === 401 ? ENTER : error.message)),
    error.status === 401 && el("p", null, prose(MADE_BY)),
    locked && el("p", null, el("button", { type: "button", class: "first", id: "enter-key", onclick: () => askForKey("") }, key() ? "Use another key" : "Enter a key")),
  );
}

function status(text, bad = false) {
  if (live.textContent !== text) live.textContent = text;
  live.className = bad ? "live bad" : text === "live" ? "live on" : "live";
}

function mark(at) {
  for (const link of document.querySelectorAll("nav a")) {
    const name = link.dataset.view;
    link.href = at.tenant && name !== "reviews" ? `#/${name}?tenant=${encodeURIComponent(at.tenant)}` : `#/${name}`;
    if (name === at.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${at.name[0].toUpperCase()}${at.name.slice(1)} · Tiergate`;
}

// --- the key --------------------------------------------------------------------------------------

const dialog = document.getElementById("key-dialog");
const input = document.getElementById("key-input");
const why = document.getElementById("key-why");
const usual = [...why.childNodes];

function askForKey(text) {
  if (text) why.replaceChildren(...prose(text));
  else why.replaceChildren(...usual);
  input.value = "";
  if (!dialog.open) dialog.showModal();
  input.focus();
}

function keyed(text) {
  setKey(text);
  label();
  dialog.close();
  shown = { name: "", id: "", told: null };
  refresh();
}

function label() {
  document.getElementById("key").textContent = key() ? `Key …${key().slice(-4)}` : "Key";
}

document.getElementById("key").addEventListener("click", () => askForKey(""));
document.getElementById("key-close").addEventListener("click", () => dialog.close());
document.getElementById("key-forget").addEventListener("click", () => keyed(""));
document.getElementById("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (input.value.trim()) keyed(input.value.trim());
});

// --- light and dark -------------------------------------------------------------------------------

const theme = document.getElementById("theme");
const THEMES = ["auto", "light", "dark"];

function themed(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  localStorage.setItem("tiergate.theme", name);
  theme.textContent = `Theme: ${name}`;
}

theme.addEventListener("click", () => {
  const current = THEMES.indexOf(localStorage.getItem("tiergate.theme") || "auto");
  themed(THEMES[(current + 1) % THEMES.length]);
});
themed(THEMES.includes(localStorage.getItem("tiergate.theme")) ? localStorage.getItem("tiergate.theme") : "auto");

// --- the keyboard ---------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  const at = context();
  const view = VIEWS[at.name];
  if (view.pressed && view.pressed(event, at)) {
    event.preventDefault();
    return;
  }
  const inField = event.target.closest("input, select, textarea");
  if (event.key === "Escape" && inField) {
    inField.blur();
    return;
  }
  if (inField) return;
  const names = Object.keys(VIEWS);
  if (event.key === "/") {
    event.preventDefault();
    search();
  } else if (event.key >= "1" && event.key <= String(names.length)) go(`#/${names[event.key - 1]}`);
});

async function search() {
  if (place().name !== "decisions") {
    history.pushState(null, "", "#/decisions");
    await refresh();
  }
  const field = document.getElementById("search");
  if (!field) return;
  field.focus();
  field.select();
}

// --- begin ----------------------------------------------------------------------------------------

window.addEventListener("hashchange", refresh);
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (document.hidden) status("paused");
  else refresh();
});
label();
refresh();

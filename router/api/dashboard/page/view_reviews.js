// Matters that wait for a person: the queue, one of them, and the verdict on it.

import { address, ask } from "./api.js";
import { el, row, section, table } from "./dom.js";
import { ago, moment, plain, usd } from "./format.js";
import { badge, facts } from "./parts.js";

const QUEUE = "v1/reviews";

/** The queue is asked for again and again; a matter in which somebody writes is left alone. */
export const every = ({ id }) => (id ? 0 : 10000);

export async function load({ query, id, signal }) {
  const status = query.get("status") || "pending";
  try {
    if (!id) return { ...(await ask(address(QUEUE, { status }), { signal })) };
    return { one: await ask(`${QUEUE}/${encodeURIComponent(id)}`, { signal }) };
  } catch (error) {
    if (error.status !== 404) throw error;
    return { missing: id ? error.message : "Not available: this gateway has no queue for reviews." };
  }
}

export function draw(told, context) {
  if (told.missing) return [el("h1", null, "Reviews"), el("p", { class: "empty" }, told.missing)];
  return told.one ? matter(told.one, context) : queue(told.data, context);
}

const COLUMNS = [["Matter", "t wrap"], ["How urgent", "t"], ["Asks for", "t"], ["Domain", "t"], ["Tenant", "t"], ["Waits since", "t"], ["Status", "t"]];

/** How soon a person should look at a matter, in words, and how the word is shown. */
const URGENCY = {
  emergency: ["emergency", "bad"],
  grave: ["grave matter", "warn"],
  ordinary: ["ordinary", "note"],
};

const urgency = (one) => (asksLabel(one) ? null : badge(...(URGENCY[one.urgency] || URGENCY.ordinary)));

/** A state or a verdict in words, as the buttons above the table have them. */
const STATUS = { pending: "waiting", decided: "decided", done: "closed without a verdict", approve: "approved", correct: "corrected", reject: "rejected" };

function queue(all, { query }) {
  const status = query.get("status") || "pending";
  const tab = (name, text) => el("a", { href: `#/reviews?status=${name}`, id: `status-${name}`, "aria-current": name === status ? "true" : null }, text);
  return [
    el("h1", null, all.length ? `${all.length} ${status === "pending" ? "waiting for a person" : plain(status)}` : "Nothing is waiting"),
    el("p", { class: "periods", role: "group", "aria-label": "Status" }, tab("pending", "Waiting"), tab("decided", "Decided"), tab("all", "All")),
    status === "pending" && all.length > 0 && el("p", { class: "soft" }, "Emergencies, where somebody may need help now, come first, then grave matters, then the rest; in each the oldest first."),
    all.length > 0
      ? table(
          "Reviews",
          COLUMNS,
          all.map((one) =>
            row(COLUMNS, [
              el("a", { id: `r-${one.id}`, class: "matter", href: `#/reviews/${encodeURIComponent(one.id)}` }, one.question ? shortened(one.question) : "Text is not kept"),
              urgency(one),
              asksLabel(one) ? badge(`label of ${plain(headOf(one))}`, "note") : "an answer",
              plain(one.domain),
              one.tenant,
              el("span", { title: moment(one.created_at) }, ago(one.created_at)),
              badge(STATUS[one.verdict || one.status], one.verdict ? "good" : "note"),
            ]),
          ),
        )
      : el("p", { class: "empty" }, status === "pending" ? "No matter waits for a verdict." : "No matter of that kind."),
  ];
}

/** Arrows walk through the queue, Enter opens (it is a link), Escape leads back to it. */
export function pressed(event, { id, go }) {
  if (event.key === "Escape" && id && !event.target.closest("textarea, input:not([type=radio])")) {
    go("#/reviews");
    return true;
  }
  if (id || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return false;
  const links = [...document.querySelectorAll("a.matter")];
  const to = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  if (links.length) links[Math.min(Math.max(to, 0), links.length - 1)].focus();
  return links.length > 0;
}

const shortened = (text) => (text.length > 140 ? `${text.slice(0, 139)}…` : text);

function matter(one, context) {
  return [
    el("p", null, el("a", { class: "back", id: "back", href: "#/reviews" }, "Back to the queue")),
    el("h1", null, one.verdict ? `Decided: ${STATUS[one.verdict]}` : asksLabel(one) ? "Is this label right?" : one.draft ? "Is this answer right?" : "What is the right answer?"),
    facts([
      ["How urgent", urgency(one)],
      ["Domain", plain(one.domain)],
      ["Tenant", one.tenant],
      ["Since", moment(one.created_at)],
      ["Decision", one.decision_id && el("a", { href: `#/decisions/${encodeURIComponent(one.decision_id)}` }, one.decision_id)],
      ["Minutes", one.minutes],
      ["By", one.by],
      ["Cost", one.cost_usd ? usd(one.cost_usd) : null],
    ]),
    quoted("Question", one.question, asksLabel(one) ? "The prompt was erased, or its time is over." : one.verdict ? "It was deleted with the verdict, or its time is over." : "No text is kept: the policy says privacy.waiting: none, it was erased, or its time is over."),
    (one.facts || []).length > 0 && section("Facts", null, el("ul", { class: "plain" }, one.facts.map((fact) => el("li", null, fact)))),
    asksLabel(one) ? null : quoted("The draft", one.draft, `There is no draft to judge: ${one.no_draft}.`),
    one.answer ? quoted(asksLabel(one) ? "Label that stands" : "Answer that stands", one.answer) : null,
    one.verdict ? null : verdict(one, context),
  ];
}

/** New classes that were said here: the next text of such a class need not say so again. */
const added = new Set();

const asksLabel = (one) => one.id.startsWith("label.");

/** The head that a label teaches: the id is label.HEAD.REQUEST. */
const headOf = (one) => one.id.slice("label.".length, one.id.lastIndexOf("."));

const quoted = (title, text, otherwise) =>
  section(title, null, text ? el("blockquote", { tabindex: "0" }, text) : el("p", { class: "empty" }, otherwise));

function verdict(one, { guarded, go, say }) {
  const opened = Date.now();
  const label = asksLabel(one);
  const option = (value, text) => el("label", { class: "option" }, el("input", { type: "radio", name: "verdict", value, required: true, id: `verdict-${value}` }), el("span", null, text));
  const corrected = el("label", { class: "wide", hidden: true, id: "corrected-label" }, el("span", null, label ? "The right label" : "The right answer"), el("textarea", { name: "corrected", id: "corrected", rows: "6", maxlength: "200000" }));
  const fresh = el("label", { class: "option", hidden: true, id: "new-class-label" }, el("input", { type: "checkbox", name: "new_class", id: "new-class" }), el("span", null, "It is a class that the head does not know yet"));
  const form = el(
    "form",
    { class: "verdict", id: "verdict-form" },
    el("fieldset", null, el("legend", null, "Verdict"), option("approve", label || one.draft ? "Approve: it is right (A)" : "Approve: what went out is right (A)"), option("correct", "Correct: here is the right one (C)"), option("reject", label ? "Reject: no label fits (R)" : "Reject: no answer should go out (R)")),
    corrected,
    fresh,
    el("label", { class: "wide" }, el("span", null, "Why (may be left out)"), el("input", { name: "reason", id: "reason", type: "text", maxlength: "2000" })),
    el("label", null, el("span", null, "Minutes it took"), el("input", { name: "minutes", id: "minutes", type: "number", min: "0", max: "10080", step: "0.1", required: true })),
    el("button", { type: "submit", class: "first", id: "decide" }, "Record the verdict (Ctrl+Enter)"),
  );
  // The whole verdict by keys: a letter chooses, Ctrl+Enter records. A letter in a field is text.
  const pressed = (event) => {
    if (!form.isConnected) return document.removeEventListener("keydown", pressed);
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      return form.requestSubmit();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || /^(textarea|select)$/i.test(event.target.tagName) || (event.target.type && event.target.type !== "radio")) return undefined;
    const value = { a: "approve", c: "correct", r: "reject" }[event.key.toLowerCase()];
    if (!value) return undefined;
    event.preventDefault();
    const radio = form.querySelector(`#verdict-${value}`);
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    (value === "correct" ? form.elements.corrected : radio).focus();
    return undefined;
  };
  document.addEventListener("keydown", pressed);
  form.addEventListener("change", () => {
    const correct = form.elements.verdict.value === "correct";
    corrected.hidden = !correct;
    fresh.hidden = !(correct && label);
    form.elements.corrected.required = correct;
    if (!form.elements.minutes.value) form.elements.minutes.value = Math.max(0.1, (Date.now() - opened) / 60000).toFixed(1);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = { verdict: form.elements.verdict.value, minutes: Number(form.elements.minutes.value) };
    if (said.verdict === "correct") said.corrected = form.elements.corrected.value;
    const named = `${label && headOf(one)} ${said.corrected}`;
    if (label && said.corrected && (form.elements.new_class.checked || added.has(named))) said.new_class = true;
    if (form.elements.reason.value) said.reason = form.elements.reason.value;
    form.elements.decide.disabled = true;
    const done = await guarded(() => ask(`${QUEUE}/${encodeURIComponent(one.id)}`, { body: said }));
    form.elements.decide.disabled = false;
    if (!done) return;
    if (said.new_class) added.add(named);
    say(said.corrected && !done.answer ? "The verdict is recorded. The policy keeps no text, so give the answer to whoever asked yourself." : "The verdict is recorded.");
    go("#/reviews");
  });
  return section("Your verdict", "The minutes are booked as a line of the ledger.", form);
}

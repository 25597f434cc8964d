// Elements by construction. Text becomes text nodes, never markup, so names from outside are inert.

const SVG = "http://www.w3.org/2000/svg";

// Controls, and marks that turn the direction of what follows: a text from outside could read
// backwards, and a label look like another one.
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g;

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : String(child).replace(UNSEEN, "\ufffd"));
  }
  return node;
}

/** An HTML element: el("td", {class: "n"}, "4"). Attributes that are null or false are left out. */
export function el(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** A sentence as children of an element: what stands between backticks in it is code. */
export const prose = (text) => text.split("`").map((part, at) => (at % 2 ? el("code", null, part) : part));

/** An SVG element, with the same rules. */
export function svg(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** Make `next` the children of `node`. What is there already stays untouched, so an open list of
 *  choices stays open; the focus goes back to the element of the same id. */
export function show(node, ...next) {
  const active = document.activeElement;
  const id = active && node.contains(active) ? active.id : "";
  const open = new Set([...node.querySelectorAll("details[open]")].map((one) => one.id));
  const wanted = next.flat(Infinity).filter(Boolean);
  wanted.forEach((one, at) => {
    const old = node.childNodes[at];
    if (old === one) return;
    if (old) node.replaceChild(one, old);
    else node.append(one);
  });
  while (node.childNodes.length > wanted.length) node.lastChild.remove();
  for (const one of node.querySelectorAll("details[id]")) if (open.has(one.id)) one.open = true;
  const again = id && document.getElementById(id);
  if (again && again !== document.activeElement) again.focus({ preventScroll: true });
}

const widths = new WeakMap(); // of boxes when they were last looked at: stacking changes their height

/** Stacks the tables that their box is too narrow for, and looks again whenever a box changes. */
const boxes = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    if (!target.isConnected) boxes.unobserve(target);
    else if (target.clientWidth !== widths.get(target)) {
      widths.set(target, target.clientWidth);
      target.classList.remove("stacked");
      target.classList.toggle("stacked", target.scrollWidth > target.clientWidth);
    }
  }
});

/** A table in a box. Where the box is too narrow, each row becomes a block, and each cell has the
 *  name of its column. Columns: [name, class]. */
export function table(caption, columns, rows) {
  const box = el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      null,
      el("caption", null, caption),
      el("thead", null, el("tr", null, columns.map(([name, kind]) => el("th", { scope: "col", class: kind }, name)))),
      el("tbody", null, rows),
    ),
  );
  boxes.observe(box);
  return box;
}

/** A row of a table: the first cell is its heading. Classes are those of the columns. */
export function row(columns, cells, attributes) {
  return el(
    "tr",
    attributes,
    cells.map((cell, at) =>
      at === 0
        ? el("th", { scope: "row", class: columns[at][1] }, cell)
        : el("td", { class: columns[at][1], "data-label": columns[at][0] }, cell),
    ),
  );
}

/** A section with a heading and, if wanted, a sentence under it. */
export function section(title, lead, ...children) {
  return el("section", null, el("h2", null, title), lead && el("p", { class: "lead" }, lead), children);
}

/** Figures side by side: [name, value, small print, title]. */
export function tiles(entries) {
  return el(
    "dl",
    { class: "tiles" },
    entries.map(([name, value, small, title, kind]) =>
      el(
        "div",
        { class: `tile ${kind || ""}`, title },
        el("dt", null, name),
        // A long figure, such as a tiny sum of money, would break in its middle.
        el("dd", typeof value === "string" && value.length > 8 ? { class: "long" } : null, value),
        small && el("dd", { class: "small" }, small),
      ),
    ),
  );
}

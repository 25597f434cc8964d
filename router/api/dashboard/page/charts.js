// The charts: SVG without a library, in the report's look. Shapes stretch with the page, words do
// not: they stand beside the shapes. Each chart says in words what it shows, and every figure can be
// read in a table or list beside it.

import { el, svg } from "./dom.js";
import { clock, count, duration, many, share } from "./format.js";
import { shownTier } from "./words.js";

const HUES = 6;

/** A class of colour for each tier: the first tier of a level has its level's, so that colours keep their meaning. */
export function hues(tiers) {
  const taken = new Map();
  const used = new Set();
  const take = (tier, hue) => {
    taken.set(tier, `t${hue}`);
    used.add(hue);
  };
  for (const { tier, level } of tiers) {
    if (!taken.has(tier) && !used.has(level % HUES)) take(tier, level % HUES);
  }
  // A second tier of a level must not take the colour of another level that is shown.
  for (const { tier, level } of tiers) {
    if (taken.has(tier)) continue;
    let hue = level % HUES;
    for (let at = 0; used.has(hue) && at < HUES; at += 1) hue = (hue + 1) % HUES;
    take(tier, hue);
  }
  return taken;
}

/** Names with the colour that each has in the chart above. */
export function legend(entries) {
  return el(
    "ul",
    { class: "legend" },
    entries.map(([name, kind, figure]) =>
      el("li", null, swatch(kind), el("span", { class: "clip", title: name }, name), figure && el("span", { class: "soft" }, figure)),
    ),
  );
}

export const swatch = (kind) =>
  svg("svg", { class: "swatch", width: 11, height: 11, "aria-hidden": "true" }, svg("rect", { width: 11, height: 11, rx: 2.5, class: kind }));

/** A round number at or above x, for the end of an axis: 37 -> 40. */
export function ceiling(x) {
  if (!(x > 0)) return 1;
  if (x <= 20) return 2 * Math.ceil(x / 2);
  const power = 10 ** Math.floor(Math.log10(x));
  return [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((end) => end >= x * 0.999999) || 10 * power;
}

/** A frame with words at its sides: `top`, `middle` and `bottom` of the axis, times below. */
function framed({ title, note, described, ticks, below, shapes, box, readout }) {
  return el(
    "figure",
    { class: "chart" },
    el("figcaption", null, el("span", null, title), note && el("small", null, note)),
    el(
      "div",
      { class: "plot" },
      el("div", { class: "axis", "aria-hidden": "true" }, ticks.map((text) => el("span", null, text))),
      svg(
        "svg",
        { viewBox: box, preserveAspectRatio: "none", role: "img", "aria-label": described, class: "area" },
        shapes,
      ),
    ),
    el("div", { class: "below", "aria-hidden": "true" }, below.map((text) => el("span", null, text))),
    readout,
  );
}

const HEIGHT = 100;

function grid(width) {
  return [0, 0.5, 1].map((at) => svg("line", { x1: 0, x2: width, y1: at * HEIGHT, y2: at * HEIGHT, class: "grid" }));
}

/** What stands under the pointer, in words below the chart; nothing that is not in the table too. */
function spots(entries, told) {
  return entries.map((text, at) =>
    svg(
      "rect",
      { x: at, y: 0, width: 1, height: HEIGHT, class: "spot", onpointerenter: () => told(text), onpointerleave: () => told("") },
      svg("title", null, text),
    ),
  );
}

function readout(fallback) {
  const line = el("p", { class: "readout" }, fallback);
  return [line, (text) => { line.textContent = text || fallback; }];
}

function times(minutes) {
  return [0, 15, 30, 45, minutes.length - 1].map((at) => clock(minutes[at].at_ms));
}

/** Requests per minute, stacked by the tier that answered; failures on top. */
export function traffic(minutes, tiers) {
  const colours = hues(tiers);
  const end = Math.max(4, ceiling(Math.max(...minutes.map((m) => m.requests))));
  const shapes = [];
  minutes.forEach((minute, at) => {
    let below = 0;
    const parts = [...tiers.map(({ tier }) => [minute.by_tier[tier] || 0, colours.get(tier)]), [minute.failed, "failed"], [minute.cancelled + minute.open, "open"]];
    for (const [n, kind] of parts) {
      if (!n) continue;
      const height = (n / end) * HEIGHT;
      below += height;
      shapes.push(svg("rect", { x: at + 0.12, width: 0.76, y: HEIGHT - below, height, class: kind }));
    }
  });
  const [line, told] = readout("Point at a minute for its figures.");
  const words = minutes.map((m) => {
    const by = tiers.map(({ tier }) => [tier, m.by_tier[tier]]).filter(([, n]) => n).map(([tier, n]) => `${shownTier(tier)} ${count(n)}`);
    if (m.failed) by.push(`failed ${count(m.failed)}`);
    if (m.cancelled) by.push(`left by their client ${count(m.cancelled)}`);
    if (m.open) by.push(`open ${count(m.open)}`);
    return `${clock(m.at_ms)}: ${count(m.requests)} ${m.requests === 1 ? "request" : "requests"}${by.length ? `, ${by.join(", ")}` : ""}`;
  });
  const whole = minutes.reduce((sum, m) => sum + m.requests, 0);
  return framed({
    title: "Requests per minute",
    note: "stacked by the tier that replied",
    described: `Requests per minute of the last hour by tier: ${count(whole)} together, ${count(Math.max(...minutes.map((m) => m.requests)))} in the busiest minute.`,
    ticks: [count(end), count(end / 2), "0"],
    below: times(minutes),
    box: `0 0 ${minutes.length} ${HEIGHT}`,
    shapes: [grid(minutes.length), shapes, spots(words, told)],
    readout: line,
  });
}

/** Median and 95th percentile per minute, logarithmic. */
export function latency(minutes) {
  const all = minutes.flatMap((m) => [m.p50_ms, m.p95_ms]).filter((ms) => ms !== null);
  if (!all.length) return null;
  const low = Math.floor(Math.log10(Math.max(Math.min(...all), 0.1)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...all, 0.2))));
  const place = (ms) => HEIGHT * (1 - (Math.log10(Math.max(ms, 0.01)) - low) / (high - low));
  const shapes = [];
  minutes.forEach((m, at) => {
    if (m.p50_ms === null) return;
    const x = at + 0.5;
    shapes.push(svg("line", { x1: x, x2: x, y1: place(m.p50_ms), y2: place(m.p95_ms), class: "span" }));
    shapes.push(svg("line", { x1: at + 0.18, x2: at + 0.82, y1: place(m.p95_ms), y2: place(m.p95_ms), class: "high" }));
    shapes.push(svg("line", { x1: at + 0.1, x2: at + 0.9, y1: place(m.p50_ms), y2: place(m.p50_ms), class: "median" }));
  });
  const [line, told] = readout("Thick: median. Thin: 95th percentile.");
  const words = minutes.map((m) => m.p50_ms === null ? `${clock(m.at_ms)}: no answer` : `${clock(m.at_ms)}: median ${duration(m.p50_ms)}, 95th percentile ${duration(m.p95_ms)}`);
  return framed({
    title: "Latency per minute",
    note: "median to 95th percentile, logarithmic",
    described: "Median and 95th percentile of the latency in each minute of the last hour.",
    ticks: [duration(10 ** high), high - low > 1 ? "" : "", duration(10 ** low)],
    below: times(minutes),
    box: `0 0 ${minutes.length} ${HEIGHT}`,
    shapes: [grid(minutes.length), shapes, spots(words, told)],
    readout: line,
  });
}

/** A list of names and figures, each over a track with what `shapes` draws from the rest of its entry. */
function barlines(label, entries, shapes) {
  return el(
    "ul",
    { class: "bars", "aria-label": label },
    entries.map(([name, figure, ...rest]) =>
      el(
        "li",
        null,
        el("span", { class: "clip", title: name }, name),
        el("span", { class: "figure" }, figure),
        svg("svg", { class: "barline", "aria-hidden": "true" }, svg("rect", { width: "100%", height: 10, rx: 2, class: "track" }), shapes(...rest)),
      ),
    ),
  );
}

/** Lines with a bar each: [name, figure, share 0..1 of the widest, class, mark 0..1]. */
export function bars(label, entries) {
  return barlines(label, entries, (part, kind, mark) => [
    part > 0 && svg("rect", { width: `${Math.max(0.4, Math.min(part, 1) * 100)}%`, height: 10, rx: 2, class: kind || "accent" }),
    mark !== undefined && mark !== null && svg("rect", { x: `${mark * 100}%`, width: 2, height: 10, class: "mark" }),
  ]);
}

/** Saved shares, signed, around an upright zero, with their intervals. Entries: [name, figure, share, low, high]. */
export function signed(label, entries) {
  const low = Math.max(-2, Math.min(0, ...entries.flatMap(([, , x, a]) => [x, a ?? x])));
  const place = (x) => `${(100 * (Math.min(Math.max(x, low), 1) - low)) / (1 - low)}%`;
  const width = (a, b) => `${(100 * Math.abs(Math.min(Math.max(b, low), 1) - Math.min(Math.max(a, low), 1))) / (1 - low)}%`;
  return barlines(label, entries, (x, from, to) => [
    svg("rect", { x: place(Math.min(0, x)), width: width(0, x), height: 10, class: x < 0 ? "bad" : "accent" }),
    from !== null && from !== undefined && svg("line", { x1: place(from), x2: place(to), y1: 5, y2: 5, class: "interval" }),
    svg("line", { x1: place(0), x2: place(0), y1: 0, y2: 10, class: "zero" }),
  ]);
}

/** How many answers were how sure: twenty bars, the climbed part of each in another colour. */
export function histogram(tier, bins, kind, noun = "answer") {
  const most = ceiling(Math.max(...bins.map((bin) => bin.requests)));
  const shapes = bins.flatMap((bin, at) => {
    const whole = (bin.requests / most) * HEIGHT;
    const climbed = (bin.climbed / most) * HEIGHT;
    return [
      bin.requests && svg("rect", { x: at + 0.08, width: 0.84, y: HEIGHT - whole, height: whole, class: kind }),
      bin.climbed && svg("rect", { x: at + 0.08, width: 0.84, y: HEIGHT - climbed, height: climbed, class: "climbed" }),
    ];
  });
  const [line, told] = readout("");
  const step = 1 / bins.length;
  const words = bins.map((bin) => `${bin.low.toFixed(2)} to ${(bin.low + step).toFixed(2)}: ${count(bin.requests)}, climbed ${bin.requests ? share(bin.climbed / bin.requests) : "none"}`);
  const whole = bins.reduce((sum, bin) => sum + bin.requests, 0);
  return framed({
    title: tier,
    note: many(whole, noun),
    described: `How sure the ${noun}s of ${tier} were, from 0 to 1, in twenty bars; the figures are in the table below.`,
    ticks: [count(most), "", "0"],
    below: ["0", "0.25", "0.5", "0.75", "1"],
    box: `0 0 ${bins.length} ${HEIGHT}`,
    shapes: [grid(bins.length), shapes, spots(words, told)],
    readout: line,
  });
}

/** Said against found: on the diagonal, answers are right as often as the gateway was sure. */
export function reliability(bins) {
  const most = Math.max(...bins.map((bin) => bin.count), 1);
  return el(
    "figure",
    { class: "chart square" },
    el("figcaption", null, "Sure against right", el("small", null, "area: how many outcomes")),
    svg(
      "svg",
      { viewBox: "-14 -4 120 120", role: "img", class: "diagram", "aria-label": "Mean confidence of each bin against the share of right answers; the diagonal is perfect calibration. The figures are in the table beside it." },
      [0, 25, 50, 75, 100].map((at) => [
        svg("line", { x1: at, x2: at, y1: 0, y2: 100, class: "grid" }),
        svg("line", { x1: 0, x2: 100, y1: at, y2: at, class: "grid" }),
        svg("text", { x: at, y: 108, class: "tick", "text-anchor": "middle" }, at / 100),
        at > 0 && svg("text", { x: -3, y: 100 - at + 2, class: "tick", "text-anchor": "end" }, at / 100),
      ]),
      svg("line", { x1: 0, y1: 100, x2: 100, y2: 0, class: "diagonal" }),
      bins.map((bin) =>
        svg("circle", { cx: 100 * bin.confidence, cy: 100 - 100 * bin.right, r: 1.5 + 4 * Math.sqrt(bin.count / most), class: "dot" },
          svg("title", null, `sure ${bin.confidence.toFixed(2)}, right ${bin.right.toFixed(2)}, ${count(bin.count)}`)),
      ),
    ),
  );
}

// How figures are written: money exact to what matters, times in the reader's zone, names in words.

export const NOTHING = "–";

const WHOLE = new Intl.NumberFormat("en-US");

/** 12345 -> "12,345"; null -> "–". */
export const count = (n) => (n === null || n === undefined ? NOTHING : WHOLE.format(n));

/** An exact amount ("0.000123456") as people read it: cents from a dollar on, three figures below. */
export function usd(text, signed = false) {
  if (text === null || text === undefined) return "unknown";
  const negative = text.startsWith("-");
  const [whole, rest = ""] = text.replace("-", "").split(".");
  const value = Number(`${whole}.${rest}`);
  let shown;
  if (value >= 1 || value === 0) {
    shown = value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  } else {
    const zeros = rest.match(/^0*/)[0].length;
    const places = Math.max(2, zeros + 3);
    shown = value.toFixed(Math.min(places, 9)).replace(/(\.\d\d.*?)0+$/, "$1");
  }
  const sign = negative ? "-" : signed && value ? "+" : "";
  return `${sign}$${shown}`;
}

/** An exact amount as a report shows it, with its `shown_places`: "$0.0042", "<$0.0001", "$12.35". */
export function placed(text, places, signed = false) {
  if (text === null || text === undefined) return "unknown";
  const value = Math.abs(Number(text));
  const sign = text.startsWith("-") ? "-" : signed && value ? "+" : "";
  if (!value) return "$0.00";
  const shown = value.toFixed(places);
  if (!Number(shown)) return `${sign}<$${(10 ** -places).toFixed(places)}`;
  return `${sign}$${Number(shown) < 1 ? shown : value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** Nano-dollars as an exact amount: 12500000 -> "0.0125"; null stays null. */
export function dollars(nano) {
  if (nano === null || nano === undefined) return null;
  const digits = String(Math.abs(nano)).padStart(10, "0");
  const rest = digits.slice(-9).replace(/0+$/, "").padEnd(2, "0");
  return `${nano < 0 ? "-" : ""}${digits.slice(0, -9)}.${rest}`;
}

/** The exact amount, for a title: "$0.000123456 exactly". */
export const exact = (text) => (text === null || text === undefined ? null : `$${text} exactly`.replace("$-", "-$"));

/** A share 0..1: "12 %", "1.4 %", "0 %"; never "0 %" for what is not nothing. */
export function share(x, digits) {
  if (x === null || x === undefined || Number.isNaN(x)) return NOTHING;
  const p = 100 * x;
  if (digits !== undefined) return `${p.toFixed(digits)}\u00a0%`;
  if (p > 0 && p < 0.1) return "<\u00a00.1\u00a0%";
  if (p > 99.9 && p < 100) return ">\u00a099.9\u00a0%";
  if (Math.abs(p) >= 1000) return `${count(Math.round(p))}\u00a0%`;
  return `${Math.abs(p) < 10 && p % 1 ? p.toFixed(1) : Math.round(p)}\u00a0%`;
}

/** Parts of a whole as shares, each by itself, so that one reads the same wherever it stands. */
export function parts(counts) {
  const whole = counts.reduce((sum, n) => sum + n, 0);
  return counts.map((n) => (whole ? n / whole : null));
}

/** Milliseconds: "0.8 ms", "340 ms", "2.4 s", "3 min". */
export function duration(ms) {
  if (ms === null || ms === undefined) return NOTHING;
  if (ms < 10) return `${ms.toFixed(1).replace(".0", "")} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 100000) return `${(ms / 1000).toFixed(ms < 10000 ? 1 : 0)} s`;
  return `${Math.round(ms / 60000)} min`;
}

const pad = (n) => String(n).padStart(2, "0");

/** 14:05 of the reader's day. */
export function clock(ms, seconds = false) {
  const at = new Date(ms);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}${seconds ? `:${pad(at.getSeconds())}` : ""}`;
}

/** 2026-11-20 14:05:09 in the reader's zone. */
export function moment(ms) {
  const at = new Date(ms);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock(ms, true)}`;
}

/** Today only the time, else the day as well. */
export function briefly(ms) {
  const at = new Date(ms);
  const same = at.toDateString() === new Date().toDateString();
  return same ? clock(ms, true) : `${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock(ms)}`;
}

/** "3 min ago", for what is recent. */
export function ago(ms) {
  const s = Math.max(0, (Date.now() - ms) / 1000);
  if (s < 60) return `${Math.round(s)} s ago`;
  if (s < 3600) return `${Math.round(s / 60)} min ago`;
  if (s < 172800) return `${Math.round(s / 3600)} h ago`;
  return `${Math.round(s / 86400)} days ago`;
}

/** customer_support -> customer support. */
export const plain = (name) => (name ? String(name).replaceAll("_", " ") : NOTHING);

/** 1 request, 2 requests. */
export const many = (n, one, more = `${one}s`) => `${count(n)} ${n === 1 ? one : more}`;

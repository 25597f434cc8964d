// Asking the gateway: the key of this tab, ETags, and errors in words.

const KEY = "tiergate.key";
const MAX_TAGS = 60;
const known = new Map(); // address -> [etag, document], the oldest first

export class Refused extends Error {
  /** `status` is HTTP's; 0 where the gateway could not be reached. */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const key = () => sessionStorage.getItem(KEY) || "";

export function setKey(text) {
  known.clear();
  if (text) sessionStorage.setItem(KEY, text);
  else sessionStorage.removeItem(KEY);
}

/** The JSON at an address beside the page, asked for with this tab's key. Throws Refused. */
export async function ask(address, { body, signal } = {}) {
  const headers = {};
  if (key()) headers.authorization = `Bearer ${key()}`;
  const before = body === undefined ? known.get(address) : undefined;
  if (before) headers["if-none-match"] = before[0];
  if (body !== undefined) headers["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(address, {
      method: body === undefined ? "GET" : "POST",
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      credentials: "omit",
      cache: "no-store",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The gateway does not answer. It may be restarting; this page tries again.");
  }
  if (response.status === 304 && before) return before[1];
  const told = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, explained(response.status, told));
  const tag = response.headers.get("etag");
  if (tag && body === undefined) {
    known.delete(address);
    known.set(address, [tag, told]);
    if (known.size > MAX_TAGS) known.delete(known.keys().next().value);
  }
  return told;
}

function explained(status, told) {
  const said = told && told.error && told.error.message;
  return said || `The gateway answered ${status}.`;
}

/** An address with those parameters that say something. */
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export const VIEWS = "api/v1/dashboard/";

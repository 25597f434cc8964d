// openai-node against the server that BASE_URL and API_KEY name.

import assert from "node:assert/strict";
import test from "node:test";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

const { BASE_URL: baseURL, API_KEY: apiKey, POOR_KEY: poorKey } = process.env;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const agent = "auto:agent"; // its upstream calls offered tools and fills schemas
const question = "Where is my parcel?";
const messages = [{ role: "user", content: question }];
const asked = { model: "auto", messages };
const Parcel = z.object({ number: z.int(), city: z.string() });
const filled = { number: 3, city: "some words" };

test("chat is answered", async () => {
  const said = await client.chat.completions.create(asked);
  assert.match(said.choices[0].message.content, /parcel/);
  assert.match(said._request_id, /^req_/);
});

test("chat streams", async () => {
  let text = "";
  for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
    text += chunk.choices[0].delta.content ?? "";
  }
  assert.match(text, /^Your parcel .* Tuesday\.$/);
});

test("the stream helper gives the final message", async () => {
  const stream = client.chat.completions.stream(asked);
  assert.match(await stream.finalContent(), /parcel/);
});

test("the tool runner calls a function and reads its result", async () => {
  const calls = [];
  const runner = client.chat.completions.runTools({
    model: agent,
    messages,
    tools: [
      {
        type: "function",
        function: {
          name: "get_parcel",
          parameters: { type: "object", properties: { number: { type: "integer" } } },
          parse: JSON.parse,
          function: ({ number }) => (calls.push(number), "in Ghent"),
        },
      },
    ],
  });
  assert.equal(await runner.finalContent(), "The tool said: in Ghent");
  assert.deepEqual(calls, [3]);
});

test("chat parses a schema", async () => {
  const said = await client.chat.completions.parse({
    model: agent,
    messages,
    response_format: zodResponseFormat(Parcel, "parcel"),
  });
  assert.deepEqual(said.choices[0].message.parsed, filled);
});

test("responses are answered, streamed and parsed", async () => {
  const said = await client.responses.create({ model: "auto", input: question });
  assert.match(said.output_text, /parcel/);
  const stream = client.responses.stream({ model: "auto", input: question });
  const kinds = new Set();
  for await (const event of stream) kinds.add(event.type);
  assert.ok(kinds.has("response.output_text.delta") && kinds.has("response.completed"));
  const format = zodTextFormat(Parcel, "parcel");
  const parsed = await client.responses.parse({ model: agent, input: question, text: { format } });
  assert.deepEqual(parsed.output_parsed, filled);
});

test("completions are answered and models listed", async () => {
  const said = await client.completions.create({ model: "auto", prompt: question });
  assert.match(said.choices[0].text, /parcel/);
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("auto"));
});

test("errors are the client's own classes", async () => {
  const create = (more) => client.chat.completions.create({ ...asked, ...more });
  await assert.rejects(create({ model: "nope" }), OpenAI.NotFoundError);
  await assert.rejects(create({ temperature: 9 }), OpenAI.BadRequestError);
  await assert.rejects(create({ model: "auto:limited" }), OpenAI.RateLimitError);
  await assert.rejects(create({ model: "auto:refused" }), OpenAI.InternalServerError);
  const stranger = new OpenAI({ baseURL, apiKey: "tg_wrong", maxRetries: 0 });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
});

test("a failure that passes is hidden by a retry", async () => {
  const call = client.chat.completions.create(
    { ...asked, model: "auto:flaky" },
    { maxRetries: 2 },
  );
  const { data } = await call.withResponse();
  assert.match(data.choices[0].message.content, /parcel/);
});

test("a spent budget is not retried", async () => {
  let calls = 0;
  const counted = (...request) => (calls++, fetch(...request));
  const poor = new OpenAI({ baseURL, apiKey: poorKey, maxRetries: 2, fetch: counted });
  await assert.rejects(poor.chat.completions.create(asked), { code: "insufficient_quota" });
  assert.equal(calls, 1);
});

test("a stream that breaks throws", async () => {
  const stream = await client.chat.completions.create({ ...asked, model: "auto:cut", stream: true })
    .catch((error) => [Promise.reject(error)]);
  await assert.rejects(async () => {
    for await (const _ of stream);
  }, OpenAI.APIError);
});

test("time-outs and aborts are errors of the client", async () => {
  const slow = { ...asked, model: "auto:dawdling" };
  const call = (more) => client.chat.completions.create(slow, more);
  await assert.rejects(call({ timeout: 300 }), OpenAI.APIConnectionTimeoutError);
  const leaving = new AbortController();
  setTimeout(() => leaving.abort(), 100);
  await assert.rejects(call({ signal: leaving.signal }), OpenAI.APIUserAbortError);
});

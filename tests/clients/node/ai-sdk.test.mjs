// The Vercel AI SDK, by four of its providers, against the server of BASE_URL and API_KEY.

import assert from "node:assert/strict";
import test from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, Output, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const { BASE_URL: baseURL, API_KEY: apiKey } = process.env;
const prompt = "Where is my parcel?";
const Parcel = z.object({ number: z.int(), city: z.string() });
const openai = createOpenAI({ baseURL, apiKey });
const anthropic = createAnthropic({ baseURL, apiKey });
const compatible = createOpenAICompatible({
  name: "tiergate",
  baseURL,
  apiKey,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
// Without it the provider for responses sends ids of earlier answers in place of their words.
const stateless = { openai: { store: false } };
const providers = {
  "openai, responses": (model) => openai(model),
  "openai, chat": (model) => openai.chat(model),
  "openai-compatible": (model) => compatible(model),
  anthropic: (model) => anthropic(model),
};

for (const [name, of] of Object.entries(providers)) {
  const agent = of("auto:agent"); // its upstream calls offered tools and fills schemas

  test(`${name}: text is generated`, async () => {
    const { text, usage, finishReason } = await generateText({ model: of("auto"), prompt });
    assert.match(text, /parcel/);
    assert.deepEqual([usage.inputTokens, usage.outputTokens, finishReason], [20, 12, "stop"]);
  });

  test(`${name}: text is streamed`, async () => {
    const result = streamText({ model: of("auto"), prompt });
    let text = "";
    for await (const piece of result.textStream) text += piece;
    assert.match(text, /^Your parcel .* Tuesday\.$/);
    assert.equal((await result.usage).totalTokens, 32);
  });

  const get_parcel = tool({
    description: "Says where a parcel is.",
    inputSchema: z.object({ number: z.int() }),
    execute: async ({ number }) => `${number} is in Ghent`,
  });
  const looped = { model: agent, prompt, tools: { get_parcel }, stopWhen: stepCountIs(3) };

  test(`${name}: a tool loop ends in words`, async () => {
    const { text, steps } = await generateText(looped);
    assert.equal(text, "The tool said: 3 is in Ghent");
    assert.equal(steps.length, 2);
  });

  test(`${name}: a tool loop is streamed`, async () => {
    const result = streamText(looped);
    let text = "";
    for await (const piece of result.textStream) text += piece;
    assert.equal(text, "The tool said: 3 is in Ghent");
  });

  test(`${name}: a conversation goes on from its messages`, async () => {
    const first = await generateText({ model: agent, prompt });
    const messages = [
      { role: "user", content: prompt },
      ...first.response.messages,
      { role: "user", content: "And now?" },
    ];
    const { text } = await generateText({ model: agent, messages, providerOptions: stateless });
    assert.match(text, /parcel/);
  });

  test(`${name}: an object is generated`, async () => {
    const output = Output.object({ schema: Parcel });
    const found = await generateText({ model: agent, prompt, output });
    assert.deepEqual(found.output, { number: 3, city: "some words" });
  });

  test(`${name}: errors carry the status`, async () => {
    const call = generateText({ model: of("nope"), prompt, maxRetries: 0 });
    await assert.rejects(call, (error) => APICallError.isInstance(error) && error.statusCode === 404);
  });

  test(`${name}: an abort ends the call`, async () => {
    const abortSignal = AbortSignal.timeout(200);
    const call = generateText({ model: of("auto:dawdling"), prompt, abortSignal, maxRetries: 0 });
    await assert.rejects(call, { name: "TimeoutError" });
  });
}

test("openai, responses: a reference to a stored answer is refused with advice", async () => {
  const first = await generateText({ model: openai("auto"), prompt });
  const messages = [...first.response.messages, { role: "user", content: "And now?" }];
  await assert.rejects(generateText({ model: openai("auto"), messages }), /store: false/);
});

// What is waited for in turn: later requests are taken up, and answers leave in the order of requests.

import { afterEach, expect, test } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { AnswerInTurn } from "../../src/server/answers-in-turn.ts";
import type { AnswerFrame } from "../../src/server/connection.ts";
import { ConnectionBudget } from "../../src/server/connection-budget.ts";
import { Listener } from "../../src/server/listener.ts";
import type { Answer } from "../../src/server/unsent-answers.ts";
import { listenerParts } from "../support/listener-parts.ts";
import { RawClient } from "../support/raw-client.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function framed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

async function connected(answer: AnswerFrame): Promise<RawClient> {
  const listener = await Listener.open({
    name: "PLAINTEXT",
    host: "127.0.0.1",
    port: 0,
    maxFrameBytes: 1000,
    budget: new ConnectionBudget(() => 10),
    idleLimitMs: -1,
    ...listenerParts(),
    logger: silentLogger,
  });
  ends.push(() => listener.close());
  listener.serve(answer);
  const client = await RawClient.connect(listener.port);
  ends.push(() => client.close());
  return client;
}

/** A request of this API; what is appended ("w") is waited for, until `give` is called with it. */
function request(text: string): Buffer {
  return framed(`${text.startsWith("w") ? "\0\0" : "\0\x01"}${text}`);
}

function waiting() {
  const taken: string[] = [];
  const sent: string[] = [];
  const waits = new Map<string, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  const answer: AnswerFrame = (frame, connection) => {
    const text = frame.toString().slice(2);
    taken.push(text);
    if (text === "wrong") return [framed(text)];
    if (text.startsWith("w")) return new AnswerInTurn(new Promise((resolve, reject) => waits.set(text, { resolve, reject })));
    connection.whenSent(() => sent.push(text));
    return text.startsWith("later") ? Promise.resolve([framed(text)]) : [framed(text)];
  };
  return { answer, taken, sent, give: (text: string) => waits.get(text)?.resolve([framed(text)]), waits };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function answers(client: RawClient, count: number): Promise<(string | undefined)[]> {
  const given: (string | undefined)[] = [];
  while (given.length < count) given.push((await client.next())?.toString());
  return given;
}

async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("what is to be appended is taken up while others are waited for, anything else is not; all is answered in its order", async () => {
  const { answer, taken, sent, give } = waiting();
  const client = await connected(answer);
  client.write(Buffer.concat(["w1", "w2", "wrong", "later3", "4", "w5"].map(request)));
  await until(() => taken.length === 3);
  await someTurns();
  expect(taken).toEqual(["w1", "w2", "wrong"]);
  give("w2");
  give("w1");
  expect(await answers(client, 5)).toEqual(["w1", "w2", "wrong", "later3", "4"]);
  await until(() => taken.length === 6);
  give("w5");
  expect(await answers(client, 1)).toEqual(["w5"]);
  await until(() => sent.length === 2);
});

test("so many may be waited for, and no more", async () => {
  const { answer, taken, give } = waiting();
  const client = await connected(answer);
  client.write(Buffer.concat(Array.from({ length: 40 }, (_, index) => request(`w${index}`))));
  await until(() => taken.length === 32);
  await someTurns();
  expect(taken).toHaveLength(32);
  for (let index = 0; index < 40; index++) {
    await until(() => taken.includes(`w${index}`));
    give(`w${index}`);
    expect(await answers(client, 1)).toEqual([`w${index}`]);
  }
});

test("what cannot be answered ends the connection, with all that came behind it", async () => {
  const { answer, taken, waits } = waiting();
  const client = await connected(answer);
  client.write(Buffer.concat(["w1", "w2", "3"].map(request)));
  await until(() => taken.length === 2);
  waits.get("w1")?.reject(new Error("gone"));
  expect(await client.next()).toBeUndefined();
  expect(taken).toEqual(["w1", "w2"]);
});

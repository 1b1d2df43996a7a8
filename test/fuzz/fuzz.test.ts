// A short run of the fuzzer (`npm run fuzz`) against a broker of this process: what it holds a broker to in a process of its own, but for memory and
// turns, holds here.

import { afterEach, expect, test, vi } from "vitest";
import { TimestampType } from "../../protocol/records/batch-header.ts";
import { MessageSetWriter } from "../../protocol/records/message-set-builder.ts";
import { Seldom } from "../../src/base/seldom.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { Account } from "./account.ts";
import { Chance } from "./chance.ts";
import { Ledger } from "./ledger.ts";
import { framed } from "./mutations.ts";
import { Neighbour } from "./neighbour.ts";
import { Persona, TopicIds } from "./persona.ts";
import { Requests } from "./requests.ts";
import { servedComplaint } from "./served-batches.ts";
import { Stranger } from "./stranger.ts";

const SEED = 17;
const CONNECTIONS = 50;
/** Not answered in time, some end early; then others come. */
const FEWEST_REQUESTS = 301;
const FEWEST_ANSWERS = 101;
const AT_A_TIME = 12;

afterEach(() => {
  vi.restoreAllMocks();
});

async function letStrangersIn(broker: RunningBroker, account: Account, lines: readonly RecordedLine[]): Promise<void> {
  const topicIds = new TopicIds();
  const reasonOf = async (port: number) => {
    const line = () => lines.find(({ facts }) => `${facts["client"]}`.endsWith(`:${port}`));
    await vi.waitUntil(line, { timeout: 5000, interval: 1 }).catch(() => undefined);
    return line()?.message;
  };
  let next = 0;
  const isEnough = () => next >= CONNECTIONS && account.get("requests") >= FEWEST_REQUESTS && account.get("answers") >= FEWEST_ANSWERS;
  const door = async () => {
    while (!isEnough()) {
      const common = { port: broker.port, seed: SEED, served: new Map(), topicIds, account, sending: () => account.count("requests") };
      await new Stranger({ ...common, number: next++, reasonOf }).run();
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, door));
}

test("strangers who send what they like harm nobody: every disconnect has its line, every answer is one, and a neighbour sees nothing", async () => {
  vi.spyOn(Seldom.prototype, "say").mockReturnValue(0);
  const lines: RecordedLine[] = [];
  const account = new Account();
  const broker = await startBroker({ logger: recordingLogger(lines), host: "127.0.0.1" });
  const neighbour = await Neighbour.start({ port: broker.port, hasLogin: false, account });
  await letStrangersIn(broker, account, lines);
  await neighbour.stop();
  await neighbour.verify({ port: broker.port, hasLogin: false, account });
  await broker.stop();
  expect(account.complaints).toEqual([]);
  expect(lines.filter(({ level }) => level === "error")).toEqual([]);
  expect(account.get("records of the neighbour")).toBeGreaterThan(0);
}, 30_000);

test("the same connection asks the same, as long as it is told nothing", () => {
  const ask = (number: number) => {
    const chance = new Chance(SEED, number);
    const requests = new Requests(new Persona(chance, new TopicIds()), chance, { served: new Map(), connection: number });
    return Array.from({ length: 30 }, () => requests.next().bytes.toString("hex")).join("\n");
  };
  expect(ask(7)).toBe(ask(7));
  expect(ask(7)).not.toBe(ask(8));
});

test("an answer out of turn, or one that does not decode, is a complaint", () => {
  const ledger = new Ledger();
  const heartbeat = Buffer.from([0, 12, 0, 0, 0, 0, 0, 5, 255, 255, 0, 1, 65, 0, 0, 0, 1, 0, 1, 66]);
  ledger.send(framed(heartbeat));
  ledger.send(framed(heartbeat));
  ledger.send(framed(heartbeat).subarray(0, 9));
  expect(ledger.waiting).toHaveLength(2);
  expect(ledger.answered(Buffer.from([0, 0, 0, 6, 0, 0]))).toContain("was answered with correlation id 6");
  expect(ledger.answered(Buffer.from([0, 0, 0, 5, 0]))).toContain("does not decode");
  expect(ledger.answered(Buffer.from([0, 0, 0, 5, 0, 0]))).toContain("an answer to nothing");
});

test("records are judged by the format in which their version is answered", () => {
  const writer = new MessageSetWriter(1, TimestampType.CREATE_TIME);
  writer.add({ offset: 7, timestamp: 1, key: null, value: Buffer.from("v") });
  const messages = writer.take();
  const served = (records: Buffer, version: number) =>
    servedComplaint({ responses: [{ partitions: [{ records, partitionIndex: 0 }] }] }, version);
  expect(served(messages, 3)).toBeUndefined();
  expect(served(messages, 4)).toContain("does not decode");
  messages.writeUInt8(0, messages.length - 1);
  expect(served(messages, 3)).toContain("has a wrong CRC");
});

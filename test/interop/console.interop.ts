// The console in a real browser, on brokers of its own, with kafkajs beside: what a newcomer does, every page with data and without, in each look,
// what goes wrong, and what hostile clients write. Screenshots are left in .cache/interop/console. Takes about a minute.

import { Kafka, logLevel } from "kafkajs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { hasChromium, openChromium } from "./chromium.ts";
import { ConsolePage, type Look } from "./console-page.ts";
import { port } from "./port.ts";

const WAIT_MS = 30_000;
const isThere = hasChromium();

let browser: Browser;
beforeAll(async () => {
  if (isThere) browser = await openChromium();
});
afterAll(() => browser?.close());

function clientOf(broker: RunningBroker, clientId: string): Kafka {
  return new Kafka({ brokers: [`localhost:${broker.port}`], clientId, logLevel: logLevel.NOTHING });
}

function opened(broker: RunningBroker, look?: Look): Promise<ConsolePage> {
  return ConsolePage.open(browser, `http://localhost:${broker.port}`, look);
}

const fill = (page: Page, label: string, value: string) => page.getByLabel(label, { exact: true }).fill(value);
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).last().click();
const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: WAIT_MS });
const becomes = (so: () => Promise<void>) => vi.waitFor(so, { timeout: WAIT_MS, interval: 100 });
const text = (page: Page, selector: string) => page.locator(selector).first().textContent();

async function consumerIn(broker: RunningBroker, { groupId, clientId, topic }: { groupId: string; clientId: string; topic: string }) {
  const consumer = clientOf(broker, clientId).consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async () => undefined });
  return consumer;
}

async function send(
  broker: RunningBroker,
  topic: string,
  messages: Parameters<ReturnType<Kafka["producer"]>["send"]>[0]["messages"],
): Promise<void> {
  const producer = clientOf(broker, "shop").producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

describe.skipIf(!isThere).concurrent("the console", () => {
  test("takes a newcomer from an empty broker to who lags, a reset, and a rebalance with its reason", async () => {
    await using broker = await startBroker({ port: port(20010) });
    await using view = await opened(broker);
    const { page } = view;
    await view.go("");
    await sees(page, "There are no topics yet");
    // With keys alone.
    await page.keyboard.press("n");
    await page.keyboard.type("orders");
    await page.keyboard.press("Tab");
    await page.keyboard.type("3");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Topics / orders", exact: true }).waitFor();
    await sees(page, "There are no messages here");
    await page.keyboard.press("n");
    await fill(page, "Value", '{"customer":"Ada","total":120}');
    await fill(page, "Key", "order-1");
    await press(page, "Produce");
    await sees(page, "order-1");
    await press(page, "Live");
    await sees(page, /waiting for more/);
    await send(broker, "orders", [{ key: "order-2", value: '{"customer":"Grace","total":80}', headers: { trace: "4711" } }]);
    await page.getByRole("row", { name: /order-2/ }).click();
    await sees(page, "4711");
    await view.shoot("messages-live");
    await press(page, "Copy as kafkajs");
    await sees(page, "Code copied.");
    expect(await page.evaluate<string>("navigator.clipboard.readText()")).toContain(
      'producer.send({ topic: "orders", messages: [{ key: "order-2"',
    );
    await press(page, "Send again");
    await sees(page, /^Sent again: partition \d, offset \d/);

    await send(
      broker,
      "orders",
      [0, 1, 2].map((partition) => ({ partition, value: `one of ${partition}` })),
    );
    const first = await consumerIn(broker, { groupId: "billing", clientId: "first-biller", topic: "orders" });
    await view.go("groups/billing");
    await sees(page, "Stable");
    const second = await consumerIn(broker, { groupId: "billing", clientId: "second-biller", topic: "orders" });
    await page.getByRole("link", { name: "Rebalances" }).click();
    await page.getByRole("listitem").filter({ hasText: "second-biller" }).first().waitFor({ timeout: WAIT_MS });
    await view.shoot("rebalances");
    await page.getByRole("link", { name: "Members" }).click();
    await page.getByRole("row", { name: /second-biller/ }).waitFor({ timeout: WAIT_MS });
    await Promise.all([first.disconnect(), second.disconnect()]);

    const late = Array.from({ length: 40 }, (_, index) => ({ key: String(index), value: `late ${index}` }));
    await send(broker, "orders", late);
    await view.go("groups");
    await becomes(async () => expect(await text(page, "tbody tr")).toMatch(/^billing.*40/));
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await press(page, "Reset offsets");
    await page.getByLabel("To", { exact: true }).selectOption("latest");
    await sees(page, "0 records would be read again, 40 left out.");
    await view.shoot("reset");
    await press(page, "Reset");
    await becomes(async () => expect(await text(page, ".facts")).toMatch(/Lag0/));
    expect(view.complaints).toEqual([]);
  });

  test("shows every page without anything in it, and says what to do next", async () => {
    await using broker = await startBroker({ port: port(20011) });
    await using view = await opened(broker, { isNarrow: true, isDark: true });
    const complaints: string[] = [];
    for (const place of PLACES_OF_ALL) {
      await view.go(place);
      await view.shoot(`empty-${place.replaceAll("/", "-")}`);
      const barriers = await view.barriers();
      const overhang = await view.overhang();
      if (overhang > 0) complaints.push(`${place} is ${overhang} px too wide`);
      complaints.push(...barriers.map((barrier) => `${place}: ${barrier}`));
    }
    expect([...complaints, ...view.complaints]).toEqual([]);
  });

  test.each<[string, Look]>([
    ["light", {}],
    ["dark", { isDark: true }],
    ["narrow", { isNarrow: true }],
  ])("shows every page with data: %s", async (name, look) => {
    const index = ["light", "dark", "narrow"].indexOf(name);
    await using broker = await startBroker({ port: port(20012 + index), acls: EVERYTHING });
    await using _ = await furnish(broker);
    await using view = await opened(broker, look);
    const complaints: string[] = [];
    for (const place of [...PLACES_OF_ALL, ...PLACES_OF_SOME]) {
      await view.go(place);
      await view.shoot(`${name}-${place.replaceAll("/", "-")}`);
      const overhang = await view.overhang();
      if (overhang > 0) complaints.push(`${place} is ${overhang} px too wide`);
      complaints.push(...(await view.barriers()).map((barrier) => `${place}: ${barrier}`));
    }
    for (const [place, button] of DIALOGS) {
      await view.go(place);
      await press(view.page, button);
      await view.page.getByRole("dialog").waitFor();
      await view.shoot(`${name}-dialog-${button.toLowerCase().replaceAll(" ", "-")}`);
      complaints.push(...(await view.barriers()).map((barrier) => `${button}: ${barrier}`));
      await view.page.keyboard.press("Escape");
      await view.page.getByRole("dialog").waitFor({ state: "detached" });
    }
    expect([...complaints, ...view.complaints]).toEqual([]);
  });

  test("shows what is hostile as text", async () => {
    await using broker = await startBroker({ port: port(20015), topics: ["t"] });
    const script = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    const hostile = [
      { key: script, value: script, headers: { [script]: script } },
      { key: "\u202Egpj.exe", value: "javascript:alert(1)\u0000\u0007\u200B" },
      { key: "long", value: "x".repeat(200_000) },
      { key: Buffer.from([0xff, 0xfe]), value: Buffer.from([0, 0, 0, 0, 9, 1, 2, 3]) },
    ];
    await send(broker, "t", hostile);
    const group = await consumerIn(broker, { groupId: script, clientId: script, topic: "t" });
    await using view = await opened(broker);
    const { page } = view;
    for (const place of [
      "topics/t/messages",
      "groups",
      `groups/${encodeURIComponent(script)}`,
      `groups/${encodeURIComponent(script)}/members`,
      "clients",
      "topics/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E/settings",
    ])
      await view.go(place);
    await view.go("topics/t/messages");
    await sees(page, "‹202E›gpj.exe");
    for (const key of ["<script>", "gpj", "long", "ff fe"]) {
      await page.getByRole("row").filter({ hasText: key }).first().click();
      await page.getByRole("heading", { name: /Partition 0, offset/ }).waitFor();
    }
    await view.shoot("hostile");
    expect(await page.locator("main :is(script, img, iframe)").count()).toBe(0);
    await group.disconnect();
    // A schema that nobody knows is asked for, and not found; so is the topic of that name.
    expect(view.complaints.filter((complaint) => !complaint.includes("404"))).toEqual([]);
  });

  test("finds messages by an expression, which can neither hang the page nor reach anything", async () => {
    await using broker = await startBroker({ port: port(20016), topics: ["t"] });
    const orders = Array.from({ length: 500 }, (_, index) => ({ key: `k${index}`, value: JSON.stringify({ total: index }) }));
    await send(broker, "t", orders);
    await using view = await opened(broker);
    const { page } = view;
    const find = (expression: string) => view.go(`topics/t/messages?from=earliest&by=js&filter=${encodeURIComponent(expression)}`);
    await find("value.total >= 490 && key.endsWith('5')");
    await sees(page, /^1 of 500 messages/);
    await view.go("topics/t/messages?from=earliest");
    await press(page, "Read on");
    await sees(page, /^200 messages/);
    await find("(() => { for (;;); })()");
    await sees(page, "Filter stopped");
    await find("this is none");
    await sees(page, /It is a JavaScript expression/);
    await find("(() => { try { importScripts('/console/x.js'); return false } catch { return key === 'k7' } })()");
    await sees(page, /^1 of 500 messages/);
    await find("(fetch('/health').catch(() => 0), false)");
    await sees(page, "No message matches");
    expect(view.complaints.filter((complaint) => !/Content Security Policy|violates/i.test(complaint))).toEqual([]);
  });

  test("reads what was written with schemas of the registry", async () => {
    await using broker = await startBroker({ port: port(20017), topics: ["t"] });
    const register = async (subject: string, schemaType: string, schema: string): Promise<number> => {
      const body = JSON.stringify({ schemaType, schema });
      const answer = await fetch(`${broker.httpUrl}/subjects/${subject}/versions`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      return ((await answer.json()) as { readonly id: number }).id;
    };
    const avro = await register(
      "a",
      "AVRO",
      '{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"who","type":["null","string"]}]}',
    );
    const proto = await register(
      "p",
      "PROTOBUF",
      'syntax = "proto3";\nmessage Other { string x = 1; }\nmessage Order { int64 id = 1; repeated string lines = 2; map<string, int32> counts = 3; }',
    );
    const header = (id: number, ...more: number[]) => Buffer.from([0, 0, 0, 0, id, ...more]);
    const value = Buffer.concat([header(avro), Buffer.from([84, 2, 6]), Buffer.from("Ada")]);
    const message = Buffer.concat([header(proto, 2, 2), Buffer.from([8, 42, 18, 1, 97, 18, 1, 98, 26, 5, 10, 1, 107, 16, 7])]);
    await send(broker, "t", [{ value }, { value: message }]);
    await using view = await opened(broker);
    await view.go("topics/t/messages");
    await sees(view.page, '{"id":42,"who":"Ada"}');
    await sees(view.page, '{"id":42,"lines":["a","b"],"counts":{"k":7}}');
    expect(view.complaints).toEqual([]);
  });

  test("shows requests as they go by, and has them fail", async () => {
    await using broker = await startBroker({ port: port(20021), topics: ["t"] });
    await using view = await opened(broker);
    const { page } = view;
    await view.go("faults");
    await press(page, "Add a fault");
    await fill(page, "Error", "NOT_ENOUGH_REPLICAS");
    await press(page, "Add");
    await sees(page, "0 of 1");
    await view.go("clients/requests?api=Produce");
    await sees(page, "Waiting for requests");
    await send(broker, "t", [{ value: "again" }]);
    await page.getByRole("row", { name: /NOT_ENOUGH_REPLICAS/ }).click();
    await page.getByRole("region", { name: "Request and response" }).getByText('"errorCode": 19').waitFor();
    await view.shoot("requests");
    await view.go("faults");
    await sees(page, "1 of 1");
    await view.go("clients");
    expect(view.complaints).toEqual([]);
  });

  test("is for who logs in, and shows what his rules allow", async () => {
    const acls = ["User:alice allow read,describe topic orders*", "User:alice allow describe group *"];
    await using broker = await startBroker({ port: port(20020), users: { alice: "secret" }, acls, topics: ["orders", "salaries"] });
    await using view = await opened(broker, { httpCredentials: { username: "alice", password: "secret" } });
    await view.go("topics");
    await sees(view.page, "User:alice");
    await sees(view.page, "1 topic");
    await view.go("topics/orders/messages");
    await press(view.page, "Produce");
    await fill(view.page, "Value", "mine");
    await press(view.page, "Produce");
    await sees(view.page, /may not be written to/);
    await sees(view.page, /Log in as a user whom a rule allows it/);
    await using stranger = await opened(broker);
    expect((await stranger.page.request.get(`http://localhost:${broker.port}/`, { headers: { accept: "text/html" } })).status()).toBe(401);
  });

  test("tells errors by Kafka's names, with what to do, also when the broker is gone", async () => {
    const broker = await startBroker({ port: port(20018), topics: ["there"] });
    await using view = await opened(broker);
    const { page } = view;
    await view.go("topics");
    await press(page, "Create topic");
    await fill(page, "Name", "there");
    await press(page, "Create");
    await sees(page, "TOPIC_ALREADY_EXISTS");
    await sees(page, /Choose another name/);
    await view.go("topics/nowhere/partitions");
    await sees(page, "UNKNOWN_TOPIC_OR_PARTITION");
    await view.go("access/rules");
    await sees(page, "SECURITY_DISABLED");
    expect(view.complaints).toEqual([]);
    await view.go("topics");
    await broker.stop();
    await sees(page, "No answer");
    // What was there stays to be seen.
    await sees(page, "there");
  });

  test("stays quick with ten thousand topics", async () => {
    const topics = Array.from({ length: 10_000 }, (_, index) => `topic-${String(index).padStart(5, "0")}`);
    await using broker = await startBroker({ port: port(20019), topics });
    await using view = await opened(broker);
    const { page } = view;
    await view.go("topics");
    await sees(page, "10,000 topics");
    expect(await page.locator("tbody tr").count()).toBeLessThan(80);
    await page.keyboard.press("j");
    await page.keyboard.press("End");
    await sees(page, "topic-09999");
    await page.keyboard.press("/");
    const beganMs = performance.now();
    await page.keyboard.type("07777");
    await sees(page, "1 topic");
    expect(performance.now() - beganMs).toBeLessThan(5000);
    expect(view.complaints).toEqual([]);
  });
});

const EVERYTHING = ["User:* allow all", "User:nobody deny read topic orders"];

/** With data or without. */
const PLACES_OF_ALL = [
  "topics",
  "groups",
  "schemas",
  "clients",
  "clients/requests",
  "transactions",
  "transactions/producers",
  "explain",
  "access/users",
  "access/rules",
  "access/quotas",
  "settings",
  "faults",
];
const PLACES_OF_SOME = [
  "topics/orders/messages",
  "topics/orders/partitions",
  "topics/orders/settings",
  "topics/orders/groups",
  "groups/billing",
  "groups/billing/members",
  "groups/billing/rebalances",
  "schemas/orders-value",
];

const DIALOGS = [
  ["topics", "Create topic"],
  ["topics/orders/messages", "Produce"],
  ["topics/orders/messages", "Delete"],
  ["groups/billing", "Reset offsets"],
  ["schemas/orders-value", "Register a version"],
  ["access/rules", "Add a rule"],
] as const;

/** Gives what ends its clients. */
async function furnish(broker: RunningBroker): Promise<AsyncDisposable> {
  const kafka = clientOf(broker, "shop");
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = [{ name: "retention.ms", value: "86400000" }];
  await admin.createTopics({
    topics: [{ topic: "orders", numPartitions: 4, configEntries }, ...["payments", "shipments"].map((topic) => ({ topic }))],
  });
  await admin.disconnect();
  const order = (index: number) => ({
    key: `order-${index}`,
    value: JSON.stringify({ customer: ["Ada", "Grace", "Edsger"][index % 3], total: index * 7 }),
    headers: { source: "shop" },
  });
  await send(
    broker,
    "orders",
    Array.from({ length: 300 }, (_, index) => order(index)),
  );
  const biller = kafka.producer({ transactionalId: "biller", maxInFlightRequests: 1, idempotent: true });
  await biller.connect();
  const committed = await biller.transaction();
  await committed.send({ topic: "payments", messages: [{ value: "paid" }] });
  await committed.commit();
  const open = await biller.transaction();
  await open.send({ topic: "payments", messages: [{ value: "not yet" }] });
  const group = await consumerIn(broker, { groupId: "billing", clientId: "first-biller", topic: "orders" });
  await becomes(async () => expect((await broker.groups.get("billing")).state).toBe("Stable"));
  const schema = '{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}';
  const headers = { "content-type": "application/json" };
  await fetch(`${broker.httpUrl}/subjects/orders-value/versions`, { method: "POST", body: JSON.stringify({ schema }), headers });
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all([group.disconnect(), biller.disconnect()]);
    },
  };
}

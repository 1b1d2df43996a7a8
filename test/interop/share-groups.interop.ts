// Share groups (KIP-932) with Java's share consumer, led by the hand: what is delivered to whom, how often, what an acknowledgement is refused
// with, and where the group's start stands then.

import { afterAll } from "vitest";
import { compare, type Observation } from "./compare.ts";
import { waitFor } from "./processes.ts";
import type { SharedRecord } from "./share-client.ts";
import { described, ShareScene, shareBrokers } from "./share-scene.ts";

const brokers = shareBrokers("share-groups");
afterAll(() => brokers.stop());

/** A poll in which nothing comes. */
const QUIET_MS = 1500;
/** Over soon, and long enough for a client on a busy machine to have heard of it. */
const SHORT_LOCK = { "record.lock.duration.ms": "1500" };

function scenario(title: string, configs: Readonly<Record<string, string>>, play: (scene: ShareScene) => Promise<Observation>): void {
  const name = title.replace(/\W+/g, "-").slice(0, 60);
  compare(`share groups: ${title}`, async (broker) => ShareScene.run(await brokers.of(broker), name, configs, play));
}

function offsetsOf(records: readonly SharedRecord[]): string {
  return described(records.map((record) => ({ ...record, deliveries: 1 })));
}

function at(records: readonly SharedRecord[], first: number, last = first): SharedRecord[] {
  return records.filter(({ offset }) => first <= offset && offset <= last);
}

scenario("a consumer acknowledges implicitly by its next poll, and gives back what it had when it closes", {}, async (scene) => {
  await scene.send(6);
  const consumer = await scene.open({ isImplicit: true });
  const seen: Observation[] = [described(await consumer.poll())];
  await scene.send(4);
  seen.push(described(await consumer.poll()));
  await consumer.close();
  const next = await scene.open({ isImplicit: true });
  seen.push(described(await scene.pollAll(next, 4)), described(await next.poll(QUIET_MS)), await next.lockMs());
  await next.close();
  return { seen, lag: await settledLag(scene) };
});

scenario("a consumer accepts, releases and rejects explicitly", {}, async (scene) => {
  await scene.send(10);
  const consumer = await scene.open();
  const first = await consumer.poll();
  const unfinished = await consumer.refusalOf((it) => it.poll(0));
  await consumer.acknowledge("accept", at(first, 0, 3));
  await consumer.acknowledge("release", at(first, 4, 6));
  await consumer.acknowledge("reject", at(first, 7));
  await consumer.acknowledge("accept", at(first, 8, 9));
  const committed = [await consumer.commit()];
  const offsets: Observation[] = [await scene.offsets()];
  const second = await scene.pollAll(consumer, 3, (records) => consumer.acknowledge("accept", records));
  committed.push(await consumer.commit());
  const twice = await consumer.refusalOf((it) => it.acknowledge("accept", at(first, 0)));
  offsets.push(await scene.offsets());
  const outcomes = await consumer.outcomes();
  await consumer.close();
  return {
    first: described(first),
    unfinished,
    committed,
    second: described(second),
    twice,
    offsets,
    outcomes: outcomes.map(String).toSorted(),
  };
});

scenario("what is released in part comes back record by record, before what is new", {}, async (scene) => {
  await scene.send(10);
  const consumer = await scene.open({ maxRecords: 5 });
  const first = await consumer.poll();
  await consumer.acknowledge("accept", first);
  await consumer.acknowledge("release", at(first, 2, 4));
  await consumer.commit();
  await scene.send(5);
  const order: SharedRecord[] = await scene.pollAll(consumer, 8, (records) => consumer.acknowledge("accept", records));
  await consumer.close();
  return { first: described(first), order: described(order), lag: await settledLag(scene) };
});

scenario("a lock that expires gives the record to another, and the late acknowledgement is refused", SHORT_LOCK, async (scene) => {
  await scene.send(4);
  const slow = await scene.open();
  const held = await slow.poll();
  const other = await scene.open();
  const taken = await scene.pollAll(other, 4);
  await slow.acknowledge("accept", held);
  const late = await slow.commit();
  await other.acknowledge("accept", taken);
  const inTime = await other.commit();
  const outcomes = await slow.outcomes();
  await slow.close();
  await other.close();
  // On a busy machine another lock may have been over before a consumer had what it asked for.
  const isRepeated = taken.every(({ deliveries }) => deliveries > 1);
  return {
    held: offsetsOf(held),
    taken: offsetsOf(taken),
    isRepeated,
    late,
    inTime,
    outcomes: outcomes.map(String).toSorted(),
    lag: await settledLag(scene),
  };
});

scenario("a lock that is renewed holds on", { "record.lock.duration.ms": "2000" }, async (scene) => {
  await scene.send(2);
  const holder = await scene.open();
  let held = await holder.poll();
  await holder.acknowledge("accept", at(held, 1));
  const other = await scene.open();
  const waiting = other.poll();
  const renewals = new Set<string>();
  // Longer than a lock lasts.
  const untilMs = performance.now() + 3500;
  while (performance.now() < untilMs) {
    await holder.acknowledge("renew", at(held, 0));
    renewals.add(JSON.stringify(await holder.commit()));
    // What is renewed the client gives again, without asking the broker for it.
    held = await holder.poll();
    renewals.add(described(held));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await holder.acknowledge("accept", at(held, 0));
  const accepted = await holder.commit();
  await holder.close();
  await scene.send(1);
  const next = await waiting;
  await other.acknowledge("accept", next);
  await other.commit();
  await other.close();
  return { renewals: [...renewals], accepted, next: described(next), lag: await settledLag(scene) };
});

scenario("renewing is refused where the group does not allow it", { "renew.acknowledge.enable": "false" }, async (scene) => {
  await scene.send(1);
  const consumer = await scene.open();
  const held = await consumer.poll();
  await consumer.acknowledge("renew", held);
  const committed = await consumer.commit();
  await consumer.close();
  return { committed };
});

scenario("what is released again and again is archived at the delivery limit", { "delivery.count.limit": "5" }, async (scene) => {
  await scene.send(8);
  const consumer = await scene.open();
  const order = await pollUntilGone(scene, consumer, "release");
  await consumer.close();
  return { order: described(order), lag: await settledLag(scene) };
});

scenario(
  "what nobody acknowledges in time is archived at the delivery limit",
  { ...SHORT_LOCK, "delivery.count.limit": "2" },
  async (scene) => {
    await scene.send(3);
    const consumers = [await scene.open(), await scene.open()];
    // On a busy machine a lock may be over before a consumer has what it asked for.
    const seen: SharedRecord[] = [];
    for (const consumer of consumers) seen.push(...(await consumer.poll(5000)));
    const lag = await settledLag(scene);
    await scene.configure({ "record.lock.duration.ms": "30000" });
    await scene.send(1);
    const third = await scene.open();
    const next = await third.poll();
    await third.acknowledge("accept", next);
    const committed = await third.commit();
    const isWithinLimit = seen.every(({ offset, deliveries }) => offset < 3 && deliveries <= 2);
    return { isSeen: seen.length > 0, isWithinLimit, lag, next: described(next), committed };
  },
);

scenario("what a consumer that dies held is delivered again as if it had not been", {}, async (scene) => {
  await scene.send(5);
  const { consumer, die } = await scene.openMortal();
  const held = await consumer.poll();
  die();
  const other = await scene.open();
  const taken = await other.poll();
  await other.acknowledge("accept", taken);
  await other.commit();
  await other.close();
  return { held: described(held), taken: described(taken), lag: await settledLag(scene) };
});

scenario("a consumer that closes gives back what it has not acknowledged", {}, async (scene) => {
  await scene.send(5);
  const consumer = await scene.open();
  const held = await consumer.poll();
  await consumer.acknowledge("accept", at(held, 0, 1));
  await consumer.close();
  const other = await scene.open();
  const taken = await scene.pollAll(other, 3, (records) => other.acknowledge("accept", records));
  await other.close();
  return { held: described(held), taken: described(taken), lag: await settledLag(scene) };
});

scenario("whole batches are acquired, or no more records than asked for", {}, async (scene) => {
  await scene.send(10);
  await scene.send(10);
  const seen: string[] = [];
  for (const isRecordLimited of [true, true, false]) {
    const consumer = await scene.open({ isRecordLimited, maxRecords: 4 });
    const records = await consumer.poll();
    await consumer.acknowledge("accept", records);
    await consumer.commit();
    await consumer.close();
    // The one before may have asked for more than it polled, and given it back.
    seen.push(offsetsOf(records));
  }
  return seen;
});

scenario("three consumers share one partition", {}, async (scene) => {
  for (let batch = 0; batch < 6; batch++) await scene.send(10);
  const consumers = [];
  for (let index = 0; index < 3; index++) consumers.push(await scene.open({ maxRecords: 10, isRecordLimited: true }));
  const shares: number[] = [];
  const all: SharedRecord[] = [];
  // One after the other: while they hold what they have, the next has to be given something else. Which it is, is up to the client, who
  // may have asked for more beforehand.
  for (let round = 0; round < 2; round++) {
    for (const consumer of consumers) {
      const records = await consumer.poll();
      shares.push(records.length);
      all.push(...records);
      await consumer.acknowledge("accept", records);
    }
  }
  for (const consumer of consumers) await consumer.commit();
  for (const consumer of consumers) await consumer.close();
  return { shares, all: described(all.toSorted((a, b) => a.offset - b.offset)), lag: await settledLag(scene) };
});

for (const isolation of ["read_uncommitted", "read_committed"]) {
  scenario(`records of transactions, ${isolation}`, { "isolation.level": isolation }, async (scene) => {
    await scene.send(2);
    await scene.sendInTransaction(3, true);
    await scene.sendInTransaction(3, false);
    await scene.send(2);
    const consumer = await scene.open();
    const count = isolation === "read_committed" ? 7 : 10;
    const records = await scene.pollAll(consumer, count, (each) => consumer.acknowledge("accept", each));
    await consumer.commit();
    const none = await consumer.poll(QUIET_MS);
    await consumer.close();
    return { values: records.map(({ offset, value }) => `${offset} ${value}`), none: described(none), lag: await settledLag(scene) };
  });
}

scenario("records are deleted that a consumer holds: it may still acknowledge them", {}, async (scene) => {
  await scene.send(10);
  const consumer = await scene.open();
  const held = await consumer.poll();
  await scene.deleteRecords(7);
  await consumer.acknowledge("accept", at(held, 0, 7));
  await consumer.acknowledge("release", at(held, 8, 9));
  const late = await consumer.commit();
  const taken = await scene.pollAll(consumer, 2, (records) => consumer.acknowledge("accept", records));
  await consumer.close();
  return { held: described(held), late, taken: described(taken), lag: await settledLag(scene) };
});

scenario("records are deleted that a consumer gives back then: nobody gets them again", {}, async (scene) => {
  await scene.send(10);
  const consumer = await scene.open();
  const held = await consumer.poll();
  await scene.deleteRecords(7);
  await consumer.acknowledge("release", held);
  const late = await consumer.commit();
  const taken = await scene.pollAll(consumer, 3, (records) => consumer.acknowledge("accept", records));
  await consumer.close();
  return { held: described(held), late, taken: described(taken), lag: await settledLag(scene) };
});

for (const end of ["stop", "kill"] as const) {
  compare(`share groups: a broker comes back after a ${end} while a consumer holds records`, async (broker) =>
    ShareScene.run(await brokers.of(broker), `restart-${end}`, {}, async (scene) => {
      await scene.send(10);
      const consumer = await scene.open();
      const first = await consumer.poll();
      await consumer.acknowledge("accept", at(first, 0, 4));
      // Once it has been written of those that are held how often they were delivered, and once it has not.
      if (end === "kill") await consumer.acknowledge("release", at(first, 5, 9));
      const committed = await consumer.commit();
      const held = end === "kill" ? await consumer.poll() : at(first, 5, 9);
      await brokers.restart(broker, end);
      const other = await scene.open();
      const taken = await scene.pollAll(other, 5);
      await other.acknowledge("accept", taken);
      const accepted = await other.commit();
      await consumer.acknowledge("accept", held);
      // Whether its client has noticed by then that it was cut off, timing decides, and so how often it and the other were given the records.
      await consumer.commit();
      await consumer.close();
      await other.close();
      const taking = offsetsOf(taken);
      return { first: described(first), committed, held: described(held), taking, accepted, lag: await settledLag(scene) };
    }),
  );
}

/** Once nothing is left, as the state says. */
async function settledLag(scene: ShareScene): Promise<number> {
  const { lag } = await waitFor(
    `the end of ${scene.group}`,
    () => scene.offsets(),
    (offsets) => offsets.lag === 0,
    20_000,
  );
  return lag;
}

/** Everything is acknowledged so each time, until nothing comes any more. */
async function pollUntilGone(
  scene: ShareScene,
  consumer: Awaited<ReturnType<ShareScene["open"]>>,
  type: "release",
): Promise<SharedRecord[]> {
  const order: SharedRecord[] = [];
  for (;;) {
    const records = await consumer.poll(order.length === 0 ? undefined : QUIET_MS);
    if (records.length === 0) return order;
    order.push(...records);
    await consumer.acknowledge(type, records);
    await consumer.commit();
    if (order.length > 200) throw new Error(`${scene.group} delivers without an end: ${described(order)}`);
  }
}

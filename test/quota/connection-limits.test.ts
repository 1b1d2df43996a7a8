// How many connections are taken, and how fast: decisions alone, on time that stands still.

import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { clientQuotaKey, type QuotaEntity } from "../../src/cluster/client-quotas.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { ConnectionLimits, type ListenerLimits } from "../../src/quota/connection-limits.ts";

const HERE = "127.0.0.1";
const THERE = "10.1.2.3";
const TWO_LISTENERS = {
  listeners: "PLAINTEXT://localhost:0,OUTSIDE://localhost:0",
  "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT",
};

function limitsWith(settings: SettingInputs, names: readonly string[] = ["PLAINTEXT"]) {
  const clock = new VirtualClock();
  const failed: string[] = [];
  const limits = new ConnectionLimits({
    config: brokerConfig({ argument: settings }),
    clock,
    lookUp: (host) => (host === "here.example" ? Promise.resolve(HERE) : Promise.reject(new Error("unknown"))),
    hostFailed: (host) => failed.push(host),
  });
  const ended: string[] = [];
  const wentOn: string[] = [];
  const listeners = names.map((name) =>
    limits.add({ name, goOn: () => wentOn.push(name), endIdlest: () => ended.push(name) > 0 && name !== "EMPTY" }),
  );
  const [one, other] = listeners;
  if (one === undefined) throw new Error("no listener");
  return { clock, limits, one, other: other ?? one, ended, wentOn, failed };
}

function limitAddresses(limits: ConnectionLimits, rates: readonly (readonly [QuotaEntity, number])[]): void {
  const quotas = rates.map(([entity, rate]) => ({ entity, values: { connection_creation_rate: rate } }));
  limits.limitAddresses(new Map(quotas.map((quota) => [clientQuotaKey(quota.entity), quota])));
}

function take(listener: ListenerLimits, address: string, count: number): (string | undefined)[] {
  return Array.from({ length: count }, () => listener.take(address)?.kind);
}

describe("max.connections", () => {
  test("holds for all listeners together, and for a listener what is set for it", () => {
    const { one, other } = limitsWith({ ...TWO_LISTENERS, "max.connections": 3, "listener.name.outside.max.connections": 2 }, [
      "OUTSIDE",
      "THIRD",
    ]);
    expect(one.hasRoom).toBe(true);
    take(one, HERE, 2);
    expect([one.hasRoom, other.hasRoom]).toEqual([false, true]);
    take(other, HERE, 1);
    expect([one.hasRoom, other.hasRoom]).toEqual([false, false]);
    one.giveBack(HERE);
    expect([one.hasRoom, other.hasRoom]).toEqual([true, true]);
  });

  test("does not bound the listener between brokers where there are others: theirs make room", () => {
    const { one, other, ended } = limitsWith({ ...TWO_LISTENERS, "max.connections": 1 }, ["PLAINTEXT", "OUTSIDE"]);
    take(other, HERE, 1);
    expect([one.hasRoom, other.hasRoom]).toEqual([true, false]);
    expect(ended).toEqual([]);
    take(one, HERE, 1);
    expect(ended).toEqual(["OUTSIDE"]);
  });

  test("that is lowered ends connections until there are no more than that, one after the other", () => {
    const { limits, one, ended } = limitsWith({ "max.connections": 0 });
    take(one, HERE, 2);
    ended.length = 0;
    limits.altered();
    expect(ended).toEqual(["PLAINTEXT"]);
    one.giveBack(HERE);
    expect(ended).toHaveLength(2);
    one.giveBack(HERE);
    expect(ended).toHaveLength(2);
  });

  test("lets all listeners go on when a connection has ended", () => {
    const { one, wentOn } = limitsWith(TWO_LISTENERS, ["PLAINTEXT", "OUTSIDE"]);
    take(one, HERE, 1);
    one.giveBack(HERE);
    expect(wentOn).toEqual(["PLAINTEXT", "OUTSIDE"]);
  });
});

describe("max.connections.per.ip", () => {
  test("counts over all listeners, for each address, however it is written", () => {
    const { one, other } = limitsWith({ ...TWO_LISTENERS, "max.connections.per.ip": 2 }, ["PLAINTEXT", "OUTSIDE"]);
    expect(take(one, HERE, 1)).toEqual([undefined]);
    expect(take(other, `::ffff:${HERE}`, 2)).toEqual([undefined, "tooMany"]);
    expect(take(other, THERE, 2)).toEqual([undefined, undefined]);
  });

  test("gives way to overrides of addresses and of names, when these are known", async () => {
    const overrides = `${THERE}:0, 0:0:0:0:0:0:0:1:3,here.example:2,nowhere.example:0`;
    const { one, failed } = limitsWith({ "max.connections.per.ip": 1, "max.connections.per.ip.overrides": overrides });
    expect(take(one, THERE, 1)).toEqual(["tooMany"]);
    await Promise.resolve();
    await Promise.resolve();
    expect(take(one, HERE, 3)).toEqual([undefined, undefined, "tooMany"]);
    expect(take(one, "::1", 4)).toEqual([undefined, undefined, undefined, "tooMany"]);
    expect(take(one, "10.9.9.9", 2)).toEqual([undefined, "tooMany"]);
    expect(failed).toEqual(["nowhere.example"]);
  });
});

describe("max.connection.creation.rate", () => {
  test("has connections wait, a window at most, by the longer of the broker's time and the listener's", () => {
    const { one, other } = limitsWith(
      {
        ...TWO_LISTENERS,
        "max.connection.creation.rate": 2,
        "listener.name.outside.max.connection.creation.rate": 1,
        "quota.window.num": 2,
      },
      ["THIRD", "OUTSIDE"],
    );
    expect([one.arrive(), other.arrive(), other.arrive()]).toEqual([0, 0, 1000]);
    expect([one.arrive(), one.arrive()]).toEqual([1000, 1000]);
  });

  test("is measured over the windows of quotas", () => {
    const { clock, one } = limitsWith({ "max.connection.creation.rate": 1 });
    expect(Array.from({ length: 12 }, () => one.arrive())).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000, 1000]);
    return clock.advance(11_000).then(() => expect(one.arrive()).toBe(0));
  });
});

describe("connection_creation_rate", () => {
  test("of an address, or of those that have none, refuses connections that come faster, which then do not count", async () => {
    const { clock, limits, one } = limitsWith({ "quota.window.num": 3 });
    limitAddresses(limits, [
      [{ ip: HERE }, 2],
      [{ ip: null }, 1],
    ]);
    expect(take(one, HERE, 6)).toEqual([undefined, undefined, undefined, undefined, "tooFast", "tooFast"]);
    expect(take(one, THERE, 3)).toEqual([undefined, undefined, "tooFast"]);
    expect(one.take(HERE)).toEqual({ kind: "tooFast", limit: 2, throttleMs: 500 });
    await clock.advance(500);
    expect(take(one, HERE, 2)).toEqual([undefined, "tooFast"]);
  });

  test("is not asked where there is none, and no more when it was removed", () => {
    const { limits, one } = limitsWith({ "quota.window.num": 2 });
    limitAddresses(limits, [[{ ip: HERE }, 1]]);
    expect(take(one, HERE, 2)).toEqual([undefined, "tooFast"]);
    expect(take(one, THERE, 2)).toEqual([undefined, undefined]);
    limitAddresses(limits, []);
    expect(take(one, HERE, 2)).toEqual([undefined, undefined]);
  });

  test("gives back what the broker and the listener have counted of a connection that it refuses", () => {
    const { limits, one } = limitsWith({ "max.connection.creation.rate": 1, "quota.window.num": 3 });
    limitAddresses(limits, [[{ ip: HERE }, 1]]);
    const arrivals = Array.from({ length: 5 }, () => {
      const waitMs = one.arrive();
      return [waitMs, one.take(HERE)?.kind];
    });
    expect(arrivals).toEqual([
      [0, undefined],
      [0, undefined],
      [1000, "tooFast"],
      [1000, "tooFast"],
      [1000, "tooFast"],
    ]);
  });
});

import net from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import type { SettingInputs } from "../../src/config/broker-config.ts";
import type { AnswerFrame, Connection } from "../../src/server/connection.ts";
import { ConnectionBudget } from "../../src/server/connection-budget.ts";
import { Listener, type ListenerOptions } from "../../src/server/listener.ts";
import { hasIpv6 } from "../support/ipv6.ts";
import { listenerParts } from "../support/listener-parts.ts";
import { RawClient } from "../support/raw-client.ts";

const listeners: Listener[] = [];

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

async function open(answer: AnswerFrame, options: Partial<ListenerOptions> = {}): Promise<Listener> {
  const listener = await Listener.open({
    name: "PLAINTEXT",
    host: "localhost",
    port: 0,
    maxFrameBytes: 1024 * 1024,
    budget: new ConnectionBudget(() => 1000),
    idleLimitMs: 600_000,
    ...listenerParts(options.clock),
    logger: silentLogger,
    ...options,
  });
  listeners.push(listener);
  listener.serve(answer);
  return listener;
}

function framed(payload: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(payload.length);
  return Buffer.concat([size, payload]);
}

/** Keeps the event loop busy, as work does. */
function spin(forMs: number): void {
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs);
}

const echo: AnswerFrame = (frame) => [framed(Buffer.from(frame))];

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("the condition did not come true within 30 s");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("a listener", () => {
  test("on localhost answers on both loopback families at one port", async () => {
    const listener = await open(echo);
    const hosts = ["127.0.0.1", ...((await hasIpv6()) ? ["::1"] : [])];
    for (const host of hosts) {
      const client = await RawClient.connect(listener.port, host);
      client.write(framed(Buffer.from(host)));
      expect((await client.next())?.toString()).toBe(host);
      client.close();
    }
  });

  test("that is ready for crowds answers all of many that come at once, on both families", async () => {
    const listener = await open(echo, { takesCrowds: true });
    const hosts = ["127.0.0.1", ...((await hasIpv6()) ? ["::1"] : [])];
    const clients = await Promise.all(
      Array.from({ length: 200 }, (_, index) => RawClient.connect(listener.port, hosts[index % hosts.length])),
    );
    clients.forEach((client, index) => {
      client.write(framed(Buffer.from(`${index}`)));
    });
    for (const [index, client] of clients.entries()) {
      expect((await client.next())?.toString()).toBe(`${index}`);
      client.close();
    }
  });

  test.each([true, false])("that is ready for crowds has its port alone, also beside one that is too: %s", async (takesCrowds) => {
    const { port } = await open(echo, { takesCrowds: true });
    await expect(open(echo, { takesCrowds, port })).rejects.toThrow("EADDRINUSE");
  });

  test("that was ready for crowds gives its port free when it is closed", async () => {
    const first = await open(echo, { takesCrowds: true });
    await first.close();
    await open(echo, { takesCrowds: true, port: first.port });
  });

  test("keeps connections that come before it serves, and answers them then", async () => {
    const listener = await Listener.open({
      name: "PLAINTEXT",
      host: "127.0.0.1",
      port: 0,
      maxFrameBytes: 1000,
      budget: new ConnectionBudget(() => 1000),
      idleLimitMs: -1,
      ...listenerParts(),
      logger: silentLogger,
    });
    listeners.push(listener);
    const client = await RawClient.connect(listener.port);
    client.write(framed(Buffer.from("early")));
    listener.serve(echo);
    expect((await client.next())?.toString()).toBe("early");
    client.close();
  });

  test("refuses connections beyond what the process' descriptors allow, together with others, until some have ended", async () => {
    const budget = new ConnectionBudget(() => 40);
    const [one, other] = [await open(echo, { budget }), await open(echo, { budget })];
    const ask = async (client: RawClient) => {
      client.write(framed(Buffer.from("?")));
      return (await client.next())?.toString();
    };
    const clients: RawClient[] = [];
    for (let index = 0; index < 40; index++) clients.push(await RawClient.connect(index % 2 === 0 ? one.port : other.port));
    expect(new Set(await Promise.all(clients.map(ask)))).toEqual(new Set(["?"]));
    expect(await ask(await RawClient.connect(other.port))).toBe(undefined);
    clients[0]?.close();
    await until(() => one.connectionCount === 19);
    expect(await ask(await RawClient.connect(other.port))).toBe("?");
    for (const client of clients) client.close();
  });

  test("answers in the order of requests, also when an earlier one waits, and holds up no other connection", async () => {
    let release: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
    const listener = await open((frame, connection) => {
      if (frame.toString() !== "wait") return echo(frame, connection);
      return waiting.then(() => [framed(Buffer.from("waited"))]);
    });
    const held = await RawClient.connect(listener.port);
    const other = await RawClient.connect(listener.port);
    held.write(Buffer.concat(["1", "wait", "2", "3"].map((text) => framed(Buffer.from(text)))));
    expect((await held.next())?.toString()).toBe("1");
    other.write(framed(Buffer.from("other")));
    expect((await other.next())?.toString()).toBe("other");
    release();
    expect((await held.next())?.toString()).toBe("waited");
    expect((await held.next())?.toString()).toBe("2");
    expect((await held.next())?.toString()).toBe("3");
    held.close();
    other.close();
  });

  test("a muted connection answers the request in hand, takes up no other until all that muted it are over, and is noticed when it ends", async () => {
    const clock = new VirtualClock();
    const unmutes: (() => void)[] = [];
    const answer: AnswerFrame = (frame, connection) => {
      if (frame.toString() === "mute") unmutes.push(connection.mute(1000), connection.mute(2000));
      return echo(frame, connection);
    };
    const listener = await open(answer, { clock });
    const [muted, other] = [await RawClient.connect(listener.port), await RawClient.connect(listener.port)];
    const isOtherAnswered = async () => {
      other.write(framed(Buffer.from("other")));
      return (await other.next())?.toString() === "other";
    };
    muted.write(Buffer.concat(["mute", "next"].map((text) => framed(Buffer.from(text)))));
    expect((await muted.next())?.toString()).toBe("mute");
    let isHeard = false;
    const next = muted.next().then((frame) => {
      isHeard = true;
      return frame?.toString();
    });
    for (const ms of [999, 1000]) {
      await clock.advance(ms);
      expect([await isOtherAnswered(), isHeard]).toEqual([true, false]);
    }
    await clock.advance(1);
    expect(await next).toBe("next");
    muted.write(framed(Buffer.from("mute")));
    expect((await muted.next())?.toString()).toBe("mute");
    for (const unmute of unmutes) unmute();
    muted.write(framed(Buffer.from("again")));
    expect((await muted.next())?.toString()).toBe("again");
    muted.write(framed(Buffer.from("mute")));
    expect((await muted.next())?.toString()).toBe("mute");
    muted.close();
    await until(() => listener.connectionCount === 1);
    other.close();
  });

  test("a peer that does not read its answers is not read from, and memory stays bounded", async () => {
    let answered = 0;
    const large = Buffer.alloc(256 * 1024);
    const listener = await open(() => {
      answered++;
      return [framed(large)];
    });
    const socket = net.connect(listener.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.pause();
    const requests = 400;
    socket.write(Buffer.concat(Array.from({ length: requests }, () => framed(Buffer.from("x")))));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(answered).toBeLessThan(requests / 2);
    let receivedBytes = 0;
    socket.on("data", (chunk) => {
      receivedBytes += chunk.length;
    });
    socket.resume();
    await until(() => receivedBytes === requests * (large.length + 4));
    expect(answered).toBe(requests);
    socket.destroy();
  });

  test.each([
    ["at once", (answer: Buffer[]) => answer],
    ["by a promise", (answer: Buffer[]) => Promise.resolve(answer)],
  ])(
    "a neighbour is answered while thousands of requests of one connection are worked on, each answered %s",
    async (_, given) => {
      let worked = 0;
      const listener = await open((frame) => {
        if (frame.toString() === "flood") {
          worked++;
          spin(0.02);
        }
        return given([framed(Buffer.from(frame))]);
      });
      const flooding = await RawClient.connect(listener.port);
      const neighbour = await RawClient.connect(listener.port);
      const requests = 20_000;
      flooding.write(Buffer.concat(Array.from({ length: requests }, () => framed(Buffer.from("flood")))));
      await until(() => worked > 0);
      neighbour.write(framed(Buffer.from("neighbour")));
      expect((await neighbour.next())?.toString()).toBe("neighbour");
      expect(worked).toBeLessThan(requests / 2);
      for (let answered = 0; answered < requests; answered++) expect((await flooding.next())?.toString()).toBe("flood");
      flooding.close();
      neighbour.close();
    },
    20_000,
  );

  test("a request that fails closes its connection without an answer", async () => {
    const listener = await open((frame) => {
      if (frame.toString() === "bad") throw new Error("no");
      return frame.toString() === "later" ? Promise.reject(new Error("no")) : [framed(Buffer.from("ok"))];
    });
    for (const text of ["bad", "later"]) {
      const client = await RawClient.connect(listener.port);
      client.write(framed(Buffer.from("good")));
      expect((await client.next())?.toString()).toBe("ok");
      client.write(framed(Buffer.from(text)));
      expect(await client.next()).toBeUndefined();
    }
  });

  test("a frame beyond socket.request.max.bytes closes the connection", async () => {
    const listener = await open(echo, { maxFrameBytes: 1000 });
    const client = await RawClient.connect(listener.port);
    client.write(Buffer.from("000003e9", "hex"));
    expect(await client.next()).toBeUndefined();
  });

  test("frames larger than one read arrive unchanged", async () => {
    const listener = await open(echo, { maxFrameBytes: 10_000_000 });
    const client = await RawClient.connect(listener.port);
    const payload = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
    client.write(framed(payload));
    client.write(framed(Buffer.from("after")));
    expect((await client.next())?.equals(payload)).toBe(true);
    expect((await client.next())?.toString()).toBe("after");
    client.close();
  });

  describe("limits connections", () => {
    const limits = (settings: SettingInputs, clock?: Clock) => listenerParts(clock, settings).limits;
    const isAnswered = async (client: RawClient) => {
      client.write(framed(Buffer.from("?")));
      return (await client.next())?.toString() === "?";
    };

    test("over max.connections.per.ip a new one is closed at once, and others are left alone", async () => {
      const listener = await open(echo, { limits: limits({ "max.connections.per.ip": 2 }) });
      const first = await RawClient.connect(listener.port);
      const second = await RawClient.connect(listener.port);
      const third = await RawClient.connect(listener.port);
      await third.closed();
      expect(await isAnswered(first)).toBe(true);
      second.close();
      await until(() => listener.connectionCount === 1);
      const fourth = await RawClient.connect(listener.port);
      expect(await isAnswered(fourth)).toBe(true);
      first.close();
      fourth.close();
    });

    test("over max.connections new ones wait, and are answered in turn when others have ended", async () => {
      const listener = await open(echo, { limits: limits({ "max.connections": 1 }) });
      const first = await RawClient.connect(listener.port);
      expect(await isAnswered(first)).toBe(true);
      const order: string[] = [];
      const waiting = [];
      for (const name of ["second", "third"]) {
        const client = await RawClient.connect(listener.port, "127.0.0.1");
        waiting.push(isAnswered(client).then(() => order.push(name) && client.close()));
      }
      expect(await isAnswered(first)).toBe(true);
      expect(order).toEqual([]);
      first.close();
      await Promise.all(waiting);
      expect(order).toEqual(["second", "third"]);
    });

    test("faster than max.connection.creation.rate they wait, one behind the other", async () => {
      const clock = new VirtualClock();
      const settings = { "max.connection.creation.rate": 1, "quota.window.num": 2 };
      const listener = await open(echo, listenerParts(clock, settings));
      const [first, second, third] = [
        await RawClient.connect(listener.port),
        await RawClient.connect(listener.port),
        await RawClient.connect(listener.port),
      ];
      expect(await isAnswered(first)).toBe(true);
      const answered: number[] = [];
      const asked = [second, third].map((client, index) => isAnswered(client).then(() => answered.push(index)));
      expect(await isAnswered(first)).toBe(true);
      expect(answered).toEqual([]);
      await clock.advance(1000);
      await asked[0];
      expect(answered).toEqual([0]);
      await clock.advance(1000);
      await asked[1];
      for (const client of [first, second, third]) client.close();
    });

    test("faster than the quota of their address they are closed, when its rate is down again", async () => {
      const clock = new VirtualClock();
      const parts = listenerParts(clock, { "quota.window.num": 2 });
      const quota = { entity: { ip: "127.0.0.1" }, values: { connection_creation_rate: 1 } };
      parts.limits.limitAddresses(new Map([["", quota]]));
      const listener = await open(echo, parts);
      const first = await RawClient.connect(listener.port);
      expect(await isAnswered(first)).toBe(true);
      const second = await RawClient.connect(listener.port);
      let isClosed = false;
      const closing = second.closed().then(() => {
        isClosed = true;
      });
      expect(await isAnswered(first)).toBe(true);
      await clock.advance(999);
      expect(await isAnswered(first)).toBe(true);
      expect(isClosed).toBe(false);
      await clock.advance(1);
      await closing;
      first.close();
    });
  });

  test("an idle connection is closed after connections.max.idle.ms; one with a waiting request is not", async () => {
    const clock = new VirtualClock();
    const listener = await open(
      (frame, connection) => (frame.toString() === "wait" ? new Promise(() => undefined) : echo(frame, connection)),
      { clock, idleLimitMs: 10_000 },
    );
    const idle = await RawClient.connect(listener.port);
    const waiting = await RawClient.connect(listener.port);
    idle.write(framed(Buffer.from("x")));
    await idle.next();
    waiting.write(framed(Buffer.from("x")));
    await waiting.next();
    waiting.write(framed(Buffer.from("wait")));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await clock.advance(9_000);
    expect(listener.connectionCount).toBe(2);
    await clock.advance(2_500);
    await idle.closed();
    await until(() => listener.connectionCount === 1);
    waiting.close();
  });

  test("hears of a peer that goes away while its request waits", async () => {
    let seen: Connection | undefined;
    const listener = await open((_, connection) => {
      seen = connection;
      return new Promise(() => undefined);
    });
    const client = await RawClient.connect(listener.port);
    client.write(framed(Buffer.from("wait")));
    await until(() => seen !== undefined);
    const ended = new Promise<void>((resolve) => seen?.onClose(resolve));
    client.close();
    await ended;
    expect(seen?.isClosed).toBe(true);
  });

  test("a port that is taken is refused with EADDRINUSE", async () => {
    const listener = await open(echo);
    await expect(open(echo, { port: listener.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

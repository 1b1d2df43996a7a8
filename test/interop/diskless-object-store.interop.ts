// Our client of object stores with a real one: near, far away, one that fails now and then, one that is killed and comes back.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasObjectStoreReference } from "../../scripts/object-store-reference.ts";
import type { Clock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { type ObjectStore, ObjectStoreError } from "../../src/base/object-store.ts";
import { systemRandom } from "../../src/base/random.ts";
import { systemClock } from "../../src/base/system-clock.ts";
import { PatientStore } from "../../src/diskless/patient-store.ts";
import { HttpExchange } from "../../src/diskless/s3/http-exchange.ts";
import { S3ObjectStore } from "../../src/diskless/s3/s3-object-store.ts";
import { RequestSigner, UNSIGNED_PAYLOAD } from "../../src/diskless/s3/signature.ts";
import { StoreHealth } from "../../src/diskless/store-health.ts";
import { objectStoreContract } from "../diskless/contracts/object-store.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { type ObjectStoreService, startObjectStore } from "./machines/services.ts";
import { port } from "./port.ts";

const NEAR = port(20240);
/** With another port behind it. */
const FAR = port(20242);
const FAILING = port(20244);
const FAIL_RATE = 0.1;
const MOST_ATTEMPTS = 20;

let folderCount = 0;

interface Over {
  readonly bucket?: string;
  readonly secret?: string;
  readonly clock?: Clock;
}

/** A client of a part of the bucket that nobody else has. */
function clientOf(service: ObjectStoreService, over: Over = {}): Promise<S3ObjectStore> {
  const { AWS_SECRET_ACCESS_KEY = "", ...environment } = service.environment(service.port);
  return S3ObjectStore.open({
    location: `s3://${over.bucket ?? service.bucket}/tests/${folderCount++}`,
    environment: { ...environment, AWS_SECRET_ACCESS_KEY: over.secret ?? AWS_SECRET_ACCESS_KEY },
    clock: over.clock ?? systemClock,
    logger: silentLogger,
  });
}

function patientClient(store: ObjectStore, lines: RecordedLine[] = []): PatientStore {
  const logger = recordingLogger(lines);
  return new PatientStore({
    store,
    health: new StoreHealth("s3://bucket", systemClock, logger),
    clock: systemClock,
    random: systemRandom,
    logger,
  });
}

/** Puts and deletes as their callers do: again, when it is not known whether they were done. What is put again here are the same bytes. */
function repeating(store: ObjectStore): ObjectStore {
  return {
    put: (key, parts, signal) => again(() => store.put(key, parts, signal)),
    get: (key, range, signal) => store.get(key, range, signal),
    list: (prefix, after) => store.list(prefix, after),
    delete: (keys) => again(() => store.delete(keys)),
    close: () => store.close(),
  };
}

async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof ObjectStoreError && (error.code === "UNAVAILABLE" || error.code === "SLOW_DOWN");
      if (!isPassing || attempt === MOST_ATTEMPTS || error.message.includes("nobody waits") || error.message.includes("closed"))
        throw error;
    }
  }
}

describe.skipIf(!hasObjectStoreReference())("a real store", () => {
  const services: ObjectStoreService[] = [];
  let near: ObjectStoreService;
  let far: ObjectStoreService;
  let failing: ObjectStoreService;

  beforeAll(async () => {
    near = await startObjectStore(NEAR);
    far = await startObjectStore(FAR, "50");
    failing = await startObjectStore(FAILING, "0", FAIL_RATE);
    services.push(near, far, failing);
  });
  afterAll(async () => {
    for (const service of services) await service.stop();
  });

  objectStoreContract("nearby", () => clientOf(near));
  objectStoreContract("far away", () => clientOf(far));
  objectStoreContract("that fails now and then, asked with patience", async () =>
    repeating(patientClient(await clientOf(failing)).foreground),
  );

  test("compares the checksum of a body", async () => {
    const origin = new URL(`http://127.0.0.1:${near.port}`);
    const environment = near.environment(near.port);
    const keys = {
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
      sessionToken: undefined,
    };
    const http = await HttpExchange.with(origin, { clock: systemClock, deadlineMs: 10_000 });
    const put = async (body: string) => {
      const path = `/${near.bucket}/checked`;
      // Of "0123456789".
      const headers = { "content-length": String(body.length), "x-amz-checksum-crc32c": "KAwGng==" };
      const toSign = { method: "PUT", host: origin.host, path, query: {}, headers, payloadHash: UNSIGNED_PAYLOAD };
      const signed = new RequestSigner("us-east-1", "s3").sign(toSign, keys, systemClock.now());
      return await http.ask({ method: "PUT", path, headers: signed, parts: [Buffer.from(body)], mostBytes: 100_000 });
    };
    expect((await put("0123456789")).status).toBe(200);
    const spoilt = await put("0123446789");
    expect(spoilt.status).toBe(400);
    expect(spoilt.body.toString()).toMatch(/BadDigest|[Cc]hecksum/);
    http.close();
  });

  test("refuses a wrong secret and a bucket that is not there", async () => {
    const wrong = await clientOf(near, { secret: "wrong" });
    await expect(wrong.put("a", [Buffer.from("a")])).rejects.toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("403 SignatureDoesNotMatch"),
    });
    const nowhere = await clientOf(near, { bucket: "nowhere" });
    const asks = [() => nowhere.put("a", []), () => nowhere.get("a"), () => nowhere.list(""), () => nowhere.delete(["a"])];
    for (const ask of asks) {
      await expect(ask()).rejects.toMatchObject({ code: "REFUSED", message: expect.stringContaining("404 NoSuchBucket") });
    }
    wrong.close();
    nowhere.close();
  });

  test("is asked by its own clock where ours is an hour off", async () => {
    for (const offMs of [-3_600_000, 3_600_000]) {
      const store = await clientOf(near, { clock: { ...systemClock, now: () => systemClock.now() + offMs } });
      await store.put("a", [Buffer.from("a")]);
      expect((await store.get("a")).toString()).toBe("a");
      store.close();
    }
  });

  test("that is killed amid puts has all that it had acknowledged when it is back, and reads wait for that", async () => {
    const lines: RecordedLine[] = [];
    const patient = patientClient(await clientOf(near), lines);
    const acknowledged = new Map<string, Buffer>();
    let isOver = false;
    const writer = async (name: number) => {
      for (let sequence = 0; !isOver; sequence++) {
        const key = `o/${name}/${sequence}`;
        const body = Buffer.alloc(100_000 + sequence, key);
        const isPut = await patient.foreground.put(key, [body.subarray(0, 5000), body.subarray(5000)]).then(
          () => true,
          () => false,
        );
        if (isPut) acknowledged.set(key, body);
        else await new Promise((resolve) => systemClock.after(20, () => resolve(undefined)));
      }
    };
    const writers = [1, 2, 3, 4].map(writer);
    for (let kill = 0; kill < 3; kill++) {
      const before = acknowledged.size;
      await expect.poll(() => acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(before + 20);
      await near.kill();
      const [key = "", body] = [...acknowledged].at(-1) ?? [];
      const reading = patient.foreground.get(key);
      await expect
        .poll(() => lines.filter(({ message }) => message === "a store does not answer").length, { timeout: 20_000 })
        .toBe(kill + 1);
      await near.resume();
      expect((await reading).equals(body ?? Buffer.alloc(0))).toBe(true);
    }
    isOver = true;
    await Promise.all(writers);
    for (const [key, body] of acknowledged) expect((await patient.foreground.get(key)).equals(body), key).toBe(true);
    const listed = new Set<string>();
    for (let after = "", isTruncated = true; isTruncated; ) {
      const page = await patient.upkeep.list("o/", after);
      for (const { key } of page.objects) listed.add(key);
      after = page.objects.at(-1)?.key ?? after;
      isTruncated = page.isTruncated;
    }
    for (const key of acknowledged.keys()) expect(listed.has(key), key).toBe(true);
    expect(lines.filter(({ message }) => message === "a store answers again")).toHaveLength(3);
    patient.close();
  });
});

// What the client of a store makes of answers, and of none. That it gets on with a real store is in test/interop.

import { afterEach, describe, expect, test } from "vitest";
import type { Clock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { systemClock } from "../../../src/base/system-clock.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { S3ObjectStore } from "../../../src/diskless/s3/s3-object-store.ts";
import { certificatePath, certificateText } from "../../support/certificates.ts";
import { type RecordedLine, recordingLogger } from "../../support/recording-logger.ts";
import { type Answer, type Asked, ScriptedServer } from "./scripted-server.ts";

const bytes = Buffer.from("0123456789");
const closing: { close(): void }[] = [];

afterEach(() => {
  for (const each of closing.splice(0)) each.close();
});

async function opened(script: (asked: Asked, index: number) => Answer | undefined, clock: Clock = systemClock) {
  const server = await ScriptedServer.start(script);
  const lines: RecordedLine[] = [];
  const store = await S3ObjectStore.open({
    location: "s3://bucket/pre/fix/",
    environment: { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", AWS_ENDPOINT_URL: "http://nowhere.invalid" },
    endpoint: server.origin,
    clock,
    logger: recordingLogger(lines),
  });
  closing.push(store, server);
  return { server, store, lines };
}

const complaint = (code: string, message = "So it is.") => `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;

describe("an answer means", () => {
  const cases: readonly { readonly status: number; readonly code: string; readonly means: string }[] = [
    { status: 404, code: "NoSuchKey", means: "NOT_FOUND" },
    { status: 404, code: "NoSuchBucket", means: "REFUSED" },
    { status: 404, code: "", means: "UNAVAILABLE" },
    { status: 403, code: "AccessDenied", means: "REFUSED" },
    { status: 400, code: "InvalidArgument", means: "REFUSED" },
    { status: 400, code: "RequestTimeout", means: "UNAVAILABLE" },
    { status: 400, code: "BadDigest", means: "UNAVAILABLE" },
    { status: 409, code: "ConditionalRequestConflict", means: "UNAVAILABLE" },
    { status: 412, code: "PreconditionFailed", means: "REFUSED" },
    { status: 416, code: "InvalidRange", means: "REFUSED" },
    { status: 301, code: "PermanentRedirect", means: "REFUSED" },
    { status: 429, code: "", means: "SLOW_DOWN" },
    { status: 500, code: "InternalError", means: "UNAVAILABLE" },
    { status: 501, code: "NotImplemented", means: "REFUSED" },
    { status: 502, code: "", means: "UNAVAILABLE" },
    { status: 503, code: "SlowDown", means: "SLOW_DOWN" },
    { status: 503, code: "", means: "SLOW_DOWN" },
    { status: 504, code: "", means: "UNAVAILABLE" },
  ];
  for (const { status, code, means } of cases) {
    test(`${means} where it is ${status} ${code}`, async () => {
      const { store } = await opened(() => ({ status, body: code === "" ? "<html>" : complaint(code) }));
      for (const ask of [() => store.put("a", [bytes]), () => store.get("a"), () => store.list("a"), () => store.delete(["a"])]) {
        await expect(ask()).rejects.toMatchObject({ name: "ObjectStoreError", code: means });
      }
    });
  }

  test("what the store said, in one sentence", async () => {
    const { store, server } = await opened(() => ({
      status: 400,
      headers: { "x-amz-bucket-region": "eu-north-1" },
      body: complaint("AuthorizationHeaderMalformed", "the region is wrong"),
    }));
    await expect(store.put("o/1", [bytes])).rejects.toThrow(
      `Could not put the object o/1: bucket bucket at ${server.origin} said 400 AuthorizationHeaderMalformed "the region is wrong". ` +
        "The bucket is in the region eu-north-1.",
    );
  });
});

describe("a put", () => {
  test("sends its parts one after another, with their length and checksum", async () => {
    const { store, server } = await opened(() => ({}));
    await store.put("o/a b", [Buffer.from("01234"), Buffer.alloc(0), Buffer.from("56789")]);
    const [asked] = server.asked;
    expect(asked).toMatchObject({ method: "PUT", url: "/bucket/pre/fix/o/a%20b", body: bytes });
    expect(asked?.headers).toMatchObject({
      "content-length": "10",
      "x-amz-checksum-crc32c": "KAwGng==",
      "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    });
  });

  test("that was carried out, but not answered, is unavailable", async () => {
    const { store } = await opened(() => ({ headers: { "content-length": "5" }, isCut: true }));
    await expect(store.put("a", [bytes])).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("goes without a checksum to a store that knows none, with its body signed instead", async () => {
    const knowsNone = complaint("InvalidArgument", "Unsupported header 'x-amz-checksum-crc32c' received for this API call.");
    const { store, server, lines } = await opened(({ headers }) =>
      "x-amz-checksum-crc32c" in headers ? { status: 400, body: knowsNone } : {},
    );
    await store.put("a", [bytes]);
    await store.put("b", [bytes]);
    expect(server.asked).toHaveLength(3);
    expect(server.asked[2]?.headers["x-amz-content-sha256"]).toMatch(/^[0-9a-f]{64}$/);
    expect(lines).toHaveLength(1);
  });
});

test("a body that was spoilt on its way is put again, not without a checksum", async () => {
  const spoilt = complaint("BadDigest", "The x-amz-checksum-crc32c you specified did not match what we received.");
  const { store, server } = await opened(() => ({ status: 400, body: spoilt }));
  await expect(store.put("a", [bytes])).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(store.put("b", [bytes])).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(server.asked.map(({ headers }) => headers["x-amz-checksum-crc32c"])).toEqual(["KAwGng==", "KAwGng=="]);
});

describe("a get", () => {
  const range = { from: 2, length: 4 };
  const partly = (contentRange: string, body: Buffer | string): Answer => ({
    status: 206,
    headers: { "content-range": contentRange },
    body,
  });
  const cases: readonly { readonly title: string; readonly answer: Answer; readonly code: string }[] = [
    {
      title: "fewer bytes than announced",
      answer: { ...partly("bytes 2-5/10", "234"), headers: { "content-range": "bytes 2-5/10", "content-length": "4" }, isCut: true },
      code: "UNAVAILABLE",
    },
    { title: "fewer bytes than its range has", answer: partly("bytes 2-5/10", "234"), code: "UNAVAILABLE" },
    { title: "a shorter range, though there is more", answer: partly("bytes 2-4/10", "234"), code: "UNAVAILABLE" },
    { title: "a shorter range, since there is no more", answer: partly("bytes 2-4/5", "234"), code: "REFUSED" },
    { title: "a longer range", answer: partly("bytes 2-6/10", "23456"), code: "UNAVAILABLE" },
    { title: "another range", answer: partly("bytes 0-3/10", "0123"), code: "UNAVAILABLE" },
    { title: "a part without its range", answer: { status: 206, body: "2345" }, code: "UNAVAILABLE" },
    { title: "the whole object", answer: { status: 200, body: bytes }, code: "UNAVAILABLE" },
    { title: "an error as if it were well", answer: { status: 200, body: complaint("InternalError") }, code: "UNAVAILABLE" },
  ];
  for (const { title, answer, code } of cases) {
    test(`of a range that is answered with ${title} fails`, async () => {
      const { store } = await opened(() => answer);
      await expect(store.get("a", range)).rejects.toMatchObject({ code });
    });
  }

  test("gives the range", async () => {
    const { store, server } = await opened(() => partly("bytes 2-5/10", "2345"));
    expect((await store.get("a", range)).toString()).toBe("2345");
    expect(server.asked[0]?.headers.range).toBe("bytes=2-5");
  });

  test("of a whole object fails where its end is missing", async () => {
    const { store } = await opened(() => ({ body: bytes, headers: { "content-length": "11" }, isCut: true }));
    await expect(store.get("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const chunked = await opened(() => ({ body: bytes, headers: { "transfer-encoding": "chunked" }, isCut: true }));
    await expect(chunked.store.get("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("a list", () => {
  const list = (entries: readonly string[], rest = "<IsTruncated>false</IsTruncated>") =>
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rest}${entries.map((key) => `<Contents><Key>${key}</Key><Size>3</Size></Contents>`).join("")}</ListBucketResult>`;

  test("is given without the store's own prefix, and asked for with it", async () => {
    const { store, server } = await opened(() => ({
      body: list(["pre%2Ffix%2Fo%2Fa+b%2B", "pre/fix/o/c"], "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"),
    }));
    expect(await store.list("o/", "o/a")).toEqual({
      objects: [
        { key: "o/a b+", sizeBytes: 3 },
        { key: "o/c", sizeBytes: 3 },
      ],
      isTruncated: true,
    });
    expect(server.asked[0]?.url).toBe(
      "/bucket?encoding-type=url&list-type=2&max-keys=1000&prefix=pre%2Ffix%2Fo%2F&start-after=pre%2Ffix%2Fo%2Fa",
    );
  });

  const wrong: Readonly<Record<string, string>> = {
    "that broke off": list(["pre/fix/o/a"]).slice(0, -20),
    "that does not say whether there is more": list(["pre/fix/o/b"], ""),
    "that has nothing, and goes on": list([], "<IsTruncated>true</IsTruncated>"),
    "with keys of others": list(["pre/other"]),
    "with keys that were asked for before": list(["pre/fix/o/a"]),
    "out of order": list(["pre/fix/o/c", "pre/fix/o/b"]),
    "with a key twice": list(["pre/fix/o/b", "pre/fix/o/b"]),
    "without sizes": list(["pre/fix/o/b"]).replace("<Size>3</Size>", ""),
    "that is an error": complaint("InternalError"),
    "that is a page": "<html><body>Welcome</body></html>",
  };
  for (const [title, body] of Object.entries(wrong)) {
    test(`${title} is no answer`, async () => {
      const { store } = await opened(() => ({ body }));
      await expect(store.list("o/", "o/a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    });
  }
});

describe("a deletion", () => {
  test("counts only what the store says that it deleted", async () => {
    const body =
      "<DeleteResult><Deleted><Key>pre/fix/a&amp;b</Key></Deleted><Error><Key>pre/fix/c</Key><Code>AccessDenied</Code></Error>" +
      "<Error><Key>pre/fix/d</Key><Code>NoSuchKey</Code></Error></DeleteResult>";
    const { store, server, lines } = await opened(() => ({ body }));
    expect(await store.delete(["a&b", "c", "d", "e"])).toEqual(["c", "e"]);
    expect(server.asked[0]).toMatchObject({ method: "POST", url: "/bucket?delete=" });
    expect(server.asked[0]?.body.toString()).toContain("<Key>pre/fix/a&#38;b</Key>");
    expect(lines).toMatchObject([
      { message: "objects could not be deleted", facts: { count: 2, key: "pre/fix/c", reason: "AccessDenied" } },
    ]);
  });

  test("that is answered with something else is no answer", async () => {
    for (const body of ["", "<DeleteResult>", complaint("SlowDown"), "OK"]) {
      const { store } = await opened(() => ({ body }));
      await expect(store.delete(["a"])).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
  });
});

describe("a request comes again", () => {
  const skewed = (date: string): Answer => ({ status: 403, headers: { date }, body: complaint("RequestTimeTooSkewed") });

  test("by the clock of the store, where ours is another, and later ones go by that at once", async () => {
    const { store, server } = await opened((_, index) => (index === 0 ? skewed("Fri, 24 May 2030 00:00:00 GMT") : {}));
    await store.put("a", [bytes]);
    await store.put("b", [bytes]);
    expect(server.asked.map(({ headers }) => String(headers["x-amz-date"]).slice(0, 8))).toEqual([
      expect.not.stringMatching("20300524"),
      "20300524",
      "20300524",
    ]);
    expect(server.asked[1]?.body).toEqual(bytes);
  });

  test("once, not for ever", async () => {
    const { store, server } = await opened(() => skewed("Fri, 24 May 2030 00:00:00 GMT"));
    await expect(store.get("a")).rejects.toMatchObject({ code: "REFUSED" });
    expect(server.asked).toHaveLength(2);
    const expired = await opened(() => ({ status: 400, body: complaint("ExpiredToken") }));
    await expect(expired.store.get("a")).rejects.toMatchObject({ code: "REFUSED" });
    expect(expired.server.asked).toHaveLength(2);
  });
});

test("over TLS a store is trusted by the authorities that are given for it", async () => {
  const identity = { key: certificateText("broker.key"), cert: certificateText("broker.pem") };
  const server = await ScriptedServer.start(() => ({}), identity);
  closing.push(server);
  const open = (environment: Readonly<Record<string, string>>) =>
    S3ObjectStore.open({
      location: "s3://bucket",
      environment: { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", AWS_ENDPOINT_URL_S3: server.origin, ...environment },
      clock: systemClock,
      logger: silentLogger,
    });
  const trusting = await open({ AWS_CA_BUNDLE: certificatePath("ca.pem") });
  await trusting.put("a", [bytes, bytes]);
  expect(server.asked[0]?.body).toEqual(Buffer.concat([bytes, bytes]));
  const wary = await open({});
  await expect(wary.put("a", [bytes])).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("certificate") });
  closing.push(trusting, wary);
  await expect(open({ AWS_CA_BUNDLE: certificatePath("none.pem") })).rejects.toMatchObject({ code: "REFUSED" });
});

describe("without an answer", () => {
  const waiting = async (server: ScriptedServer) => expect.poll(() => server.asked.length).toBe(1);

  test("who gives up destroys the connection", async () => {
    const { store, server } = await opened(() => undefined);
    const giveUp = new AbortController();
    const get = expect(store.get("a", undefined, giveUp.signal)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await waiting(server);
    giveUp.abort();
    await get;
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  test("every request ends at its deadline, lists and deletions too", async () => {
    const clock = new VirtualClock();
    for (const ask of [(store: S3ObjectStore) => store.list(""), (store: S3ObjectStore) => store.delete(["a"])]) {
      const { store, server } = await opened(() => undefined, clock);
      const asked = expect(ask(store)).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await waiting(server);
      await clock.advance(60_000);
      await asked;
      await expect.poll(() => server.sockets.size).toBe(0);
    }
  });

  test("what is under way ends when the client is closed", async () => {
    const { store, server } = await opened(() => undefined);
    const get = expect(store.get("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await waiting(server);
    store.close();
    await get;
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  test("connections are kept for the next request", async () => {
    const { store, server } = await opened(() => ({}));
    for (const key of ["a", "b", "c"]) await store.put(key, [bytes]);
    expect(server.sockets.size).toBe(1);
  });

  test("a server that is not there is unavailable", async () => {
    const { store, server } = await opened(() => ({}));
    server.close();
    await expect(store.get("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

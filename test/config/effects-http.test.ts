// What the settings of HTTP do, on whole brokers. Who may ask is in ../http. A title begins with the settings that it is about.

import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { apiVersions } from "../../protocol/messages/index.ts";
import { startBroker } from "../../src/index.ts";
import { ask, exchange } from "../http/raw-http.ts";
import { RawClient } from "../support/raw-client.ts";

const HEALTH = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

test("odradek.http: HTTP is answered on the port for clients, or nowhere", async () => {
  await using open = await startBroker();
  expect(await exchange(open.port, HEALTH)).toContain("200 OK");
  await using closed = await startBroker({ settings: { "odradek.http": false, "odradek.http.port": 0 } });
  expect(await exchange(closed.port, HEALTH)).toContain("This port speaks Apache Kafka's protocol, not HTTP.");
  expect(closed.httpUrl).toBeUndefined();
});

test("odradek.http.port: HTTP has a port of its own, and no other is answered on either", async () => {
  const broker = await startBroker({ http: 0 });
  const port = Number(new URL(broker.httpUrl ?? "").port);
  expect(port).not.toBe(broker.port);
  expect(await exchange(port, HEALTH)).toContain("200 OK");
  expect(await exchange(broker.port, HEALTH)).toContain("400 Bad Request");
  const client = await RawClient.connect(port);
  expect(await client.call(apiVersions, 0, {})).toBeUndefined();
  await broker.stop();
  await expect(RawClient.connect(port)).rejects.toThrow("ECONNREFUSED");
});

test("odradek.http.port: its connections are among those that max.connections allows", async () => {
  await using broker = await startBroker({ http: 0, settings: { "max.connections": 2 } });
  const clients = [await RawClient.connect(broker.port), await RawClient.connect(broker.port)];
  for (const client of clients) expect(await client.call(apiVersions, 0, {})).toBeDefined();
  let isAnswered = false;
  const waiting = exchange(Number(new URL(broker.httpUrl ?? "").port), HEALTH).finally(() => {
    isAnswered = true;
  });
  for (let count = 0; count < 10; count++) await clients[0]?.call(apiVersions, 0, {});
  expect(isAnswered).toBe(false);
  clients[0]?.close();
  expect(await waiting).toContain("200 OK");
  clients[1]?.close();
});

test("odradek.http.hosts: a name that it has is answered", async () => {
  await using broker = await startBroker({ settings: { "odradek.http.hosts": ["Metrics.example"] } });
  expect((await ask(broker.port, "GET /health HTTP/1.1", { Host: "metrics.example:80" })).status).toBe(200);
  expect((await ask(broker.port, "GET /health HTTP/1.1", { Host: "other.example" })).status).toBe(421);
});

test("odradek.registry.port: the schema registry has a port of its own as well, where everything is its", async () => {
  await using broker = await startBroker({ settings: { "odradek.registry.port": 0 } });
  const port = Number(new URL(broker.registryUrl ?? "").port);
  expect(port).not.toBe(broker.port);
  expect((await ask(port, "GET / HTTP/1.1", { Accept: "application/json" })).body).toBe("{}");
  expect((await ask(port, "GET /health HTTP/1.1")).body).toBe('{"error_code":404,"message":"HTTP 404 Not Found"}');
  expect((await ask(port, "GET /subjects HTTP/1.1")).body).toBe("[]");
  expect((await ask(broker.port, "GET /subjects HTTP/1.1")).body).toBe("[]");
});

const elsewhere = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

test.skipIf(elsewhere === undefined)(
  "odradek.http.remote: another machine is answered where a setting says so, or somebody logs in; its probes always",
  async () => {
    for (const [isOpen, status] of [
      [false, 403],
      [true, 200],
    ] as const) {
      await using open = await startBroker({ host: "0.0.0.0", settings: { "odradek.http.remote": isOpen } });
      expect((await fetch(`http://${elsewhere}:${open.port}/metrics`)).status).toBe(status);
      expect((await fetch(`http://${elsewhere}:${open.port}/health`)).status).toBe(200);
      expect((await fetch(`http://127.0.0.1:${open.port}/metrics`)).status).toBe(200);
    }
  },
);

// What the settings of HTTP do, on whole brokers. Who may ask is in ../http. A title begins with the settings that it is about.

import { request } from "node:http";
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

test("odradek.http.hosts: a name that it has is answered", async () => {
  await using broker = await startBroker({ settings: { "odradek.http.hosts": ["Metrics.example"] } });
  expect((await ask(broker.port, "GET /health HTTP/1.1", { Host: "metrics.example:80" })).status).toBe(200);
  expect((await ask(broker.port, "GET /health HTTP/1.1", { Host: "other.example" })).status).toBe(421);
});

test("odradek.http.remote: other machines are answered, where a listener asks for no login", async () => {
  // This one, by another of its addresses: any of 127.0.0.0/8 is loopback, whatever the setting says.
  await using broker = await startBroker({ host: "127.0.0.1", settings: { "odradek.http.remote": false } });
  const status = await new Promise((resolve, reject) => {
    request({ port: broker.port, host: "127.0.0.1", localAddress: "127.0.0.9", path: "/metrics" }, ({ statusCode }) => resolve(statusCode))
      .on("error", reject)
      .end();
  });
  expect(status).toBe(200);
});

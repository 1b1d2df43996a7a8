// One text by HTTP: what is taken, and what ends it.

import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { httpText } from "../../src/base/http-text.ts";
import { certificateText } from "../support/certificates.ts";

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function urlOf(answer: RequestListener): Promise<URL> {
  return new URL(`http://127.0.0.1:${await listening(createServer(answer))}/`);
}

const options = (more: object = {}) => ({ mostBytes: 100, signal: new AbortController().signal, ...more });

test("a text is asked for, or given one for", async () => {
  const url = await urlOf((request, response) => {
    request.setEncoding("utf8").on("data", (body) => response.write(`${request.headers["x-own"]} ${body} `));
    request.on("end", () => response.end(`${request.method} ${request.headers.accept} ä`));
  });
  expect(await httpText(url, options())).toBe("GET application/json ä");
  expect(await httpText(url, options({ body: "a=b", headers: { "x-own": "yes" } }))).toBe("yes a=b POST application/json ä");
});

test.each<[string, RequestListener, RegExp]>([
  ["another status", (_, response) => response.writeHead(503).end("x"), /^it was answered with status 503$/],
  [
    "another address",
    (_, response) => response.writeHead(302, { location: "http://127.0.0.1/" }).end(),
    /^it was answered with status 302$/,
  ],
  ["more than was asked for", (_, response) => response.end("x".repeat(101)), /^the answer has more than 100 bytes$/],
  ["an end without an answer", (request) => request.socket.destroy(), /socket hang up/],
  [
    "half an answer",
    (_, response) => void response.writeHead(200, { "content-length": 50 }).write("x", () => response.destroy()),
    /aborted/,
  ],
])("it ends at %s", async (_, answer, message) => {
  await expect(httpText(await urlOf(answer), options())).rejects.toThrow(message);
});

test.each<[string, RequestListener]>([
  ["nothing", () => undefined],
  ["a beginning", (_, response) => void response.write("x")],
])("it can be called off after %s has come", async (_, answer) => {
  const given = Promise.withResolvers<void>();
  const url = await urlOf((request, response) => {
    answer(request, response);
    given.resolve();
  });
  const calledOff = new AbortController();
  const text = httpText(url, options({ signal: calledOff.signal }));
  text.catch(() => undefined);
  await given.promise;
  calledOff.abort();
  await expect(text).rejects.toThrow(/abort/i);
});

test("a server whose certificate nobody vouches for is not asked", async () => {
  let isAsked = false;
  const server = createSecureServer({ key: certificateText("broker.key"), cert: certificateText("broker.pem") }, (_, response) => {
    isAsked = true;
    response.end();
  });
  await expect(httpText(new URL(`https://localhost:${await listening(server as unknown as Server)}/`), options())).rejects.toThrow(
    /certificate/,
  );
  expect(isAsked).toBe(false);
});

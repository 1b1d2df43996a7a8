// The line that the scenarios of clusters of processes put between a broker and a service: what it holds, loses and passes on.

import { once } from "node:events";
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { Line } from "../interop/machines/line.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const closed = (socket: net.Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()));

/** A service that keeps what it hears and answers each piece with "re: " and it. */
async function setUp() {
  const heard: string[] = [];
  const service = net.createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      heard.push(`${chunk}`);
      socket.write(`re: ${chunk}`);
    });
  });
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  closing.push(() => service.close());
  const line = await Line.open({ port: 0, servicePort: (service.address() as net.AddressInfo).port });
  closing.push(() => line.close());
  const connect = () => {
    const socket = net.connect(line.port, "127.0.0.1");
    socket.on("error", () => undefined);
    closing.push(() => socket.destroy());
    const answers: string[] = [];
    socket.on("data", (chunk) => answers.push(`${chunk}`));
    return { socket, answers };
  };
  return { line, heard, connect };
}

test("passes on what both sides say", async () => {
  const { heard, connect } = await setUp();
  const { socket, answers } = connect();
  socket.write("one");
  await expect.poll(() => answers).toEqual(["re: one"]);
  expect(heard).toEqual(["one"]);
});

test("holds answers, and gives them later", async () => {
  const { line, heard, connect } = await setUp();
  const { socket, answers } = connect();
  line.set("no answers");
  socket.write("one");
  await expect.poll(() => heard).toEqual(["one"]);
  expect(answers).toEqual([]);
  line.set("open");
  await expect.poll(() => answers).toEqual(["re: one"]);
});

test("gives a request that it held also when the one who sent it is gone", async () => {
  const { line, heard, connect } = await setUp();
  const { socket } = connect();
  await once(socket, "connect");
  line.set("no requests");
  socket.end("one");
  await new Promise(setImmediate);
  expect(heard).toEqual([]);
  line.set("open");
  await expect.poll(() => heard).toEqual(["one"]);
});

test("loses what it held when its connections break", async () => {
  const { line, heard, connect } = await setUp();
  const { socket } = connect();
  await once(socket, "connect");
  line.set("silent");
  socket.write("one");
  line.breakConnections();
  await closed(socket);
  line.set("open");
  const again = connect();
  again.socket.write("two");
  await expect.poll(() => again.answers).toEqual(["re: two"]);
  expect(heard).toEqual(["two"]);
});

test("refuses: connections break, and new ones too", async () => {
  const { line, connect } = await setUp();
  const { socket } = connect();
  await once(socket, "connect");
  line.set("refused");
  await closed(socket);
  await closed(connect().socket);
});

// Clients that connect, log in and leave, one after the other on each of several lanes.
//
//   node scripts/bench/logins-client.ts '{"host":"127.0.0.1","port":9094,"mechanism":"PLAIN","lanes":16,…}'
//
// Prints one line. What SCRAM makes of the password is computed once, as far as salt and iterations are the same: it is the broker that is
// measured, and a client would be slower than it.

import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import * as messages from "../../protocol/messages/index.ts";
import { givenOrder, report } from "./client-process.ts";
import { checkCode, FrameSocket } from "./frame-socket.ts";
import type { Address } from "./load-socket.ts";
import { cpuSecondsOf } from "./process-accounts.ts";

export interface LoginsOrder extends Address {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256";
  readonly user: string;
  readonly password: string;
  readonly lanes: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Of the broker, whose CPU is read when the measured part begins and ends. */
  readonly pid?: number;
}

export interface LoginsResult {
  readonly logins: number;
  readonly seconds: number;
  readonly brokerCpuSeconds?: number;
}

const HANDSHAKE_VERSION = 1;
const AUTHENTICATE_VERSION = 1;
const HASH = "sha256";

const order = givenOrder<LoginsOrder>();
const saltedPasswords = new Map<string, Buffer>();
let logins = 0;
let isOver = false;

const lanes = Array.from({ length: order.lanes }, async () => {
  while (!isOver) {
    await logInOnce();
    logins++;
  }
});
await Promise.race([pause(order.warmUpSeconds), ...lanes]);
const [before, cpuBefore, startedMs] = [logins, cpuSeconds(), performance.now()];
await Promise.race([pause(order.seconds), ...lanes]);
const [after, cpuAfter, seconds] = [logins, cpuSeconds(), (performance.now() - startedMs) / 1000];
isOver = true;
await Promise.all(lanes);
const cpu = cpuBefore === undefined || cpuAfter === undefined ? {} : { brokerCpuSeconds: cpuAfter - cpuBefore };
report({ logins: after - before, seconds, ...cpu } satisfies LoginsResult);

function pause(forSeconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, forSeconds * 1000));
}

function cpuSeconds(): number | undefined {
  return order.pid === undefined ? undefined : cpuSecondsOf(order.pid);
}

async function logInOnce(): Promise<void> {
  const socket = await FrameSocket.connect(order);
  try {
    const { mechanism } = order;
    checkCode("SaslHandshake", (await socket.call(messages.saslHandshake, HANDSHAKE_VERSION, { mechanism })).errorCode);
    const send = async (token: string) => {
      const answer = await socket.call(messages.saslAuthenticate, AUTHENTICATE_VERSION, { authBytes: Buffer.from(token) });
      checkCode("SaslAuthenticate", answer.errorCode);
      return answer.authBytes.toString();
    };
    if (mechanism === "PLAIN") await send(`\0${order.user}\0${order.password}`);
    else await scram(send);
  } finally {
    socket.close();
  }
}

/** RFC 5802; that the broker knows the password too is not looked at. */
async function scram(send: (token: string) => Promise<string>): Promise<void> {
  const first = `n=${order.user},r=${randomBytes(18).toString("base64url")}`;
  const answer = await send(`n,,${first}`);
  const [, nonce = "", salt = "", iterations = ""] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(answer) ?? [];
  const last = `c=biws,r=${nonce}`;
  const clientKey = keyed(saltedPassword(salt, Number(iterations)), "Client Key");
  const signature = keyed(createHash(HASH).update(clientKey).digest(), `${first},${answer},${last}`);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
  await send(`${last},p=${proof.toString("base64")}`);
}

function saltedPassword(salt: string, iterations: number): Buffer {
  const name = `${iterations} ${salt}`;
  const known = saltedPasswords.get(name) ?? pbkdf2Sync(order.password, Buffer.from(salt, "base64"), iterations, 32, HASH);
  saltedPasswords.set(name, known);
  return known;
}

function keyed(key: Buffer, text: string): Buffer {
  return createHmac(HASH, key).update(text).digest();
}

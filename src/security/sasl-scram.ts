// SCRAM-SHA-256 and -512 (RFC 5802, RFC 7677) on the broker's side, without channel binding. Neither side tells the other the password or
// what could stand for it:
//
//   client first   n,,n=alice,r=NONCE                 server first   r=NONCE+OURS,s=SALT,i=4096
//   client final   c=biws,r=NONCE+OURS,p=PROOF        server final   v=SIGNATURE
//
// As in Kafka, a user that is not known fails at the first step, a wrong password at the second, and the client hears the same of both. With
// tokenauth=true at the end of the first message, the name is the id of a delegation token, and the password its HMAC in base64.

import { createHash, createHmac, pbkdf2, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { failed, type Proven, type SaslExchange, type SaslStep, shownUser } from "./sasl-exchange.ts";

export const SCRAM_HASHES = { "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512" } as const;
export type ScramMechanism = keyof typeof SCRAM_HASHES;

export function isScram(mechanism: string): mechanism is ScramMechanism {
  return Object.hasOwn(SCRAM_HASHES, mechanism);
}

/** What a server keeps of a user: neither the password nor what could be used in its place. Salt and keys in base64. */
export interface ScramKeys {
  readonly iterations: number;
  readonly salt: string;
  readonly storedKey: string;
  readonly serverKey: string;
}

export interface ScramOptions {
  readonly mechanism: ScramMechanism;
  /** `undefined` for a user that has none. */
  readonly keysOf: (user: string) => ScramKeys | undefined;
  /** `undefined` for an id that no delegation token has. */
  readonly tokenOf: (id: string) => TokenKeys | undefined;
  /** What this side adds to the nonce: printable, without a comma, never the same twice. */
  readonly nonce: string;
}

export interface TokenKeys {
  readonly keys: ScramKeys;
  readonly owner: string;
  readonly expiryMs: number;
}

/** The least that clients take, as in Kafka's own tools. */
const ITERATIONS = 4096;

/** What a server would keep of a user with this password. */
export function scramKeysOf(password: string, mechanism: ScramMechanism, salt: Buffer): ScramKeys {
  const hash = SCRAM_HASHES[mechanism];
  const salted = pbkdf2Sync(password, salt, ITERATIONS, hash === "sha256" ? 32 : 64, hash);
  const keyed = (text: string) => createHmac(hash, salted).update(text).digest();
  return {
    iterations: ITERATIONS,
    salt: salt.toString("base64"),
    storedKey: digest(hash, keyed("Client Key")).toString("base64"),
    serverKey: keyed("Server Key").toString("base64"),
  };
}

const derive = promisify(pbkdf2);

/** Whether keys were made of a password; worked out off the event loop. */
export async function isPasswordOf(
  { iterations, salt, storedKey }: ScramKeys,
  mechanism: ScramMechanism,
  password: string,
): Promise<boolean> {
  const hash = SCRAM_HASHES[mechanism];
  const expected = Buffer.from(storedKey, "base64");
  const salted = await derive(password, Buffer.from(salt, "base64"), iterations, expected.length, hash);
  return timingSafeEqual(digest(hash, createHmac(hash, salted).update("Client Key").digest()), expected);
}

const NAME = "(?:[\\x01-\\x2b\\x2d-\\x3c\\x3e-\\x7f]|=2C|=3D)+";
const PRINTABLE = "[\\x21-\\x2b\\x2d-\\x7e]+";
const VALUE = "[\\x01-\\x2b\\x2d-\\x7f]+";
const EXTENSIONS = `(?:,[A-Za-z]+=${VALUE})*`;
const BASE64 = "[A-Za-z0-9+/]+={0,2}";
const CLIENT_FIRST = new RegExp(`^(n,(?:a=(${NAME}))?,)((?:m=${VALUE},)?n=(${NAME}),r=(${PRINTABLE})(${EXTENSIONS}))$`);
const CLIENT_FINAL = new RegExp(`^(c=(${BASE64}),r=(${PRINTABLE})${EXTENSIONS}),p=(${BASE64})$`);

export function scramExchange(options: ScramOptions): SaslExchange {
  let step = (token: Buffer): SaslStep => {
    const opened = open(token.toString("latin1"), options);
    if (opened.kind !== "opened") return opened;
    step = (last) => close(last.toString("latin1"), opened, options);
    return { kind: "challenge", token: Buffer.from(opened.serverFirst) };
  };
  return { step: (token) => step(token) };
}

interface Opened {
  readonly kind: "opened";
  readonly proven: Proven;
  readonly keys: ScramKeys;
  readonly header: string;
  readonly nonce: string;
  readonly clientFirst: string;
  readonly serverFirst: string;
}

function open(text: string, options: ScramOptions): Opened | SaslStep {
  const [, header = "", authorizationId, clientFirst = "", name, theirs = "", extensions = ""] = CLIENT_FIRST.exec(text) ?? [];
  if (name === undefined) return invalid("the client's first message is not one of SCRAM, or asks for channel binding");
  const user = plainName(name);
  const known = isTokenLogin(extensions) ? ownerOf(user, options) : userOf(user, options);
  if (typeof known === "string") return invalid(known);
  if (authorizationId !== undefined && plainName(authorizationId) !== user) {
    const message = "Authentication failed: Client requested an authorization id that is different from username";
    return failed(message, `user ${shownUser(user)} asks to be somebody else`);
  }
  const { keys, proven } = known;
  const nonce = theirs + options.nonce;
  return { kind: "opened", proven, keys, header, nonce, clientFirst, serverFirst: `r=${nonce},s=${keys.salt},i=${keys.iterations}` };
}

/** Of an extension that is named twice, the last counts. */
function isTokenLogin(extensions: string): boolean {
  const values = [...extensions.matchAll(/,tokenauth=([^,]*)/g)].map(([, value = ""]) => value);
  return values.at(-1)?.toLowerCase() === "true";
}

type Known = Pick<Opened, "keys" | "proven">;

/** Tokens are not kept under the names of users, whatever those are called. Gives the reason where nobody is known. */
function ownerOf(id: string, { tokenOf }: ScramOptions): Known | string {
  const token = tokenOf(id);
  if (token === undefined)
    return `the client logs in with a delegation token, and there is none of the id ${shownUser(id)}: it is withdrawn, or has expired`;
  return { keys: token.keys, proven: { user: token.owner, endMs: token.expiryMs, isByToken: true } };
}

function userOf(user: string, { mechanism, keysOf }: ScramOptions): Known | string {
  const keys = keysOf(user);
  if (keys === undefined)
    return `user ${shownUser(user)} is not known to ${mechanism}; make it with kafka-configs (--entity-type users) or name it with --user`;
  return { keys, proven: { user } };
}

function close(text: string, { proven, keys, header, nonce, clientFirst, serverFirst }: Opened, { mechanism }: ScramOptions): SaslStep {
  const [, withoutProof = "", binding = "", repeated, proof = ""] = CLIENT_FINAL.exec(text) ?? [];
  const isOurs = repeated === nonce && Buffer.from(binding, "base64").toString("latin1") === header;
  if (!isOurs) return invalid("the client's last message does not belong to its first");
  const hash = SCRAM_HASHES[mechanism];
  const signed = `${clientFirst},${serverFirst},${withoutProof}`;
  const storedKey = Buffer.from(keys.storedKey, "base64");
  const clientKey = xor(Buffer.from(proof, "base64"), hmac(hash, storedKey, signed));
  if (!timingSafeEqual(digest(hash, clientKey), storedKey))
    return invalid(`the ${proven.isByToken ? "HMAC of a delegation token" : "password"} of user ${shownUser(proven.user)} is wrong`);
  const signature = hmac(hash, Buffer.from(keys.serverKey, "base64"), signed);
  return { kind: "success", token: Buffer.from(`v=${signature.toString("base64")}`), ...proven };
}

function invalid(reason: string): SaslStep {
  return failed(undefined, reason);
}

function plainName(name: string): string {
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

export function hmac(hash: string, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text, "latin1").digest();
}

export function digest(hash: string, bytes: Buffer): Buffer {
  return createHash(hash).update(bytes).digest();
}

/** As long as `mask`, whatever came: a proof of another length is a wrong one. */
export function xor(bytes: Buffer, mask: Buffer): Buffer {
  return Buffer.from(mask.map((byte, index) => byte ^ (bytes[index] ?? 0)));
}

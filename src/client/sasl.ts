// Logging in to a broker, for our own commands: PLAIN and SCRAM (RFC 5802) on the client's side, by SCRAM also with a delegation token, and
// OAUTHBEARER (RFC 7628). With SCRAM the broker has to prove that it knows the user, too, and may not ask for more work than Kafka's own
// brokers can be set to.

import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

const PASSWORD_MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
export const CLIENT_MECHANISMS = [...PASSWORD_MECHANISMS, "OAUTHBEARER"] as const;

export type Login = PasswordLogin | BearerLogin;

export interface PasswordLogin {
  readonly mechanism: (typeof PASSWORD_MECHANISMS)[number];
  readonly user: string;
  readonly password: string;
  /** User and password are a delegation token's id and HMAC. PLAIN knows of none. */
  readonly isByToken?: boolean;
}

export interface BearerLogin {
  readonly mechanism: "OAUTHBEARER";
  /** Asked for each login, since tokens expire. Rejects with ClientError when there is none. */
  readonly token: () => Promise<string>;
}

const MOST_ITERATIONS = 16_384;
const NONCE_BYTES = 24;

/** Sends a token and gives what the broker answers. Rejects with what the broker says against it. */
export type SendToken = (token: Buffer) => Promise<Buffer>;

/** Throws Error for a broker that does not do as the mechanism says. */
export async function logIn(login: Login, send: SendToken): Promise<void> {
  switch (login.mechanism) {
    case "PLAIN":
      await send(Buffer.from(`\0${login.user}\0${login.password}`));
      return;
    case "SCRAM-SHA-256":
      return scram({ hash: "sha256", keyBytes: 32 }, login, send);
    case "SCRAM-SHA-512":
      return scram({ hash: "sha512", keyBytes: 64 }, login, send);
    case "OAUTHBEARER": {
      const answer = await send(Buffer.from(`n,,\x01auth=Bearer ${await login.token()}\x01\x01`));
      // Why it is refused comes again, as an error, once that is said to be understood.
      if (answer.length > 0) await send(Buffer.from([1]));
    }
  }
}

interface Hash {
  readonly hash: "sha256" | "sha512";
  readonly keyBytes: number;
}

async function scram({ hash, keyBytes }: Hash, { user, password, isByToken = false }: PasswordLogin, send: SendToken): Promise<void> {
  const nonce = randomBytes(NONCE_BYTES).toString("base64url");
  const extensions = isByToken ? ",tokenauth=true" : "";
  const first = `n=${user.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}${extensions}`;
  const answer = (await send(Buffer.from(`n,,${first}`))).toString();
  const [, joined = "", salt = "", count = ""] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(answer) ?? [];
  const iterations = Number(count);
  if (!joined.startsWith(nonce) || joined === nonce) throw new Error("its answer belongs to another login");
  if (iterations < 1 || iterations > MOST_ITERATIONS)
    throw new Error(`it asks for ${iterations} iterations, and at most ${MOST_ITERATIONS} are done`);
  const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), iterations, keyBytes, hash);
  const keyed = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  const clientKey = keyed(salted, "Client Key");
  const last = `c=biws,r=${joined}`;
  const signed = `${first},${answer},${last}`;
  const mask = keyed(createHash(hash).update(clientKey).digest(), signed);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (mask[index] ?? 0)));
  const [, signature = ""] = /^v=([^,]+)/.exec((await send(Buffer.from(`${last},p=${proof.toString("base64")}`))).toString()) ?? [];
  const expected = keyed(keyed(salted, "Server Key"), signed);
  const given = Buffer.from(signature, "base64");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error("it does not know the password itself");
}

// SCRAM credentials of users (KIP-554, RFC 5802). The client has salted the password; what is kept is what a server needs to check a
// password and to prove itself, neither of which gives the password away.

import { createHash, createHmac } from "node:crypto";
import { Errors } from "../../protocol/errors.ts";
import type { Refusal } from "./refusal.ts";

export interface ScramCredential {
  readonly user: string;
  /** Code on the wire: see ScramMechanisms. */
  readonly mechanism: number;
  readonly iterations: number;
  /** Base64, as the keys. */
  readonly salt: string;
  readonly storedKey: string;
  readonly serverKey: string;
}

export const ScramMechanisms = { SHA_256: 1, SHA_512: 2 } as const;

const HASHES: ReadonlyMap<number, { readonly hash: string; readonly minIterations: number }> = new Map([
  [ScramMechanisms.SHA_256, { hash: "sha256", minIterations: 4096 }],
  [ScramMechanisms.SHA_512, { hash: "sha512", minIterations: 4096 }],
]);
const MAX_ITERATIONS = 16_384;

export interface ScramWish {
  readonly user: string;
  readonly mechanism: number;
  readonly iterations: number;
  readonly salt: Buffer;
  readonly saltedPassword: Buffer;
}

/** The wording is Kafka's. */
export function scramFault({ user, mechanism }: { readonly user: string; readonly mechanism: number }): Refusal | undefined {
  if (user === "") return { error: Errors.UNACCEPTABLE_CREDENTIAL, message: "Username must not be empty" };
  if (!HASHES.has(mechanism)) return { error: Errors.UNSUPPORTED_SASL_MECHANISM, message: "Unknown SCRAM mechanism" };
  return undefined;
}

export function decideScram(wish: ScramWish): ScramCredential | Refusal {
  const fault = scramFault(wish);
  if (fault !== undefined) return fault;
  const { user, mechanism, iterations, salt, saltedPassword } = wish;
  const { hash, minIterations } = HASHES.get(mechanism) ?? { hash: "sha512", minIterations: MAX_ITERATIONS };
  const refuse = (message: string): Refusal => ({ error: Errors.UNACCEPTABLE_CREDENTIAL, message });
  if (iterations < minIterations) return refuse("Too few iterations");
  if (iterations > MAX_ITERATIONS) return refuse("Too many iterations");
  if (saltedPassword.length === 0) return refuse("Salted password must not be empty");
  const clientKey = createHmac(hash, saltedPassword).update("Client Key").digest();
  return {
    user,
    mechanism,
    iterations,
    salt: salt.toString("base64"),
    storedKey: createHash(hash).update(clientKey).digest("base64"),
    serverKey: createHmac(hash, saltedPassword).update("Server Key").digest("base64"),
  };
}

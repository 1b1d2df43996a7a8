// SCRAM credentials of users (RFC 5802): the broker gets the salted password, never the password.

import { pbkdf2Sync, randomBytes } from "node:crypto";
import { Errors } from "../../../protocol/errors.ts";
import { describeUserScramCredentials } from "../../../protocol/messages/50-describe-user-scram-credentials.ts";
import { alterUserScramCredentials } from "../../../protocol/messages/51-alter-user-scram-credentials.ts";
import type { Brokers } from "../brokers.ts";
import { failOn, present } from "../refusal.ts";

export const SCRAM_MECHANISMS = { "SCRAM-SHA-256": 1, "SCRAM-SHA-512": 2 } as const;
export type ScramMechanism = keyof typeof SCRAM_MECHANISMS;

const HASHES = { "SCRAM-SHA-256": { name: "sha256", bytes: 32 }, "SCRAM-SHA-512": { name: "sha512", bytes: 64 } } as const;
const SALT_BYTES = 20;

export interface ScramCredential {
  readonly user: string;
  readonly mechanism: ScramMechanism;
  readonly iterations: number;
}

/** Of all users, or of those named; users without any are left out. */
export async function describeScram(brokers: Brokers, users: readonly string[] | null): Promise<ScramCredential[]> {
  const answer = await brokers.ask(describeUserScramCredentials, 0, { users: users?.map((name) => ({ name })) ?? null });
  failOn(answer.errorCode, "credentials", answer.errorMessage);
  return answer.results.flatMap(({ user, errorCode, errorMessage, credentialInfos }) => {
    if (errorCode === Errors.RESOURCE_NOT_FOUND) return [];
    failOn(errorCode, `user ${user}`, errorMessage);
    return credentialInfos.flatMap(({ mechanism, iterations }) => {
      const name = nameOfMechanism(mechanism);
      return name === undefined ? [] : [{ user, mechanism: name, iterations }];
    });
  });
}

export interface ScramChanges {
  readonly upserts: readonly (ScramCredential & { readonly password: string })[];
  readonly deletions: readonly { readonly user: string; readonly mechanism: ScramMechanism }[];
}

export async function alterScram(brokers: Brokers, { upserts, deletions }: ScramChanges): Promise<void> {
  const upsertions = upserts.map(({ user, mechanism, iterations, password }) => {
    const salt = randomBytes(SALT_BYTES);
    const hash = HASHES[mechanism];
    const saltedPassword = pbkdf2Sync(password.normalize("NFKC"), salt, iterations, hash.bytes, hash.name);
    return { name: user, mechanism: SCRAM_MECHANISMS[mechanism], iterations, salt, saltedPassword };
  });
  const answer = await brokers.ask(alterUserScramCredentials, 0, {
    deletions: deletions.map(({ user, mechanism }) => ({ name: user, mechanism: SCRAM_MECHANISMS[mechanism] })),
    upsertions,
  });
  for (const { user } of [...upserts, ...deletions]) {
    const result = present(
      answer.results.find((one) => one.user === user),
      `user ${user}`,
    );
    failOn(result.errorCode, `user ${user}`, result.errorMessage);
  }
}

export function isScramMechanism(name: string): name is ScramMechanism {
  return Object.hasOwn(SCRAM_MECHANISMS, name);
}

function nameOfMechanism(number: number): ScramMechanism | undefined {
  return Object.keys(SCRAM_MECHANISMS)
    .filter(isScramMechanism)
    .find((name) => SCRAM_MECHANISMS[name] === number);
}

// The users that `odradek.users` names: they log in on every SASL listener, by whatever mechanism it has. Their passwords are as given; what
// SCRAM needs is made of one when its user first comes, and never stored.

import { type ScramKeys, type ScramMechanism, scramKeysOf } from "./sasl-scram.ts";

export class MalformedUsers extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedUsers";
  }
}

export class SaslUsers {
  readonly #passwords: ReadonlyMap<string, string>;
  readonly #makeSalt: () => string;
  readonly #keys = new Map<string, ScramKeys>();

  /** @param makeSalt never gives the same twice */
  constructor(passwords: ReadonlyMap<string, string>, makeSalt: () => string) {
    this.#passwords = passwords;
    this.#makeSalt = makeSalt;
  }

  get isEmpty(): boolean {
    return this.#passwords.size === 0;
  }

  passwordOf(user: string): string | undefined {
    return this.#passwords.get(user);
  }

  scramKeysOf(user: string, mechanism: ScramMechanism): ScramKeys | undefined {
    const password = this.#passwords.get(user);
    if (password === undefined) return undefined;
    const name = `${mechanism} ${user}`;
    const keys = this.#keys.get(name) ?? scramKeysOf(password, mechanism, Buffer.from(this.#makeSalt()));
    this.#keys.set(name, keys);
    return keys;
  }
}

/** The text of `odradek.users`: a JSON object of passwords by user. Throws MalformedUsers, whose message shows nothing of it. */
export function parseUsers(text: string): ReadonlyMap<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new MalformedUsers('it must be JSON: an object of passwords by user, as in {"alice": "…"}');
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new MalformedUsers('it must be an object of passwords by user, as in {"alice": "…"}');
  const users = new Map<string, string>();
  for (const [user, password] of Object.entries(parsed)) {
    if (user === "") throw new MalformedUsers("a user has no name");
    if (typeof password !== "string" || password === "")
      throw new MalformedUsers(`the password of ${user} must be a text that is not empty`);
    users.set(user, password);
  }
  return users;
}

export function printUsers(users: Readonly<Record<string, string>>): string {
  return JSON.stringify(users);
}

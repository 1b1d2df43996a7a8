// One exchange of SASL tokens by one mechanism: what the client sends goes in, and what is answered comes out, until somebody is known or
// nobody is let in. It knows of no connection, no request and no time. What has to be asked for elsewhere comes later; until then the client
// has no answer, and nothing that it has sent behind is looked at.

export type SaslStep =
  /** The client has to go on; `refusal`: to say that it has understood that it does not get in, or to try again. */
  | { readonly kind: "challenge"; readonly token: Buffer; readonly refusal?: string }
  | ({ readonly kind: "success"; readonly token: Buffer } & Proven)
  /**
   * `message` is what Kafka tells the client, `undefined` where that is no more than that the credentials are invalid; `reason` is what the
   * log says beside it. Neither has a secret.
   */
  | { readonly kind: "failure"; readonly message: string | undefined; readonly reason: string };

/** Who somebody is known to be. */
export interface Proven {
  readonly user: string;
  /** Until when what proved it holds: the session ends with it. */
  readonly endMs?: number;
  /** By a delegation token: the user gave it, and need not be who has it. */
  readonly isByToken?: boolean;
}

export interface SaslExchange {
  step(token: Buffer): SaslStep | Promise<SaslStep>;
}

export function failed(message: string | undefined, reason: string): SaslStep {
  return { kind: "failure", message, reason };
}

/** A name as the log shows it: it comes from somebody who is not known yet. */
export function shownUser(user: string): string {
  return JSON.stringify(user.length > MOST_SHOWN ? `${user.slice(0, MOST_SHOWN)}…` : user);
}

const MOST_SHOWN = 64;

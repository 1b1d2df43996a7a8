// PLAIN (RFC 4616): authorization id, user and password in one token, with NUL in between. The authorization id may be left out and must be
// the user otherwise. Messages are Kafka's, as is the order in which things are looked at.

import { createHash, timingSafeEqual } from "node:crypto";
import { failed, type SaslExchange, type SaslStep, shownUser } from "./sasl-exchange.ts";

const TOKENS = 3;

/** `passwordOf` gives `undefined` for a user that is not known. */
export function plainExchange(passwordOf: (user: string) => string | undefined): SaslExchange {
  return { step: (token) => judge(token, passwordOf) };
}

function judge(token: Buffer, passwordOf: (user: string) => string | undefined): SaslStep {
  // Kafka looks for no more than one too many.
  const parts = token.toString("utf8").split("\0", TOKENS + 1);
  const [authorizationId = "", user = "", password = ""] = parts;
  if (parts.length !== TOKENS) {
    const message = `Invalid SASL/PLAIN response: expected ${TOKENS} tokens, got ${parts.length}`;
    return failed(message, "the client sent something else than user and password");
  }
  if (user === "") return failed("Authentication failed: username not specified", "the client gave no user name");
  if (password === "")
    return failed("Authentication failed: password not specified", `the client gave no password for user ${shownUser(user)}`);
  const expected = passwordOf(user);
  if (!isSame(password, expected ?? "") || expected === undefined) {
    const reason =
      expected === undefined
        ? `user ${shownUser(user)} is not known to PLAIN here; name it in the listener's JAAS line (user_NAME) or with --user`
        : `the password of user ${shownUser(user)} is wrong`;
    return failed("Authentication failed: Invalid username or password", reason);
  }
  if (authorizationId !== "" && authorizationId !== user) {
    const message = "Authentication failed: Client requested an authorization id that is different from username";
    return failed(message, `user ${shownUser(user)} asks to be somebody else`);
  }
  return { kind: "success", token: Buffer.alloc(0), user };
}

/** Takes as long whatever they have in common, and however long the expected one is: only digests are compared. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

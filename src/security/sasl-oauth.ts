// OAUTHBEARER (RFC 7628): the client shows a bearer token, and is whom that names.
//
//   n,[a=USER],^Aauth=Bearer TOKEN^A[NAME=VALUE^A]…^A
//
// The server's last word is empty. A token that is refused is answered with JSON, as if all went on; the client then says ^A and hears the
// same as an error, or tries another token, which Kafka lets it. Kafka heeds neither the extensions nor how names are escaped in `a=`.

import type { TokenVerdict } from "./claims.ts";
import { failed, type SaslExchange, type SaslStep, shownUser } from "./sasl-exchange.ts";

export type JudgeToken = (token: string) => TokenVerdict | Promise<TokenVerdict>;

const NAME = "(?:[\\x01-\\x2b\\x2d-\\x3c\\x3e-\\x7f]|=2C|=3D)+";
const PAIR = "[A-Za-z]+=[\\x20-\\x7e\\t\\r\\n]+\\x01";
const FIRST = new RegExp(`^n,(?:a=(${NAME}))?,\\x01((?:${PAIR})*)\\x01$`);
const AUTHORIZATION = /^bearer +([-_~+/.a-zA-Z0-9]+=*)$/i;
const UNDERSTOOD = Buffer.from([1]);

export function oauthExchange(judge: JudgeToken): SaslExchange {
  let refusal: { readonly json: string; readonly reason: string } | undefined;
  const decide = (verdict: TokenVerdict, authorizationId: string | undefined): SaslStep => {
    if (verdict.kind === "valid") return letIn(verdict, authorizationId);
    refusal = { json: refusalJson(verdict.scope), reason: verdict.reason };
    return { kind: "challenge", token: Buffer.from(refusal.json), refusal: verdict.reason };
  };
  const step = (message: Buffer): SaslStep | Promise<SaslStep> => {
    if (refusal !== undefined && message.equals(UNDERSTOOD)) return failed(refusal.json, refusal.reason);
    const [matched, authorizationId, pairs = ""] = FIRST.exec(message.toString("latin1")) ?? [];
    if (matched === undefined) return failed(undefined, "the client's message is not one of OAUTHBEARER, or asks for channel binding");
    // As with Kafka, the last one counts where there are several.
    const [, token] = AUTHORIZATION.exec(textOf("auth", pairs) ?? "") ?? [];
    if (token === undefined) return failed(undefined, "the client's message has no bearer token");
    const verdict = judge(token);
    return verdict instanceof Promise ? verdict.then((later) => decide(later, authorizationId)) : decide(verdict, authorizationId);
  };
  return { step };
}

function letIn({ user, expiresMs }: TokenVerdict & { readonly kind: "valid" }, authorizationId: string | undefined): SaslStep {
  if (authorizationId === undefined || authorizationId === user) return { kind: "success", token: Buffer.alloc(0), user, endMs: expiresMs };
  const message = `Authentication failed: Client requested an authorization id (${authorizationId}) that is different from the token's principal name (${user})`;
  return failed(message, `user ${shownUser(user)} asks to be somebody else`);
}

function textOf(name: string, pairs: string): string | undefined {
  const start = `${name}=`;
  return pairs
    .split("\x01")
    .findLast((pair) => pair.startsWith(start))
    ?.slice(start.length);
}

/** Letter for letter Kafka's, whose clients print it. */
function refusalJson(scope: readonly string[] | undefined): string {
  if (scope === undefined) return '{"status":"invalid_token"}';
  return `{"status":"insufficient_scope", "scope":"[${scope.join(", ")}]"}`;
}

// Where a command has the token from that it shows, by the settings of Kafka's clients:
//
//   sasl.oauthbearer.token.endpoint.url=https://…   from an issuer, for the id and the secret of a client (RFC 6749, section 4.4)
//   sasl.oauthbearer.token.endpoint.url=file:///…   as it stands in a file
//   neither                                         one that nobody signs, with the claims that the JAAS line has (unsecuredLogin…)
//
// Secrets and tokens are never shown.

import { readFile } from "node:fs/promises";
import { httpText } from "../../base/http-text.ts";
import { ClientError, messageOf } from "../../client/client-error.ts";
import { FlagError } from "./flags.ts";

type Texts = ReadonlyMap<string, string>;

const URL_SETTING = "sasl.oauthbearer.token.endpoint.url";
const HANDLER_SETTING = "sasl.login.callback.handler.class";
const PACKAGE = "org.apache.kafka.common.security.oauthbearer.";
const OF_ISSUER = [`${PACKAGE}OAuthBearerLoginCallbackHandler`, `${PACKAGE}secured.OAuthBearerLoginCallbackHandler`];
const OF_UNSECURED = `${PACKAGE}internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler`;
const LOGIN = "unsecuredLogin";
const AN_HOUR = "3600";
const MOST_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;

/** `options` are the JAAS line's, `source` is where the settings are from. Raises FlagError. */
export function tokenSourceOf(settings: Texts, options: Texts, source: string): () => Promise<string> {
  const refused = (what: string) => new FlagError(`${source}: ${what}.`, { isTerse: true });
  const handler = settings.get(HANDLER_SETTING);
  const endpoint = settings.get(URL_SETTING);
  if (handler !== undefined && handler !== OF_UNSECURED && !OF_ISSUER.includes(handler))
    throw refused(`${HANDLER_SETTING}=${handler} is not known here, since Java classes are not loaded; take ${OF_ISSUER[0]}`);
  if (handler === OF_UNSECURED || (handler === undefined && endpoint === undefined)) return unsecuredTokens(options, refused);
  if (endpoint === undefined) throw refused(`${URL_SETTING} is missing, which says where tokens come from`);
  if (!URL.canParse(endpoint)) throw refused(`${URL_SETTING}=${endpoint} is no URL`);
  const url = new URL(endpoint);
  const noToken = (error: unknown) => new ClientError(`There is no token from ${endpoint} (${URL_SETTING}): ${messageOf(error)}.`);
  const ask = url.protocol === "file:" ? async () => (await readFile(url, "utf8")).trim() : issuedTokens(url, settings, options, refused);
  return () =>
    ask().catch((error: unknown) => {
      throw noToken(error);
    });
}

type Refused = (what: string) => FlagError;

/** Claims are options: unsecuredLoginStringClaim_sub="alice"; the first character of a list is what its elements stand apart by. */
function unsecuredTokens(options: Texts, refused: Refused): () => Promise<string> {
  const claims: Record<string, unknown> = {};
  for (const [name, value] of options) {
    const [, kind, claim = ""] = /^unsecuredLogin(String|Number|List)Claim_(.+)$/.exec(name) ?? [];
    if (kind === "String") claims[claim] = value;
    if (kind === "List") claims[claim] = value.slice(1).split(value.slice(0, 1));
    if (kind !== "Number") continue;
    claims[claim] = Number(value);
    if (!Number.isFinite(claims[claim])) throw refused(`the option ${name} of sasl.jaas.config is no number`);
  }
  const userClaim = options.get(`${LOGIN}PrincipalClaimName`) ?? "sub";
  if (typeof claims[userClaim] !== "string")
    throw refused(
      `sasl.jaas.config names nobody: it needs ${LOGIN}StringClaim_${userClaim}, or ${URL_SETTING} says where tokens come from`,
    );
  const lifetimeSeconds = Number(options.get(`${LOGIN}LifetimeSeconds`) ?? AN_HOUR);
  if (!(lifetimeSeconds > 0)) throw refused(`the option ${LOGIN}LifetimeSeconds of sasl.jaas.config is no number of seconds`);
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString("base64url");
  return async () => {
    const now = Date.now() / 1000;
    return `${part({ alg: "none" })}.${part({ iat: now, exp: now + lifetimeSeconds, ...claims })}.`;
  };
}

function issuedTokens(url: URL, settings: Texts, options: Texts, refused: Refused): () => Promise<string> {
  const id = settings.get("sasl.oauthbearer.client.credentials.client.id") ?? options.get("clientId");
  const secret = settings.get("sasl.oauthbearer.client.credentials.client.secret") ?? options.get("clientSecret");
  const scope = settings.get("sasl.oauthbearer.scope") ?? options.get("scope");
  if (!["http:", "https:"].includes(url.protocol)) throw refused(`${URL_SETTING}=${url.href} must begin with http, https or file`);
  if (id === undefined || secret === undefined)
    throw refused(
      "sasl.jaas.config needs a clientId and a clientSecret, or sasl.oauthbearer.client.credentials.client.id and .secret are set",
    );
  const form = new URLSearchParams({ grant_type: "client_credentials", ...(scope === undefined ? {} : { scope }) });
  const headers = {
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`,
    "content-type": "application/x-www-form-urlencoded",
  };
  return async () => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer: unknown = JSON.parse(await httpText(url, { mostBytes: MOST_BYTES, signal, headers, body: form.toString() }));
    const token = typeof answer === "object" && answer !== null && "access_token" in answer ? answer.access_token : undefined;
    if (typeof token !== "string" || token === "") throw new Error("its answer has no access_token");
    return token;
  };
}

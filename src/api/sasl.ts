// SaslHandshake and SaslAuthenticate (keys 17 and 36). On a SASL listener they are how a client logs in, and logs in again
// (security/sasl-login.ts); on any other, Kafka lists both in ApiVersions all the same, and refuses them as out of place, which the log says
// in a way that helps. Who is refused hears it after connection.failed.authentication.delay.ms, and loses the connection. Messages are Kafka's.
// The brokers of the cluster alone begin with SaslAuthenticate, on whatever listener, to prove who they are (peer-proof.ts).

import { Errors } from "../../protocol/errors.ts";
import { saslAuthenticate as saslAuthenticateApi, saslHandshake as saslHandshakeApi } from "../../protocol/messages/index.ts";
import type { Clock } from "../base/clock.ts";
import { PEER_HELLO } from "../cluster/peer-proof.ts";
import type { SaslLogin, TokenAnswer } from "../security/sasl-login.ts";
import { type ClientConnection, CloseConnection, serve } from "./handler.ts";
import type { Services } from "./services.ts";

const ADVICE =
  "the client wants to authenticate with SASL, and this listener has none; take sasl (security.protocol) out of the client's settings";
const FIRST_VERSION_WITH_REQUESTS = 1;

export const saslHandshake = serve(saslHandshakeApi, "0-1", [], ({ clock }, { mechanism }, { connection, apiVersion }) => {
  const outOfPlace = { errorCode: Errors.ILLEGAL_SASL_STATE, mechanisms: [] };
  const { login } = connection;
  if (login === undefined) {
    connection.remark(ADVICE);
    return outOfPlace;
  }
  const answer = login.handshake(mechanism, apiVersion < FIRST_VERSION_WITH_REQUESTS);
  switch (answer.kind) {
    case "accepted":
      return { errorCode: Errors.NONE, mechanisms: [...answer.mechanisms] };
    case "outOfPlace":
      return outOfPlace;
    case "unsupported": {
      const { mechanisms, reason } = answer;
      return lastAnswer(
        clock,
        { login, connection, reason },
        { errorCode: Errors.UNSUPPORTED_SASL_MECHANISM, mechanisms: [...mechanisms] },
      );
    }
    case "closed":
      throw new CloseConnection(answer.reason);
  }
});

export const saslAuthenticate = serve(saslAuthenticateApi, "0-2", [], (services, { authBytes: token }, { connection }) => {
  const { login } = connection;
  const { clock } = services;
  if (login === undefined || login.hasNotBegun) {
    const answer = peerAnswer(services, token, connection);
    if (answer !== undefined) return answer;
  }
  if (login === undefined) connection.remark(ADVICE);
  const answer = login?.token(token) ?? { kind: "outOfPlace" };
  return answer instanceof Promise
    ? answer.then((later) => authenticateReply(clock, later, connection))
    : authenticateReply(clock, answer, connection);
});

function authenticateReply(clock: Clock, answer: TokenAnswer, connection: ClientConnection) {
  const { login } = connection;
  const failed = (errorCode: number, errorMessage: string) => ({ errorCode, errorMessage, authBytes: NO_BYTES, sessionLifetimeMs: 0 });
  const content = (authBytes: Buffer, sessionLifetimeMs: number) => ({
    errorCode: Errors.NONE,
    errorMessage: "",
    authBytes,
    sessionLifetimeMs,
  });
  switch (answer.kind) {
    case "challenge":
      return content(answer.token, 0);
    case "in":
      connection.loggedIn(answer.principal);
      return content(answer.token, answer.lifetimeMs);
    case "outOfPlace":
      return failed(Errors.ILLEGAL_SASL_STATE, "SaslAuthenticate request received after successful authentication");
    case "failed":
      return lastAnswer(clock, { login, connection, reason: answer.reason }, failed(Errors.SASL_AUTHENTICATION_FAILED, answer.message));
    case "notBegun":
      throw new CloseConnection(answer.reason);
    case "closed":
      return closedLater(clock, { login, reason: answer.reason });
  }
}

const NO_BYTES = Buffer.alloc(0);

/** `undefined` for what is no broker's. There is one challenge, and it can be tried once: nobody is answered for long without a login. */
function peerAnswer({ peers, random }: Services, token: Buffer, connection: ClientConnection) {
  const answer = (authBytes: Buffer) => ({ errorCode: Errors.NONE, errorMessage: null, authBytes, sessionLifetimeMs: 0 });
  const { challenge } = connection;
  if (challenge === undefined) {
    if (!token.equals(PEER_HELLO)) return undefined;
    connection.challenge = random.uuid();
    return answer(Buffer.from(connection.challenge));
  }
  connection.challenge = undefined;
  const peer = peers.proven(token, { challenge, channel: connection.channel });
  if (peer === undefined) throw new CloseConnection("it says that it is a broker of this cluster, and does not prove it");
  connection.brokerId = peer.brokerId;
  connection.login?.letBrokerIn(peer.brokerId);
  connection.loggedIn(connection.principal);
  return answer(peer.answer);
}

/** A token that came without a request around it, after a handshake of version 0. Gives the token to answer it with. */
export function bareToken(clock: Clock, token: Buffer, connection: ClientConnection): Buffer | Promise<Buffer> {
  const answer = connection.login?.token(token) ?? { kind: "closed", reason: ADVICE };
  return answer instanceof Promise ? answer.then((later) => bareReply(clock, later, connection)) : bareReply(clock, answer, connection);
}

function bareReply(clock: Clock, answer: TokenAnswer, connection: ClientConnection): Buffer | Promise<never> {
  const { login } = connection;
  switch (answer.kind) {
    case "in":
      connection.loggedIn(answer.principal);
      return answer.token;
    case "challenge":
      return answer.token;
    case "failed":
    case "closed":
      return closedLater(clock, { login, reason: answer.reason });
    case "notBegun":
    case "outOfPlace":
      throw new CloseConnection("the client sent a token after it had logged in");
  }
}

interface Refused {
  readonly login: SaslLogin | undefined;
  readonly reason: string;
}

/** Guessing takes time: the answer comes late, and the connection ends with it. */
export async function lastAnswer<Reply>(
  clock: Clock,
  { login, connection, reason }: Refused & { readonly connection: ClientConnection },
  reply: Reply,
): Promise<Reply> {
  await delay(clock, login);
  connection.endAfterAnswer(reason);
  return reply;
}

async function closedLater(clock: Clock, { login, reason }: Refused): Promise<never> {
  await delay(clock, login);
  throw new CloseConnection(reason);
}

function delay(clock: Clock, login: SaslLogin | undefined): Promise<void> {
  const delayMs = login?.terms.failureDelayMs ?? 0;
  return new Promise((resolve) => {
    if (delayMs <= 0) resolve();
    else clock.after(delayMs, resolve);
  });
}

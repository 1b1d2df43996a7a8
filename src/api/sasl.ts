// SaslHandshake and SaslAuthenticate (keys 17 and 36) on a PLAINTEXT listener, the only kind that there is: Kafka lists both in
// ApiVersions all the same, and refuses them as out of place. The log says it in a way that helps. Messages are Kafka's.
// The brokers of the cluster alone use SaslAuthenticate here, to prove who they are (peer-proof.ts).

import { Errors } from "../../protocol/errors.ts";
import { saslAuthenticate as saslAuthenticateApi, saslHandshake as saslHandshakeApi } from "../../protocol/messages/index.ts";
import { PEER_HELLO, provenBroker } from "../cluster/peer-proof.ts";
import { type ClientConnection, CloseConnection, serve } from "./handler.ts";
import type { Services } from "./services.ts";

const errorCode = Errors.ILLEGAL_SASL_STATE;
const ADVICE =
  "the client wants to authenticate with SASL, and this listener is PLAINTEXT; take sasl (security.protocol) out of the client's settings";

export const saslHandshake = serve(saslHandshakeApi, "0-1", (_, __, { connection }) => {
  connection.remark(ADVICE);
  return { errorCode, mechanisms: [] };
});

export const saslAuthenticate = serve(saslAuthenticateApi, "0-2", (services, { authBytes }, { connection }) => {
  if (authBytes.equals(PEER_HELLO)) {
    connection.challenge = services.random.uuid();
    return peerAnswer(connection.challenge);
  }
  if (connection.challenge !== undefined) {
    connection.brokerId = proven(services, authBytes, connection);
    return peerAnswer("");
  }
  connection.remark(ADVICE);
  return {
    errorCode,
    errorMessage: "SaslAuthenticate request received after successful authentication",
    authBytes: Buffer.alloc(0),
    sessionLifetimeMs: 0,
  };
});

/** Takes the challenge back: nobody can try twice. */
function proven({ brokerId: to, cluster: { image } }: Services, proof: Buffer, connection: ClientConnection): number {
  const { challenge = "" } = connection;
  connection.challenge = undefined;
  const brokerId = provenBroker(proof, { image, to, challenge });
  if (brokerId === undefined) throw new CloseConnection("it says that it is a broker of this cluster, and does not prove it");
  return brokerId;
}

function peerAnswer(text: string) {
  return { errorCode: Errors.NONE, errorMessage: null, authBytes: Buffer.from(text), sessionLifetimeMs: 0 };
}

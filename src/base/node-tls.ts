// node:tls is loaded when somebody first asks for it: what does without TLS does not pay for it.

import { createHash } from "node:crypto";
import type { Socket } from "node:net";

const BINDING_LABEL = "EXPORTER-odradek-broker";
const BINDING_BYTES = 32;

export function nodeTls(): typeof import("node:tls") {
  return process.getBuiltinModule("node:tls");
}

/**
 * What the two ends of a TLS connection have in common and nobody between them has: a secret of the handshake (RFC 5705) and the server's
 * certificate, which binds it to the server also where an old handshake does not (RFC 7627). Empty without TLS.
 */
export function channelBinding(socket: Socket, side: "client" | "server"): string {
  const { TLSSocket } = nodeTls();
  if (!(socket instanceof TLSSocket)) return "";
  const certificate = side === "client" ? socket.getPeerX509Certificate() : socket.getX509Certificate();
  const secret = socket.exportKeyingMaterial(BINDING_BYTES, BINDING_LABEL, Buffer.alloc(0));
  return createHash("sha256")
    .update(secret)
    .update(certificate?.raw ?? "")
    .digest("base64url");
}

// An accepted socket over TLS, in the shape that connections know (socket.ts): what is read is decrypted by Node, and comes as 'data'.
//
// What a client shows is judged here, since only tls.Server does that by itself, and it keeps the sockets that it makes from us until they
// are secure. For that one private method is needed; where Node does not have it, nobody is let in who had to show a certificate.

import type net from "node:net";
import type { TLSSocket } from "node:tls";
import { nodeTls } from "../base/node-tls.ts";
import { subjectOf } from "../security/distinguished-name.ts";
import { HandshakeFailure, handshakeFailure, untrustedCertificate } from "../security/handshake-failure.ts";
import { ANONYMOUS } from "../security/principal.ts";
import { principalOf, type TlsTerms } from "../security/tls-terms.ts";
import type { SocketEvents } from "./socket.ts";
import type { TlsAcceptor } from "./tls-acceptor.ts";

/** How long a client may take over the handshake. */
const HANDSHAKE_MS = 30_000;

export interface SecureSocketEvents extends SocketEvents {
  /** The handshake is done; nothing was received before. */
  readonly secured: (principal: string) => void;
}

export function secureSocket(
  accepted: net.Socket,
  { terms, context, clock, protocol }: TlsAcceptor,
  events: SecureSocketEvents,
): TLSSocket {
  const { TLSSocket } = nodeTls();
  const asks = terms.clientAuth !== "none";
  const socket = new TLSSocket(accepted, {
    isServer: true,
    secureContext: context,
    requestCert: asks,
    rejectUnauthorized: terms.clientAuth === "required",
  });
  let isSecure = false;
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure ??= isSecure || error instanceof HandshakeFailure ? error : handshakeFailure(error, protocol);
    socket.destroy();
  };
  const deadline = clock.after(HANDSHAKE_MS, () => fail(new HandshakeFailure(`the TLS handshake took longer than ${HANDSHAKE_MS} ms`)));
  socket.on("error", fail);
  socket.on("_tlsError", fail);
  socket.on("secure", () => {
    const judged = asks ? judgedPrincipal(socket, terms) : ANONYMOUS;
    if (judged instanceof HandshakeFailure) {
      fail(judged);
      return;
    }
    isSecure = true;
    deadline.cancel();
    events.secured(judged);
  });
  socket.on("data", (chunk: Buffer) => {
    if (!events.received(chunk)) socket.pause();
  });
  socket.on("drain", events.drained);
  socket.on("close", () => {
    deadline.cancel();
    // The server counts accepted sockets and waits for them when it closes.
    accepted.destroy();
    events.closed(failure ?? (isSecure || accepted.bytesRead === 0 ? undefined : new HandshakeFailure(GAVE_UP)));
  });
  accepted.setNoDelay(true);
  return socket;
}

const GAVE_UP = "the client ended the connection within the TLS handshake; it may not trust this listener's certificate, or not speak TLS";

/** Who the client is, or why it is not let in. */
function judgedPrincipal(socket: TLSSocket, terms: TlsTerms): string | HandshakeFailure {
  const certificate = socket.getPeerX509Certificate()?.raw;
  if (certificate === undefined) {
    return terms.clientAuth === "required" ? new HandshakeFailure("the client shows no certificate") : ANONYMOUS;
  }
  try {
    const name = subjectOf(certificate);
    const fault = verifyError(socket);
    if (fault !== undefined) return untrustedCertificate(fault, name);
    return principalOf(terms, certificate) ?? new HandshakeFailure(`ssl.principal.mapping.rules have no name for the client ${name}`);
  } catch (cause) {
    // Anybody can make a certificate with a name in which nothing is as it should be.
    return new HandshakeFailure("the client's certificate has a subject that cannot be read", { cause });
  }
}

/** What OpenSSL found wrong with the client's certificate. */
function verifyError(socket: TLSSocket): string | undefined {
  const { _handle: handle } = socket as { _handle?: { readonly verifyError?: () => { readonly code?: string } | null } | null };
  if (typeof handle?.verifyError !== "function") return "UNVERIFIED";
  const error = handle.verifyError();
  return error === null || error === undefined ? undefined : (error.code ?? "UNVERIFIED");
}

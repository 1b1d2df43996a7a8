// The certificates of tests, made by scripts/test-certificates.mjs: signed by "ca", but for "stranger".

import { readFileSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";

export const STORE_PASSWORD = "secret";

const folder = join(import.meta.dirname, "../security/certificates");

/** "broker.pem", "broker.p12". */
export function certificatePath(file: string): string {
  return join(folder, file);
}

export function certificateText(file: string): string {
  return readFileSync(certificatePath(file), "utf8");
}

/** Settings of one listener with the broker's key store in PKCS12, and what else is given for it. */
export function tlsSettings(listener: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const settings: Readonly<Record<string, string>> = {
    "ssl.keystore.type": "PKCS12",
    "ssl.keystore.location": certificatePath("broker.p12"),
    "ssl.keystore.password": STORE_PASSWORD,
    ...more,
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`listener.name.${listener.toLowerCase()}.${name}`, value]));
}

export const TRUSTED: Readonly<Record<string, string>> = {
  "ssl.truststore.type": "PEM",
  "ssl.truststore.location": certificatePath("ca.pem"),
};

/** Connects over TLS, as whoever the certificate of that name is about. Rejects when the handshake fails. */
export function connectTls(
  port: number,
  { as, ...options }: tls.ConnectionOptions & { readonly as?: string } = {},
): Promise<tls.TLSSocket> {
  const own = as === undefined ? {} : { key: certificateText(`${as}.key`), cert: certificateText(`${as}.pem`) };
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: "localhost", ca: certificateText("ca.pem"), ...own, ...options }, () => {
      socket.removeListener("error", reject);
      socket.on("error", () => undefined);
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

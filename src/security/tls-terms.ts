// On what terms a listener speaks TLS: versions, cipher suites, whom it asks for a certificate and what such a client is called hold for as
// long as it is open; its key store and trust store can be replaced meanwhile, and hold for connections that come then.

import type { X509Certificate } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import { openSslCipher } from "./cipher-suites.ts";
import { subjectOf } from "./distinguished-name.ts";
import { ANONYMOUS, userPrincipal } from "./principal.ts";
import { MalformedRule, type PrincipalMapper, principalMapper } from "./principal-rules.ts";
import { type KeyStore, readKeyStore, readTrustStore } from "./stores.ts";
import type { ListenerTlsSettings, TlsSettings } from "./tls-settings.ts";

export interface TlsTerms {
  readonly clientAuth: "none" | "requested" | "required";
  readonly versions: Pick<SecureContextOptions, "minVersion" | "maxVersion">;
  /** In OpenSSL's notation; `undefined` leaves them to Node. */
  readonly ciphers: string | undefined;
  readonly mapPrincipal: PrincipalMapper;
}

export interface TlsStores {
  readonly keyStore: KeyStore;
  /** `undefined` where the settings name none. */
  readonly trusted: readonly X509Certificate[] | undefined;
}

/** `knownCiphers`: those of node:tls, in lower case. Throws SettingError. */
export function tlsTerms(settings: ListenerTlsSettings, knownCiphers: readonly string[]): TlsTerms {
  const clientAuth = settings.get("ssl.client.auth");
  return {
    clientAuth: clientAuth === "required" || clientAuth === "requested" ? clientAuth : "none",
    versions: versionsOf(settings),
    ciphers: ciphersOf(settings, knownCiphers),
    mapPrincipal: mapperOf(settings),
  };
}

/** Reads the files anew. Throws SettingError. */
export function readStores(settings: ListenerTlsSettings, nowMs: number): TlsStores {
  const trusted = readTrustStore(settings);
  const keyStore = readKeyStore(settings, nowMs);
  if (keyStore === undefined) throw settings.fault("ssl.keystore.location", withoutKeyStore(settings.listener));
  return { keyStore, trusted };
}

function withoutKeyStore(listener: string): string {
  const own = `listener.name.${listener.toLowerCase()}.`;
  return `listener ${listener} speaks TLS and needs a key and a certificate; set ${own}ssl.keystore.type and ${own}ssl.keystore.location, or the same without "${own}" for all listeners`;
}

/** A client may do without a key store. */
export function contextOptions(
  { versions, ciphers }: Pick<TlsTerms, "versions" | "ciphers">,
  { keyStore, trusted }: { readonly [Store in keyof TlsStores]: TlsStores[Store] | undefined },
): SecureContextOptions {
  return {
    ...(keyStore === undefined ? {} : { key: keyStore.key.export({ type: "pkcs8", format: "pem" }), cert: keyStore.chain.join("\n") }),
    ...(trusted === undefined ? {} : { ca: trusted.map(String) }),
    ...versions,
    ...(ciphers === undefined ? {} : { ciphers, honorCipherOrder: true }),
    // As in Java, whatever is in the trust store is trusted, be it no root.
    allowPartialTrustChain: true,
  };
}

/** Of a client with that certificate, in DER; `undefined` when no rule has a name for it. */
export function principalOf({ mapPrincipal }: TlsTerms, certificate: Buffer | undefined): string | undefined {
  if (certificate === undefined) return ANONYMOUS;
  const name = mapPrincipal(subjectOf(certificate));
  return name === undefined ? undefined : userPrincipal(name);
}

export function versionsOf(settings: TlsSettings): TlsTerms["versions"] {
  const name = "ssl.enabled.protocols";
  const wanted = settings.get(name);
  const unknown = wanted.find((version) => version !== "TLSv1.2" && version !== "TLSv1.3");
  if (unknown !== undefined) throw settings.fault(name, `${unknown} is not offered; there are TLSv1.2 and TLSv1.3`);
  if (wanted.length === 0) return { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" };
  return {
    minVersion: wanted.includes("TLSv1.2") ? "TLSv1.2" : "TLSv1.3",
    maxVersion: wanted.includes("TLSv1.3") ? "TLSv1.3" : "TLSv1.2",
  };
}

export function ciphersOf(settings: TlsSettings, known: readonly string[]): string | undefined {
  const name = "ssl.cipher.suites";
  const wanted = settings.get(name);
  if (wanted.length === 0) return undefined;
  const ciphers = wanted.map((suite) => {
    const cipher = openSslCipher(suite, known);
    if (cipher === undefined) throw settings.fault(name, `there is no cipher suite ${suite}`);
    return cipher;
  });
  return ciphers.join(":");
}

function mapperOf(settings: ListenerTlsSettings): PrincipalMapper {
  const name = "ssl.principal.mapping.rules";
  try {
    return principalMapper(settings.get(name));
  } catch (error) {
    if (error instanceof MalformedRule) throw settings.fault(name, error.message, error);
    throw error;
  }
}

/** Why stores may not take the place of others, in Kafka's words: clients know the broker by its names. */
export function replacementFault(settings: ListenerTlsSettings, before: KeyStore, after: KeyStore): string | undefined {
  const [[old], [next]] = [before.chain, after.chain];
  const [oldName, newName] = [subjectOf(old.raw), subjectOf(next.raw)];
  if (oldName !== newName && !settings.get("ssl.allow.dn.changes")) {
    return `Keystore DistinguishedName does not match:  existing={DN=${oldName}}, new={DN=${newName}}`;
  }
  const [oldNames, newNames] = [alternativeNames(old.subjectAltName), alternativeNames(next.subjectAltName)];
  if (oldNames.some((each) => !newNames.includes(each)) && !settings.get("ssl.allow.san.changes")) {
    return `Keystore SubjectAltNames do not match: existing={[${oldNames.join(", ")}]}, new={[${newNames.join(", ")}]}`;
  }
  return undefined;
}

function alternativeNames(names: string | undefined): readonly string[] {
  return names === undefined ? [] : names.split(", ").sort();
}

// The key store and the trust store of a listener or a client, of whatever type: PEM in a file or in the setting itself, PKCS12, and JKS by name, under
// which Java takes PKCS12 too and keytool has written that since JDK 9. What cannot be used is one sentence with the setting to blame.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { readPkcs12, type StoreContent, UnreadableStore } from "./pkcs12.ts";
import type { TlsSettings } from "./tls-settings.ts";

export interface KeyStore {
  readonly key: KeyObject;
  /** That of the key first. */
  readonly chain: readonly [X509Certificate, ...X509Certificate[]];
}

type Side = "keystore" | "truststore";

const SETTINGS = {
  keystore: { type: "ssl.keystore.type", location: "ssl.keystore.location", password: "ssl.keystore.password" },
  truststore: { type: "ssl.truststore.type", location: "ssl.truststore.location", password: "ssl.truststore.password" },
} as const;

/** With this every file of Java's own format begins, in which passwords are hardly guarded. */
const JKS_MAGIC = 0xfe_ed_fe_ed;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const PEM_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[^-]+(?:-----[^-]+)*?-----END (?:[A-Z]+ )*PRIVATE KEY-----/;

/** `undefined` without a key store. `nowMs`: a certificate that is not valid at that time is none. Throws what `settings.fault` makes. */
export function readKeyStore(settings: TlsSettings, nowMs: number): KeyStore | undefined {
  const source = keySource(settings);
  if (source === undefined) return undefined;
  const { keys, certificates } = source.content;
  const [key] = keys;
  if (key === undefined) throw settings.fault(source.name, `${source.what} has no private key`);
  const own = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (certificates.length === 0) throw settings.fault(source.chainName, `${source.what} has no certificate of the private key`);
  if (own === undefined) throw settings.fault(source.chainName, `none of the certificates in ${source.what} fits the private key`);
  const outside = validityFault(own, nowMs);
  if (outside !== undefined) throw settings.fault(source.chainName, `the certificate in ${source.what} ${outside}`);
  return { key, chain: chainFrom(own, certificates) };
}

/** The certificates that are trusted; `undefined` without a trust store. Throws what `settings.fault` makes. */
export function readTrustStore(settings: TlsSettings): readonly X509Certificate[] | undefined {
  const inline = settings.get("ssl.truststore.certificates");
  const type = typeOf(settings, "truststore");
  let content: StoreContent;
  let name: "ssl.truststore.certificates" | "ssl.truststore.location" = "ssl.truststore.location";
  if (inline !== null) {
    name = "ssl.truststore.certificates";
    if (type !== "PEM") throw settings.fault(name, "certificates as text go with ssl.truststore.type=PEM only");
    if (settings.get("ssl.truststore.location") !== null)
      throw settings.fault(name, "ssl.truststore.location is set too; take one of them out");
    content = { keys: [], certificates: certificatesIn(settings, name, inline) };
  } else if (settings.get("ssl.truststore.location") === null) {
    return undefined;
  } else {
    content = storeFile(settings, "truststore", type);
  }
  if (content.certificates.length === 0) throw settings.fault(name, "the trust store has no certificates");
  return content.certificates;
}

interface KeySource {
  readonly content: StoreContent;
  /** The settings to blame for the key and for its certificates. */
  readonly name: "ssl.keystore.key" | "ssl.keystore.location";
  readonly chainName: "ssl.keystore.certificate.chain" | "ssl.keystore.location";
  readonly what: string;
}

function keySource(settings: TlsSettings): KeySource | undefined {
  const type = typeOf(settings, "keystore");
  const location = settings.get("ssl.keystore.location");
  const [key, chain] = [settings.get("ssl.keystore.key"), settings.get("ssl.keystore.certificate.chain")];
  if (key === null && chain === null) {
    if (location === null) return undefined;
    const content = storeFile(settings, "keystore", type);
    return { content, name: "ssl.keystore.location", chainName: "ssl.keystore.location", what: location };
  }
  const given = key === null ? "ssl.keystore.certificate.chain" : "ssl.keystore.key";
  if (type !== "PEM") throw settings.fault(given, "a key and certificates as text go with ssl.keystore.type=PEM only");
  if (location !== null) throw settings.fault(given, "ssl.keystore.location is set too; take one of them out");
  if (key === null) throw settings.fault("ssl.keystore.key", "ssl.keystore.certificate.chain is set, and the private key is not");
  if (chain === null) throw settings.fault("ssl.keystore.certificate.chain", "ssl.keystore.key is set, and its certificates are not");
  const keys = [pemKey(settings, "ssl.keystore.key", key)];
  const certificates = certificatesIn(settings, "ssl.keystore.certificate.chain", chain);
  return { content: { keys, certificates }, name: "ssl.keystore.key", chainName: "ssl.keystore.certificate.chain", what: "the setting" };
}

function typeOf(settings: TlsSettings, side: Side): "PEM" | "PKCS12" | "JKS" {
  const name = SETTINGS[side].type;
  const type = settings.get(name).toUpperCase();
  if (type === "PEM" || type === "PKCS12" || type === "JKS") return type;
  throw settings.fault(name, `a store of type ${type} cannot be read; there are PEM, PKCS12 and JKS`);
}

function storeFile(settings: TlsSettings, side: Side, type: "PEM" | "PKCS12" | "JKS"): StoreContent {
  const { location: name, password: passwordName } = SETTINGS[side];
  const path = settings.get(name) ?? "";
  const bytes = readFile(settings, name, path);
  const password = settings.get(passwordName);
  if (type === "PEM") {
    if (password !== null) throw settings.fault(passwordName, pemPassword(side));
    const text = bytes.toString("latin1");
    const keyText = PEM_KEY.exec(text)?.[0];
    const keys = side === "keystore" && keyText !== undefined ? [pemKey(settings, name, keyText)] : [];
    const certificates = text.includes("-----BEGIN ") ? certificatesIn(settings, name, text) : undefined;
    if (certificates === undefined) throw settings.fault(name, `${path} is not PEM; set ssl.${side}.type to what it is`);
    return { keys, certificates };
  }
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === JKS_MAGIC) throw settings.fault(name, javaStore(path));
  if (bytes.includes("-----BEGIN ")) throw settings.fault(name, `${path} is PEM; set ssl.${side}.type=PEM`);
  if (password === null) throw settings.fault(passwordName, `the password of ${path} is not given`);
  try {
    const key = side === "keystore" ? (settings.get("ssl.key.password") ?? password) : password;
    return readPkcs12(bytes, { store: password, key });
  } catch (error) {
    if (!(error instanceof UnreadableStore)) throw error;
    const blamed = error.isPassword ? passwordName : name;
    throw settings.fault(blamed, `${path} ${error.message}`, error);
  }
}

function pemPassword(side: Side): string {
  const instead = side === "keystore" ? "; if the key in it is encrypted, its password is ssl.key.password" : "";
  return `a PEM file has no password${instead}`;
}

function javaStore(path: string): string {
  return `${path} is in Java's old format JKS, which is not read here; convert it: keytool -importkeystore -srckeystore ${path} -destkeystore ${path}.p12 -deststoretype PKCS12`;
}

function readFile(settings: TlsSettings, name: "ssl.keystore.location" | "ssl.truststore.location", path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const why = code === "ENOENT" ? "is not there" : code === "EACCES" ? "may not be read by this process" : `cannot be read (${code})`;
    throw settings.fault(name, `${path} ${why}`, error);
  }
}

function pemKey(
  settings: TlsSettings,
  name: "ssl.keystore.key" | "ssl.keystore.location" | "ssl.truststore.location",
  text: string,
): KeyObject {
  const passphrase = settings.get("ssl.key.password");
  const isEncrypted = /ENCRYPTED/.test(text);
  if (isEncrypted && passphrase === null)
    throw settings.fault("ssl.key.password", "the private key is encrypted, and its password is not given");
  try {
    return createPrivateKey({ key: text, format: "pem", ...(passphrase === null ? {} : { passphrase }) });
  } catch (error) {
    if (isEncrypted) throw settings.fault("ssl.key.password", "the private key cannot be opened with the password that is given", error);
    throw settings.fault(name, "the private key cannot be read", error);
  }
}

function certificatesIn(
  settings: TlsSettings,
  name: "ssl.keystore.certificate.chain" | "ssl.truststore.certificates" | "ssl.keystore.location" | "ssl.truststore.location",
  text: string,
): readonly X509Certificate[] {
  const found = text.match(PEM_CERTIFICATE) ?? [];
  return found.map((pem, index) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      throw settings.fault(name, `certificate ${index + 1} cannot be read`, error);
    }
  });
}

function validityFault({ validFromDate, validToDate }: X509Certificate, nowMs: number): string | undefined {
  const day = (date: Date) => date.toISOString().slice(0, 10);
  if (validToDate.getTime() < nowMs) return `has expired on ${day(validToDate)}; put a new one there`;
  return validFromDate.getTime() > nowMs ? `is valid from ${day(validFromDate)} on only` : undefined;
}

/** Each certificate after the one that it signed, as far as they are there; the root need not be sent, and does no harm. */
function chainFrom(own: X509Certificate, certificates: readonly X509Certificate[]): KeyStore["chain"] {
  const chain: [X509Certificate, ...X509Certificate[]] = [own];
  const left = new Set(certificates);
  left.delete(own);
  for (let last = own; ; ) {
    const issuer = [...left].find((candidate) => last.checkIssued(candidate) && last.issuer === candidate.subject);
    if (issuer === undefined) return chain;
    chain.push(issuer);
    left.delete(issuer);
    last = issuer;
  }
}

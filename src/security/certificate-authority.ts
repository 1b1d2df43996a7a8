// A certificate authority for one cluster: what `odradek.tls` has brokers show, and what their clients are to trust. It is made once, and kept
// in the data folder where there is one; brokers have new keys and new certificates at each start, for the hosts at which they are then
// reached, so that of them nothing is kept and nothing runs out.

import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { Filesystem } from "../base/filesystem.ts";
import type { Random } from "../base/random.ts";
import { subjectNode } from "./distinguished-name.ts";
import { type CertificateWish, type Issuer, issueCertificate, keyIdOf, nameOf, newKeyPair } from "./issued-certificate.ts";

/** Its names in a data folder. */
export const AUTHORITY_FILE = "ca.pem";
export const AUTHORITY_KEY_FILE = "ca.key";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Clocks of clients may be behind. */
const BEFORE_MS = DAY_MS;
const AUTHORITY_MS = 3650 * DAY_MS;
/** The longest that verifiers of all platforms take is 825 days. */
const CERTIFICATE_MS = 800 * DAY_MS;

/** A private key and its certificate, in PEM; named as Node and its clients name them. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A file of the authority that cannot be used. */
export class UnusableAuthority extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UnusableAuthority";
  }
}

interface AuthorityOptions {
  readonly random: Random;
  readonly nowMs: number;
}

export class CertificateAuthority {
  /** Its certificate, in PEM: what clients are to trust. */
  readonly certificate: string;
  readonly #issuer: Issuer;
  readonly #validToMs: number;
  readonly #random: Random;

  private constructor(certificate: string, issuer: Issuer, random: Random) {
    this.certificate = certificate;
    this.#issuer = issuer;
    this.#validToMs = new X509Certificate(certificate).validToDate.getTime();
    this.#random = random;
  }

  /** Of nobody but who holds the object. */
  static make({ random, nowMs }: AuthorityOptions): CertificateAuthority {
    const { privateKey, publicKey } = newKeyPair();
    // Verifiers tell authorities apart by their names.
    const name = nameOf(`Odradek CA ${keyIdOf(publicKey).toString("hex", 0, 4)}`);
    const issuer: Issuer = { name, key: privateKey, publicKey };
    const validity = { validFromMs: nowMs - BEFORE_MS, validToMs: nowMs + AUTHORITY_MS };
    const certificate = issueCertificate({ kind: "authority", name, publicKey, ...validity }, issuer, random);
    return new CertificateAuthority(certificate, issuer, random);
  }

  /** That of the folder; makes one where there is none, or where it will not live as long as a certificate should. Throws UnusableAuthority. */
  static inFolder(filesystem: Filesystem, folder: string, options: AuthorityOptions): CertificateAuthority {
    const [path, keyPath] = [`${folder}/${AUTHORITY_FILE}`, `${folder}/${AUTHORITY_KEY_FILE}`];
    const kept = readAuthority(filesystem, path, keyPath);
    if (kept !== undefined && kept.validToMs > options.nowMs + DAY_MS)
      return new CertificateAuthority(kept.certificate, kept.issuer, options.random);
    const made = CertificateAuthority.make(options);
    // Whoever finds a certificate finds its key.
    filesystem.remove(path);
    filesystem.replaceFile(keyPath, made.#issuer.key.export({ type: "pkcs8", format: "pem" }), "private");
    filesystem.replaceFile(path, made.certificate);
    return made;
  }

  forBroker(hosts: readonly string[], nowMs: number): KeyAndCertificate {
    return this.#issue({ kind: "broker", name: nameOf("Odradek broker"), hosts }, nowMs);
  }

  /** Whose principal is by default "User:CN=" and the name. */
  forClient(name: string, nowMs: number): KeyAndCertificate {
    return this.#issue({ kind: "client", name: nameOf(name) }, nowMs);
  }

  #issue(wish: Pick<CertificateWish, "kind" | "name" | "hosts">, nowMs: number): KeyAndCertificate {
    const { privateKey, publicKey } = newKeyPair();
    const validity = { validFromMs: nowMs - BEFORE_MS, validToMs: Math.min(nowMs + CERTIFICATE_MS, this.#validToMs) };
    return {
      key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      cert: issueCertificate({ ...wish, ...validity, publicKey }, this.#issuer, this.#random),
    };
  }
}

interface KeptAuthority {
  readonly certificate: string;
  readonly issuer: Issuer;
  readonly validToMs: number;
}

function readAuthority(filesystem: Filesystem, path: string, keyPath: string): KeptAuthority | undefined {
  if (filesystem.stat(path) === undefined) return undefined;
  if (filesystem.stat(keyPath) === undefined) throw new UnusableAuthority(`${path} is there and its key ${keyPath} is not; ${REMEDY}`);
  const certificate = readWith(filesystem, path, (text) => new X509Certificate(text));
  const key: KeyObject = readWith(filesystem, keyPath, createPrivateKey);
  if (!certificate.checkPrivateKey(key)) throw new UnusableAuthority(`${keyPath} is not the key of ${path}; ${REMEDY}`);
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    throw new UnusableAuthority(`${keyPath} is no key of the curve P-256; ${REMEDY}`);
  const issuer: Issuer = { name: subjectNode(certificate.raw).whole, key, publicKey: createPublicKey(key) };
  return { certificate: certificate.toString(), issuer, validToMs: certificate.validToDate.getTime() };
}

const REMEDY = "bring both back, or remove both for a new authority, which clients then are to trust instead";

function readWith<Content>(filesystem: Filesystem, path: string, read: (text: string) => Content): Content {
  try {
    return read(filesystem.readFile(path).toString("latin1"));
  } catch (cause) {
    throw new UnusableAuthority(`${path} cannot be read; ${REMEDY}`, { cause });
  }
}

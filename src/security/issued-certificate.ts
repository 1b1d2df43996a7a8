// X.509 certificates as we issue them (RFC 5280): for an authority of our own, for brokers and for clients, with keys of the curve P-256. They
// carry what strict verifiers ask for: constraints, usages, key ids, alternative names, a serial number nobody can guess.

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { domainToASCII } from "node:url";
import type { Random } from "../base/random.ts";
import {
  addressBytes,
  bitString,
  boolean,
  identifier,
  integer,
  numbered,
  numberedBytes,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from "./der-writer.ts";

export interface CertificateWish {
  /** In DER, as of the issuer. */
  readonly name: Buffer;
  readonly publicKey: KeyObject;
  readonly kind: "authority" | "broker" | "client";
  /** Names and addresses at which a broker is reached. */
  readonly hosts?: readonly string[];
  readonly validFromMs: number;
  readonly validToMs: number;
}

/** Who signs: an authority, or a certificate's own key. */
export interface Issuer {
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly publicKey: KeyObject;
}

const Ids = {
  COMMON_NAME: "2.5.4.3",
  SUBJECT_KEY: "2.5.29.14",
  KEY_USAGE: "2.5.29.15",
  ALTERNATIVE_NAMES: "2.5.29.17",
  BASIC_CONSTRAINTS: "2.5.29.19",
  AUTHORITY_KEY: "2.5.29.35",
  EXTENDED_KEY_USAGE: "2.5.29.37",
  SERVER_AUTH: "1.3.6.1.5.5.7.3.1",
  CLIENT_AUTH: "1.3.6.1.5.5.7.3.2",
  ECDSA_WITH_SHA256: "1.2.840.10045.4.3.2",
} as const;

/** Bits of the key usage, counted from the highest one of the first byte: digitalSignature; keyCertSign and cRLSign. */
const USAGES = { leaf: bitString(Buffer.from([0x80]), 7), authority: bitString(Buffer.from([0x06]), 1) } as const;
const ALGORITHM = sequence(identifier(Ids.ECDSA_WITH_SHA256));
const VERSION_3 = Buffer.from([2]);

/** Brokers show themselves to each other, too. */
const EXTENDED_USAGES = { broker: [Ids.SERVER_AUTH, Ids.CLIENT_AUTH], client: [Ids.CLIENT_AUTH] } as const;

/** "CN=alice", in DER. */
export function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(identifier(Ids.COMMON_NAME), utf8String(commonName))));
}

export function newKeyPair(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" });
}

/** In PEM. */
export function issueCertificate(wish: CertificateWish, issuer: Issuer, random: Random): string {
  const toSign = sequence(
    numbered(0, integer(VERSION_3)),
    integer(serialNumber(random)),
    ALGORITHM,
    issuer.name,
    sequence(time(wish.validFromMs), time(wish.validToMs)),
    wish.name,
    keyInfo(wish.publicKey),
    numbered(3, sequence(...extensionsOf(wish, issuer))),
  );
  const certificate = sequence(toSign, ALGORITHM, bitString(sign("sha256", toSign, issuer.key)));
  const lines = certificate.toString("base64").replaceAll(/.{1,64}/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}

/** Of a public key, by which certificates find their issuer. */
export function keyIdOf(publicKey: KeyObject): Buffer {
  // The point is the end of what is written of the key: a byte that it is not compressed, and two numbers of 32.
  return createHash("sha1").update(keyInfo(publicKey).subarray(-65)).digest();
}

function keyInfo(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: "spki", format: "der" });
}

/** Sixteen bytes that begin with a one: positive, and of one length. */
function serialNumber(random: Random): Buffer {
  const bytes = Buffer.from(random.uuidText().replaceAll("-", ""), "hex");
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes;
}

function extensionsOf({ kind, publicKey, hosts = [] }: CertificateWish, issuer: Issuer): Buffer[] {
  const critical = (id: string, value: Buffer) => sequence(identifier(id), boolean(true), octetString(value));
  const other = (id: string, value: Buffer) => sequence(identifier(id), octetString(value));
  const ids = [
    other(Ids.SUBJECT_KEY, octetString(keyIdOf(publicKey))),
    other(Ids.AUTHORITY_KEY, sequence(numberedBytes(0, keyIdOf(issuer.publicKey)))),
  ];
  if (kind === "authority") {
    // It signs no other authorities.
    const constraints = sequence(boolean(true), integer(Buffer.from([0])));
    return [critical(Ids.BASIC_CONSTRAINTS, constraints), critical(Ids.KEY_USAGE, USAGES.authority), ...ids];
  }
  return [
    critical(Ids.BASIC_CONSTRAINTS, sequence()),
    critical(Ids.KEY_USAGE, USAGES.leaf),
    other(Ids.EXTENDED_KEY_USAGE, sequence(...EXTENDED_USAGES[kind].map(identifier))),
    ...(hosts.length === 0 ? [] : [other(Ids.ALTERNATIVE_NAMES, sequence(...hosts.map(alternativeName)))]),
    ...ids,
  ];
}

function alternativeName(host: string): Buffer {
  const address = addressBytes(host);
  return address === undefined ? numberedBytes(2, Buffer.from(domainToASCII(host) || host, "latin1")) : numberedBytes(7, address);
}

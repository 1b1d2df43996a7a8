// The distinguished name of a certificate's subject as Java prints it (X500Principal.getName, which is RFC 2253): the last part first, nine
// attributes by their names, others by number and as bytes. It is what Kafka takes for the name of a client that shows a certificate.

import { childOf, childrenOf, type DerNode, DerTags, objectIdentifier, readDer } from "./der.ts";

const NAMES: { readonly [objectIdentifier: string]: string } = {
  "2.5.4.3": "CN",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "STREET",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
};

const PRINTABLE_STRING = 0x13;
const T61_STRING = 0x14;
const IA5_STRING = 0x16;
const GENERAL_STRING = 0x1b;
const UNIVERSAL_STRING = 0x1c;
const BMP_STRING = 0x1e;

/** Explicit version of a certificate, which those of version 1 lack. */
const VERSION = 0xa0;

/** Of a whole certificate in DER. Throws MalformedDer. */
export function subjectOf(certificate: Buffer): string {
  return distinguishedName(subjectNode(certificate));
}

/** As the certificate has it. Throws MalformedDer. */
export function subjectNode(certificate: Buffer): DerNode {
  const fields = childOf(readDer(certificate), 0, DerTags.SEQUENCE);
  // version?, serial number, algorithm, issuer, validity, subject
  return childOf(fields, childOf(fields, 0).tag === VERSION ? 5 : 4);
}

export function distinguishedName(name: DerNode): string {
  return childrenOf(name)
    .reverse()
    .map((part) => childrenOf(part).map(attribute).join("+"))
    .join(",");
}

function attribute(node: DerNode): string {
  const type = objectIdentifier(childOf(node, 0, DerTags.OBJECT_IDENTIFIER));
  const value = childOf(node, 1);
  const name = NAMES[type];
  const text = name === undefined ? undefined : textOf(value);
  return text === undefined ? `${name ?? type}=#${value.whole.toString("hex")}` : `${name}=${escaped(text)}`;
}

function textOf({ tag, content }: DerNode): string | undefined {
  switch (tag) {
    case DerTags.UTF8_STRING:
      return content.toString("utf8");
    case PRINTABLE_STRING:
    case T61_STRING:
    case IA5_STRING:
    case GENERAL_STRING:
      return content.toString("latin1");
    case BMP_STRING:
      return Buffer.from(content).swap16().toString("utf16le");
    case UNIVERSAL_STRING:
      return String.fromCodePoint(...Array.from({ length: content.length / 4 }, (_, index) => content.readUInt32BE(4 * index)));
    default:
      return undefined;
  }
}

function escaped(text: string): string {
  return text
    .replace(/[,=+<>#;"\\]/g, "\\$&")
    .replaceAll("\0", "\\00")
    .replace(/^[ \r]+|[ \r]+$/g, (spaces) => spaces.replace(/./gs, "\\$&"));
}

// Key and trust stores in PKCS #12 (RFC 7292), as keytool and openssl write them today: the bags of keys and certificates, encrypted by
// PBES2. Node takes such a file only where it holds a key, and tells nothing of what is in it; a trust store holds none.
//
// A wrong password shows when something is decrypted by it. Stores in the encryption of before (RC2, triple DES) are told apart.

import { createDecipheriv, createPrivateKey, type KeyObject, pbkdf2Sync, X509Certificate } from "node:crypto";
import { childOf, childrenOf, type DerNode, DerTags, MalformedDer, objectIdentifier, readDer } from "./der.ts";

export interface StoreContent {
  readonly keys: readonly KeyObject[];
  readonly certificates: readonly X509Certificate[];
}

/** Why a store cannot be read; the message is the middle of a sentence about it. */
export class UnreadableStore extends Error {
  /** The password is at fault. */
  readonly isPassword: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isPassword?: boolean } = {}) {
    super(message, options);
    this.name = "UnreadableStore";
    this.isPassword = options.isPassword ?? false;
  }
}

const Ids = {
  DATA: "1.2.840.113549.1.7.1",
  ENCRYPTED_DATA: "1.2.840.113549.1.7.6",
  KEY_BAG: "1.2.840.113549.1.12.10.1.1",
  SHROUDED_KEY_BAG: "1.2.840.113549.1.12.10.1.2",
  CERTIFICATE_BAG: "1.2.840.113549.1.12.10.1.3",
  PBES2: "1.2.840.113549.1.5.13",
} as const;
const DIGESTS: { readonly [id: string]: string } = {
  "1.2.840.113549.2.7": "sha1",
  "1.2.840.113549.2.9": "sha256",
  "1.2.840.113549.2.10": "sha384",
  "1.2.840.113549.2.11": "sha512",
};
const CIPHERS: { readonly [id: string]: readonly [name: string, keyBytes: number] } = {
  "2.16.840.1.101.3.4.1.2": ["aes-128-cbc", 16],
  "2.16.840.1.101.3.4.1.22": ["aes-192-cbc", 24],
  "2.16.840.1.101.3.4.1.42": ["aes-256-cbc", 32],
};
/** keytool and openssl take some thousands; more than this would hold the process up. */
const MOST_ITERATIONS = 10_000_000;

/** `keyPassword` may differ from that of the store. Throws UnreadableStore. */
export function readPkcs12(bytes: Buffer, passwords: { readonly store: string; readonly key: string }): StoreContent {
  try {
    const keys: KeyObject[] = [];
    const certificates: X509Certificate[] = [];
    for (const bag of bagsOf(bytes, passwords.store)) {
      const value = childOf(childOf(bag, 1), 0);
      switch (objectIdentifier(childOf(bag, 0))) {
        case Ids.KEY_BAG:
          keys.push(createPrivateKey({ key: value.whole, format: "der", type: "pkcs8" }));
          break;
        case Ids.SHROUDED_KEY_BAG:
          keys.push(decryptedKey(value, passwords.key));
          break;
        case Ids.CERTIFICATE_BAG:
          certificates.push(new X509Certificate(childOf(childOf(value, 1), 0, DerTags.OCTET_STRING).content));
          break;
      }
    }
    return { keys, certificates };
  } catch (cause) {
    if (cause instanceof MalformedDer) throw new UnreadableStore("is no PKCS12 store, or a damaged one", { cause });
    throw cause;
  }
}

function bagsOf(bytes: Buffer, password: string): DerNode[] {
  // PFX: version, content information (its type, and the content as an octet string), code of authentication.
  const safes = readDer(childOf(childOf(childOf(readDer(bytes), 1), 1), 0, DerTags.OCTET_STRING).content);
  return childrenOf(safes).flatMap((safe) => {
    const type = objectIdentifier(childOf(safe, 0));
    const content = childOf(childOf(safe, 1), 0);
    if (type === Ids.DATA) return childrenOf(readDer(content.content));
    if (type !== Ids.ENCRYPTED_DATA) return [];
    // Version, then type, algorithm and the encrypted content itself.
    const [, algorithm, encrypted] = childrenOf(childOf(content, 1));
    if (algorithm === undefined || encrypted === undefined) throw new MalformedDer("encrypted content is missing");
    return childrenOf(readDer(decrypted(algorithm, encrypted.content, password)));
  });
}

function decryptedKey(encrypted: DerNode, password: string): KeyObject {
  const der = decrypted(childOf(encrypted, 0), childOf(encrypted, 1).content, password);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

function decrypted(algorithm: DerNode, encrypted: Buffer, password: string): Buffer {
  if (objectIdentifier(childOf(algorithm, 0)) !== Ids.PBES2) throw unknownEncryption();
  const [derivation, scheme] = childrenOf(childOf(algorithm, 1));
  if (derivation === undefined || scheme === undefined) throw new MalformedDer("parameters of the encryption are missing");
  const [salt, count, ...others] = childrenOf(childOf(derivation, 1));
  const cipher = CIPHERS[objectIdentifier(childOf(scheme, 0))];
  const pseudoRandom = others.find(({ tag }) => tag === DerTags.SEQUENCE);
  const digest = pseudoRandom === undefined ? "sha1" : DIGESTS[objectIdentifier(childOf(pseudoRandom, 0))];
  if (salt === undefined || count === undefined || cipher === undefined || digest === undefined) throw unknownEncryption();
  const iterations = count.content.readUIntBE(0, Math.min(6, count.content.length));
  if (iterations < 1 || iterations > MOST_ITERATIONS) throw unknownEncryption();
  const [name, keyBytes] = cipher;
  const key = pbkdf2Sync(password, salt.content, iterations, keyBytes, digest);
  try {
    const decipher = createDecipheriv(name, key, childOf(scheme, 1).content);
    const plain = Buffer.concat([decipher.update(encrypted), decipher.final()]);
    // One time in 256 a wrong password leaves what looks like the end of a text.
    readDer(plain);
    return plain;
  } catch (cause) {
    throw new UnreadableStore("cannot be opened with the password that is given", { cause, isPassword: true });
  }
}

function unknownEncryption(): UnreadableStore {
  return new UnreadableStore(
    "is encrypted in a way that is no longer safe or not known; make it anew with keytool -importkeystore -deststoretype PKCS12 of a present JDK",
  );
}

// How a broker proves to another that it is a broker of the cluster, at the beginning of a connection:
//
//   caller                                      the broker that it calls
//     SaslAuthenticate "odradek-broker"  ──▶
//                                        ◀──   a challenge, made for this and used once
//     SaslAuthenticate "3 <signature>"   ──▶    the key that broker 3 registered with made the signature: the connection is broker 3's
//                                               anything else: the connection is closed
//
// Each start of a broker makes a key pair. The public key is in the cluster's metadata, the private one never leaves the broker's memory, so
// that neither the journal nor what crosses the wire helps anybody else. The signature holds for one caller, one callee and one challenge: it
// cannot be used again, nor be passed on to another broker. What comes from clients at this place begins otherwise, and is answered as Kafka
// answers it.

import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import type { ClusterImage } from "./image.ts";

/** What a broker sends to be given a challenge. */
export const PEER_HELLO = Buffer.from("odradek-broker");

interface PeerClaim {
  readonly from: number;
  readonly to: number;
  readonly challenge: string;
}

/** Made of the system's randomness always: whoever could repeat it would be this broker. */
export class PeerKey {
  /** The 32 bytes of an Ed25519 key in URL-safe base64. */
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.publicKey = publicKey.export({ format: "jwk" }).x ?? "";
    this.#privateKey = privateKey;
  }

  prove(claim: PeerClaim): Buffer {
    return Buffer.from(`${claim.from} ${sign(null, signedText(claim), this.#privateKey).toString("base64url")}`);
  }
}

/** The broker that made the proof for this challenge; `undefined` when none of the cluster did. One that is taken for gone still is who it is. */
export function provenBroker(
  proof: Buffer,
  { image, to, challenge }: { readonly image: ClusterImage } & Omit<PeerClaim, "from">,
): number | undefined {
  const [, id, signature] = PROOF.exec(proof.toString("latin1")) ?? [];
  const from = Number(id);
  const publicKey = (image.brokers.get(from) ?? image.stoppedBrokers.get(from))?.publicKey;
  if (signature === undefined || publicKey === undefined) return undefined;
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  return verify(null, signedText({ from, to, challenge }), key, Buffer.from(signature, "base64url")) ? from : undefined;
}

const PROOF = /^(\d{1,10}) ([\w-]{86})$/;

function signedText({ from, to, challenge }: PeerClaim): Buffer {
  return Buffer.from(`odradek-broker ${from} to ${to}: ${challenge}`);
}

// How brokers prove to each other, at the beginning of a connection, that they are brokers of the cluster:
//
//   caller                                              the broker that it calls
//     SaslAuthenticate "odradek-broker"          ──▶
//                                                ◀──   a challenge, made for this and used once
//     SaslAuthenticate "3 <nonce> <signature>"   ──▶    the key that broker 3 registered with made it: the connection is broker 3's
//                                                ◀──   "<signature>"; anything else closes the connection
//     its requests, once the key made that one
//     which the other broker registered with
//
// Each start of a broker makes a key pair. The public key is in the cluster's metadata, the private one never leaves the broker's memory, so
// that neither the journal nor what crosses the wire helps anybody else. A signature holds for one caller, one callee, the challenge of the
// one and the nonce of the other: it cannot be used again, nor be passed on to another broker. Over TLS it also holds for the one TLS
// connection (`channelBinding`): who stands between the two has one with each, and can pass nothing on. That is why brokers need not trust
// each other's certificates, which may be signed by anybody and made out to anybody. Without TLS nothing protects what comes behind the
// proof from who has the wire. What comes from clients at this place begins otherwise, and is answered as Kafka answers it.

import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import type { ClusterImage } from "./image.ts";

/** What a broker sends to be given a challenge. */
export const PEER_HELLO = Buffer.from("odradek-broker");

/** One connection of a broker to another. */
export interface PeerCall {
  readonly from: number;
  readonly to: number;
  /** Of the broker that is called. */
  readonly challenge: string;
  /** `channelBinding` as this side sees it. */
  readonly channel: string;
}

interface WithNonce {
  /** Of the caller. */
  readonly nonce: string;
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

  prove(call: PeerCall & WithNonce): Buffer {
    return Buffer.from(`${call.from} ${call.nonce} ${this.#sign(signedText("calls", call))}`);
  }

  /** To a caller that has proved itself. */
  answer(call: PeerCall & WithNonce): Buffer {
    return Buffer.from(this.#sign(signedText("is called", call)));
  }

  #sign(text: Buffer): string {
    return sign(null, text, this.#privateKey).toString("base64url");
  }
}

/** The broker that made the proof for this call; `undefined` when none of the cluster did. One that is taken for gone still is who it is. */
export function provenBroker(
  proof: Buffer,
  { image, ...call }: { readonly image: ClusterImage } & Omit<PeerCall, "from">,
): (Pick<PeerCall, "from"> & WithNonce) | undefined {
  const [, id, nonce = "", signature = ""] = PROOF.exec(proof.toString("latin1")) ?? [];
  const from = Number(id);
  const publicKey = (image.brokers.get(from) ?? image.stoppedBrokers.get(from))?.publicKey;
  return isSigned(signedText("calls", { ...call, from, nonce }), signature, publicKey) ? { from, nonce } : undefined;
}

/** Whether the broker that was called answered, by the key that it registered with. */
export function isAnswerOf(publicKey: string | undefined, answer: Buffer, call: PeerCall & WithNonce): boolean {
  return isSigned(signedText("is called", call), answer.toString("latin1"), publicKey);
}

const PROOF = /^(\d{1,10}) ([\w-]{1,64}) ([\w-]{86})$/;

function isSigned(text: Buffer, signature: string, publicKey: string | undefined): boolean {
  if (publicKey === undefined) return false;
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  return verify(null, text, key, Buffer.from(signature, "base64url"));
}

function signedText(verb: "calls" | "is called", { from, to, challenge, nonce, channel }: PeerCall & WithNonce): Buffer {
  return Buffer.from(JSON.stringify(["odradek-broker", from, verb, to, challenge, nonce, channel]));
}

// The bytes of a connection as a stream, for what speaks another protocol over it than Kafka's: HTTP. Connection and listener stay what they are:
// limits, idleness and the end of a connection hold as for every other one.

import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { SaslLogin } from "../security/sasl-login.ts";

/** Who is at the other end. */
export interface StreamPeer {
  readonly listenerName: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** What TLS says: "User:ANONYMOUS" where that is nothing. */
  readonly principal: string;
  /** On a listener that asks for a login; nobody has logged in. */
  readonly login: SaslLogin | undefined;
}

interface Chunk {
  readonly chunk: Buffer;
}
type Done = (error?: Error | null) => void;

export class ByteStream extends Duplex {
  readonly peer: StreamPeer;
  /** It comes over TLS: Node's name for it, by which others ask. */
  readonly encrypted: boolean;
  readonly #socket: Socket;
  readonly #wrote: () => void;

  /** @param wrote called when something was written */
  constructor(peer: StreamPeer, socket: Socket, { encrypted, wrote }: { readonly encrypted: boolean; readonly wrote: () => void }) {
    super();
    this.peer = peer;
    this.encrypted = encrypted;
    this.#socket = socket;
    this.#wrote = wrote;
    socket.allowHalfOpen = true;
    socket.once("end", () => this.push(null));
    // Who reads hears of it by the stream's end.
    this.on("error", () => undefined);
  }

  get remoteAddress(): string {
    return this.peer.remoteAddress;
  }

  /** Bytes that came; their memory is used again. False: no more for now. */
  received(bytes: Buffer): boolean {
    return this.push(Buffer.from(bytes));
  }

  /** Ends when all has been sent. */
  destroySoon(): void {
    this.end(() => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#socket.write(chunk, done);
    this.#wrote();
  }

  override _writev(chunks: readonly Chunk[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "utf8", done);
  }

  override _final(done: Done): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.destroy();
    done(error);
  }
}

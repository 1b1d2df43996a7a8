// One client connection. Kafka's contract: one request at a time, answers in the order of requests; a waiting Fetch or JoinGroup
// holds back only later requests of its own connection. What is appended and waits to be committed holds a producer's
// next batches not back (answers-in-turn.ts).
//
//   reading ──request answered at once──▶ reading
//      ├──request waits──▶ answering ──answered──▶ reading
//      ├──too many are waited for in turn──▶ queueing ──answered──▶ reading
//      ├──answers pile up──▶ choked ──socket drained──▶ reading
//      ├──client used too much──▶ muted ──time is over──▶ reading
//      └──slice used up, or no memory for what begins──▶ yielding ──its turn again──▶ reading
//
// Answers of one read turn leave in one write. A peer that does not read its answers is not read from either, and a held connection
// keeps at most MAX_KEPT_BYTES of further requests before its socket is paused: memory stays bounded. What answers it holds is counted in
// the memory that all connections of a broker share.

import type { Socket } from "node:net";
import type { AnswerMemory } from "../api/answer-memory.ts";
import type { Clock } from "../base/clock.ts";
import { channelBinding } from "../base/node-tls.ts";
import { hostAddress, withoutMappedPrefix } from "../security/host-address.ts";
import { ANONYMOUS } from "../security/principal.ts";
import { SaslLogin } from "../security/sasl-login.ts";
import type { SaslTerms } from "../security/sasl-terms.ts";
import { AnswerInTurn, AnswersInTurn, mayFollow } from "./answers-in-turn.ts";
import { ByteStream } from "./byte-stream.ts";
import { ForeignProtocol } from "./foreign-protocol.ts";
import { FrameReader, type FrameReaderOptions, type FrameSender } from "./frame-reader.ts";
import { Mutes } from "./mutes.ts";
import { takeOver, untakenBytes } from "./socket.ts";
import type { TlsAcceptor } from "./tls-acceptor.ts";
import { type SecureSocketEvents, secureSocket } from "./tls-socket.ts";
import type { Gather, Turns } from "./turns.ts";
import { type Answer, type AnswerAfterWrite, JOINED_BYTES, madeAnswers } from "./unsent-answers.ts";
import { Usage } from "./usage.ts";

/** Answers waiting in the socket beyond which no further request is taken up. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** Requests kept while an earlier one waits, beyond which the socket is paused. */
const MAX_KEPT_BYTES = 256 * 1024;
/** Looking at the time costs as much as a part of an append: after so many of them. */
const APPENDS_A_LOOK = 4;

/** Throws or rejects to have the connection closed without an answer. */
export type AnswerFrame = (frame: Buffer, connection: Connection) => Answer | Promise<Answer> | AnswerAfterWrite | AnswerInTurn<Answer>;

export interface ConnectionOptions extends FrameReaderOptions {
  readonly answer: AnswerFrame;
  readonly gather: Gather;
  readonly turns: Turns;
  readonly answerMemory: AnswerMemory;
  readonly keepsProcessAlive: boolean;
  /** On a listener that asks for a login. */
  readonly sasl?: SaslTerms | undefined;
  readonly clock: Clock;
  /** On a listener that speaks TLS. */
  readonly tls?: TlsAcceptor | undefined;
  /** What is odd about the client, for the log. */
  readonly remark: (connection: Connection, what: string) => void;
  /** Called once; `error` is what ended the connection, if something did. */
  readonly ended: (connection: Connection, error: Error | undefined) => void;
  readonly monotonicMs: () => number;
  /** Takes over what begins with HTTP; without it nobody speaks that here. */
  readonly http?: ((stream: ByteStream) => void) | undefined;
}

export class Connection implements FrameSender {
  readonly listenerName: string;
  readonly remoteAddress: string;
  /** As Kafka shows it: "/127.0.0.1", "/0:0:0:0:0:0:0:1". */
  readonly clientHost: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Set by ApiVersions 3 and later (KIP-511). */
  clientSoftware = "";
  /** Set by SaslAuthenticate, as is the next. */
  brokerId: number | undefined;
  challenge: string | undefined;
  /** Who the client is: "User:ANONYMOUS" until it has shown more. */
  principal = ANONYMOUS;
  readonly login: SaslLogin | undefined;
  readonly usage: Usage;
  readonly mutes: Mutes;
  readonly #socket: Socket;
  readonly #frames: FrameReader;
  readonly #options: ConnectionOptions;
  readonly #closeListeners = new Set<() => void>();
  #unsent: (Buffer | AnswerAfterWrite)[] = [];
  #whenSent: (() => void)[] = [];
  readonly #inTurn = new AnswersInTurn<Answer | AnswerAfterWrite>((answer) => this.#emit(answer));
  /** What was asked behind those that are waited for in turn, and may not be taken up before. */
  #behind: Buffer | undefined;
  #unsentBytes = 0;
  /** Of the answer in hand, before it is given. */
  #reservedBytes = 0;
  /** What the memory of answers knows of. */
  #heldBytes = 0;
  /** Among what is unsent are answers that wait for their writes. */
  #awaitsWrite = false;
  /** A request waits for its answer. */
  #isAnswering = false;
  /** The peer does not read its answers. */
  #isChoked = false;
  /** Requests are left for a later turn. */
  #isYielding = false;
  /** Until when requests are taken up in this turn. */
  #sliceEndMs = 0;
  #isPaused = false;
  /** The answer in hand is the last. */
  #isEnding = false;
  #isClosed = false;
  #error: Error | undefined;
  #lastActiveMs: number;
  /** A request of Kafka's protocol has come: whatever follows is not looked at for another one. */
  #hasSpoken = false;
  /** What it carries in place of Kafka's protocol. */
  #stream: ByteStream | undefined;

  constructor(accepted: Socket, listenerName: string, options: ConnectionOptions) {
    this.listenerName = listenerName;
    this.remoteAddress = withoutMappedPrefix(accepted.remoteAddress ?? "");
    this.clientHost = `/${hostAddress(this.remoteAddress)}`;
    this.remotePort = accepted.remotePort ?? 0;
    this.localAddress = withoutMappedPrefix(accepted.localAddress ?? "");
    this.localPort = accepted.localPort ?? 0;
    this.#options = options;
    this.usage = new Usage(options.clock.now());
    this.mutes = new Mutes({ clock: options.clock, onClose: (listener) => this.onClose(listener), goOn: () => this.#goOn() });
    this.#lastActiveMs = options.monotonicMs();
    this.#frames = new FrameReader(options, (frame) => this.#handle(frame), this);
    if (options.sasl !== undefined) {
      this.login = new SaslLogin(options.sasl, options.clock);
      this.#frames.limitFrames(options.sasl.maxReceiveBytes);
    }
    const events: SecureSocketEvents = {
      target: () => this.#frames.target(),
      received: (bytes) => this.#received(bytes),
      drained: () => this.#drained(),
      closed: (error) => this.#closed(error),
      secured: (principal) => {
        this.principal = principal;
      },
    };
    this.#socket = options.tls === undefined ? takeOver(accepted, events) : secureSocket(accepted, options.tls, events);
    if (!options.keepsProcessAlive) this.#socket.unref();
  }

  get isHeard(): boolean {
    return !this.#isPaused;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isStream(): boolean {
    return this.#stream !== undefined;
  }

  get channel(): string {
    return this.#options.tls === undefined ? "" : channelBinding(this.#socket, "server");
  }

  /** Since when nothing was asked, in monotonic time; undefined while a request waits for its answer. */
  get idleSinceMs(): number | undefined {
    return this.#isAnswering || this.#inTurn.count > 0 ? undefined : this.#lastActiveMs;
  }

  /** Called once when the connection has ended; gives a function that takes the listener back. */
  onClose(listener: () => void): () => boolean {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  /** Called once, when the answer to the request in hand has left, or never will. */
  whenSent(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#whenSent.push(listener);
  }

  loggedIn(principal: string): void {
    this.principal = principal;
    this.#frames.liftLimit();
  }

  endAfterAnswer(reason: string): void {
    this.#isEnding = true;
    this.#error ??= new Error(reason);
  }

  mute(ms: number): () => void {
    return this.#isClosed ? () => undefined : this.mutes.mute(ms);
  }

  remark(what: string): void {
    this.#options.remark(this, what);
  }

  /** Counts memory of the answer in hand, or no longer, until it is given. */
  reserve(bytes: number): void {
    this.#reservedBytes += bytes;
    this.recount();
  }

  get untakenBytes(): number {
    return this.#isClosed ? 0 : untakenBytes(this.#socket);
  }

  recount(): void {
    const bytes = this.#reservedBytes + (this.#isClosed ? 0 : this.#unsentBytes + this.#socket.writableLength);
    if (bytes === this.#heldBytes) return;
    this.#heldBytes = bytes;
    this.#options.answerMemory.hold(this, bytes);
  }

  /** Ends the connection at once; `error` is why, for the log. */
  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  /** Sends what is ready, then ends. */
  end(): void {
    this.#flush();
    this.#socket.end();
  }

  #received(bytes: Buffer): boolean {
    const nowMs = this.#options.monotonicMs();
    this.#lastActiveMs = nowMs;
    if (this.#stream !== undefined) return this.#stream.received(bytes);
    const begun = this.#hasSpoken ? undefined : this.#frames.begunPrefix();
    if (!this.#isYielding) this.#sliceEndMs = this.#options.turns.sliceEndMs(nowMs);
    const failure = this.#turn(() => this.#frames.feed(bytes), nowMs);
    // A request may have come before it in the same read.
    if (failure instanceof ForeignProtocol) return this.#foreign(failure, this.#hasSpoken ? undefined : begun, bytes);
    if (this.#options.turns.isSlowed && !this.#isYielding) this.#waitForTurn();
    if (this.#frames.keptBytes > MAX_KEPT_BYTES || this.#isChoked || this.#isYielding) this.#isPaused = true;
    return !this.#isPaused;
  }

  /** Runs what may answer several requests, then sends all answers in one write. Gives why it failed; the connection ends then, unless that is foreign. */
  #turn(work: () => void, nowMs = this.#options.monotonicMs()): unknown {
    let failure: unknown;
    try {
      this.#options.gather(work, nowMs);
    } catch (error) {
      failure = error ?? new Error("a read turn failed");
    }
    this.#flush();
    if (failure === undefined && this.#frames.isHeld && !this.#isHeldBack && !this.#isEnding) this.#yield();
    else if (failure !== undefined && !(failure instanceof ForeignProtocol))
      this.destroy(failure instanceof Error ? failure : new Error(String(failure)));
    return failure;
  }

  /** @param begun what came before these bytes, where no request did: only then another protocol is spoken here, or answered in */
  #foreign(failure: ForeignProtocol, begun: Buffer | undefined, bytes: Buffer): boolean {
    const { http, tls } = this.#options;
    if (begun === undefined || failure.farewell === undefined) this.destroy(failure);
    else if (http !== undefined) {
      this.#frames.close();
      this.#stream = new ByteStream(this, this.#socket, { encrypted: tls !== undefined, wrote: () => this.#wrote() });
      http(this.#stream);
      return this.#stream.received(Buffer.concat([begun, bytes]));
    } else {
      this.#error ??= failure;
      this.#socket.write(failure.farewell);
      this.#socket.destroySoon();
    }
    return false;
  }

  #wrote(): void {
    this.#lastActiveMs = this.#options.monotonicMs();
    this.recount();
  }

  /** Whether another request may be taken up in this turn. */
  #hasTime(): boolean {
    return this.#options.monotonicMs() < this.#sliceEndMs;
  }

  /** No further request is taken up until something has happened. */
  get #isHeldBack(): boolean {
    return this.#isAnswering || this.#isChoked || this.mutes.count > 0 || this.#inTurn.isFull;
  }

  /** The slice is used up, or there is no memory for the request that begins: what is left waits for its turn. */
  #yield(): void {
    if (this.#frames.keptBytes === 0 && !this.#frames.awaitsMemory) this.#frames.release();
    else this.#waitForTurn();
  }

  #waitForTurn(): void {
    const { requestMemory, turns } = this.#options;
    this.#isYielding = true;
    const goOn = () => {
      this.#isYielding = false;
      this.#sliceEndMs = turns.sliceEndMs();
      if (!this.#isHeldBack && !this.#isClosed) this.#takeUp();
    };
    if (this.#frames.awaitsMemory) requestMemory.whenFree(() => turns.takeLater(goOn));
    else turns.takeLater(goOn);
  }

  #handle(frame: Buffer): boolean {
    this.#hasSpoken = true;
    if (this.#isClosed || this.#isEnding) return false;
    if (this.#inTurn.count > 0 && !mayFollow(frame)) {
      this.#behind = Buffer.from(frame);
      this.#isAnswering = true;
      return false;
    }
    const answer = this.#options.answer(frame, this);
    if (answer instanceof Promise) {
      this.#isAnswering = true;
      answer.then(
        (buffers) => this.#answeredLater(buffers),
        (error: unknown) => this.#couldNotAnswer(error),
      );
      return false;
    }
    if (answer instanceof AnswerInTurn) {
      const give = this.#inTurn.wait();
      answer.answered.then(
        (buffers) => this.#answeredInTurn(buffers, give),
        (error: unknown) => this.#couldNotAnswer(error),
      );
      return !this.#isHeldBack && this.#hasTime();
    }
    if (typeof answer === "function") {
      this.#send(answer);
      return this.mutes.count === 0 && (this.#unsent.length % APPENDS_A_LOOK !== 0 || this.#hasTime());
    }
    this.#send(answer);
    this.#checkChoked();
    return !this.#isHeldBack && this.#hasTime();
  }

  #couldNotAnswer(error: unknown): void {
    this.#endReservation();
    this.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  #answeredInTurn(buffers: Answer, give: (answer: Answer) => boolean): void {
    if (this.#isClosed || !give(buffers)) return;
    this.#lastActiveMs = this.#options.monotonicMs();
    this.#flush();
    this.#checkChoked();
    const frame = this.#behind;
    if (frame !== undefined && this.#inTurn.count === 0) {
      this.#behind = undefined;
      this.#isAnswering = false;
      this.#turn(() => this.#handle(frame));
    }
    this.#goOn();
  }

  #answeredLater(buffers: Answer): void {
    if (this.#isClosed) {
      this.#endReservation();
      return;
    }
    this.#isAnswering = false;
    this.#lastActiveMs = this.#options.monotonicMs();
    this.#send(buffers);
    this.#flush();
    this.#checkChoked();
    this.#goOn();
  }

  /** There is no answer in hand any more. */
  #endReservation(): void {
    this.#reservedBytes = 0;
    this.recount();
  }

  #checkChoked(): void {
    if (this.#awaitsWrite) return;
    const maxBytes = this.#options.answerMemory.isShort ? 0 : MAX_UNSENT_BYTES;
    if (this.#unsentBytes + this.#socket.writableLength > maxBytes) {
      this.#flush();
      // Only what needs to drain tells when it has.
      this.#isChoked = this.#socket.writableNeedDrain && this.#socket.writableLength > maxBytes;
    }
  }

  #drained(): void {
    this.recount();
    if (!this.#isChoked) return;
    this.#isChoked = false;
    this.#goOn();
  }

  #goOn(): void {
    if (this.#isHeldBack || this.#isYielding || this.#isClosed) return;
    if (this.#frames.keptBytes > 0 && !this.#hasTime()) this.#yield();
    else this.#takeUp();
  }

  /** Takes up the requests that were kept, then the socket. */
  #takeUp(): void {
    const failure = this.#turn(() => this.#frames.release());
    if (failure instanceof ForeignProtocol) this.destroy(failure);
    if (this.#isPaused && !this.#isHeldBack && !this.#isYielding && !this.#isClosed) {
      this.#isPaused = false;
      this.#socket.resume();
    }
  }

  /** The answer to the request in hand, behind those that are waited for. */
  #send(answer: Answer | AnswerAfterWrite): void {
    this.#reservedBytes = 0;
    if (this.#inTurn.count > 0) this.#inTurn.add(answer);
    else this.#emit(answer);
  }

  #emit(answer: Answer | AnswerAfterWrite): void {
    if (answer === undefined) return;
    if (typeof answer === "function") {
      // Short, and not there before the turn ends.
      this.#unsent.push(answer);
      this.#awaitsWrite = true;
      return;
    }
    for (const buffer of answer) {
      this.#unsent.push(buffer);
      this.#unsentBytes += buffer.length;
    }
  }

  #flush(): void {
    if (this.#unsent.length === 0 || this.#isClosed) return;
    this.#write(this.#takeUnsent());
    this.recount();
    if (this.#isEnding) this.#socket.destroySoon();
    else if (this.#error !== undefined) this.destroy();
  }

  #write(buffers: readonly Buffer[]): void {
    const sizeBytes = this.#unsentBytes;
    this.#unsentBytes = 0;
    const last = sizeBytes <= JOINED_BYTES && buffers.length > 1 ? Buffer.concat(buffers, sizeBytes) : buffers.at(-1);
    if (last === undefined) return;
    if (sizeBytes > JOINED_BYTES && buffers.length > 1) {
      this.#socket.cork();
      for (const buffer of buffers) if (buffer !== last) this.#socket.write(buffer);
      this.#writeLast(last);
      this.#socket.uncork();
    } else {
      this.#writeLast(last);
    }
  }

  /** Asks for the answers that had to wait for their writes; ends the connection at the first that cannot be given. */
  #takeUnsent(): Buffer[] {
    const unsent = this.#unsent;
    this.#unsent = [];
    if (!this.#awaitsWrite) return unsent as Buffer[];
    this.#awaitsWrite = false;
    const { buffers, sizeBytes, error } = madeAnswers(unsent);
    this.#error ??= error;
    this.#unsentBytes = sizeBytes;
    return buffers;
  }

  #writeLast(buffer: Buffer): void {
    if (this.#whenSent.length === 0) {
      this.#socket.write(buffer);
      return;
    }
    const listeners = this.#whenSent;
    this.#whenSent = [];
    this.#socket.write(buffer, () => {
      for (const listener of listeners) listener();
    });
  }

  #closed(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#frames.close();
    this.#stream?.destroy();
    this.#unsent = [];
    this.#unsentBytes = 0;
    this.recount();
    this.#options.answerMemory.leave(this);
    for (const listener of this.#whenSent) listener();
    this.#whenSent = [];
    for (const listener of this.#closeListeners) listener();
    this.#closeListeners.clear();
    // A client that has been told of its refusal may go without a word.
    const refusal = this.login?.refusal;
    this.#options.ended(this, this.#error ?? (refusal === undefined ? error : new Error(refusal)));
  }
}

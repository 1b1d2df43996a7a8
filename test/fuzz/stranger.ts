// One connection of the fuzzer, from its opening to its end: bursts of requests, their answers held against what was asked. It goes on until
// it has said all that it wanted, the broker closes, or it has had enough of waiting.

import net from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { fetch, joinGroup, produce, shareAcknowledge, shareFetch, syncGroup } from "../../protocol/messages/index.ts";
import type { Versions } from "../../protocol/schema/versions.ts";
import type { Account } from "./account.ts";
import { Chance } from "./chance.ts";
import { Ledger } from "./ledger.ts";
import { Persona, type TopicIds } from "./persona.ts";
import { type NextRequest, Requests } from "./requests.ts";

export interface StrangerOptions {
  readonly port: number;
  readonly seed: number;
  /** The number of the connection. */
  readonly number: number;
  readonly served: ReadonlyMap<number, Versions>;
  readonly topicIds: TopicIds;
  readonly account: Account;
  /** Told of each request before it leaves, with the port that it leaves from. */
  readonly sending: (request: NextRequest, connection: number) => void;
  /** The broker has closed the connection from this port: resolves with why, as its log has it; undefined when it says nothing. */
  readonly reasonOf: (localPort: number) => Promise<string | undefined>;
}

const HTTP = Buffer.from("HTTP/1.1 ");
const MOST_REQUESTS = 60;
const MOST_IN_BURST = 8;
/** What an answer may wait for: other clients, records, time. */
const MAY_WAIT: ReadonlySet<number> = new Set([fetch, joinGroup, syncGroup, shareFetch, shareAcknowledge, produce].map(({ key }) => key));
const PATIENCE_MS = 60;
/** For what must be answered at once; others need the machine too. */
const LONGEST_ANSWER_MS = 20_000;

export class Stranger {
  readonly #options: StrangerOptions;
  readonly #chance: Chance;
  readonly #persona: Persona;
  readonly #requests: Requests;
  readonly #ledger = new Ledger();
  readonly #socket: net.Socket;
  readonly #received: Buffer[] = [];
  #receivedBytes = 0;
  #neededBytes = 4;
  #wake: (() => void) | undefined;
  #last: NextRequest | undefined;
  #isClosed = false;
  #hasEnded = false;
  #localPort = 0;

  constructor(options: StrangerOptions) {
    this.#options = options;
    this.#chance = new Chance(options.seed, options.number);
    this.#persona = new Persona(this.#chance, options.topicIds);
    this.#requests = new Requests(this.#persona, this.#chance, { served: options.served, connection: options.number });
    this.#socket = net.connect({ port: options.port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  }

  /** Settles when the connection is over and accounted for. */
  async run(): Promise<void> {
    if (!(await this.#connected())) {
      this.#options.account.complain({ what: "the broker takes no connection", connection: this.#options.number });
      return;
    }
    const count = this.#chance.between(1, MOST_REQUESTS);
    for (let sent = 0; sent < count && !this.#isClosed && !this.#hasEnded; ) sent += await this.#burst(count - sent);
    if (!this.#isClosed) this.#leave();
    else if (!this.#hasEnded) await this.#wasClosed();
    this.#socket.destroy();
  }

  #connected(): Promise<boolean> {
    const socket = this.#socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    const closed = () => {
      this.#isClosed = true;
      this.#wake?.();
    };
    socket.on("end", closed).on("close", closed);
    return new Promise((resolve) => {
      socket.once("connect", () => {
        this.#localPort = socket.localPort ?? 0;
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
  }

  /** Sends some, waits for what they are answered. Gives how many they were. */
  async #burst(left: number): Promise<number> {
    const count = Math.min(left, this.#chance.oneIn(2) ? 1 : this.#chance.between(1, MOST_IN_BURST));
    for (let sent = 0; sent < count; sent++) {
      const request = this.#requests.next();
      const isAllAnswered = this.#ledger.waiting.length === 0;
      await this.#send(request);
      if (request.isLast === true) {
        if (isAllAnswered && this.#ledger.isForeign) await this.#refused();
        if (this.#isClosed) return sent + 1;
        this.#hasEnded = this.#chance.oneIn(2);
        if (!this.#hasEnded) this.#socket.end();
        await this.#answers();
        this.#hasEnded = true;
        return sent + 1;
      }
      if (this.#isClosed) return sent + 1;
    }
    await this.#answers();
    return count;
  }

  async #send(request: NextRequest): Promise<void> {
    this.#last = request;
    this.#options.account.asked(request);
    this.#options.sending(request, this.#options.number);
    this.#ledger.send(request.bytes);
    if (request.isSlow !== true) {
      this.#socket.write(request.bytes);
      return;
    }
    const pieces = this.#chance.between(2, 6);
    const size = Math.ceil(request.bytes.length / pieces);
    for (let at = 0; at < request.bytes.length; at += size) {
      this.#socket.write(request.bytes.subarray(at, at + size));
      await turn();
    }
  }

  /** Until the broker ends the connection, as it must where it cannot know where the next request begins, or answers what speaks HTTP. */
  async #refused(): Promise<void> {
    const until = Date.now() + LONGEST_ANSWER_MS;
    while (!this.#isClosed && !this.#isAnsweredInHttp && Date.now() < until) await this.#woken(until - Date.now());
    if (this.#isAnsweredInHttp) this.#options.account.count("answers in HTTP");
    else if (!this.#isClosed) this.#complain("a frame of an impossible size does not end the connection");
  }

  get #isAnsweredInHttp(): boolean {
    return Buffer.concat(this.#received).subarray(0, HTTP.length).equals(HTTP);
  }

  /** Until all is answered, the connection is closed, or what may wait has waited long enough. */
  async #answers(): Promise<void> {
    const began = Date.now();
    while (!this.#isClosed && this.#ledger.waiting.length > 0) {
      const mayWait = this.#hasEnded || this.#ledger.waiting.some(({ api }) => api === undefined || MAY_WAIT.has(api.key));
      const left = began + (mayWait ? PATIENCE_MS : LONGEST_ANSWER_MS) - Date.now();
      if (left <= 0) {
        if (mayWait) this.#options.account.count("answers not waited for");
        else if (await this.#isLate()) this.#complain(`${this.#ledger.waiting[0]?.api?.name} was not answered for ${LONGEST_ANSWER_MS} ms`);
        this.#hasEnded = true;
        return;
      }
      await this.#woken(left);
    }
  }

  /** This process may have been too busy to read what is there. */
  async #isLate(): Promise<boolean> {
    await this.#woken(LONGEST_ANSWER_MS);
    return !this.#isClosed && this.#ledger.waiting.length > 0;
  }

  #woken(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, mostMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes < this.#neededBytes) return;
    let left = this.#received.length === 1 ? chunk : Buffer.concat(this.#received);
    for (;;) {
      this.#neededBytes = left.length < 4 ? 4 : 4 + left.readUInt32BE(0);
      if (left.length < this.#neededBytes) break;
      this.#answered(left.subarray(4, this.#neededBytes));
      left = left.subarray(this.#neededBytes);
    }
    this.#received.length = 0;
    this.#received.push(left);
    this.#receivedBytes = left.length;
    if (this.#ledger.waiting.length === 0) this.#wake?.();
  }

  #answered(frame: Buffer): void {
    const answer = this.#ledger.answered(frame);
    if (typeof answer === "string") {
      this.#complain(answer);
      return;
    }
    this.#options.account.count("answers");
    this.#persona.hear(answer.body);
  }

  /** As clients go: in order, or without a word. */
  #leave(): void {
    this.#hasEnded = true;
    if (this.#chance.oneIn(4)) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  async #wasClosed(): Promise<void> {
    const reason = await this.#options.reasonOf(this.#localPort);
    if (reason === undefined) this.#complain("the broker closed the connection, and its log does not say why");
    else this.#options.account.disconnected(reason);
  }

  #complain(what: string): void {
    this.#options.account.complain({ what, request: this.#last, connection: this.#options.number });
  }
}

// A member of a consumer group on a connection of its own that heartbeats as clients do: by the interval that it was told, and at once when
// it has something to acknowledge.

import type { ConsumerGroup } from "./consumer-group.ts";
import type { ConsumerMember, Due } from "./consumer-member.ts";
import { RETRY_MS } from "./coordinator.ts";
import { connectAndAsk, type FrameSocket } from "./frame-socket.ts";
import type { Address } from "./load-socket.ts";

export class RhythmicMember {
  /** Heartbeats sent, of all members. */
  static sent = 0;
  readonly member: ConsumerMember;
  readonly group: ConsumerGroup;
  readonly #socket: FrameSocket;
  #timer: NodeJS.Timeout | undefined;
  #sentMs = 0;
  #isPaused = false;

  private constructor(member: ConsumerMember, group: ConsumerGroup, socket: FrameSocket, failed: (error: unknown) => void) {
    this.member = member;
    this.group = group;
    this.#socket = socket;
    socket.onFrame = (frame) => {
      try {
        this.#take(frame);
      } catch (error) {
        failed(error);
      }
    };
    group.add(member);
  }

  /** `failed` is told of errors that no client waits out. */
  static async connect(at: Address, member: ConsumerMember, group: ConsumerGroup, failed: (error: unknown) => void) {
    return new RhythmicMember(member, group, await connectAndAsk(at), failed);
  }

  /** The first time, it joins. */
  send(): void {
    RhythmicMember.sent++;
    this.#sentMs = performance.now();
    this.#socket.write(this.member.nextRequest());
  }

  /** Nothing is sent until `resume`. */
  pause(): void {
    this.#isPaused = true;
    clearTimeout(this.#timer);
  }

  /** The next heartbeat comes after that time, whatever was due. */
  resume(waitMs: number): void {
    this.#isPaused = false;
    this.#sendAfter(waitMs);
  }

  /** Resolves when that is answered. */
  leave(): Promise<void> {
    clearTimeout(this.#timer);
    this.group.remove(this.member);
    return new Promise((done) => {
      this.#socket.onFrame = () => {
        this.#socket.close();
        done();
      };
      this.#socket.write(this.member.leaveRequest());
    });
  }

  #take(frame: Buffer): void {
    const due = this.member.answered(frame);
    this.group.changed(this.member);
    if (!this.#isPaused) this.#sendWhen(due);
  }

  #sendWhen(due: Due): void {
    if (due === "at once") this.send();
    else this.#sendAfter(due === "soon" ? RETRY_MS : this.#sentMs + this.member.heartbeatIntervalMs - performance.now());
  }

  #sendAfter(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send(), Math.max(0, waitMs));
  }
}

// A connection over which many members heartbeat at full speed, each again as soon as it is answered. Their heartbeats lie in one buffer
// in a row, so that however many were answered in a turn, they are sent again with one write, or two at the row's end.

import { type Heartbeat, intervalOfNothingNew } from "./consumer-member.ts";
import { FrameSocket } from "./frame-socket.ts";
import type { Address } from "./load-socket.ts";

export class HeartbeatLane {
  readonly #socket: FrameSocket;
  readonly #heartbeats: readonly Heartbeat[];
  readonly #row: Buffer;
  /** Where each heartbeat begins in the row, and where the last ends. */
  readonly #starts: readonly number[];
  readonly #sentMs: Float64Array;
  /** Whose answer comes next, and who is to be sent next. */
  #answered = 0;
  #sent = 0;
  #isOver = false;
  #ended: () => void = () => undefined;

  private constructor(socket: FrameSocket, heartbeats: readonly Heartbeat[]) {
    this.#socket = socket;
    this.#heartbeats = heartbeats;
    this.#row = Buffer.concat(heartbeats.map(({ request }) => request));
    let end = 0;
    this.#starts = [0, ...heartbeats.map(({ request }) => (end += request.length))];
    this.#sentMs = new Float64Array(heartbeats.length);
  }

  static async connect(at: Address, heartbeats: readonly Heartbeat[]): Promise<HeartbeatLane> {
    return new HeartbeatLane(await FrameSocket.connect(at), heartbeats);
  }

  /** Tells `answered` how long each took. Throws into `failed` where an answer says anything. */
  start(answered: (tookMs: number) => void, failed: (error: unknown) => void): void {
    const count = this.#heartbeats.length;
    let open = count;
    this.#socket.onFrame = (frame) => {
      const heartbeat = this.#heartbeats[this.#answered];
      if (heartbeat === undefined || intervalOfNothingNew(frame, heartbeat) === undefined) {
        failed(new Error(`a heartbeat of a stable group was answered with ${frame.toString("hex")}`));
        return;
      }
      answered(performance.now() - (this.#sentMs[this.#answered] ?? 0));
      this.#answered = (this.#answered + 1) % count;
      open--;
    };
    this.#socket.onTurn = () => {
      if (!this.#isOver) {
        this.#send(count - open);
        open = count;
      } else if (open === 0) {
        this.#socket.close();
        this.#ended();
      }
    };
    this.#send(count);
  }

  /** Resolves when everything that was sent is answered; closes the connection. */
  end(): Promise<void> {
    this.#isOver = true;
    return new Promise((done) => {
      this.#ended = done;
    });
  }

  #send(wanted: number): void {
    for (let left = wanted; left > 0; ) {
      const count = Math.min(left, this.#heartbeats.length - this.#sent);
      this.#sentMs.fill(performance.now(), this.#sent, this.#sent + count);
      this.#socket.write(this.#row.subarray(this.#starts[this.#sent], this.#starts[this.#sent + count]));
      this.#sent = (this.#sent + count) % this.#heartbeats.length;
      left -= count;
    }
  }
}

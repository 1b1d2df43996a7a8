// Connections that come and go as a network's do: some ask something, some end in the middle of a request, some reset, some never say a word.

import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeRequest } from "../../protocol/headers.ts";
import { apiVersions, metadata } from "../../protocol/messages/index.ts";

const EVERY_MS = 500;
const AT_ONCE = 5;
const LIFE_MS = 300;

export class RudeConnections {
  count = 0;
  readonly #port: number;
  #isOver = false;
  #going: Promise<void> | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  begin(): void {
    this.#going = this.#goOn();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#going;
  }

  async #goOn(): Promise<void> {
    while (!this.#isOver) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.#visit(this.count++)));
      await sleep(EVERY_MS);
    }
  }

  async #visit(number: number): Promise<void> {
    const socket = net.connect(this.#port, "127.0.0.1");
    socket.on("error", () => undefined);
    const request = Buffer.concat(
      number % 2 === 0
        ? encodeRequest(apiVersions, 0, { correlationId: number, clientId: "rude" }, {})
        : encodeRequest(metadata, 4, { correlationId: number, clientId: "rude" }, { topics: null, allowAutoTopicCreation: false }),
    );
    switch (number % 5) {
      case 0:
        break;
      case 1:
      case 2:
        socket.write(request);
        break;
      case 3:
        socket.write(request.subarray(0, request.length - 3));
        break;
      default:
        for (let again = 0; again < 50; again++) socket.write(request);
        socket.pause();
    }
    await sleep(LIFE_MS);
    if (number % 3 === 0) socket.resetAndDestroy();
    else socket.destroy();
  }
}

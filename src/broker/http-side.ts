// HTTP at a broker: on the ports of its listeners, on one of its own, or nowhere. What answers it (src/http) is loaded when the first connection
// speaks it; until then it costs nothing.

import type { Logger } from "../base/logger.ts";
import { hostInUrl } from "../config/listeners.ts";
import type { BrokerView } from "../http/broker-view.ts";
import type { HttpRoom } from "../http/http-room.ts";
import type { ByteStream } from "../server/byte-stream.ts";
import { RefusedRequest } from "../server/dispatch.ts";
import type { Listeners } from "../server/listeners.ts";
import type { Ground } from "./ground.ts";
import type { Listening } from "./listening.ts";
import type { Part } from "./parts.ts";

export class HttpSide implements Part {
  readonly #logger: Logger;
  readonly #isServed: boolean;
  readonly #listening: Listening;
  /** Where it has a port of its own. */
  readonly #own: Listeners | undefined;
  #room: Promise<HttpRoom> | undefined;
  #closing: Promise<void> | undefined;

  private constructor({ config, logLevels }: Ground, listening: Listening, own: Listeners | undefined) {
    this.#logger = logLevels.logger("http");
    this.#isServed = config["odradek.http"];
    this.#listening = listening;
    this.#own = own;
  }

  /** Takes the port, where there is to be one. Throws Node's own error when it cannot be taken. */
  static async open(ground: Ground, listening: Listening): Promise<HttpSide> {
    const { "odradek.http": isServed, "odradek.http.port": port } = ground.config;
    return new HttpSide(ground, listening, isServed && port !== null ? await listening.openBeside(port) : undefined);
  }

  get url(): string | undefined {
    if (!this.#isServed) return undefined;
    const [own] = this.#own?.all ?? [];
    const { bootstrapServers, bootstrapProtocol } = this.#listening;
    if (own === undefined) return `${bootstrapProtocol.endsWith("SSL") ? "https" : "http"}://${bootstrapServers}`;
    const host = ["", "::", "0.0.0.0"].includes(own.host) ? "localhost" : hostInUrl(own.host);
    return `${own.tls === undefined ? "http" : "https"}://${host}:${own.port}`;
  }

  /** Gives what takes over connections of Kafka's listeners that speak HTTP, where it is answered there. */
  serve(view: BrokerView): ((stream: ByteStream) => void) | undefined {
    const take = (stream: ByteStream) => this.#take(stream, view);
    if (this.#own === undefined) return this.#isServed ? take : undefined;
    const refuse = () => {
      throw new RefusedRequest("the client speaks Kafka's protocol: this port is for HTTP (odradek.http.port)");
    };
    this.#own.serve(refuse, (work) => work(), take);
    return undefined;
  }

  /** Ends its connections where the port is its own; others end with their listeners. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#own?.close();
    (await this.#room)?.close();
  }

  #take(stream: ByteStream, view: BrokerView): void {
    this.#room ??= import("../http/http-room.ts").then(({ HttpRoom }) => new HttpRoom(view, this.#logger));
    this.#room.then(
      (room) => room.accept(stream),
      (error: unknown) => {
        this.#logger.error({ err: error }, "could not load what answers HTTP");
        stream.destroy();
      },
    );
  }
}

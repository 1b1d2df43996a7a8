// HTTP at a broker: on the ports of its listeners, on one of its own, or nowhere; the schema registry with it, and on a port of its own. What answers it (src/http) is loaded when the first connection
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
import { RegistrySide } from "./registry-side.ts";

interface OwnPorts {
  readonly http: Listeners | undefined;
  readonly registry: Listeners | undefined;
}

export class HttpSide implements Part {
  readonly #logger: Logger;
  readonly #isServed: boolean;
  readonly #listening: Listening;
  readonly registry = new RegistrySide();
  /** Where they have ports of their own. */
  readonly #own: OwnPorts;
  #room: Promise<HttpRoom> | undefined;
  #closing: Promise<void> | undefined;

  private constructor({ config, logLevels }: Ground, listening: Listening, own: OwnPorts) {
    this.#logger = logLevels.logger("http");
    this.#isServed = config["odradek.http"];
    this.#listening = listening;
    this.#own = own;
  }

  /** Takes the ports, where there are to be some. Throws Node's own error when one cannot be taken. */
  static async open(ground: Ground, listening: Listening): Promise<HttpSide> {
    const { "odradek.http": isServed, "odradek.http.port": port, "odradek.registry.port": registryPort } = ground.config;
    const http = isServed && port !== null ? await listening.openBeside(port) : undefined;
    try {
      const registry = registryPort === null ? undefined : await listening.openBeside(registryPort);
      return new HttpSide(ground, listening, { http, registry });
    } catch (error) {
      await http?.close();
      throw error;
    }
  }

  get url(): string | undefined {
    if (!this.#isServed) return undefined;
    const { bootstrapServers, bootstrapProtocol } = this.#listening;
    return urlOf(this.#own.http) ?? `${bootstrapProtocol.endsWith("SSL") ? "https" : "http"}://${bootstrapServers}`;
  }

  /** Where clients find the schema registry; `undefined` where it is answered nowhere. */
  get registryUrl(): string | undefined {
    return urlOf(this.#own.registry) ?? this.url;
  }

  /** Gives what takes over connections of Kafka's listeners that speak HTTP, where it is answered there. */
  serve(view: BrokerView): ((stream: ByteStream) => void) | undefined {
    const take = (isRegistrys: boolean) => (stream: ByteStream) => this.#take(stream, view, isRegistrys);
    const refuse = () => {
      throw new RefusedRequest("the client speaks Kafka's protocol: this port is for HTTP (odradek.http.port, odradek.registry.port)");
    };
    const { http, registry } = this.#own;
    registry?.serve(refuse, (work) => work(), take(true));
    http?.serve(refuse, (work) => work(), take(false));
    return this.#isServed && http === undefined ? take(false) : undefined;
  }

  /** Ends its connections where ports are its own; others end with their listeners. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([this.#own.http?.close(), this.#own.registry?.close()]);
    (await this.#room)?.close();
  }

  #take(stream: ByteStream, view: BrokerView, isRegistrys: boolean): void {
    this.#room ??= import("../http/http-room.ts").then(({ HttpRoom }) => new HttpRoom(view, this.#logger, this.registry));
    this.#room.then(
      (room) => room.accept(stream, isRegistrys),
      (error: unknown) => {
        this.#logger.error({ err: error }, "could not load what answers HTTP");
        stream.destroy();
      },
    );
  }
}

function urlOf(listeners: Listeners | undefined): string | undefined {
  const [first] = listeners?.all ?? [];
  if (first === undefined) return undefined;
  const host = ["", "::", "0.0.0.0"].includes(first.host) ? "localhost" : hostInUrl(first.host);
  return `${first.tls === undefined ? "http" : "https"}://${host}:${first.port}`;
}

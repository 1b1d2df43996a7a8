// A line between a broker and a service: connections are passed on, until something is done to it. What is held is in the buffers of sockets,
// as in a network: it comes later, also when the one who sent it has gone meanwhile.

import net from "node:net";

/**
 *   open         all passes
 *   refused      connections break, and no new ones come about
 *   silent       nothing passes, either way, and nobody is told
 *   no requests  as silent, from the broker to the service only
 *   no answers   as silent, from the service to the broker only: what is asked is done
 */
export type LineState = "open" | "refused" | "silent" | "no requests" | "no answers";

interface Passage {
  readonly broker: net.Socket;
  readonly service: net.Socket;
}

export class Line {
  readonly #server: net.Server;
  readonly #passages = new Set<Passage>();
  readonly #servicePort: number;
  #state: LineState = "open";

  private constructor(server: net.Server, servicePort: number) {
    this.#server = server;
    this.#servicePort = servicePort;
  }

  static open({ port, servicePort }: { readonly port: number; readonly servicePort: number }): Promise<Line> {
    return new Promise((resolve, reject) => {
      const server = net.createServer({ allowHalfOpen: true });
      const line = new Line(server, servicePort);
      server.on("connection", (broker) => line.#connect(broker));
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => resolve(line));
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  set(state: LineState): void {
    this.#state = state;
    if (state === "refused") this.breakConnections();
    else for (const passage of this.#passages) this.#apply(passage);
  }

  /** Those that there are: what was held is lost. */
  breakConnections(): void {
    for (const { broker, service } of this.#passages) {
      broker.resetAndDestroy();
      service.resetAndDestroy();
    }
    this.#passages.clear();
  }

  close(): Promise<void> {
    this.breakConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #connect(broker: net.Socket): void {
    broker.on("error", () => undefined);
    if (this.#state === "refused") {
      broker.resetAndDestroy();
      return;
    }
    const service = net.connect({ port: this.#servicePort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    broker.setNoDelay(true);
    const passage = { broker, service };
    this.#passages.add(passage);
    join(broker, service);
    join(service, broker);
    const forget = (): void => {
      if (broker.destroyed && service.destroyed) this.#passages.delete(passage);
    };
    broker.on("close", forget);
    service.on("close", forget);
    this.#apply(passage);
  }

  #apply({ broker, service }: Passage): void {
    const { requests, answers } = passing(this.#state);
    if (requests) broker.resume();
    else broker.pause();
    if (answers) service.resume();
    else service.pause();
  }
}

function join(from: net.Socket, to: net.Socket): void {
  from.on("data", (chunk) => to.write(chunk));
  from.on("end", () => to.end());
  from.on("error", () => to.destroy());
}

function passing(state: LineState): { readonly requests: boolean; readonly answers: boolean } {
  return { requests: state === "open" || state === "no answers", answers: state === "open" || state === "no requests" };
}

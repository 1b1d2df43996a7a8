// A server that answers as a test says, and remembers what it was asked: for what real stores do seldom, or should not do at all.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The connection is cut after the body, which may be shorter than its announced length. */
  readonly isCut?: boolean;
}

/** Undefined: there is no answer. */
type Script = (asked: Asked, index: number) => Answer | undefined;

/** In PEM. */
interface Identity {
  readonly key: string;
  readonly cert: string;
}

export class ScriptedServer {
  readonly asked: Asked[] = [];
  readonly sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(script: Script, identity: Identity | undefined) {
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      const chunks: Buffer[] = [];
      request.on("error", () => undefined);
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method = "", url = "", headers } = request;
        const asked = { method, url, headers, body: Buffer.concat(chunks) };
        this.asked.push(asked);
        send(response, script(asked, this.asked.length - 1));
      });
    };
    this.#scheme = identity === undefined ? "http" : "https";
    this.#server = identity === undefined ? createServer(answer) : createSecureServer(identity, answer);
    this.#server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => this.sockets.delete(socket));
    });
  }

  /** With an identity, over TLS. */
  static async start(script: Script, identity?: Identity): Promise<ScriptedServer> {
    const server = new ScriptedServer(script, identity);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get origin(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#scheme}://127.0.0.1:${port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

function send(response: ServerResponse, answer: Answer | undefined): void {
  if (answer === undefined) return;
  const body = Buffer.from(answer.body ?? "");
  response.writeHead(answer.status ?? 200, { "content-length": body.length, ...answer.headers });
  if (answer.isCut === true) response.write(body, () => response.destroy());
  else response.end(body);
}

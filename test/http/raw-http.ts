// HTTP by hand: bytes as they are given, and what comes back until the connection ends.

import net from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** All that came. */
  readonly text: string;
}

/** Each piece in a packet of its own. */
export function exchange(port: number, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = net.connect({ port, host: "127.0.0.1", noDelay: true }, async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise(setImmediate);
      }
    });
    socket.on("data", (bytes) => {
      received += bytes.toString("latin1");
    });
    socket.on("close", () => resolve(received));
    socket.on("error", (error) => ("code" in error && ["ECONNRESET", "EPIPE"].includes(String(error.code)) ? undefined : reject(error)));
  });
}

export async function ask(port: number, line: string, headers: Readonly<Record<string, string>> = {}, body = ""): Promise<RawAnswer> {
  const all = { Host: "localhost", Connection: "close", ...headers };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === "" ? [] : [`${name}: ${value}`]));
  return parsed(await exchange(port, `${[line, ...lines].join("\r\n")}\r\n\r\n${body}`));
}

export function parsed(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
  return { status: Number(first.split(" ")[1] ?? 0), headers, body: text.slice(end + 4), text };
}

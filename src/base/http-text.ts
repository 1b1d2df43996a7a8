// A text by HTTP: one request, without redirects, whose answer is of a bounded size, until it is called off.

import type { IncomingMessage } from "node:http";

export interface HttpOptions {
  readonly mostBytes: number;
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  /** Given: it is posted. */
  readonly body?: string;
}

const OK = 200;

/** Rejects with Error, which shows nothing of the request. */
export async function httpText(url: URL, { mostBytes, signal, headers = {}, body }: HttpOptions): Promise<string> {
  const { request } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    request(url, { method, signal, agent: false, headers: { accept: "application/json", ...headers } }, resolve)
      .once("error", reject)
      .end(body);
  });
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    if (response.statusCode !== OK) throw new Error(`it was answered with status ${response.statusCode}`);
    for await (const chunk of response as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > mostBytes) throw new Error(`the answer has more than ${mostBytes} bytes`);
      chunks.push(chunk);
    }
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks).toString();
}

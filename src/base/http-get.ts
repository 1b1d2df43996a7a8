// A text by HTTP: one GET, without redirects, of a bounded size, until it is called off.

import type { IncomingMessage } from "node:http";

export interface HttpGetOptions {
  readonly mostBytes: number;
  readonly signal: AbortSignal;
}

const OK = 200;

/** Rejects with Error, whose message goes on after "could not be read: ". */
export async function httpGet(url: URL, { mostBytes, signal }: HttpGetOptions): Promise<string> {
  const { get } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { signal, agent: false, headers: { accept: "application/json" } }, resolve).once("error", reject);
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

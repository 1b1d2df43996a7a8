// What went wrong, as a client is told it: problem details (RFC 9457).

import { STATUS_CODES } from "node:http";

export const PROBLEM_TYPE = "application/problem+json";

export class Problem extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail a sentence for who sees it; nothing secret */
  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(detail, options);
    this.name = "Problem";
    this.status = status;
    this.headers = headers;
  }

  get body(): string {
    const title = STATUS_CODES[this.status] ?? "Problem";
    return `${JSON.stringify({ type: "about:blank", title, status: this.status, detail: this.message })}\n`;
  }

  response(): Response {
    return new Response(this.body, { status: this.status, headers: { "content-type": PROBLEM_TYPE, ...this.headers } });
  }

  /** As it goes over a connection whose bytes are no request; the last that is sent there. */
  farewell(): string {
    const { status, body } = this;
    return [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Connection: close",
      "",
      body,
    ].join("\r\n");
  }
}

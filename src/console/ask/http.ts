// Requests to the broker that served the page, and to no one else.

import { Fault } from "./fault.ts";

export interface AskOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly signal?: AbortSignal;
}

/** Gives what the answer's JSON is; its shape is the broker's word. Rejects with Fault. */
export async function askJson<T>(path: string, options: AskOptions = {}): Promise<T> {
  const response = await ask(path, options);
  return (await response.json()) as T;
}

/** Yields what each line is, as lines come, until the answer ends or nobody wants more. */
export async function* askLines<T>(path: string, options: AskOptions = {}): AsyncGenerator<T> {
  const response = await ask(path, options);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      const lines = (rest + (value ?? "")).split("\n");
      rest = done ? "" : (lines.pop() ?? "");
      for (const line of lines) if (line !== "") yield JSON.parse(line) as T;
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** A path made of segments, each of which may have any character. */
export function pathOf(...segments: readonly (string | number)[]): string {
  return `/${segments.map((segment) => encodeURIComponent(segment)).join("/")}`;
}

async function ask(path: string, { method = "GET", body, query = {}, signal }: AskOptions): Promise<Response> {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  const search = new URLSearchParams(given).toString();
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`${path}${search === "" ? "" : `?${search}`}`, {
    method,
    ...sent,
    ...(signal === undefined ? {} : { signal }),
  });
  if (!response.ok) throw await refusal(response);
  return response;
}

interface Refusal {
  readonly title?: string;
  readonly detail?: string;
  /** A schema registry's. */
  readonly message?: string;
  readonly error_code?: number;
  /** Kafka's name, where it is an error of the protocol. */
  readonly error?: string;
}

async function refusal(response: Response): Promise<Fault> {
  const text = await response.text();
  let said: Refusal = {};
  try {
    said = JSON.parse(text) as Refusal;
  } catch {
    said = { detail: text };
  }
  const title = said.error ?? said.title ?? (said.error_code === undefined ? response.statusText : `Error ${said.error_code}`);
  return new Fault(title, said.detail ?? said.message ?? "");
}

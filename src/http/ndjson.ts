// Answers that go on: one JSON value a line, sent as they come and as fast as the client takes them. What waits for something to tell sends an
// empty line from time to time, so that a client that has gone is found out.

export const NDJSON_TYPE = "application/x-ndjson";

/** An empty line. */
export const NOTHING_YET = Symbol("nothing yet");

/** @param values read no further than the client reads; ended when he goes */
export function ndjson(values: AsyncIterable<unknown>): Response {
  return new Response(ReadableStream.from(linesOf(values)) as ReadableStream, { headers: { "content-type": NDJSON_TYPE } });
}

export function isNdjson({ headers }: Response): boolean {
  return headers.get("content-type") === NDJSON_TYPE;
}

async function* linesOf(values: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, undefined> {
  for await (const value of values) yield Buffer.from(value === NOTHING_YET ? "\n" : `${JSON.stringify(value)}\n`);
}

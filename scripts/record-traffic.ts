// A TCP proxy between Kafka clients and a Kafka broker that keeps samples of what they say to each other, as golden bytes for the protocol tests.
//
//   node scripts/record-traffic.ts --listen 19300 --target 127.0.0.1:19092 --out test/golden/java.jsonl --client java
//
// The broker must advertise the proxy's address, so that clients stay on it after their first Metadata. A frame is one JSON line:
// { client, direction: "request" | "response", apiKey, apiVersion, correlationId, bytes }, where bytes is base64 without the 4-byte size.
// A broker answers in the order of the requests of a connection, so a response belongs to the oldest unanswered request; a Produce that is
// passed over was one with acks=0, which has no response. For each (apiKey, apiVersion, direction) the first two different frames are
// kept and the largest of the others. The file is written when the proxy is told to stop (SIGINT or SIGTERM).
// It does not speak TLS, and it knows of a message only what its header's first eight bytes say.

import { writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { parseArgs } from "node:util";

type Direction = "request" | "response";
type Sample = { direction: Direction; apiKey: number; apiVersion: number; correlationId: number; bytes: Buffer };
type Unanswered = Pick<Sample, "apiKey" | "apiVersion" | "correlationId">;

const MAX_SAMPLE_BYTES = 8 * 1024;
const SAMPLES_PER_KIND = 3;
const PRODUCE = 0;

/** Cuts a stream of bytes into frames: a 4-byte size, then that many bytes. */
class FrameSplitter {
  readonly #onFrame: (frame: Buffer) => void;
  #pending: Buffer = Buffer.alloc(0);

  constructor(onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 4) {
      const endBytes = 4 + this.#pending.readInt32BE(0);
      if (this.#pending.length < endBytes) return;
      this.#onFrame(Buffer.from(this.#pending.subarray(4, endBytes)));
      this.#pending = this.#pending.subarray(endBytes);
    }
  }
}

/** The samples kept so far, at most SAMPLES_PER_KIND for each API, version and direction. */
class SampleSet {
  readonly #byKind = new Map<string, Sample[]>();

  offer(sample: Sample): void {
    if (sample.bytes.length > MAX_SAMPLE_BYTES) return;
    const kind = `${sample.apiKey}/${sample.apiVersion}/${sample.direction}`;
    const kept = this.#byKind.get(kind) ?? [];
    this.#byKind.set(kind, kept);
    if (kept.some((other) => isSameButForCorrelation(other, sample))) return;
    const last = kept[SAMPLES_PER_KIND - 1];
    if (last === undefined) kept.push(sample);
    else if (sample.bytes.length > last.bytes.length) kept[SAMPLES_PER_KIND - 1] = sample;
  }

  sorted(): Sample[] {
    return [...this.#byKind.values()]
      .flat()
      .sort((a, b) => a.apiKey - b.apiKey || a.apiVersion - b.apiVersion || a.direction.localeCompare(b.direction));
  }
}

function isSameButForCorrelation(a: Sample, b: Sample): boolean {
  const at = correlationPosition(a.direction);
  return (
    a.bytes.length === b.bytes.length &&
    a.bytes.subarray(0, at).equals(b.bytes.subarray(0, at)) &&
    a.bytes.subarray(at + 4).equals(b.bytes.subarray(at + 4))
  );
}

function correlationPosition(direction: Direction): number {
  return direction === "request" ? 4 : 0;
}

/** Passes every byte on both ways, and offers each whole frame to the samples. */
function relay(client: Socket, broker: Socket, samples: SampleSet): void {
  const unanswered: Unanswered[] = [];
  const requests = new FrameSplitter((bytes) => {
    const request = { apiKey: bytes.readInt16BE(0), apiVersion: bytes.readInt16BE(2), correlationId: bytes.readInt32BE(4) };
    unanswered.push(request);
    samples.offer({ ...request, direction: "request", bytes });
  });
  const responses = new FrameSplitter((bytes) => {
    const request = takeAnswered(unanswered, bytes.readInt32BE(0));
    samples.offer({ ...request, direction: "response", bytes });
  });
  forward({ from: client, to: broker, splitter: requests });
  forward({ from: broker, to: client, splitter: responses });
}

function forward({ from, to, splitter }: { from: Socket; to: Socket; splitter: FrameSplitter }): void {
  from.on("data", (chunk) => {
    splitter.push(Buffer.from(chunk));
    to.write(chunk);
  });
  from.on("end", () => to.end());
  from.on("error", () => to.destroy());
}

function takeAnswered(unanswered: Unanswered[], correlationId: number): Unanswered {
  for (;;) {
    const request = unanswered.shift();
    if (request === undefined) throw new Error(`a response ${correlationId} answers no request`);
    if (request.correlationId === correlationId) return request;
    if (request.apiKey !== PRODUCE) throw new Error(`a response ${correlationId} came before that of ${request.correlationId}`);
  }
}

function toLine(client: string, sample: Sample): string {
  const { direction, apiKey, apiVersion, correlationId, bytes } = sample;
  return `${JSON.stringify({ client, direction, apiKey, apiVersion, correlationId, bytes: bytes.toString("base64") })}\n`;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      listen: { type: "string", default: "19300" },
      target: { type: "string", default: "127.0.0.1:19092" },
      out: { type: "string" },
      client: { type: "string" },
    },
  });
  const { out, client: clientName } = values;
  if (out === undefined || clientName === undefined) throw new Error("--out FILE and --client NAME are needed");
  const [targetHost, targetPort] = values.target.split(":");
  const samples = new SampleSet();
  const server = createServer((client) => relay(client, connect({ host: targetHost ?? "127.0.0.1", port: Number(targetPort) }), samples));
  server.listen(Number(values.listen), "127.0.0.1", () => console.log(`recording ${clientName} on 127.0.0.1:${values.listen}`));
  const stop = (): void => {
    const lines = samples.sorted().map((sample) => toLine(clientName, sample));
    writeFileSync(out, lines.join(""));
    console.log(`kept ${lines.length} frames in ${out}`);
    process.exit(0);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

main();

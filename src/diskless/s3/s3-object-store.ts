// The objects of a bucket, by S3's interface over HTTP: AWS's, or another store's that speaks it. A call is one attempt; what comes twice is
// only a request that the store refused because of our clock, of keys that have expired, or of a checksum that it does not know, and which
// therefore did nothing.
//
// A body that is put carries its CRC-32C, which the store compares; the body is not signed, which would cost four times as much and protect
// from nothing else over TLS. Bodies that are read are compared in length; whoever put checksums into them looks at those.
//
// Not there: multipart uploads, so an object has at most 5 GB; directory buckets (S3 Express), which have sessions; requester pays; proxies.

import { createHash } from "node:crypto";
import { crc32c } from "../../../protocol/wire/crc32c.ts";
import { assert } from "../../base/assert.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { type ByteRange, type ListedPage, type ObjectStore, ObjectStoreError } from "../../base/object-store.ts";
import { bodyOf, type Complaint, complaintOf, keptOf, listedIn, meaningOf } from "./answers.ts";
import { findAuthorities, findCredentials, findEndpoint, findRegion } from "./credentials/chain.ts";
import { type Credentials, KeptCredentials } from "./credentials/credentials.ts";
import { type HttpAnswer, HttpExchange, NoAnswer } from "./http-exchange.ts";
import { BucketLocation } from "./location.ts";
import { queryText, RequestSigner, sha256, UNSIGNED_PAYLOAD } from "./signature.ts";
import { escapedXml } from "./xml.ts";

export interface S3Options {
  /** "s3://bucket/prefix" */
  readonly location: string;
  /** Where AWS's libraries find region, endpoint and credentials, under their names. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Instead of what the environment says. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Whether the bucket is in the path rather than in the host name; by default where an endpoint is given. */
  readonly isPathStyle?: boolean | undefined;
  /** For a request and its answer, where the caller gives up no earlier. */
  readonly deadlineMs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const DEADLINE_MS = 60_000;
/** Of answers that are not objects: a page of a list is half a megabyte where keys are as long as ours. */
const MOST_ANSWER_BYTES = 16 * 1024 * 1024;
/** Of an object that is read whole. */
const MOST_OBJECT_BYTES = 1024 * 1024 * 1024;
const MOST_KEYS = 1000;

interface Request {
  readonly method: string;
  /** Encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly parts?: readonly Buffer[];
  /** Whether the parts are an object. */
  readonly isObject?: boolean;
  /** Of what is read. */
  readonly mostBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** For people: "put the object x". */
  readonly what: string;
}

export class S3ObjectStore implements ObjectStore {
  readonly #location: BucketLocation;
  readonly #http: HttpExchange;
  readonly #credentials: KeptCredentials;
  readonly #signer: RequestSigner;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** What to add to our clock to have the store's. */
  #skewMs = 0;
  /** False where the store has shown that it knows none: then bodies are signed instead. */
  #knowsChecksums = true;

  private constructor(parts: { readonly location: BucketLocation; readonly http: HttpExchange; readonly options: S3Options }) {
    const { location, http, options } = parts;
    const { clock, logger, environment } = options;
    this.#location = location;
    this.#http = http;
    this.#credentials = new KeptCredentials(() => findCredentials({ environment, clock }), { clock, logger });
    this.#signer = new RequestSigner(location.region, "s3");
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Asks nobody yet. Rejects with ObjectStoreError where the place is not said as it must be. */
  static async open(options: S3Options): Promise<S3ObjectStore> {
    const { clock, environment, isPathStyle } = options;
    const surroundings = { environment, clock };
    const region = options.region ?? (await findRegion(surroundings));
    const endpoint = options.endpoint ?? findEndpoint(surroundings);
    const location = new BucketLocation({ location: options.location, region, endpoint, isPathStyle });
    const http = await HttpExchange.with(location.origin, {
      clock,
      deadlineMs: options.deadlineMs ?? DEADLINE_MS,
      authorities: await findAuthorities(surroundings),
    });
    return new S3ObjectStore({ location, http, options });
  }

  /** For people: which bucket, where. */
  get name(): string {
    return this.#location.toString();
  }

  async put(key: string, parts: readonly Buffer[], signal?: AbortSignal): Promise<void> {
    const path = this.#location.pathOf(checked(key));
    await this.#ask({ what: `put the object ${key}`, method: "PUT", path, parts, isObject: true, signal });
  }

  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Buffer> {
    const request: Request = {
      what: `get the object ${key}`,
      method: "GET",
      path: this.#location.pathOf(checked(key)),
      headers: range === undefined ? {} : { range: `bytes=${range.from}-${range.from + range.length - 1}` },
      mostBytes: range === undefined ? MOST_OBJECT_BYTES : Math.max(range.length, MOST_ANSWER_BYTES),
      signal,
    };
    const answer = await this.#ask(request);
    return this.#read(request, () => bodyOf(answer, range));
  }

  async list(prefix: string, after = ""): Promise<ListedPage> {
    const own = this.#location.prefix;
    const query = {
      "encoding-type": "url",
      "list-type": "2",
      "max-keys": String(MOST_KEYS),
      prefix: own + prefix,
      ...(after === "" ? {} : { "start-after": own + after }),
    };
    const request: Request = { what: `list objects "${prefix}"`, method: "GET", path: this.#location.bucketPath, query };
    const answer = await this.#ask(request);
    return this.#read(request, () => listedIn(answer, { prefix: own, under: prefix, after }));
  }

  async delete(keys: readonly string[]): Promise<readonly string[]> {
    assert(keys.length > 0 && keys.length <= MOST_KEYS, "a request deletes some keys, and at most a thousand");
    const whole = keys.map((key) => this.#location.prefix + checked(key));
    const entries = whole.map((key) => `<Object><Key>${escapedXml(key)}</Key></Object>`).join("");
    const body = Buffer.from(`<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${entries}</Delete>`);
    const request: Request = {
      what: `delete ${keys.length} objects`,
      method: "POST",
      path: this.#location.bucketPath,
      query: { delete: "" },
      headers: { "content-md5": createHash("md5").update(body).digest("base64"), "content-type": "application/xml" },
      parts: [body],
    };
    const answer = await this.#ask(request);
    const kept = this.#read(request, () => keptOf(answer, whole));
    const [first] = kept;
    if (first !== undefined) {
      const [key, reason] = first;
      this.#logger.warn({ store: this.name, count: kept.size, key, reason }, "objects could not be deleted");
    }
    return [...kept.keys()].map((key) => key.slice(this.#location.prefix.length));
  }

  close(): void {
    this.#http.close();
  }

  /** Once more where what was wrong is put right. */
  async #ask(request: Request): Promise<HttpAnswer> {
    const tried = new Set<string>();
    for (;;) {
      const credentials = await this.#credentials.get();
      const answer = await this.#send(request, credentials);
      if (answer.status < 300) return answer;
      const complaint = complaintOf(answer);
      const remedy = this.#remedyFor(complaint, answer, credentials);
      if (remedy === undefined || tried.has(remedy)) throw this.#refusal(request, complaint, answer);
      tried.add(remedy);
    }
  }

  async #send(request: Request, credentials: Credentials): Promise<HttpAnswer> {
    const { method, path, query = {}, parts, what } = request;
    const headers: Record<string, string> = { ...request.headers };
    if (parts !== undefined) headers["content-length"] = String(parts.reduce((sum, part) => sum + part.length, 0));
    const isChecked = request.isObject === true && this.#knowsChecksums;
    if (isChecked) headers["x-amz-checksum-crc32c"] = checksumOf(parts ?? []);
    const payloadHash = parts === undefined || isChecked ? UNSIGNED_PAYLOAD : sha256(parts);
    const toSign = { method, host: this.#location.host, path, query, headers, payloadHash };
    const signed = this.#signer.sign(toSign, credentials, this.#clock.now() + this.#skewMs);
    const search = queryText(query);
    const mostBytes = request.mostBytes ?? MOST_ANSWER_BYTES;
    try {
      const whole = {
        method,
        path: search === "" ? path : `${path}?${search}`,
        headers: signed,
        mostBytes,
        ...(parts === undefined ? {} : { parts }),
      };
      return await this.#http.ask(whole, request.signal);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      throw new ObjectStoreError("UNAVAILABLE", `Could not ${what}: ${this.name}: ${error.message}.`, { cause: error });
    }
  }

  /** What was changed so that it may work now; undefined where nothing can be. */
  #remedyFor(complaint: Complaint, answer: HttpAnswer, credentials: Credentials): string | undefined {
    switch (complaint.code) {
      case "RequestTimeTooSkewed": {
        const theirsMs = Date.parse(answer.headers.date ?? "");
        if (Number.isNaN(theirsMs)) return undefined;
        this.#skewMs = theirsMs - this.#clock.now();
        this.#logger.warn({ store: this.name, skewMs: this.#skewMs }, "the object store has another time");
        return "clock";
      }
      case "ExpiredToken":
      case "TokenRefreshRequired":
      // It was taken back, and there is a new one perhaps.
      case "InvalidAccessKeyId":
        this.#credentials.forget(credentials);
        return "credentials";
      default:
        if (!this.#knowsChecksums || meaningOf(complaint) !== "REFUSED") return undefined;
        if (!/x-amz-checksum|checksum algorithm/i.test(complaint.message)) return undefined;
        this.#knowsChecksums = false;
        this.#logger.info({ store: this.name }, "the object store knows no CRC-32C: bodies are signed instead");
        return "checksum";
    }
  }

  #read<T>({ what }: Request, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ObjectStoreError)) throw error;
      throw new ObjectStoreError(error.code, `Could not ${what}: ${this.name}: ${error.message}.`, { cause: error });
    }
  }

  #refusal({ what }: Request, complaint: Complaint, answer: HttpAnswer): ObjectStoreError {
    const { status, code, message } = complaint;
    const region = answer.headers["x-amz-bucket-region"];
    const elsewhere = typeof region === "string" && region !== this.#location.region ? ` The bucket is in the region ${region}.` : "";
    const said = [status, code, message === "" ? "" : `"${message}"`].filter((part) => part !== "").join(" ");
    return new ObjectStoreError(meaningOf(complaint), `Could not ${what}: ${this.name} said ${said}.${elsewhere}`);
  }
}

/** XML has no place for control characters, and a path none for these elements. */
function checked(key: string): string {
  const isPlain = key !== "" && key.split("/").every((element) => element !== "" && element !== "." && element !== "..");
  assert(isPlain && !/\p{Cc}/u.test(key) && key.isWellFormed(), "a key is a path of names");
  return key;
}

function checksumOf(parts: readonly Buffer[]): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(parts.reduce((crc, part) => crc32c(part, 0, part.length, crc), 0));
  return sum.toString("base64");
}

// What a connection has sent and what it was answered. The bytes are cut into frames as a broker cuts them, whatever they were meant to be; each
// answer must be to the request whose turn it is, and decode with the codec of the version in which that was asked.

import { decodeRequest, decodeResponse } from "../../protocol/headers.ts";
import { apiByKey, apiVersions, fetch, produce } from "../../protocol/messages/index.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { servedComplaint } from "./served-batches.ts";

export interface Asked {
  readonly api: Api | undefined;
  readonly version: number;
  readonly correlationId: number;
}

const SIZE_BYTES = 4;
const HEADER_BYTES = 8;
const MOST_BYTES = 104_857_600;

export class Ledger {
  #pending = Buffer.alloc(0);
  #asked: Asked[] = [];
  /** What follows is no frame. */
  #isForeign = false;

  /** Those that are to be answered. */
  get waiting(): readonly Asked[] {
    return this.#asked;
  }

  /** What was sent last begins as no frame may: the broker is to end the connection. */
  get isForeign(): boolean {
    return this.#isForeign;
  }

  send(bytes: Buffer): void {
    if (this.#isForeign) return;
    let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    while (rest.length >= SIZE_BYTES) {
      const size = rest.readInt32BE(0);
      if (size < 0 || size > MOST_BYTES) {
        this.#isForeign = true;
        return;
      }
      if (rest.length < SIZE_BYTES + size) break;
      this.#ask(rest.subarray(SIZE_BYTES, SIZE_BYTES + size));
      rest = rest.subarray(SIZE_BYTES + size);
    }
    this.#pending = Buffer.from(rest);
  }

  /** The answer, or what is wrong with it. */
  answered(frame: Buffer): { readonly asked: Asked; readonly body: object } | string {
    const asked = this.#asked.shift();
    if (asked === undefined) return `an answer to nothing: ${shown(frame)}`;
    const { api, version, correlationId } = asked;
    if (frame.length < SIZE_BYTES) return `an answer of ${frame.length} bytes`;
    if (frame.readInt32BE(0) !== correlationId) return `request ${correlationId} was answered with correlation id ${frame.readInt32BE(0)}`;
    if (api === undefined) return `an answer to an API that there is not: ${shown(frame)}`;
    const isKnown = api.response.hasVersion(version);
    if (!isKnown && api !== apiVersions) return `${api.name} ${version}, which there is not, was answered`;
    return this.#decoded(frame, asked, api);
  }

  #decoded(frame: Buffer, asked: Asked, api: Api): { readonly asked: Asked; readonly body: object } | string {
    const isUnsupported = api === apiVersions && (!api.response.hasVersion(asked.version) || isRefusedVersion(frame));
    try {
      const { body } = decodeResponse(api, isUnsupported ? 0 : asked.version, frame);
      return (api === fetch ? servedComplaint(body, asked.version) : undefined) ?? { asked, body };
    } catch (error) {
      return `the answer to ${api.name} ${asked.version} does not decode: ${error}: ${shown(frame)}`;
    }
  }

  #ask(frame: Buffer): void {
    if (frame.length < HEADER_BYTES) {
      this.#asked.push({ api: undefined, version: 0, correlationId: 0 });
      return;
    }
    const api = apiByKey.get(frame.readInt16BE(0));
    if (api === produce && isUnanswered(frame)) return;
    this.#asked.push({ api, version: frame.readInt16BE(2), correlationId: frame.readInt32BE(4) });
  }
}

/** A Produce with acks=0. */
function isUnanswered(frame: Buffer): boolean {
  try {
    return decodeRequest(frame, { allowTrailing: true }).body["acks"] === 0;
  } catch {
    return false;
  }
}

/** ApiVersions is answered in version 0 when the broker does not know the version asked. */
function isRefusedVersion(frame: Buffer): boolean {
  return frame.length >= 6 && frame.readInt16BE(4) === 35;
}

function shown(frame: Buffer): string {
  return frame.subarray(0, 200).toString("hex");
}

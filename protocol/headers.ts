// Headers and frames. A frame is a size of four bytes, a header and the body of a message.
//
//   request header   v1: api key, api version, correlation id, client id     v2: the same, then tagged fields
//   response header  v0: correlation id                                      v1: the same, then tagged fields
//
// The newer header goes with the flexible versions of an API, with two exceptions: the client id keeps its int16 length in both
// (a broker must be able to read it before it knows the API), and ApiVersions is always answered with v0, because its client does
// not know yet what the broker understands. Request header v0 belonged to ControlledShutdown, which no client sends.

import { apiByKey } from "./messages/index.ts";
import type { Decoded, Encodable, Shape } from "./schema/field.ts";
import type { Api, Message } from "./schema/message.ts";
import { MalformedMessage } from "./wire/malformed-message.ts";
import { Reader } from "./wire/reader.ts";
import { Writer } from "./wire/writer.ts";

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

export interface FrameOptions {
  /** Accept bytes after the body, as Kafka does. Default false: they are malformed. */
  readonly allowTrailing?: boolean;
}

/**
 * Reads the header and leaves the reader at the body. An unknown API key or version is not an error here: the caller decides what
 * it does with the connection. Throws MalformedMessage.
 */
export function readRequestHeader(reader: Reader): RequestHeader {
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationId = reader.int32();
  const clientId = reader.nullableString();
  const api = apiByKey.get(apiKey);
  if (api?.request.isFlexible(apiVersion)) reader.skipTaggedFields();
  return { apiKey, apiVersion, correlationId, clientId };
}

/** A request as buffers to send in order, the size first. Throws EncodingError. */
export function encodeRequest<Q extends Shape>(
  api: Api<Q>,
  apiVersion: number,
  header: { readonly correlationId: number; readonly clientId: string | null },
  body: Encodable<Q>,
): Buffer[] {
  const writer = new Writer();
  writer.beginFrame();
  writer.int16(api.key);
  writer.int16(apiVersion);
  writer.int32(header.correlationId);
  writer.nullableString(header.clientId);
  if (requestHeaderVersion(api, apiVersion) === 2) writer.unsignedVarint(0);
  api.request.codec(apiVersion).write(writer, body);
  return writer.finish();
}

/** A response as buffers to send in order, the size first. Throws EncodingError. */
export function encodeResponse<R extends Shape>(
  api: Api<Shape, R>,
  apiVersion: number,
  correlationId: number,
  body: Encodable<R>,
): Buffer[] {
  const writer = new Writer();
  writeResponse(writer, api, apiVersion, correlationId, body);
  return writer.finish();
}

/** The same, behind what the writer has already. */
export function writeResponse<R extends Shape>(
  writer: Writer,
  api: Api<Shape, R>,
  apiVersion: number,
  correlationId: number,
  body: Encodable<R>,
): void {
  writer.beginFrame();
  writer.int32(correlationId);
  if (responseHeaderVersion(api, apiVersion) === 1) writer.unsignedVarint(0);
  api.response.codec(apiVersion).write(writer, body);
  writer.endFrame();
}

export interface DecodedRequest {
  readonly api: Api;
  readonly header: RequestHeader;
  readonly body: Decoded<Shape>;
}

/** Decodes a frame without its size. Throws MalformedMessage, also for an API or version that is not declared. */
export function decodeRequest(frame: Buffer, options: FrameOptions = {}): DecodedRequest {
  const reader = new Reader(frame);
  const header = readRequestHeader(reader);
  const api = apiByKey.get(header.apiKey);
  if (api === undefined || !api.request.hasVersion(header.apiVersion)) {
    throw new MalformedMessage(`no API has key ${header.apiKey} and version ${header.apiVersion}`);
  }
  return { api, header, body: readBody(api.request, header.apiVersion, reader, options) };
}

/** Decodes a frame without its size. Throws MalformedMessage. */
export function decodeResponse<R extends Shape>(
  api: Api<Shape, R>,
  apiVersion: number,
  frame: Buffer,
  options: FrameOptions = {},
): { readonly correlationId: number; readonly body: Decoded<R> } {
  const reader = new Reader(frame);
  const correlationId = reader.int32();
  if (responseHeaderVersion(api, apiVersion) === 1) reader.skipTaggedFields();
  return { correlationId, body: readBody(api.response, apiVersion, reader, options) };
}

/** Reads the body of a message, which is all that remains. Throws MalformedMessage. */
export function readBody<S extends Shape>(message: Message<S>, version: number, reader: Reader, options: FrameOptions = {}): Decoded<S> {
  const body = message.codec(version).read(reader);
  if (reader.remaining > 0 && options.allowTrailing !== true) {
    throw new MalformedMessage(`${reader.remaining} bytes after the end of ${message.name} version ${version}`);
  }
  return body;
}

const API_VERSIONS_KEY = 18;

function requestHeaderVersion(api: Api, apiVersion: number): 1 | 2 {
  return api.request.isFlexible(apiVersion) ? 2 : 1;
}

function responseHeaderVersion(api: Api, apiVersion: number): 0 | 1 {
  return api.key !== API_VERSIONS_KEY && api.response.isFlexible(apiVersion) ? 1 : 0;
}

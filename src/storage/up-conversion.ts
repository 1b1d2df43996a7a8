// What a Produce of versions 0 to 2 carries, messages of magic 0 or 1, made into the batch of magic 2 that is stored: as Kafka did it up to 3.9,
// with its errors. Messages that come one by one become one batch; a compressed one, which wraps the others, must come alone.
//
// Only what concerns the old formats is judged here; the batch is then judged as any other. The content is gone through in pieces, on and
// off the event loop, and no more of the batch is held than the topic takes.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { batchOfBody } from "../../protocol/records/batch-builder.ts";
import {
  BATCH_HEADER_BYTES,
  Compression,
  compressionOf,
  MAGIC_V2,
  NO_TIMESTAMP,
  TimestampType,
} from "../../protocol/records/batch-header.ts";
import { MAX_UNCOMPRESSED_BYTES } from "../../protocol/records/compression.ts";
import { isCrcValid, type LegacyMessage, readMessage } from "../../protocol/records/message-set.ts";
import { compressPieces, type Pieces, piecesOf } from "../../protocol/records/pieces.ts";
import { encodeRecords, type RecordBody } from "../../protocol/records/record.ts";
import { magicAt } from "../../protocol/records/record-batch.ts";
import { messageSizeAt, wholeItems } from "../../protocol/records/whole-items.ts";
import { MalformedMessage, TooMuchContent } from "../../protocol/wire/malformed-message.ts";
import type { Slices } from "../base/slices.ts";
import { targetCodec, tooLarge } from "./append-validation.ts";
import { type AppendRefusal, refusal } from "./partition-log.ts";
import type { ValidationContext } from "./record-complaints.ts";

/** Size without offset and size: CRC, magic, attributes and two lengths. */
const SMALLEST_MESSAGE = 14;
const MAGIC_OFFSET = 16;
const ATTRIBUTES_OFFSET = 17;

/** Whether they are of a format before that of today, as far as their magic says. */
export function isOldFormat(records: Buffer): boolean {
  const magic = magicAt(records);
  return magic === undefined || magic < MAGIC_V2;
}

/** The batch, in a buffer of its own; empty when there is no whole message. `records` must stay as they are meanwhile. */
export async function upConverted(records: Buffer, context: ValidationContext, slices: Slices): Promise<Buffer | AppendRefusal> {
  try {
    const outer = await outerMessages(records, context, slices);
    return outer.count === 0 ? Buffer.alloc(0) : await batchOf(outer, context);
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    if (error instanceof TooMuchContent) return tooLarge(undefined, context);
    // Where Kafka does not find its way through a message, it has no name for that either.
    if (error instanceof MalformedMessage) return refusal(Errors.UNKNOWN_SERVER_ERROR, `The messages are malformed: ${error.message}.`);
    throw error;
  }
}

/** Carries a refusal out of what is in the middle of a content. */
class Refused extends Error {
  readonly refusal: AppendRefusal;

  constructor(error: ErrorCode, message: string) {
    super(message);
    this.refusal = refusal(error, message);
  }
}

interface Outer {
  /** Whole messages. */
  readonly bytes: Buffer;
  readonly count: number;
  readonly magic: number;
  readonly compression: Compression;
}

/** Looks at each message from outside. What is cut off at the end is passed over. */
async function outerMessages(records: Buffer, context: ValidationContext, slices: Slices): Promise<Outer> {
  let at = 0;
  let count = 0;
  let magic = 0;
  let compression: Compression = Compression.NONE;
  for (let end = endOf(records, at); end !== undefined; end = endOf(records, at)) {
    if (slices.isOver) await slices.next();
    const message = records.subarray(at, end);
    const own = magicAt(message) ?? 0;
    if (count > 0 && own !== magic) throw new Refused(Errors.INVALID_RECORD, "The messages are of several formats.");
    if (message.length > context.settings["max.message.bytes"]) throw new Refused(Errors.MESSAGE_TOO_LARGE, "A message is too large.");
    if (!isCrcValid(message)) throw new Refused(Errors.CORRUPT_MESSAGE, "The checksum of a message does not match its content.");
    const codec = compressionOf(message[ATTRIBUTES_OFFSET] ?? 0);
    if (codec === undefined) throw new Refused(Errors.UNKNOWN_SERVER_ERROR, "A message names an unknown compression codec.");
    if (codec === Compression.ZSTD) throw new Refused(Errors.INVALID_RECORD, "Messages of old formats cannot be compressed with zstd.");
    if (count > 0 && (codec !== Compression.NONE || compression !== Compression.NONE))
      throw new Refused(Errors.INVALID_RECORD, "A compressed message must be the only one for its partition.");
    compression = codec;
    magic = own;
    at = end;
    count++;
  }
  return { bytes: records.subarray(0, at), count, magic, compression };
}

function endOf(records: Buffer, at: number): number | undefined {
  const sizeBytes = messageSizeAt(records, at);
  if (sizeBytes === undefined) return undefined;
  const isPossible = sizeBytes >= MAGIC_OFFSET - 4 + SMALLEST_MESSAGE;
  const magic = records.length - at <= MAGIC_OFFSET ? 0 : (magicAt(records, at) ?? 0);
  if (!isPossible || magic < 0 || magic > MAGIC_V2)
    throw new Refused(Errors.CORRUPT_MESSAGE, "The records have a message of an impossible length or an unknown format.");
  return sizeBytes > records.length - at ? undefined : at + sizeBytes;
}

async function batchOf(outer: Outer, context: ValidationContext): Promise<Buffer | AppendRefusal> {
  const wrapper = outer.compression === Compression.NONE ? undefined : readMessage(outer.bytes, 0);
  if (wrapper?.value === null) throw new Refused(Errors.INVALID_RECORD, "A compressed message has no value.");
  const source = piecesOf(outer.compression, wrapper?.value ?? outer.bytes, MAX_UNCOMPRESSED_BYTES, { ignoreHeaderChecksum: true });
  const totals = { count: 0, baseTimestamp: NO_TIMESTAMP, maxTimestamp: NO_TIMESTAMP };
  const encoded = encodedRecords(wholeItems(source, messageSizeAt), { wrapper, magic: outer.magic }, totals);
  const { compression, level } = targetCodec(outer.compression, context.settings);
  const maxBytes = context.settings["max.message.bytes"] - BATCH_HEADER_BYTES;
  const body = await compressPieces(compression, encoded, { level, maxBytes });
  if (body === undefined) return tooLarge(undefined, context);
  if (totals.count === 0) throw new Refused(Errors.INVALID_RECORD, "A compressed message wraps none.");
  const { count: recordCount, baseTimestamp, maxTimestamp } = totals;
  return batchOfBody(body, { compression, baseTimestamp, maxTimestamp, lastOffsetDelta: recordCount - 1, recordCount }).bytes;
}

interface Around {
  readonly wrapper: LegacyMessage | undefined;
  readonly magic: number;
}

/** Records are numbered anew, whatever the offsets of the messages. */
async function* encodedRecords(
  runs: Pieces,
  around: Around,
  totals: { count: number; baseTimestamp: number; maxTimestamp: number },
): Pieces {
  for await (const run of runs) {
    const bodies: RecordBody[] = [];
    for (let at = 0; at < run.length; ) {
      const end = at + (messageSizeAt(run, at) ?? 0);
      const { key, value, timestamp } = innerMessage(run.subarray(at, end), around);
      at = end;
      if (totals.count === 0) totals.baseTimestamp = timestamp;
      totals.maxTimestamp = Math.max(totals.maxTimestamp, timestamp);
      bodies.push({ timestampDelta: timestamp - totals.baseTimestamp, offsetDelta: totals.count++, key, value });
    }
    yield encodeRecords(bodies);
  }
}

function innerMessage(bytes: Buffer, { wrapper, magic }: Around): LegacyMessage {
  const message = wrapper === undefined ? readMessage(bytes, 0) : unwrapped(bytes, { wrapper, magic });
  if (!Number.isSafeInteger(message.timestamp))
    throw new Refused(Errors.INVALID_TIMESTAMP, `No message is of the time ${message.timestamp}.`);
  return message;
}

/** A message that another wraps: nobody has looked at it from outside. */
function unwrapped(bytes: Buffer, { wrapper, magic }: { readonly wrapper: LegacyMessage; readonly magic: number }): LegacyMessage {
  if (bytes.length < MAGIC_OFFSET - 4 + SMALLEST_MESSAGE) throw new MalformedMessage(`a message of ${bytes.length} bytes`);
  if (!isCrcValid(bytes)) throw new Refused(Errors.CORRUPT_MESSAGE, "The checksum of a message does not match its content.");
  if (magicAt(bytes) !== magic) throw new Refused(Errors.INVALID_RECORD, "A message is of another format than the one that wraps it.");
  const message = readMessage(bytes, 0);
  if (message.compression !== Compression.NONE) throw new Refused(Errors.INVALID_RECORD, "A compressed message wraps another.");
  return wrapper.timestampType === TimestampType.LOG_APPEND_TIME ? { ...message, timestamp: wrapper.timestamp } : message;
}

// `odradek log dump FILE…`: the files of a partition's folder, readable. No broker is needed, and none is disturbed.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { readControlBatch } from "../../../../protocol/records/control-batch.ts";
import { recordsOf } from "../../../../protocol/records/record.ts";
import { batchesOf, type RecordBatch } from "../../../../protocol/records/record-batch.ts";
import { MalformedMessage } from "../../../../protocol/wire/malformed-message.ts";
import { nodeFilesystem } from "../../../base/node-filesystem.ts";
import { messageOf } from "../../../client/client-error.ts";
import { decodeProducerSnapshot } from "../../../log/producer-snapshot.ts";
import { TransactionIndex } from "../../../log/transaction-index.ts";
import { CommandError, usageError } from "../../command-error.ts";
import { Progress } from "../../progress.ts";
import { type Admin, group } from "../command-group.ts";
import { printRows, type Row } from "../table.ts";

const INDEX_ENTRY_BYTES = 8;
const TIME_INDEX_ENTRY_BYTES = 12;
const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"];

export function addLog(program: Command, { terminal }: Admin): void {
  group(program, "log", "print the files of a partition's folder")
    .command("dump <file...>")
    .description("print .log, .index, .timeindex, .txnindex and .snapshot files")
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .option("--json", "print JSON, one array a file")
    .option("-r, --records", "of .log files every record, not only batches")
    .action((files: readonly string[], { json, records }: { readonly json?: boolean; readonly records?: boolean }) => {
      for (const file of files) {
        if (files.length > 1 && json !== true) terminal.out(`${file}\n`);
        const progress = new Progress(terminal, { what: "bytes read", isQuiet: json === true });
        const rows = rowsOf(file, { isWithRecords: records === true, progress });
        progress.end();
        printRows(terminal, rows, { isJson: json === true, nothing: "It is empty." });
      }
    });
}

interface Reading {
  readonly isWithRecords: boolean;
  readonly progress: Progress;
}

function rowsOf(file: string, reading: Reading): readonly Row[] {
  const [, baseName = "", extension] = /^(\d{20}|\w*)(\.[a-z]+)/.exec(basename(file)) ?? [];
  const baseOffset = /^\d+$/.test(baseName) ? Number(baseName) : 0;
  switch (extension) {
    case ".log":
      return logRows(read(file), reading);
    case ".index":
      return entries(read(file), INDEX_ENTRY_BYTES, (bytes, at) => ({
        offset: baseOffset + bytes.readInt32BE(at),
        position: bytes.readInt32BE(at + 4),
      }));
    case ".timeindex":
      return entries(read(file), TIME_INDEX_ENTRY_BYTES, (bytes, at) => ({
        timestamp: Number(bytes.readBigInt64BE(at)),
        offset: baseOffset + bytes.readInt32BE(at + 8),
      }));
    case ".txnindex":
      read(file);
      return new TransactionIndex(nodeFilesystem, file).entries.map(({ producerId, firstOffset, lastOffset, lastStableOffset }) => ({
        "aborted producer": producerId,
        "first offset": firstOffset,
        "last offset": lastOffset,
        "last stable offset": lastStableOffset,
      }));
    case ".snapshot":
      return snapshotRows(file);
    default:
      throw usageError(`${file}: only .log, .index, .timeindex, .txnindex and .snapshot files can be printed`);
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CommandError(`${file} cannot be read (${messageOf(error)}).`);
  }
}

/** Files are made larger than what is in them: zeros follow the last entry. */
function entries(bytes: Buffer, entryBytes: number, rowAt: (bytes: Buffer, at: number) => Row): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
    if (at > 0 && bytes.subarray(at, at + entryBytes).every((byte) => byte === 0)) break;
    rows.push(rowAt(bytes, at));
  }
  return rows;
}

function logRows(bytes: Buffer, { isWithRecords, progress }: Reading): Row[] {
  const rows: Row[] = [];
  try {
    for (const batch of batchesOf(bytes)) {
      if (isWithRecords && !batch.isControl) rows.push(...recordRows(batch));
      else if (!isWithRecords) rows.push(batchRow(batch));
      progress.at(batch.end);
    }
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    throw new CommandError(`After ${rows.length} rows the file is damaged: ${error.message}.`);
  }
  return rows;
}

function batchRow(batch: RecordBatch): Row {
  const control = batch.isControl ? readControlBatch(batch) : undefined;
  return {
    offset: batch.baseOffset,
    last: batch.lastOffset,
    position: batch.start,
    bytes: batch.end - batch.start,
    records: batch.recordCount,
    epoch: batch.partitionLeaderEpoch,
    timestamp: batch.maxTimestamp,
    compression: COMPRESSIONS[batch.compression] ?? "unknown",
    producer: batch.producerId,
    "producer epoch": batch.producerEpoch,
    sequence: batch.baseSequence,
    transaction: control === undefined ? batch.isTransactional : control.type === 0 ? "abort" : "commit",
    crc: batch.isCrcValid() ? "ok" : "wrong",
  };
}

function recordRows(batch: RecordBatch): Row[] {
  return [...recordsOf(batch)].map(({ offset, timestamp, key, value, headers }) => ({
    offset,
    timestamp,
    key: key?.toString("utf8") ?? null,
    value: value?.toString("utf8") ?? null,
    headers: headers.map((header) => `${header.key}=${header.value?.toString("utf8") ?? ""}`),
  }));
}

function snapshotRows(file: string): Row[] {
  const states = decodeProducerSnapshot(read(file));
  if (states === undefined) throw new CommandError(`${file} is no whole snapshot of producers.`);
  return states.map(({ producerId, producerEpoch, coordinatorEpoch, transactionFirstOffset, lastTimestampMs, batches }) => ({
    producer: producerId,
    epoch: producerEpoch,
    "coordinator epoch": coordinatorEpoch,
    "last sequence": batches.at(-1)?.lastSequence ?? null,
    "last offset": batches.at(-1)?.lastOffset ?? null,
    timestamp: lastTimestampMs,
    "open since offset": transactionFirstOffset < 0 ? null : transactionFirstOffset,
  }));
}

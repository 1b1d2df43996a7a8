// What the commands that print records have in common: how records are to be printed, and what the loop comes to.

import { ClientError, Disconnected } from "../../client/client-error.ts";
import type { Consumer } from "../../client/consumer.ts";
import { type PrintedRecord, printRecords } from "../print-records.ts";
import { addProperty } from "./client-settings.ts";
import type { Flags } from "./flags.ts";
import { type Io, parseProperties, readTextFile } from "./tool.ts";

export function formatterProperties(flags: Flags): Map<string, string> {
  const file = flags.get("formatter-config");
  const properties = new Map(file === undefined ? [] : parseProperties(readTextFile(file)));
  for (const text of [...flags.all("property"), ...flags.all("formatter-property")]) addProperty(properties, text);
  for (const name of ["key", "value"]) {
    const className = flags.get(`${name}-deserializer`);
    if (className !== undefined) properties.set(`${name}.deserializer`, className);
  }
  return properties;
}

export interface Consumption<Reader extends Consumer> {
  readonly flags: Flags;
  readonly io: Io;
  readonly format: (record: PrintedRecord) => string;
  /** Whether it goes on after a record that cannot be printed. */
  readonly passesOver: (record: PrintedRecord, consumer: Reader) => boolean;
}

/** What cannot be read ends Kafka's tool well, with an entry in its log; what cannot be printed is a failure. */
export async function consume<Reader extends Consumer>(
  open: () => Promise<Reader>,
  { flags, io, format, passesOver }: Consumption<Reader>,
): Promise<number> {
  const limit = flags.whole("max-messages") ?? -1;
  let count = 0;
  let exitCode = 0;
  const print = (consumer: Reader) => (record: PrintedRecord) => {
    count++;
    try {
      io.terminal.out(format(record));
    } catch (error) {
      if (passesOver(record, consumer)) return;
      exitCode = 1;
      throw error;
    }
  };
  try {
    const consumer = await open();
    await printRecords(consumer, {
      limit: limit < 0 ? Number.POSITIVE_INFINITY : limit,
      timeoutMs: flags.whole("timeout-ms") ?? Number.POSITIVE_INFINITY,
      stopping: io.stopping,
      print: print(consumer),
      drained: () => io.terminal.drained(),
    });
  } catch (error) {
    if (error instanceof Disconnected) exitCode = 1;
    else if (exitCode === 0 && !(error instanceof ClientError)) throw error;
    io.logError(error);
  }
  io.error(`Processed a total of ${count} messages`);
  if (flags.has("enable-systest-events")) io.out("shutdown_complete");
  return exitCode;
}

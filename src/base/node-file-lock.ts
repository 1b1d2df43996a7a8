// An exclusive lock on a file that the operating system takes back when the process ends, even by kill -9. Node has no such call,
// but SQLite, which is built in, locks its database files that way (fcntl on Unix): an exclusive transaction, never written to, on
// an otherwise empty file. The range that SQLite locks lies inside the one that Java's FileChannel.lock takes, so Apache Kafka's own
// lock on its data folder and ours exclude each other.

import fs from "node:fs";

/** SQLite's result codes: another connection holds the lock; the file is not a database. */
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/** A lock ends when its database is collected as garbage, so whoever holds one is held here. */
const held = new Set<object>();

/** Locks a file, made if need be; gives the function that unlocks it, `undefined` when it is locked already. */
export function lockFile(path: string): (() => void) | undefined {
  fs.closeSync(fs.openSync(path, "a"));
  try {
    return lockDatabase(path);
  } catch (error) {
    if (resultCodeOf(error) === SQLITE_BUSY) return undefined;
    if (resultCodeOf(error) !== SQLITE_NOTADB) throw error;
  }
  // Some other program's text. Nobody holds the lock, or the answer would have been that it is busy.
  fs.truncateSync(path);
  return lockDatabase(path);
}

function lockDatabase(path: string): () => void {
  const database = new (loadSqlite().DatabaseSync)(path);
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    throw error;
  }
  held.add(database);
  return () => {
    if (held.delete(database)) database.close();
  };
}

function loadSqlite(): typeof import("node:sqlite") {
  // Older Nodes warn on first use that the module is experimental, which is not the user's concern.
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

function resultCodeOf(error: unknown): unknown {
  return error instanceof Error && "errcode" in error ? error.errcode : undefined;
}

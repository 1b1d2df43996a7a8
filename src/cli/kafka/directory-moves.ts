// The part of `kafka-reassign-partitions` that moves replicas between the folders of one broker.

import { Errors } from "../../../protocol/errors.ts";
import { type LogDirectory, logDirectoriesOf, moveToDirectory } from "../../client/admin/log-dirs.ts";
import type { Brokers } from "../../client/brokers.ts";
import { nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { CommandError } from "../command-error.ts";
import { ANY_DIRECTORY, type WantedReplicas } from "./reassignment-file.ts";
import type { Io } from "./tool.ts";

const RETRY_MS = 100;

interface DirectoryMove extends TopicPartition {
  readonly brokerId: number;
  readonly path: string;
}

export function directoryMoves(wanted: readonly WantedReplicas[]): DirectoryMove[] {
  return wanted.flatMap(({ topic, partition, replicas, directories }) =>
    replicas.flatMap((brokerId, index) => {
      const path = directories[index] ?? ANY_DIRECTORY;
      return path === ANY_DIRECTORY ? [] : [{ topic, partition, brokerId, path }];
    }),
  );
}

/** Begins them; a replica that the broker does not have yet is waited for. Raises CommandError. */
export async function beginMoves(
  brokers: Brokers,
  moves: readonly DirectoryMove[],
  { timeoutMs, io }: { readonly timeoutMs: number; readonly io: Io },
): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  for (let left = moves; left.length > 0; ) {
    const waiting: DirectoryMove[] = [];
    for (const move of left) {
      const errorCode = (await moveToDirectory(brokers, move.brokerId, { path: move.path, partitions: [move] })).get(nameOf(move));
      if (errorCode === Errors.REPLICA_NOT_AVAILABLE) waiting.push(move);
      else if (errorCode !== Errors.NONE) throw new CommandError(`Failed to alter dir for ${replicaName(move)}`);
      // Kafka's tool has a blank at the end.
      else io.out(`Successfully started moving log directory to ${move.path} for replica ${nameOf(move)} with broker ${move.brokerId} `);
    }
    left = waiting;
    if (left.length > 0 && Date.now() >= endMs) {
      const names = left.map(replicaName).join(",");
      throw new CommandError(`Timed out before log directory move${left.length > 1 ? "s" : ""} could be started for: ${names}`);
    }
    if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Says how far each is; gives whether nothing goes on any more. */
export async function reportMoves(brokers: Brokers, moves: readonly DirectoryMove[], io: Io): Promise<boolean> {
  const known = new Map<number, readonly LogDirectory[]>();
  for (const { brokerId } of moves) if (!known.has(brokerId)) known.set(brokerId, await logDirectoriesOf(brokers, brokerId));
  const states = moves.map((move) => stateOf(move, known.get(move.brokerId) ?? []));
  for (const { line } of states) io.out(line);
  return states.every(({ isDone }) => isDone);
}

function stateOf(move: DirectoryMove, directories: readonly LogDirectory[]): { readonly line: string; readonly isDone: boolean } {
  const holds = (isFuture: boolean) =>
    directories.find(({ logs }) =>
      logs.some((log) => log.topic === move.topic && log.partition === move.partition && log.isFuture === isFuture),
    )?.path;
  const [current, future] = [holds(false), holds(true)];
  const where = `Partition ${nameOf(move)} on broker ${move.brokerId}`;
  if (future === move.path) return { line: `Reassignment of replica ${replicaName(move)} is still in progress.`, isDone: false };
  if (future !== undefined) return { line: `${where} is being moved to log dir ${future} instead of ${move.path}.`, isDone: true };
  if (current === undefined) {
    const missing = `Partition ${nameOf(move)} is not found in any live log dir on broker ${move.brokerId}.`;
    return { line: `${missing} There is likely an offline log directory on the broker.`, isDone: false };
  }
  if (current === move.path) return { line: `Reassignment of replica ${replicaName(move)} completed successfully.`, isDone: true };
  return { line: `${where} is not being moved from log dir ${current} to ${move.path}`, isDone: true };
}

function replicaName({ topic, partition, brokerId }: DirectoryMove): string {
  return `${topic}-${partition}-${brokerId}`;
}

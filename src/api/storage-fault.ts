// What the storage did to us is told to the client as an error of the partition, and to the log.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { Partition } from "../partition/partition.ts";
import { StorageError } from "../storage/storage-error.ts";
import type { Services } from "./services.ts";

/** A log that was given up meanwhile is at no fault. Throws what is no StorageError. @param message a fixed phrase: what could not be done */
export function storageFault({ logger }: Services, partition: Partition, error: unknown, message: string): ErrorCode {
  if (!(error instanceof StorageError)) throw error;
  if (!partition.isLeader) return Errors.NOT_LEADER_OR_FOLLOWER;
  logger.error({ topic: partition.topic, partition: partition.index, err: error, ...error.facts }, message);
  return Errors.KAFKA_STORAGE_ERROR;
}

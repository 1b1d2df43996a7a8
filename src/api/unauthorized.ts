// What a client hears that may not do what it asks for.

import { Errors } from "../../protocol/errors.ts";
import type { Refusal } from "../cluster/refusal.ts";

export const CLUSTER_UNAUTHORIZED: Refusal = { error: Errors.CLUSTER_AUTHORIZATION_FAILED, message: "Cluster authorization failed." };
export const TOPIC_UNAUTHORIZED: Refusal = { error: Errors.TOPIC_AUTHORIZATION_FAILED, message: "Topic authorization failed." };
export const GROUP_UNAUTHORIZED: Refusal = { error: Errors.GROUP_AUTHORIZATION_FAILED, message: "Group authorization failed." };
export const TRANSACTIONAL_ID_UNAUTHORIZED: Refusal = {
  error: Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  message: "Transactional Id authorization failed.",
};

/** Some APIs say what is lacking, as Kafka does, which prints the object that the request is to it. */
export function lackingOnCluster({ name }: { readonly name: string }, operation: "ALTER" | "DESCRIBE"): Refusal {
  return { error: Errors.CLUSTER_AUTHORIZATION_FAILED, message: `Request ${name} needs ${operation} permission.` };
}

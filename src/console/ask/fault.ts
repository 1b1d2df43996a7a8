// What went wrong, as it is shown: Kafka's name of the error where it has one, its text, and what to do about it.

import { errorMessage, errorName } from "../../../protocol/errors.ts";

export class Fault extends Error {
  /** "TOPIC_ALREADY_EXISTS", or what HTTP calls it. */
  readonly title: string;

  constructor(title: string, text: string) {
    super(text);
    this.name = "Fault";
    this.title = title;
  }

  get advice(): string | undefined {
    return ADVICE[this.title];
  }
}

/** Throws Fault if a response has an error. */
export function refuseError(code: number, message?: string | null): void {
  if (code !== 0) throw kafkaFault(code, message);
}

export function kafkaFault(code: number, message?: string | null): Fault {
  return new Fault(errorName(code), message ?? errorMessage(code) ?? "");
}

/** Of anything that was thrown. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof TypeError && /fetch|network/i.test(error.message)) return new Fault("No answer", "The broker does not answer.");
  return new Fault("Error", error instanceof Error ? error.message : String(error));
}

const RULES = "Log in as a user whom a rule allows it, or add a rule under Users and rules.";
const ADVICE: { readonly [title: string]: string | undefined } = {
  "No answer": "See whether the broker runs and this address is still its own; the page goes on when it answers.",
  Unauthorized: "Load the page again to be asked for a name and a password.",
  Forbidden:
    "Log in as a user whom a rule allows it; where nobody logs in, ask from the broker's own machine, or start it with odradek.http.remote=true.",
  "Not Found": "It may have been deleted meanwhile: go back to the list.",
  TOPIC_AUTHORIZATION_FAILED: RULES,
  GROUP_AUTHORIZATION_FAILED: RULES,
  CLUSTER_AUTHORIZATION_FAILED: RULES,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: RULES,
  TOPIC_ALREADY_EXISTS: "Choose another name, or open the topic that has it.",
  INVALID_TOPIC_EXCEPTION: "Names have letters, digits, dots, underscores and hyphens, at most 249.",
  INVALID_PARTITIONS: "Partitions can be added, never taken away.",
  INVALID_REPLICATION_FACTOR: "A topic has at most as many replicas as there are brokers.",
  INVALID_CONFIG: "Settings shows which values there are, and what they mean.",
  UNKNOWN_TOPIC_OR_PARTITION: "It may have been deleted, or you may not see it: go back to the list of topics.",
  NON_EMPTY_GROUP: "Stop the group's members first, or expire them on its page.",
  GROUP_ID_NOT_FOUND: "The group may be gone: it is deleted when its last offset expires.",
  UNKNOWN_MEMBER_ID: "The member has left meanwhile.",
  POLICY_VIOLATION: "The topic's settings forbid it; compare delete.policy and cleanup.policy.",
  SECURITY_DISABLED: "The broker has no access rules: start it with an authorizer to have them.",
  RESOURCE_NOT_FOUND: "It may have been removed meanwhile.",
  COORDINATOR_NOT_AVAILABLE: "Its coordinator starts; try again in a moment.",
  COORDINATOR_LOAD_IN_PROGRESS: "Its coordinator reads its log; try again in a moment.",
  NOT_COORDINATOR: "Another broker of the cluster coordinates it now; try again.",
};

// A member's terms as its group's record has them: of its protocols only the chosen one.

import type { ClassicMemberSnapshot } from "../group-record.ts";
import type { MemberTerms } from "./classic-member.ts";

export function storedTerms(snapshot: ClassicMemberSnapshot, protocolName: string | null): MemberTerms {
  const { sessionTimeoutMs, rebalanceTimeoutMs, subscription } = snapshot;
  const protocols = protocolName === null ? [] : [{ name: protocolName, metadata: subscription }];
  return { sessionTimeoutMs, rebalanceTimeoutMs, protocols };
}

/** Whether a member's terms are those that were stored, with more protocols perhaps. */
export function includesTerms(own: MemberTerms, stored: MemberTerms): boolean {
  return (
    own.sessionTimeoutMs === stored.sessionTimeoutMs &&
    own.rebalanceTimeoutMs === stored.rebalanceTimeoutMs &&
    stored.protocols.every(({ name, metadata }) => own.protocols.some((each) => each.name === name && each.metadata.equals(metadata)))
  );
}

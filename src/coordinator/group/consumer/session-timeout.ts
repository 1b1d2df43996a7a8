// How long a member may be silent: as the group's settings say, or, of a member of the classic protocol, as it said itself.

import type { GroupEnvironment } from "../group-environment.ts";
import type { MemberIdentity } from "./consumer-member.ts";

export function sessionTimeout({ groupSettings }: GroupEnvironment, groupId: string, { classic }: MemberIdentity): number {
  return classic === null ? groupSettings(groupId)["consumer.session.timeout.ms"] : classic.sessionTimeoutMs;
}

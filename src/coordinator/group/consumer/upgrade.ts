// The first member of the consumer protocol in a classic group that is not empty: the group goes over, and the member joins it.

import { isRefusal } from "../../../cluster/refusal.ts";
import { answer } from "../../decision.ts";
import type { ClassicGroup } from "../classic/classic-group.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRequestContext } from "../request-context.ts";
import type { Beat } from "./beat.ts";
import { ConsumerGroup, type ConsumerGroupParts } from "./consumer-group.ts";
import type { GroupWork } from "./group-work.ts";
import { type BeatDecision, heartbeat } from "./heartbeat.ts";
import { isConsumerRecord, upgraded } from "./migration.ts";
import { sessionTimeout } from "./session-timeout.ts";

export function upgradeGroup(
  environment: GroupEnvironment,
  work: GroupWork & ConsumerGroupParts,
  classic: ClassicGroup,
  context: GroupRequestContext,
  said: Beat,
): BeatDecision {
  const { groupId } = classic;
  const records = upgraded(environment, classic);
  if (isRefusal(records)) return answer(records);
  // As it will be: the member joins what is not stored yet.
  const group = new ConsumerGroup(groupId, work);
  for (const record of records) if (isConsumerRecord(record)) group.replay(record);
  const joined = heartbeat(environment, work, group, context, said);
  if (joined.records.length === 0) return joined;
  const connections = [...classic.members.values()].map(({ memberId, link }) => ({ memberId, connection: link.connection }));
  return {
    ...joined,
    records: [...records, ...joined.records],
    applied: () => {
      environment.logger.info({ group: groupId, members: connections.length }, "a group is of the consumer protocol from now on");
      for (const { memberId, connection } of connections) {
        const member = work.groupNow(groupId)?.members.get(memberId);
        if (member === undefined) continue;
        member.watch.session.set(sessionTimeout(environment, groupId, member.identity));
        if (connection !== undefined) member.watch.link.bind(connection);
      }
      return joined.applied();
    },
  };
}

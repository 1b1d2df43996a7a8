// ListGroups, versions 0 to 5: the groups of all shards that this broker holds. Filters by state and type ignore case; a name that
// nothing has matches nothing.

import { Errors } from "../../../../protocol/errors.ts";
import { listGroups as api } from "../../../../protocol/messages/16-list-groups.ts";
import type { DecodedMessage, EncodableMessage } from "../../../../protocol/schema/message.ts";

import { groupRequest, type RequestParts } from "../group-request.ts";
import type { GroupRequestContext } from "../request-context.ts";

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;

export const listGroupsRequest = groupRequest(api, "0-5", ["DESCRIBE CLUSTER", "DESCRIBE GROUP"], handle);

function handle(
  { runtime }: RequestParts,
  request: Request,
  { access }: GroupRequestContext<"DESCRIBE CLUSTER" | "DESCRIBE GROUP">,
): Response {
  const hasState = filter(request.statesFilter);
  const hasType = filter(request.typesFilter);
  const showsAll = access.permitsOnClusterQuietly("DESCRIBE CLUSTER");
  const isShown = (groupId: string) => showsAll || access.permitsQuietly("DESCRIBE GROUP", groupId);
  const groups: Response["groups"][number][] = [];
  for (const shard of runtime.shards()) {
    if (shard.status === "loading") return { errorCode: Errors.COORDINATOR_LOAD_IN_PROGRESS, groups: [] };
    for (const { groupId, protocolType, state: groupState, kind: groupType } of shard.state?.groups() ?? []) {
      if (hasState(groupState) && hasType(groupType) && isShown(groupId))
        groups.push({ groupId, protocolType: protocolType ?? "", groupState, groupType });
    }
  }
  return { errorCode: Errors.NONE, groups };
}

/** An empty filter lets everything through. */
function filter(names: readonly string[]): (name: string) => boolean {
  if (names.length === 0) return () => true;
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return (name) => wanted.has(name.toLowerCase());
}

// A request that the group coordinator answers: one file in requests/ says its API, the versions that are served, the permissions that it
// asks for and what it means, and requests/index.ts lists them. A request is answered at once where that is possible; there is a promise only where something must be
// waited for: a round of the group, or the disk.

import type { Decoded, Encodable, Shape } from "../../../protocol/schema/field.ts";
import type { Api } from "../../../protocol/schema/message.ts";
import type { Clock } from "../../base/clock.ts";
import type { Permission } from "../../security/permission.ts";
import type { EndOffsets } from "../end-offsets.ts";
import type { CoordinatorRuntime } from "../runtime.ts";
import type { GroupEnvironment } from "./group-environment.ts";
import type { GroupRecord } from "./group-record.ts";
import type { GroupSettings } from "./group-settings.ts";
import type { GroupState } from "./group-state.ts";
import type { GroupRequestContext } from "./request-context.ts";
import type { InternalTopics } from "./streams/internal-topics.ts";
import type { TopicsView } from "./topics-view.ts";

/** What requests are answered with. */
export interface RequestParts {
  readonly runtime: CoordinatorRuntime<GroupState, GroupRecord>;
  readonly clock: Clock;
  readonly settings: GroupSettings;
  readonly environment: GroupEnvironment;
  readonly topics: TopicsView;
  /** Else the requests of a protocol are answered UNSUPPORTED_VERSION, before anything else is looked at. */
  readonly servesConsumerProtocol: () => boolean;
  /** The same for share groups. */
  readonly servesShareGroups: () => boolean;
  readonly endOffsets: EndOffsets;
  readonly servesStreamsProtocol: () => boolean;
  readonly internalTopics: InternalTopics;
  readonly partitionFor: (groupId: string) => number;
}

export interface GroupRequest<Q extends Shape = Shape, R extends Shape = Shape> {
  readonly api: Api<Q, R>;
  /** As "0-5". What differs between versions is settled by the request. */
  readonly versions: string;
  readonly needs: readonly Permission[];
  handle(parts: RequestParts, request: Decoded<Q>, context: GroupRequestContext<Permission>): Encodable<R> | Promise<Encodable<R>>;
}

type Handle<Q extends Shape, R extends Shape, Answer extends Encodable<R> | Promise<Encodable<R>>, Stated extends Permission> = (
  parts: RequestParts,
  request: Decoded<Q>,
  context: GroupRequestContext<Stated>,
) => Answer;

/** Keeps, in its type, whether the handler ever gives a promise. @param needs every permission that the request asks for */
export function groupRequest<
  Q extends Shape,
  R extends Shape,
  Answer extends Encodable<R> | Promise<Encodable<R>>,
  const Stated extends Permission,
>(api: Api<Q, R>, versions: string, needs: readonly Stated[], handle: Handle<Q, R, Answer, NoInfer<Stated>>) {
  return { api, versions, needs, handle };
}

// The APIs of groups. What they mean, and in which versions, is the group coordinator's business (coordinator/group/requests); here they
// only meet the wire.

import { groupRequests } from "../coordinator/group/requests/index.ts";
import { type Handler, serve } from "./handler.ts";

export const groupHandlers: readonly Handler[] = groupRequests.map(({ api, versions, needs, handle }) =>
  serve(api, versions, needs, ({ groups }, request, context) => handle(groups.parts, request, context)),
);

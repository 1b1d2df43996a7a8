// The APIs of classic groups (keys 8, 9, 11 to 16, 42 and 47). What they mean is the group coordinator's business; here they only
// meet the wire.

import * as messages from "../../protocol/messages/index.ts";
import { serve } from "./handler.ts";

export const offsetCommit = serve(messages.offsetCommit, "0-10", ({ groups }, request, context) => groups.offsetCommit(context, request));
export const offsetFetch = serve(messages.offsetFetch, "0-10", ({ groups }, request, context) => groups.offsetFetch(context, request));
export const joinGroup = serve(messages.joinGroup, "0-9", ({ groups }, request, context) => groups.joinGroup(context, request));
export const heartbeat = serve(messages.heartbeat, "0-4", ({ groups }, request, context) => groups.heartbeat(context, request));
export const leaveGroup = serve(messages.leaveGroup, "0-5", ({ groups }, request, context) => groups.leaveGroup(context, request));
export const syncGroup = serve(messages.syncGroup, "0-5", ({ groups }, request, context) => groups.syncGroup(context, request));
export const describeGroups = serve(messages.describeGroups, "0-6", ({ groups }, request, context) =>
  groups.describeGroups(context, request),
);
export const listGroups = serve(messages.listGroups, "0-5", ({ groups }, request, context) => groups.listGroups(context, request));
export const deleteGroups = serve(messages.deleteGroups, "0-2", ({ groups }, request, context) => groups.deleteGroups(context, request));
export const offsetDelete = serve(messages.offsetDelete, "0", ({ groups }, request, context) => groups.offsetDelete(context, request));

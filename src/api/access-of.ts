// What whoever is at the other end of a connection may do. A broker of the cluster, which has proved that it is one, may do everything.

import { type Access, EVERYTHING } from "../security/access.ts";
import type { Permission } from "../security/permission.ts";
import type { ClientConnection } from "./handler.ts";
import type { Services } from "./services.ts";

type Client = Pick<ClientConnection, "brokerId" | "principal" | "remoteAddress">;

export function accessOf({ authorizer }: Services, { brokerId, principal, remoteAddress }: Client): Access<Permission> {
  return authorizer === undefined || brokerId !== undefined ? EVERYTHING : authorizer.accessOf(principal, remoteAddress);
}

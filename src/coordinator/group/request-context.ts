// What the group coordinator knows of a request besides its fields.

import type { Access } from "../../security/access.ts";
import type { Permission } from "../../security/permission.ts";

/** The connection of a request: a member is bound to that of its last join, sync, heartbeat or commit. */
export interface MemberConnection {
  readonly isClosed: boolean;
  /** Gives a function that ends the listening. */
  onClose(listener: () => void): () => void;
}

/** `Stated`: the permissions that may be asked for. */
export interface GroupRequestContext<Stated extends Permission = never> {
  readonly apiVersion: number;
  /** Empty when the client gave none. */
  readonly clientId: string;
  /** As descriptions of the group show it: "/127.0.0.1". */
  readonly clientHost: string;
  readonly connection: MemberConnection;
  readonly access: Access<Stated>;
}

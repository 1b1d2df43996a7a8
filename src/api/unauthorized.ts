// What a client hears that may not do what it asks for.

import { Errors } from "../../protocol/errors.ts";
import type { Refusal } from "../cluster/refusal.ts";

export const CLUSTER_UNAUTHORIZED: Refusal = { error: Errors.CLUSTER_AUTHORIZATION_FAILED, message: "Cluster authorization failed." };

// Applications and frameworks over a client, with scenarios of their own.

import type { Row } from "./rows.ts";

export const APPLICATIONS: readonly Row[] = [];

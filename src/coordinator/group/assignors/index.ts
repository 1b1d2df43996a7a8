// The assignors of the coordinator by their names, as `group.consumer.assignors` knows them.

import type { Assignor } from "./assignor.ts";
import { range } from "./range.ts";
import { uniform } from "./uniform.ts";

export const assignors: ReadonlyMap<string, Assignor> = new Map([uniform, range].map((assignor) => [assignor.name, assignor]));

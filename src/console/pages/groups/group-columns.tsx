// How groups are listed.

import type { GroupRow } from "../../ask/groups.ts";
import { oneLine, whole } from "../../parts/format.ts";
import type { Column } from "../../parts/table.tsx";
import { Tag } from "../../parts/told.tsx";
import { at } from "../../shell/route.ts";

export const GROUP_COLUMNS: readonly Column<GroupRow>[] = [
  {
    title: "Group",
    by: ({ id }) => id,
    cell: ({ id }) => (
      <a href={at(["groups", id])} title={oneLine(id)} tabIndex={-1}>
        {id === "" ? "(empty name)" : oneLine(id)}
      </a>
    ),
  },
  { title: "Kind", width: "96px", isWide: true, by: ({ kind }) => kind, cell: ({ kind }) => kind },
  { title: "State", width: "150px", by: ({ state }) => state, cell: ({ state }) => <GroupState state={state} /> },
  {
    title: "Lag",
    width: "110px",
    isNumber: true,
    by: ({ lag }) => lag ?? -1,
    cell: ({ lag }) => (lag === undefined ? "–" : <span class={lag > 0 ? "warn" : ""}>{whole(lag)}</span>),
  },
  { title: "Topics", width: "30%", isWide: true, cell: ({ topics }) => <bdi>{oneLine(topics.join(", "))}</bdi> },
];

export function GroupState({ state }: { state: string }) {
  if (state === "Stable") return <Tag tone="good">{state}</Tag>;
  return <Tag tone={state === "Empty" || state === "Dead" ? "" : "warn"}>{state}</Tag>;
}

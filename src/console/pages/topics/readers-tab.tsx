// The groups that have committed offsets in a topic.

import { type GroupRow, listGroups } from "../../ask/groups.ts";
import { Table } from "../../parts/table.tsx";
import { Empty, Shown } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { at, go } from "../../shell/route.ts";
import { GROUP_COLUMNS } from "../groups/group-columns.tsx";

export function ReadersTab({ topic }: { topic: string }) {
  const groups = useLoaded("groups", listGroups, { everyMs: 5000 });
  return (
    <Shown loaded={groups}>
      {(all) => {
        const rows = all.filter(({ topics }: GroupRow) => topics.includes(topic));
        return rows.length > 0 ? (
          <Table
            label="Groups that read the topic"
            columns={GROUP_COLUMNS}
            rows={rows}
            keyOf={({ id }) => id}
            onOpen={({ id }) => go(["groups", id])}
          />
        ) : (
          <Empty title="No group has read this topic">
            <p>
              A group is here once it has committed an offset. <a href={at(["groups"])}>All groups</a>
            </p>
          </Empty>
        );
      }}
    </Shown>
  );
}

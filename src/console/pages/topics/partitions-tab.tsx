// The partitions of a topic: who leads them, where they begin and end, how much they hold; more of them.

import { useState } from "preact/hooks";
import { addPartitions, type PartitionRow, topicPartitions } from "../../ask/topics.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Text } from "../../parts/form.tsx";
import { sized, whole } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Facts, Shown, Tag } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { go } from "../../shell/route.ts";

const known = (value: number | undefined, shown: (value: number) => string) => (value === undefined ? "–" : shown(value));

const COLUMNS: readonly Column<PartitionRow>[] = [
  { title: "Partition", width: "90px", isNumber: true, by: ({ partition }) => partition, cell: ({ partition }) => partition },
  { title: "Start", isNumber: true, by: ({ start }) => start ?? -1, cell: ({ start }) => known(start, whole) },
  { title: "End", isNumber: true, by: ({ end }) => end ?? -1, cell: ({ end }) => known(end, whole) },
  {
    title: "Records",
    isNumber: true,
    by: ({ start = 0, end = 0 }) => end - start,
    cell: ({ start, end }) => (start === undefined || end === undefined ? "–" : whole(end - start)),
  },
  { title: "Size", isNumber: true, isWide: true, by: ({ sizeBytes }) => sizeBytes ?? -1, cell: ({ sizeBytes }) => known(sizeBytes, sized) },
  {
    title: "Leader",
    width: "110px",
    isNumber: true,
    isWide: true,
    cell: ({ leader, leaderEpoch }) => (leader < 0 ? <Tag tone="bad">none</Tag> : `${leader} (epoch ${leaderEpoch})`),
  },
  {
    title: "In sync",
    isWide: true,
    cell: ({ inSync, replicas }) =>
      inSync.length < replicas.length ? <Tag tone="warn">{`${inSync.join(", ")} of ${replicas.join(", ")}`}</Tag> : replicas.join(", "),
  },
];

export function PartitionsTab({ topic }: { topic: string }) {
  const partitions = useLoaded(`partitions ${topic}`, (signal) => topicPartitions(topic, signal), { everyMs: 3000 });
  const [isAdding, setAdding] = useState(false);
  return (
    <Shown loaded={partitions}>
      {(rows) => (
        <>
          <div class="bar middle">
            <span class="spacer" />
            <button type="button" class="button" data-new onClick={() => setAdding(true)}>
              Add partitions
            </button>
          </div>
          <Facts
            facts={[
              ["Partitions", whole(rows.length)],
              ["Records", whole(rows.reduce((total, { start = 0, end = 0 }) => total + end - start, 0))],
              ["Size", sized(rows.reduce((total, { sizeBytes = 0 }) => total + sizeBytes, 0))],
              ["Replicas", whole(rows[0]?.replicas.length ?? 0)],
            ]}
          />
          <Table
            label="Partitions"
            columns={COLUMNS}
            rows={rows}
            keyOf={({ partition }) => String(partition)}
            onOpen={({ partition }) => go(["topics", topic, "messages"], { partition })}
          />
          {isAdding ? (
            <AddPartitions topic={topic} count={rows.length} onClose={() => setAdding(false)} onDone={partitions.reload} />
          ) : null}
        </>
      )}
    </Shown>
  );
}

function AddPartitions({ topic, count, onClose, onDone }: { topic: string; count: number; onClose: () => void; onDone: () => void }) {
  const [wanted, setWanted] = useState(String(count + 1));
  const run = async () => {
    await addPartitions(topic, Number(wanted));
    onDone();
  };
  return (
    <Dialog title="Add partitions" onClose={onClose} action={{ title: "Add", run, isOff: !(Number(wanted) > count) }}>
      <Text label="Partitions in all" type="number" value={wanted} onChange={setWanted} />
      <p class="note">Records with a key go to other partitions from then on, and partitions cannot be taken away again.</p>
    </Dialog>
  );
}

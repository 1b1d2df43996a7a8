// Offsets of a group put elsewhere, with what would be: each partition's offset now and then, and how many records would be read again or left out.

import { useMemo, useState } from "preact/hooks";
import { type Group, type NewOffset, resetOffsets } from "../../ask/groups.ts";
import { describeTopic, offsetsAt, topicNames } from "../../ask/topics.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Select, Text } from "../../parts/form.tsx";
import { counted, oneLine, whole } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { toast } from "../../parts/toast.tsx";
import { Shown } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";

type Way = "earliest" | "latest" | "time" | "offset" | "shift";

const WAYS = [
  { value: "earliest", title: "the start" },
  { value: "latest", title: "the end" },
  { value: "time", title: "a time" },
  { value: "offset", title: "an offset" },
  { value: "shift", title: "so many records on or back" },
];

interface Row extends NewOffset {
  readonly now: number | undefined;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "Partition", width: "90px", isNumber: true, cell: ({ partition }) => partition },
  { title: "Now", isNumber: true, cell: ({ now }) => (now === undefined ? "–" : whole(now)) },
  { title: "Then", isNumber: true, cell: ({ offset }) => whole(offset) },
  { title: "Change", isNumber: true, cell: ({ now, offset }) => change(offset - (now ?? offset)) },
];

export function ResetDialog({ group, onClose, onDone }: { group: Group; onClose: () => void; onDone: () => void }) {
  const known = useMemo(() => [...new Set(group.offsets.map(({ topic }) => topic))].sort(), []);
  const names = useLoaded("topic names", topicNames);
  const [chosen, setTopic] = useState(known[0]);
  const topic = chosen ?? names.value?.[0] ?? "";
  const [way, setWay] = useState<Way>("earliest");
  const [amount, setAmount] = useState("");
  const isLacking = (way !== "earliest" && way !== "latest" && amount === "") || topic === "";
  const preview = useLoaded(`reset ${topic} ${way} ${amount}`, (signal) =>
    isLacking ? Promise.resolve([]) : previewOf({ group, topic, way, amount }, signal),
  );
  const isActive = group.described.members.length > 0;
  const run = async () => {
    await resetOffsets(group, preview.value ?? []);
    toast(`Offsets of ${group.id} reset.`);
    onDone();
  };
  const rows = preview.value ?? [];
  return (
    <Dialog
      title={`Reset offsets of ${oneLine(group.id)}`}
      onClose={onClose}
      isBig
      action={{ title: "Reset", run, isOff: rows.length === 0 || isActive }}
    >
      {isActive ? (
        <p class="note">
          The group has {counted(group.described.members.length, "member")}: stop them first, offsets of an active group are its members'
          own.
        </p>
      ) : null}
      <div class="fields two">
        <Select
          label="Topic"
          value={topic}
          onChange={setTopic}
          choices={(known.length > 0 ? known : (names.value ?? [])).map((name) => ({ value: name, title: oneLine(name) }))}
        />
        <Select label="To" value={way} onChange={(value) => setWay(value as Way)} choices={WAYS} />
        {way === "time" ? <Text label="Time" type="datetime-local" value={amount} onChange={setAmount} /> : null}
        {way === "offset" ? <Text label="Offset" type="number" value={amount} onChange={setAmount} /> : null}
        {way === "shift" ? <Text label="Records" type="number" value={amount} onChange={setAmount} placeholder="-100" /> : null}
      </div>
      <Shown loaded={preview}>
        {() => (
          <>
            {rows.length === 0 ? null : (
              <Table label="What would be" columns={COLUMNS} rows={rows} keyOf={({ partition }) => String(partition)} fits />
            )}
            <p class="count">{sentence(rows)}</p>
          </>
        )}
      </Shown>
    </Dialog>
  );
}

async function previewOf(
  { group, topic, way, amount }: { group: Group; topic: string; way: Way; amount: string },
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const described = [await describeTopic(topic, signal)];
  const [starts, ends] = await Promise.all([offsetsAt(described, -2, signal), offsetsAt(described, -1, signal)]);
  const atTime = way === "time" ? await offsetsAt(described, new Date(amount).getTime(), signal) : new Map<string, number>();
  const partitions = described
    .flatMap(({ partitions: all }) => all.map(({ partitionIndex }) => partitionIndex))
    .sort((one, other) => one - other);
  return partitions.map((partition) => {
    const key = `${topic}/${partition}`;
    const [start, end] = [starts.get(key) ?? 0, ends.get(key) ?? 0];
    const now = group.offsets.find((each) => each.topic === topic && each.partition === partition)?.committed;
    const offset = {
      earliest: start,
      latest: end,
      time: within(atTime.get(key) ?? -1, -1, end),
      offset: Number(amount),
      shift: (now ?? start) + Number(amount),
    }[way];
    const wanted = way === "time" && offset < 0 ? end : offset;
    return { topic, partition, now, offset: within(wanted, start, end) };
  });
}

function within(offset: number, start: number, end: number): number {
  return Math.min(end, Math.max(start, offset));
}

function change(by: number): string {
  return by === 0 ? "–" : by > 0 ? `+${whole(by)}` : whole(by);
}

function sentence(rows: readonly Row[]): string {
  const by = rows.map(({ now, offset }) => offset - (now ?? offset));
  const again = by.reduce((sum, each) => sum - Math.min(0, each), 0);
  const out = by.reduce((sum, each) => sum + Math.max(0, each), 0);
  return rows.length === 0 ? "Say where to." : `${counted(again, "record")} would be read again, ${whole(out)} left out.`;
}

// All topics: which are large, which are impaired, and a new one.

import { useMemo, useState } from "preact/hooks";
import { listTopics, type TopicRow } from "../../ask/topics.ts";
import { Check, Text } from "../../parts/form.tsx";
import { counted, oneLine, sized, whole } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Empty, Head, Shown, Tag } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { at, go, goInPlace, type Place } from "../../shell/route.ts";
import { CreateTopic } from "./create-topic.tsx";

const COLUMNS: readonly Column<TopicRow>[] = [
  {
    title: "Topic",
    by: ({ name }) => name,
    cell: ({ name, isInternal }) => (
      <>
        <a href={at(["topics", name])} title={oneLine(name)} tabIndex={-1}>
          {oneLine(name)}
        </a>{" "}
        {isInternal ? <Tag>internal</Tag> : null}
      </>
    ),
  },
  {
    title: "Partitions",
    width: "96px",
    isNumber: true,
    by: ({ partitionCount }) => partitionCount,
    cell: ({ partitionCount }) => whole(partitionCount),
  },
  {
    title: "Replicas",
    width: "84px",
    isNumber: true,
    isWide: true,
    by: ({ replicaCount }) => replicaCount,
    cell: ({ replicaCount }) => whole(replicaCount),
  },
  {
    title: "Records",
    width: "120px",
    isNumber: true,
    by: ({ recordCount }) => recordCount ?? -1,
    cell: ({ recordCount }) => (recordCount === undefined ? "–" : whole(recordCount)),
  },
  {
    title: "Size",
    width: "100px",
    isNumber: true,
    isWide: true,
    by: ({ sizeBytes }) => sizeBytes ?? -1,
    cell: ({ sizeBytes }) => (sizeBytes === undefined ? "–" : sized(sizeBytes)),
  },
  {
    title: "State",
    width: "110px",
    isWide: true,
    cell: ({ isImpaired }) => (isImpaired ? <Tag tone="warn">under-replicated</Tag> : <span class="faint">in sync</span>),
  },
];

export function TopicsPage({ place }: { place: Place }) {
  const topics = useLoaded("topics", listTopics, { everyMs: 5000 });
  const [isCreating, setCreating] = useState(false);
  const filter = place.query.get("filter") ?? "";
  const withInternal = place.query.get("internal") === "true";
  const show = (query: { filter?: string; internal?: boolean }) =>
    goInPlace(["topics"], { filter, internal: withInternal || undefined, ...query });
  const shown = useMemo(() => matching(topics.value ?? [], filter, withInternal), [topics.value, filter, withInternal]);
  const create = (
    <button type="button" class="button main" data-new onClick={() => setCreating(true)}>
      Create topic
    </button>
  );
  return (
    <div class="page">
      <Head title="Topics">{create}</Head>
      <div class="bar">
        <Text label="Filter by name" value={filter} onChange={(value) => show({ filter: value })} isFilter grows />
        <Check
          label="Internal topics"
          isOn={withInternal}
          onChange={(isOn) => show({ internal: isOn || undefined } as { internal?: boolean })}
        />
        <span class="count">{topics.value === undefined ? "" : counted(shown.length, "topic")}</span>
      </div>
      <Shown loaded={topics}>
        {(all) =>
          shown.length > 0 ? (
            <Table label="Topics" columns={COLUMNS} rows={shown} keyOf={({ name }) => name} onOpen={({ name }) => go(["topics", name])} />
          ) : all.some(({ isInternal }) => !isInternal) ? (
            <Empty title="No topic matches">
              <p>
                Take another filter, or <a href={at(["topics"])}>show all</a>.
              </p>
            </Empty>
          ) : (
            <Empty title="There are no topics yet">
              <p>Create one here, or let a client do it: with default settings a topic comes into being when it is first written to.</p>
              <pre class="value">{`kafka-console-producer.sh --bootstrap-server ${location.host} --topic first`}</pre>
            </Empty>
          )
        }
      </Shown>
      {isCreating ? <CreateTopic onClose={() => setCreating(false)} /> : null}
    </div>
  );
}

function matching(topics: readonly TopicRow[], filter: string, withInternal: boolean): readonly TopicRow[] {
  const wanted = filter.toLowerCase();
  const shown = topics.filter(({ name, isInternal }) => (withInternal || !isInternal) && name.toLowerCase().includes(wanted));
  return shown.sort((one, other) => (one.name < other.name ? -1 : 1));
}

// The messages of a topic: from where one likes, as they come if one likes, found by text or by an expression.

import { useEffect, useState } from "preact/hooks";
import type { StoredRecord } from "../../../http/api/shapes.ts";
import { wholeRecords } from "../../ask/records.ts";
import { Check, Do, Select, Text } from "../../parts/form.tsx";
import { counted, oneLine, sized, timed, whole } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { save } from "../../parts/toast.tsx";
import { Empty, FaultNote, Tag } from "../../parts/told.tsx";
import { goInPlace, type Place } from "../../shell/route.ts";
import { ContentLine } from "./content-line.tsx";
import { ndjson } from "./copies.ts";
import { ProduceDialog } from "./produce-dialog.tsx";
import { type Reading, useReading } from "./reading.ts";
import { RecordDetail } from "./record-detail.tsx";
import { addressOf, MOST_SEARCHED, type Wanted, wantedIn } from "./wanted.ts";

const COLUMNS: readonly Column<StoredRecord>[] = [
  { title: "Partition", width: "92px", isNumber: true, cell: ({ partition }) => partition },
  { title: "Offset", width: "92px", isNumber: true, cell: ({ offset }) => offset },
  { title: "Time", width: "188px", isWide: true, cell: ({ timestamp }) => timed(timestamp) },
  {
    title: "Key",
    width: "20%",
    cell: ({ key, control }) => (control === null ? <ContentLine content={key} /> : <Tag>{`${control} marker`}</Tag>),
  },
  { title: "Value", cell: (record) => <ValueCell record={record} /> },
  { title: "Size", width: "84px", isNumber: true, isWide: true, cell: ({ sizeBytes }) => sized(sizeBytes) },
];

export function MessagesTab({ topic, place }: { topic: string; place: Place }) {
  const wanted = wantedIn(place.query);
  const [turn, setTurn] = useState(0);
  const { reading, readOn } = useReading(topic, wanted, turn);
  const [opened, setOpened] = useState<string>();
  const [isProducing, setProducing] = useState(false);
  const want = (change: Partial<Wanted>) => goInPlace(["topics", topic, "messages"], addressOf({ ...wanted, ...change }));
  const record = reading.records.find((each) => keyOf(each) === opened);
  useEffect(() => {
    const closed = ({ key }: KeyboardEvent) => {
      if (key === "Escape" && document.querySelector("dialog[open]") === null) setOpened(undefined);
    };
    addEventListener("keydown", closed);
    return () => removeEventListener("keydown", closed);
  }, []);
  const rows = wanted.isLive || wanted.from !== "latest" ? reading.records : [...reading.records].reverse();
  return (
    <>
      <Where wanted={wanted} want={want} />
      <div class="bar middle">
        <button type="button" class="button" aria-pressed={wanted.isLive} onClick={() => want({ isLive: !wanted.isLive })}>
          Live
        </button>
        <button type="button" class="button" onClick={() => setTurn(turn + 1)}>
          Read again
        </button>
        {reading.state === "ended" && reading.next.length > 0 && wanted.from !== "latest" ? (
          <button type="button" class="button" onClick={readOn}>
            Read on
          </button>
        ) : null}
        <Progress reading={reading} wanted={wanted} />
        <span class="spacer" />
        <Do title="Export" isOff={reading.records.length === 0} run={() => exported(topic, reading.records)} />
        <button type="button" class="button main" data-new onClick={() => setProducing(true)}>
          Produce
        </button>
      </div>
      {reading.fault === undefined ? null : <FaultNote fault={reading.fault} />}
      {rows.length === 0 ? (
        <NoMessages topic={topic} reading={reading} wanted={wanted} />
      ) : (
        <div class={record === undefined ? "split" : "split open"}>
          <Table
            label="Messages"
            columns={COLUMNS}
            rows={rows}
            keyOf={keyOf}
            onOpen={(row) => setOpened(keyOf(row))}
            openKey={opened}
            followsEnd={wanted.isLive}
          />
          {record === undefined ? null : <RecordDetail key={opened} topic={topic} record={record} onClose={() => setOpened(undefined)} />}
        </div>
      )}
      {isProducing ? (
        <ProduceDialog
          topic={topic}
          onClose={() => setProducing(false)}
          onDone={() => {
            if (!wanted.isLive) setTurn(turn + 1);
          }}
        />
      ) : null}
    </>
  );
}

async function exported(topic: string, records: readonly StoredRecord[]): Promise<void> {
  save(ndjson(await wholeRecords(topic, records)), `${topic}.ndjson`, "application/x-ndjson");
}

function keyOf({ partition, offset }: StoredRecord): string {
  return `${partition}/${offset}`;
}

/** Where from, of what, and by which filter. A filter holds when it is left, or with Enter. */
function Where({ wanted, want }: { wanted: Wanted; want: (change: Partial<Wanted>) => void }) {
  const [filter, setFilter] = useState(wanted.filter);
  useEffect(() => setFilter(wanted.filter), [wanted.filter]);
  const apply = () => {
    if (filter !== wanted.filter) want({ filter });
  };
  return (
    <form
      class="bar"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
      onFocusOut={apply}
    >
      <Select label="From" value={wanted.from} onChange={(from) => want({ from: from as Wanted["from"] })} choices={STARTS} />
      {wanted.from === "offset" ? (
        <Text label="Offset" type="number" value={wanted.offset} onChange={(offset) => want({ offset })} isLazy />
      ) : null}
      {wanted.from === "timestamp" ? (
        <Text label="Time" type="datetime-local" value={wanted.time} onChange={(time) => want({ time })} isLazy />
      ) : null}
      <Select label="At most" value={wanted.limit} onChange={(limit) => want({ limit })} choices={LIMITS} />
      <Text label="Partitions" value={wanted.partition} onChange={(partition) => want({ partition })} isLazy placeholder="all" />
      <Select
        label="Find by"
        value={wanted.filterBy}
        onChange={(filterBy) => want({ filterBy: filterBy as Wanted["filterBy"] })}
        choices={WAYS}
      />
      <Text
        label={
          wanted.filterBy === "text"
            ? "Text in keys, values and headers"
            : "Expression of key, value, headers, partition, offset, timestamp"
        }
        value={filter}
        onChange={setFilter}
        placeholder={wanted.filterBy === "text" ? "" : "value.total > 100"}
        isMono={wanted.filterBy === "js"}
        isFilter
        grows
      />
      <Check label="Committed only" isOn={wanted.isCommitted} onChange={(isCommitted) => want({ isCommitted })} />
    </form>
  );
}

const STARTS = [
  { value: "latest", title: "the newest" },
  { value: "earliest", title: "the start" },
  { value: "offset", title: "an offset" },
  { value: "timestamp", title: "a time" },
];
const LIMITS = ["100", "1000", "10000"].map((value) => ({ value, title: whole(Number(value)) }));
const WAYS = [
  { value: "text", title: "text" },
  { value: "js", title: "JavaScript" },
];

function Progress({ reading: { records, readCount, state }, wanted }: { reading: Reading; wanted: Wanted }) {
  const found = wanted.filter === "" ? counted(records.length, "message") : `${whole(records.length)} of ${counted(readCount, "message")}`;
  return (
    <span class="count" role="status">
      {found}
      {state === "live" ? " · waiting for more" : state === "reading" ? " · reading" : ""}
    </span>
  );
}

function NoMessages({ topic, reading, wanted }: { topic: string; reading: Reading; wanted: Wanted }) {
  if (reading.state === "reading" && reading.fault === undefined) return <p class="faint">Reading…</p>;
  if (reading.state === "live")
    return <Empty title="Waiting for messages">{<p>What is written from now on is shown here as it comes.</p>}</Empty>;
  if (wanted.filter !== "")
    return (
      <Empty title="No message matches">
        <p>
          {counted(reading.readCount, "message")} looked at, of at most {whole(MOST_SEARCHED)}. Read from the start, or take another filter.
        </p>
      </Empty>
    );
  return (
    <Empty title="There are no messages here">
      <p>Produce one here, or with a client:</p>
      <pre class="value">{`kafka-console-producer.sh --bootstrap-server ${location.host} --topic ${oneLine(topic)}`}</pre>
    </Empty>
  );
}

function ValueCell({ record: { value, control, transaction } }: { record: StoredRecord }) {
  return (
    <>
      {transaction === "aborted" || transaction === "open" ? <Tag tone="warn">{transaction}</Tag> : null}{" "}
      {control === null ? value === null ? <Tag>tombstone</Tag> : <ContentLine content={value} /> : null}
    </>
  );
}

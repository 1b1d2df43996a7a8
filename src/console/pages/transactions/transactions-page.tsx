// Transactions, the open ones first: since when, and what each holds back. Producers of a topic, with or without transactions.

import { useState } from "preact/hooks";
import { describeTopic, topicNames } from "../../ask/topics.ts";
import { endTransaction, listTransactions, type ProducerRow, producersOf, type TransactionRow } from "../../ask/transactions.ts";
import { SecondLook } from "../../parts/dialog.tsx";
import { Text } from "../../parts/form.tsx";
import { counted, lasted, oneLine, timed, whole } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { toast } from "../../parts/toast.tsx";
import { Empty, Head, Shown, Tabs, Tag } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { at, goInPlace, type Place } from "../../shell/route.ts";

export function TransactionsPage({ place }: { place: Place }) {
  const [, tab = "transactions"] = place.segments;
  return (
    <div class="page">
      <Head title="Transactions and producers" />
      <Tabs
        label="Of transactions"
        tabs={[
          { title: "Transactions", href: at(["transactions"]), isHere: tab === "transactions" },
          { title: "Producers", href: at(["transactions", "producers"]), isHere: tab === "producers" },
        ]}
      />
      {tab === "producers" ? <Producers place={place} /> : <Transactions />}
    </div>
  );
}

function Transactions() {
  const transactions = useLoaded("transactions", listTransactions, { everyMs: 3000 });
  const [ending, setEnding] = useState<TransactionRow>();
  const end = async () => {
    if (ending !== undefined) await endTransaction(ending);
    toast(`Transaction of ${ending?.id} ended.`);
    transactions.reload();
  };
  return (
    <Shown loaded={transactions}>
      {(all) => {
        const rows = [...all].sort(
          (one, other) => (one.startedMs ?? Number.MAX_SAFE_INTEGER) - (other.startedMs ?? Number.MAX_SAFE_INTEGER),
        );
        return (
          <>
            {rows.length === 0 ? (
              <Empty title="There are no transactions">
                <p>A producer with a transactional.id is here from its first request on.</p>
              </Empty>
            ) : (
              <Table label="Transactions" columns={columns(setEnding)} rows={rows} keyOf={({ id }) => id} />
            )}
            {ending === undefined ? null : (
              <SecondLook title="End the transaction" action="Abort and fence" run={end} onClose={() => setEnding(undefined)}>
                <p>
                  What <bdi>{oneLine(ending.id)}</bdi> has written to {counted(ending.partitions.length, "partition")} is aborted, and its
                  producer is fenced: it fails at its next request.
                </p>
              </SecondLook>
            )}
          </>
        );
      }}
    </Shown>
  );
}

function columns(onEnd: (row: TransactionRow) => void): readonly Column<TransactionRow>[] {
  return [
    { title: "Transactional id", by: ({ id }) => id, cell: ({ id }) => <bdi title={oneLine(id)}>{oneLine(id)}</bdi> },
    {
      title: "State",
      width: "112px",
      by: ({ state }) => state,
      cell: ({ state, startedMs }) => <Tag tone={startedMs === undefined ? "" : "warn"}>{state}</Tag>,
    },
    {
      title: "Open for",
      width: "90px",
      isNumber: true,
      by: ({ startedMs }) => -(startedMs ?? 0),
      cell: ({ startedMs }) => (startedMs === undefined ? "–" : lasted(Date.now() - startedMs)),
    },
    { title: "Timeout", width: "90px", isNumber: true, isWide: true, cell: ({ timeoutMs }) => lasted(timeoutMs) },
    {
      title: "Producer",
      width: "130px",
      isNumber: true,
      isWide: true,
      cell: ({ producerId, producerEpoch }) => `${producerId} epoch ${producerEpoch}`,
    },
    {
      title: "Holds back",
      isWide: true,
      cell: ({ partitions }) => oneLine(partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(", ")) || "–",
    },
    {
      title: "",
      width: "70px",
      cell: (row) =>
        row.startedMs === undefined ? null : (
          <button type="button" class="button plain" onClick={() => onEnd(row)}>
            End
          </button>
        ),
    },
  ];
}

const PRODUCER_COLUMNS: readonly Column<ProducerRow>[] = [
  { title: "Partition", width: "90px", isNumber: true, by: ({ partition }) => partition, cell: ({ partition }) => partition },
  { title: "Producer id", isNumber: true, by: ({ producerId }) => producerId, cell: ({ producerId }) => producerId },
  { title: "Epoch", width: "80px", isNumber: true, cell: ({ producerEpoch }) => producerEpoch },
  { title: "Last sequence", isNumber: true, isWide: true, cell: ({ lastSequence }) => whole(lastSequence) },
  {
    title: "Last written",
    width: "190px",
    isWide: true,
    by: ({ lastTimestamp }) => lastTimestamp,
    cell: ({ lastTimestamp }) => timed(lastTimestamp),
  },
  {
    title: "Open since offset",
    isNumber: true,
    by: ({ currentTxnStartOffset }) => currentTxnStartOffset,
    cell: ({ currentTxnStartOffset }) =>
      currentTxnStartOffset < 0 ? <span class="faint">nothing open</span> : <span class="warn">{whole(currentTxnStartOffset)}</span>,
  },
];

function Producers({ place }: { place: Place }) {
  const names = useLoaded("topic names", topicNames);
  const topic = place.query.get("topic") ?? names.value?.find((name) => !name.startsWith("__")) ?? "";
  const producers = useLoaded(`producers ${topic}`, (signal) => load(topic, signal), { everyMs: 3000 });
  return (
    <Shown loaded={names}>
      {(all) =>
        all.length === 0 ? (
          <Empty title="There are no topics yet">
            <a href={at(["topics"])}>Create one</a>
          </Empty>
        ) : (
          <>
            <div class="bar">
              <Text
                label="Topic"
                value={topic}
                onChange={(value) => goInPlace(["transactions", "producers"], { topic: value })}
                suggestions={all}
                isLazy
                isFilter
                grows
              />
            </div>
            <Shown loaded={producers}>
              {(rows) =>
                rows.length === 0 ? (
                  <Empty title="The topic knows no producers">
                    <p>Those are known that are idempotent or have transactions, for as long as producer.id.expiration.ms says.</p>
                  </Empty>
                ) : (
                  <Table
                    label="Producers"
                    columns={PRODUCER_COLUMNS}
                    rows={rows}
                    keyOf={({ partition, producerId }) => `${partition} ${producerId}`}
                  />
                )
              }
            </Shown>
          </>
        )
      }
    </Shown>
  );
}

async function load(topic: string, signal: AbortSignal): Promise<readonly ProducerRow[]> {
  if (topic === "") return [];
  const { partitions } = await describeTopic(topic, signal);
  return producersOf(
    topic,
    partitions.map(({ partitionIndex }) => partitionIndex),
    signal,
  );
}

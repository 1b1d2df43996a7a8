// Faults of a broker that a test has started: rules that strike requests, how often each has, and new ones.

import { useState } from "preact/hooks";
import type { FaultBody, Faults } from "../../../http/api/shapes.ts";
import { askJson, pathOf } from "../../ask/http.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Do, Select, Text } from "../../parts/form.tsx";
import { oneLine, whole } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Empty, Head, Shown } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";

type FaultRow = Faults["faults"][number];

export function FaultsPage() {
  const faults = useLoaded("faults", (signal) => askJson<Faults>("/api/faults", { signal }), { everyMs: 2000 });
  const [isAdding, setAdding] = useState(false);
  const remove = async (id?: string) => {
    await askJson(id === undefined ? "/api/faults" : pathOf("api", "faults", id), { method: "DELETE", body: {} });
    faults.reload();
  };
  const columns: readonly Column<FaultRow>[] = [
    { title: "API", width: "150px", cell: ({ rule }) => rule.api },
    { title: "What happens", cell: ({ rule }) => <span class="mono">{oneLine(Object.values(rule.action).join(" "))}</span> },
    {
      title: "Where",
      isWide: true,
      cell: ({ rule }) => (
        <span class="mono">
          {rule.where === undefined
            ? "everywhere"
            : oneLine(
                Object.entries(rule.where)
                  .map(([name, value]) => `${name} ${value}`)
                  .join(", "),
              )}
        </span>
      ),
    },
    {
      title: "Struck",
      width: "100px",
      isNumber: true,
      cell: ({ struck, rule }) => (rule.times === undefined ? whole(struck) : `${whole(struck)} of ${whole(rule.times)}`),
    },
    { title: "", width: "90px", cell: ({ id }) => <Do title="Remove" tone="plain" run={() => remove(id)} /> },
  ];
  return (
    <div class="page">
      <Head title="Faults">
        <Do title="Remove all" run={() => remove()} isOff={(faults.value?.faults.length ?? 0) === 0} />
        <button type="button" class="button main" data-new onClick={() => setAdding(true)}>
          Add a fault
        </button>
      </Head>
      <Shown loaded={faults}>
        {({ faults: rows }) =>
          rows.length === 0 ? (
            <Empty title="Nothing is at fault">
              <p>Add a rule to have requests fail, wait, or go unanswered.</p>
            </Empty>
          ) : (
            <Table label="Faults" columns={columns} rows={rows} keyOf={({ id }) => id} />
          )
        }
      </Shown>
      {isAdding ? <FaultDialog onClose={() => setAdding(false)} onDone={faults.reload} /> : null}
    </div>
  );
}

const ACTIONS = [
  { value: "error", title: "fails with an error" },
  { value: "delay", title: "waits" },
  { value: "drop", title: "is never answered" },
  { value: "disconnect", title: "ends the connection" },
  { value: "throttle", title: "is throttled" },
];

function FaultDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [api, setApi] = useState("Produce");
  const [type, setType] = useState("error");
  const [error, setError] = useState("NOT_LEADER_OR_FOLLOWER");
  const [ms, setMs] = useState("1000");
  const [moment, setMoment] = useState("before");
  const [times, setTimes] = useState("1");
  const [topic, setTopic] = useState("");
  const [clientId, setClient] = useState("");
  const run = async () => {
    const action =
      type === "error" ? { type, error } : type === "delay" || type === "throttle" ? { type, ms: Number(ms) } : { type, moment };
    const where = { ...(topic === "" ? {} : { topic }), ...(clientId === "" ? {} : { clientId }) };
    const body: FaultBody = {
      api,
      action,
      ...(times === "" ? {} : { times: Number(times) }),
      ...(Object.keys(where).length === 0 ? {} : { where }),
    };
    await askJson("/api/faults", { method: "POST", body });
    onDone();
  };
  return (
    <Dialog title="Add a fault" onClose={onClose} action={{ title: "Add", run, isOff: api === "" }}>
      <div class="fields two">
        <Text label="API" value={api} onChange={setApi} hint="Fetch, or * for every one." />
        <Select label="A request" value={type} onChange={setType} choices={ACTIONS} />
        {type === "error" ? <Text label="Error" value={error} onChange={setError} isMono /> : null}
        {type === "delay" || type === "throttle" ? <Text label="Milliseconds" type="number" value={ms} onChange={setMs} /> : null}
        {type === "drop" || type === "disconnect" ? <Select label="Moment" value={moment} onChange={setMoment} choices={MOMENTS} /> : null}
        <Text label="How often" type="number" value={times} onChange={setTimes} placeholder="without limit" />
        <Text label="Topic" value={topic} onChange={setTopic} placeholder="any" />
        <Text label="Client id" value={clientId} onChange={setClient} placeholder="any" />
      </div>
    </Dialog>
  );
}

const MOMENTS = [
  { value: "before", title: "before it has an effect" },
  { value: "after", title: "after it has had its effect" },
];

// Requests and responses as they go by, decoded: of a client, an API, an error.

import { useEffect, useState } from "preact/hooks";
import type { InspectLine } from "../../../http/api/shapes.ts";
import { type Fault, faultOf } from "../../ask/fault.ts";
import { askLines } from "../../ask/http.ts";
import { Text } from "../../parts/form.tsx";
import { counted, oneLine, timed, visible, whole } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Empty, FaultNote } from "../../parts/told.tsx";
import { goInPlace, type Place } from "../../shell/route.ts";

type Request = Extract<InspectLine, { kind: "request" }>;

interface Numbered extends Request {
  readonly number: number;
}

interface Seen {
  readonly requests: readonly Numbered[];
  readonly skipped: number;
}

const MOST_KEPT = 2000;
const TURN_MS = 200;
const NOTHING: Seen = { requests: [], skipped: 0 };

const COLUMNS: readonly Column<Numbered>[] = [
  { title: "Time", width: "104px", isWide: true, cell: ({ atMs }) => timed(atMs).slice(11) },
  { title: "API", width: "22%", cell: ({ api, version }) => `${api} v${version}` },
  { title: "Client", cell: ({ clientId, software }) => <bdi title={oneLine(software)}>{oneLine(clientId) || "–"}</bdi> },
  {
    title: "Errors",
    cell: ({ errors }) => (errors.length === 0 ? <span class="faint">–</span> : <span class="warn">{errors.join(", ")}</span>),
  },
  { title: "Took", width: "90px", isNumber: true, cell: ({ durationMs }) => `${durationMs.toFixed(1)} ms` },
];

export function Inspector({ place }: { place: Place }) {
  const client = place.query.get("client") ?? "";
  const api = place.query.get("api") ?? "";
  const error = place.query.get("error") ?? "";
  const [isOn, setOn] = useState(true);
  const [opened, setOpened] = useState<Numbered>();
  const { seen, fault } = useInspected({ client, api, error, isOn });
  const show = (query: { client?: string; api?: string; error?: string }) =>
    goInPlace(["clients", "requests"], { client, api, error, ...query });
  return (
    <>
      <div class="bar">
        <Text
          label="Client, principal, address or software"
          value={client}
          onChange={(value) => show({ client: value })}
          isLazy
          isFilter
          grows
        />
        <Text label="APIs" value={api} onChange={(value) => show({ api: value })} isLazy placeholder="Produce,Fetch" />
        <Text label="Error" value={error} onChange={(value) => show({ error: value })} isLazy placeholder="any" />
        <button type="button" class="button" aria-pressed={isOn} onClick={() => setOn(!isOn)}>
          {isOn ? "Pause" : "Go on"}
        </button>
      </div>
      <span class="count" role="status">
        {counted(seen.requests.length, "request")}
        {seen.skipped === 0 ? "" : `, ${whole(seen.skipped)} not shown`}
      </span>
      {fault === undefined ? null : <FaultNote fault={fault} />}
      {seen.requests.length === 0 ? (
        <Empty title="Waiting for requests">
          <p>Each request is here when it has been answered. Leave the fields empty to see all.</p>
        </Empty>
      ) : (
        <div class={opened === undefined ? "split" : "split open"}>
          <Table
            label="Requests"
            columns={COLUMNS}
            rows={seen.requests}
            keyOf={({ number }) => String(number)}
            onOpen={setOpened}
            openKey={opened === undefined ? undefined : String(opened.number)}
            followsEnd={isOn && opened === undefined}
          />
          {opened === undefined ? null : <RequestDetail request={opened} onClose={() => setOpened(undefined)} />}
        </div>
      )}
    </>
  );
}

function RequestDetail({ request, onClose }: { request: Numbered; onClose: () => void }) {
  return (
    <section class="panel detail" aria-label="Request and response">
      <div class="bar middle">
        <h2>
          {request.api} v{request.version}
        </h2>
        <span class="spacer" />
        <button type="button" class="button plain" onClick={onClose}>
          Close
        </button>
      </div>
      <dl class="pairs">
        <dt>From</dt>
        <dd>
          {oneLine(request.clientId)}, {oneLine(request.principal)}, {request.remoteAddress}:{request.remotePort}
        </dd>
        <dt>Software</dt>
        <dd>{oneLine(request.software) || "–"}</dd>
      </dl>
      <h3>Request</h3>
      <pre class="value">{visible(JSON.stringify(request.request, undefined, 2))}</pre>
      <h3>Response</h3>
      <pre class="value">{request.response === null ? "none" : visible(JSON.stringify(request.response, undefined, 2))}</pre>
    </section>
  );
}

function useInspected({ client, api, error, isOn }: { client: string; api: string; error: string; isOn: boolean }): {
  seen: Seen;
  fault: Fault | undefined;
} {
  const [seen, setSeen] = useState<Seen>(NOTHING);
  const [fault, setFault] = useState<Fault>();
  useEffect(() => {
    if (!isOn) return undefined;
    const abort = new AbortController();
    let batch: Numbered[] = [];
    let skipped = 0;
    let number = 0;
    setSeen(NOTHING);
    setFault(undefined);
    const timer = setInterval(() => {
      if (batch.length === 0 && skipped === 0) return;
      const [taken, left] = [batch, skipped];
      batch = [];
      skipped = 0;
      setSeen((old) => ({ requests: [...old.requests, ...taken].slice(-MOST_KEPT), skipped: old.skipped + left }));
    }, TURN_MS);
    const read = async () => {
      const query = { client: client || undefined, api: api || undefined, error: error || undefined };
      for await (const line of askLines<InspectLine>("/api/requests", { query, signal: abort.signal }))
        if (line.kind === "skipped") skipped += line.count;
        else batch.push({ ...line, number: number++ });
    };
    read().catch((thrown: unknown) => {
      if (!abort.signal.aborted) setFault(faultOf(thrown));
    });
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [client, api, error, isOn]);
  return { seen, fault };
}

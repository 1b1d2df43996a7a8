// Who is connected, with what software, what each asks for and which errors it was told; and what is asked and answered now, decoded.

import { useMemo, useState } from "preact/hooks";
import type { Clients, Overview } from "../../../http/api/shapes.ts";
import { askJson } from "../../ask/http.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Text } from "../../parts/form.tsx";
import { counted, lasted, oneLine, timed, whole } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Empty, Head, Shown, Tabs, Tag } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { at, go, goInPlace, type Place } from "../../shell/route.ts";
import { Inspector } from "./inspector.tsx";

type Connection = Clients["connections"][number];

export function ClientsPage({ place, overview }: { place: Place; overview: Overview | undefined }) {
  const [, tab = "connections"] = place.segments;
  return (
    <div class="page">
      <Head title="Clients" />
      <Tabs
        label="Of clients"
        tabs={[
          { title: "Connections", href: at(["clients"]), isHere: tab === "connections" },
          ...(overview?.serves.includes("requests") === true
            ? [{ title: "Requests, live", href: at(["clients", "requests"]), isHere: tab === "requests" }]
            : []),
        ]}
      />
      {tab === "requests" ? <Inspector place={place} /> : <Connections place={place} />}
    </div>
  );
}

const sum = (connection: Connection, of: (api: Connection["apis"][number]) => number) =>
  connection.apis.reduce((total, api) => total + of(api), 0);
const errorsOf = (connection: Connection) => sum(connection, ({ errors }) => errors.reduce((total, { count }) => total + count, 0));
const nameOf = ({ clientId, protocol, peerBrokerId }: Connection) =>
  peerBrokerId === null ? clientId || (protocol === "http" ? "HTTP" : "(no client id)") : `broker ${peerBrokerId}`;

function columns(nowMs: number): readonly Column<Connection>[] {
  return [
    { title: "Client", by: nameOf, cell: (connection) => <bdi>{oneLine(nameOf(connection))}</bdi> },
    {
      title: "Software",
      width: "20%",
      isWide: true,
      by: ({ softwareName }) => softwareName,
      cell: ({ softwareName, softwareVersion }) => <bdi>{oneLine(`${softwareName} ${softwareVersion}`.trim()) || "–"}</bdi>,
    },
    {
      title: "Address",
      width: "160px",
      isWide: true,
      by: ({ remoteAddress }) => remoteAddress,
      cell: ({ remoteAddress, remotePort }) => `${remoteAddress}:${remotePort}`,
    },
    {
      title: "Principal",
      width: "150px",
      isWide: true,
      by: ({ principal }) => principal,
      cell: ({ principal }) => <bdi>{oneLine(principal)}</bdi>,
    },
    {
      title: "Requests",
      width: "92px",
      isNumber: true,
      by: (each) => sum(each, ({ count }) => count),
      cell: (each) => whole(sum(each, ({ count }) => count)),
    },
    {
      title: "Errors",
      width: "76px",
      isNumber: true,
      by: errorsOf,
      cell: (each) => (errorsOf(each) === 0 ? "–" : <span class="warn">{whole(errorsOf(each))}</span>),
    },
    {
      title: "Active",
      width: "90px",
      isNumber: true,
      isWide: true,
      by: ({ lastActiveMs }) => -lastActiveMs,
      cell: ({ lastActiveMs }) => lasted(nowMs - lastActiveMs),
    },
  ];
}

function Connections({ place }: { place: Place }) {
  const clients = useLoaded("clients", (signal) => askJson<Clients>("/api/clients", { signal }), { everyMs: 3000 });
  const filter = place.query.get("filter") ?? "";
  const [opened, setOpened] = useState<string>();
  const rows = useMemo(() => {
    const wanted = filter.toLowerCase();
    return (clients.value?.connections ?? []).filter((each) =>
      `${nameOf(each)} ${each.softwareName} ${each.principal} ${each.remoteAddress}`.toLowerCase().includes(wanted),
    );
  }, [clients.value, filter]);
  const open = rows.find(({ id }) => id === opened);
  return (
    <>
      <div class="bar">
        <Text
          label="Filter by client, software, principal or address"
          value={filter}
          onChange={(value) => goInPlace(["clients"], { filter: value })}
          isFilter
          grows
        />
        <span class="count">{counted(rows.length, "connection")}</span>
      </div>
      <Shown loaded={clients}>
        {({ nowMs }) =>
          rows.length === 0 ? (
            <Empty title="Nobody is connected">
              <p>Clients are here as long as their connections are open. Brokers of other addresses have clients of their own.</p>
            </Empty>
          ) : (
            <Table label="Connections" columns={columns(nowMs)} rows={rows} keyOf={({ id }) => id} onOpen={({ id }) => setOpened(id)} />
          )
        }
      </Shown>
      {open === undefined ? null : <ConnectionDialog connection={open} onClose={() => setOpened(undefined)} />}
    </>
  );
}

const API_COLUMNS: readonly Column<Connection["apis"][number]>[] = [
  { title: "API", by: ({ name }) => name, cell: ({ name }) => name },
  { title: "Version", width: "80px", isNumber: true, cell: ({ version }) => version },
  { title: "Requests", width: "100px", isNumber: true, by: ({ count }) => count, cell: ({ count }) => whole(count) },
  {
    title: "Errors told",
    cell: ({ errors }) => oneLine(errors.map(({ error, count }) => `${error} ${count}`).join(", ")) || <span class="faint">none</span>,
  },
];

function ConnectionDialog({ connection, onClose }: { connection: Connection; onClose: () => void }) {
  const { listener, isSecure, sinceMs, isThrottled, throttledCount, inFlight, apis } = connection;
  return (
    <Dialog title={oneLine(nameOf(connection))} onClose={onClose} isBig>
      <dl class="pairs">
        <dt>Connected</dt>
        <dd>
          since {timed(sinceMs)} at listener {listener}
          {isSecure ? ", TLS" : ""}
        </dd>
        <dt>Waits for</dt>
        <dd>{inFlight === null ? "nothing" : `an answer to ${inFlight.api} v${inFlight.version}`}</dd>
        <dt>Throttled</dt>
        <dd>
          {isThrottled ? <Tag tone="warn">now</Tag> : null} {counted(throttledCount, "time")}
        </dd>
      </dl>
      {apis.length === 0 ? (
        <p class="faint">It has asked for nothing yet.</p>
      ) : (
        <Table label="APIs" columns={API_COLUMNS} rows={apis} keyOf={({ name, version }) => `${name} ${version}`} fits />
      )}
      <p>
        <button type="button" class="button" onClick={() => go(["clients", "requests"], { client: connection.clientId })}>
          Its requests, live
        </button>
      </p>
    </Dialog>
  );
}

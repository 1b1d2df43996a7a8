// Settings of brokers: what differs from the default first.

import type { Overview } from "../../../http/api/shapes.ts";
import { Select } from "../../parts/form.tsx";
import { Facts, Head } from "../../parts/told.tsx";
import { goInPlace, type Place } from "../../shell/route.ts";
import { SettingsTable } from "./settings-table.tsx";

const OF_ALL = "all";

export function SettingsPage({ place, overview }: { place: Place; overview: Overview | undefined }) {
  const broker = place.query.get("broker") ?? String(overview?.brokerId ?? "");
  const choices = [
    ...(overview?.brokers ?? []).map(({ id, host, port }) => ({ value: String(id), title: `broker ${id} (${host}:${port})` })),
    { value: OF_ALL, title: "of all brokers, altered while running" },
  ];
  return (
    <div class="page">
      <Head title="Settings">
        <Select label="Of" isQuiet value={broker} onChange={(value) => goInPlace(["settings"], { broker: value })} choices={choices} />
      </Head>
      {overview === undefined ? null : (
        <Facts
          facts={[
            ["Version", overview.version],
            ["Cluster", overview.clusterId],
            ["Brokers", overview.brokers.length],
            ["Node", overview.nodeVersion],
            ...overview.features.map(({ name, level }) => [name, level] as const),
          ]}
        />
      )}
      {broker === "" ? null : <SettingsTable key={broker} type={4} name={broker === OF_ALL ? "" : broker} />}
    </div>
  );
}

// All groups: who lags, who is without members, who rebalances.

import { useMemo } from "preact/hooks";
import { listGroups } from "../../ask/groups.ts";
import { Select, Text } from "../../parts/form.tsx";
import { counted } from "../../parts/format.ts";
import { Table } from "../../parts/table.tsx";
import { Empty, Head, Shown } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { at, go, goInPlace, type Place } from "../../shell/route.ts";
import { GROUP_COLUMNS } from "./group-columns.tsx";

export function GroupsPage({ place }: { place: Place }) {
  const groups = useLoaded("groups", listGroups, { everyMs: 3000 });
  const filter = place.query.get("filter") ?? "";
  const order = place.query.get("order") ?? "lag";
  const rows = useMemo(() => {
    const wanted = filter.toLowerCase();
    const found = (groups.value ?? []).filter(({ id, state, kind }) => `${id}\n${state}\n${kind}`.toLowerCase().includes(wanted));
    return found.sort((one, other) => (order === "lag" ? (other.lag ?? -1) - (one.lag ?? -1) : 0) || (one.id < other.id ? -1 : 1));
  }, [groups.value, filter, order]);
  return (
    <div class="page">
      <Head title="Groups" />
      <div class="bar">
        <Text
          label="Filter by name, state or kind"
          value={filter}
          onChange={(value) => goInPlace(["groups"], { filter: value, order })}
          isFilter
          grows
        />
        <Select label="First" value={order} onChange={(value) => goInPlace(["groups"], { filter, order: value })} choices={ORDERS} />
        <span class="count">{groups.value === undefined ? "" : counted(rows.length, "group")}</span>
      </div>
      <Shown loaded={groups}>
        {(all) =>
          rows.length > 0 ? (
            <Table label="Groups" columns={GROUP_COLUMNS} rows={rows} keyOf={({ id }) => id} onOpen={({ id }) => go(["groups", id])} />
          ) : all.length > 0 ? (
            <Empty title="No group matches">
              <a href={at(["groups"])}>Show all</a>
            </Empty>
          ) : (
            <Empty title="There are no groups yet">
              <p>A group is here as soon as a consumer with a group id subscribes:</p>
              <pre class="value">{`kafka-console-consumer.sh --bootstrap-server ${location.host} --topic first --group first-group`}</pre>
            </Empty>
          )
        }
      </Shown>
    </div>
  );
}

const ORDERS = [
  { value: "lag", title: "most lag" },
  { value: "name", title: "names in order" },
];

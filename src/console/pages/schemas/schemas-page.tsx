// Subjects of the schema registry, and one with its versions.

import { useMemo, useState } from "preact/hooks";
import { listSubjects } from "../../ask/schemas.ts";
import { Text } from "../../parts/form.tsx";
import { counted, oneLine } from "../../parts/format.ts";
import { Table } from "../../parts/table.tsx";
import { Empty, Head, Shown } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { at, go, goInPlace, type Place } from "../../shell/route.ts";
import { RegisterDialog } from "./register-dialog.tsx";
import { SubjectPage } from "./subject-page.tsx";

export function SchemasPage({ place }: { place: Place }) {
  const [, subject] = place.segments;
  return subject === undefined ? <Subjects place={place} /> : <SubjectPage key={subject} subject={subject} place={place} />;
}

function Subjects({ place }: { place: Place }) {
  const subjects = useLoaded("subjects", listSubjects, { everyMs: 5000 });
  const [isAdding, setAdding] = useState(false);
  const filter = place.query.get("filter") ?? "";
  const rows = useMemo(
    () => (subjects.value ?? []).filter((name) => name.toLowerCase().includes(filter.toLowerCase())),
    [subjects.value, filter],
  );
  return (
    <div class="page">
      <Head title="Schemas">
        <button type="button" class="button main" data-new onClick={() => setAdding(true)}>
          Register
        </button>
      </Head>
      <div class="bar">
        <Text label="Filter by subject" value={filter} onChange={(value) => goInPlace(["schemas"], { filter: value })} isFilter grows />
        <span class="count">{counted(rows.length, "subject")}</span>
      </div>
      <Shown loaded={subjects}>
        {() =>
          rows.length === 0 ? (
            <Empty title="There is no subject to show">
              <p>Serializers register their schemas here when they first write: give them this address as schema.registry.url.</p>
              <pre class="value">{location.origin}</pre>
            </Empty>
          ) : (
            <Table
              label="Subjects"
              columns={[
                {
                  title: "Subject",
                  by: (name: string) => name,
                  cell: (name: string) => <a href={at(["schemas", name])}>{oneLine(name)}</a>,
                },
              ]}
              rows={rows}
              keyOf={(name) => name}
              onOpen={(name) => go(["schemas", name])}
            />
          )
        }
      </Shown>
      {isAdding ? <RegisterDialog onClose={() => setAdding(false)} onDone={(subject) => go(["schemas", subject])} /> : null}
    </div>
  );
}

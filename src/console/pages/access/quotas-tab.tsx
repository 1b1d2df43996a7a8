// Quotas: how much users, clients and addresses may use.

import { useState } from "preact/hooks";
import { listQuotas, QUOTA_KEYS, type QuotaRow, setQuota } from "../../ask/access.ts";
import { Dialog, SecondLook } from "../../parts/dialog.tsx";
import { Select, Text } from "../../parts/form.tsx";
import { counted, oneLine, whole } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Empty, Shown } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";

export function QuotasTab() {
  const quotas = useLoaded("quotas", listQuotas);
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<QuotaRow>();
  const columns: readonly Column<QuotaRow>[] = [
    { title: "Of", by: ofWhom, cell: (row) => <bdi>{oneLine(ofWhom(row))}</bdi> },
    { title: "Quota", by: ({ key }) => key, cell: ({ key }) => <span class="mono">{key}</span> },
    { title: "Value", width: "130px", isNumber: true, by: ({ value }) => value, cell: ({ value }) => whole(value) },
    {
      title: "",
      width: "90px",
      cell: (row) => (
        <button type="button" class="button plain" onClick={() => setRemoving(row)}>
          Remove
        </button>
      ),
    },
  ];
  return (
    <>
      <div class="bar middle">
        <span class="count">{quotas.value === undefined ? "" : counted(quotas.value.length, "quota")}</span>
        <span class="spacer" />
        <button type="button" class="button main" data-new onClick={() => setAdding(true)}>
          Set a quota
        </button>
      </div>
      <Shown loaded={quotas}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="There are no quotas">
              <p>Everybody may use as much as there is. A quota of the default of users holds for each that has none of its own.</p>
            </Empty>
          ) : (
            <Table label="Quotas" columns={columns} rows={rows} keyOf={(row) => `${ofWhom(row)} ${row.key}`} />
          )
        }
      </Shown>
      {isAdding ? <QuotaDialog onClose={() => setAdding(false)} onDone={quotas.reload} /> : null}
      {removing === undefined ? null : (
        <SecondLook
          title="Remove the quota"
          action="Remove"
          run={() => setQuota(removing, undefined).then(quotas.reload)}
          onClose={() => setRemoving(undefined)}
        >
          <p>
            {removing.key} of <bdi>{oneLine(ofWhom(removing))}</bdi>
          </p>
        </SecondLook>
      )}
    </>
  );
}

function ofWhom({ entity }: QuotaRow): string {
  return entity.map(({ entityType, entityName }) => `${entityType} ${entityName ?? "(default)"}`).join(", ");
}

const TYPES = ["user", "client-id", "ip"].map((value) => ({ value, title: value }));

function QuotaDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [type, setType] = useState("client-id");
  const [name, setName] = useState("");
  const [key, setKey] = useState(QUOTA_KEYS[0] ?? "");
  const [value, setValue] = useState("");
  const run = async () => {
    await setQuota({ entity: [{ entityType: type, entityName: name === "" ? null : name }], key }, Number(value));
    onDone();
  };
  return (
    <Dialog title="Set a quota" onClose={onClose} action={{ title: "Set", run, isOff: value === "" }}>
      <div class="fields two">
        <Select label="Of a" value={type} onChange={setType} choices={TYPES} />
        <Text label="Name" value={name} onChange={setName} placeholder="the default of all" />
        <Select label="Quota" value={key} onChange={setKey} choices={QUOTA_KEYS.map((each) => ({ value: each, title: each }))} />
        <Text label="Value" type="number" value={value} onChange={setValue} hint="Bytes a second, percent, or so many a second." />
      </div>
    </Dialog>
  );
}

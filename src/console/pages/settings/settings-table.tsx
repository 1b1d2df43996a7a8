// Settings of a topic, a broker or a group: what differs from the default first, each with what it means, and altered where they may be.

import { useMemo, useState } from "preact/hooks";
import type { ConfigEntry } from "../../ask/kafka.ts";
import { alterSetting, describeSettings } from "../../ask/topics.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Check, Text, useAction } from "../../parts/form.tsx";
import { counted, oneLine } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { toast } from "../../parts/toast.tsx";
import { Empty, Shown, Tag } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";

const SOURCES: { readonly [code: number]: string } = {
  1: "of the topic",
  2: "of this broker",
  3: "of all brokers",
  4: "at the start",
  5: "default",
  6: "of loggers",
  7: "of client metrics",
  8: "of the group",
};
const DEFAULT = 5;

const COLUMNS: readonly Column<ConfigEntry>[] = [
  { title: "Setting", by: ({ name }) => name, cell: ({ name }) => <span class="mono">{name}</span> },
  {
    title: "Value",
    cell: ({ value, isSensitive }) => (isSensitive ? <span class="faint">not shown</span> : <span class="mono">{shownValue(value)}</span>),
  },
  {
    title: "From",
    width: "120px",
    isWide: true,
    by: ({ configSource }) => configSource,
    cell: ({ configSource }) =>
      configSource === DEFAULT ? <span class="faint">default</span> : <Tag>{SOURCES[configSource] ?? "elsewhere"}</Tag>,
  },
];

export interface SettingsProps {
  /** 2 a topic, 4 a broker, 32 a group. */
  readonly type: number;
  readonly name: string;
}

export function SettingsTable({ type, name }: SettingsProps) {
  const settings = useLoaded(`settings ${type} ${name}`, (signal) => describeSettings(type, name, signal));
  const [filter, setFilter] = useState("");
  const [isAltered, setAltered] = useState(false);
  const [opened, setOpened] = useState<ConfigEntry>();
  const rows = useMemo(() => ordered(settings.value ?? [], filter, isAltered), [settings.value, filter, isAltered]);
  return (
    <>
      <div class="bar">
        <Text label="Filter by name or value" value={filter} onChange={setFilter} isFilter grows />
        <Check label="Only what differs" isOn={isAltered} onChange={setAltered} />
        <span class="count">{settings.value === undefined ? "" : counted(rows.length, "setting")}</span>
      </div>
      <Shown loaded={settings}>
        {() =>
          rows.length === 0 ? (
            <Empty title="No setting to show">
              <p>{isAltered && filter === "" ? "All are as by default." : "Take another filter."}</p>
            </Empty>
          ) : (
            <Table label="Settings" columns={COLUMNS} rows={rows} keyOf={(row) => row.name} onOpen={setOpened} />
          )
        }
      </Shown>
      {opened === undefined ? null : (
        <Setting type={type} name={name} entry={opened} onClose={() => setOpened(undefined)} onDone={settings.reload} />
      )}
    </>
  );
}

function Setting({ type, name, entry, onClose, onDone }: SettingsProps & { entry: ConfigEntry; onClose: () => void; onDone: () => void }) {
  const [value, setValue] = useState(entry.value ?? "");
  const alter = async (altered: string | null) => {
    await alterSetting(type, name, entry.name, altered);
    toast(altered === null ? `${entry.name} is as by default.` : `${entry.name} altered.`);
    onDone();
  };
  const reset = useAction(
    async () => {
      await alter(null);
      onClose();
    },
    (fault) => toast(`${fault.title}: ${fault.message}`),
  );
  const isOwn = entry.configSource === (type === 4 ? 2 : type === 32 ? 8 : 1);
  const action = entry.readOnly ? {} : { action: { title: "Alter", run: () => alter(value), isOff: value === (entry.value ?? "") } };
  return (
    <Dialog title={entry.name} onClose={onClose} {...action}>
      <p>{entry.documentation ?? ""}</p>
      {entry.readOnly ? (
        <p>
          <span class="mono">{shownValue(entry.value)}</span> <span class="faint">– given at the start, not to be altered</span>
        </p>
      ) : (
        <Text label="Value" value={value} onChange={setValue} isMono />
      )}
      {entry.synonyms === undefined || entry.synonyms.length === 0 ? null : (
        <dl class="pairs">
          {entry.synonyms.map((synonym) => (
            <>
              <dt>{SOURCES[synonym.source] ?? "elsewhere"}</dt>
              <dd class="mono">
                {synonym.name} = {shownValue(synonym.value)}
              </dd>
            </>
          ))}
        </dl>
      )}
      {isOwn && !entry.readOnly ? (
        <p>
          <button type="button" class="button" disabled={reset.isBusy} onClick={reset.start}>
            As by default
          </button>
        </p>
      ) : null}
    </Dialog>
  );
}

function shownValue(value: string | null): string {
  return value === null ? "–" : value === "" ? "(empty)" : oneLine(value);
}

function ordered(entries: readonly ConfigEntry[], filter: string, isAltered: boolean): readonly ConfigEntry[] {
  const wanted = filter.toLowerCase();
  const shown = entries.filter(
    ({ name, value, configSource }) => (!isAltered || configSource !== DEFAULT) && `${name}\n${value ?? ""}`.toLowerCase().includes(wanted),
  );
  const rank = ({ configSource }: ConfigEntry) => (configSource === DEFAULT ? 1 : 0);
  return shown.sort((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1));
}

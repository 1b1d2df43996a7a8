// One subject: its versions, each as it is and as it differs from the one before, and which level of compatibility new ones are held to.

import { useState } from "preact/hooks";
import { compatibilityOf, deleteSubject, deleteVersion, setCompatibility, type Version, versionsOf } from "../../ask/schemas.ts";
import { prettyJson } from "../../decode/pretty-json.ts";
import { SecondLook } from "../../parts/dialog.tsx";
import { Select } from "../../parts/form.tsx";
import { oneLine, visible } from "../../parts/format.ts";
import { copy, toast } from "../../parts/toast.tsx";
import { Facts, Head, Shown } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { at, go, goInPlace, type Place } from "../../shell/route.ts";
import { differences } from "./differences.ts";
import { RegisterDialog } from "./register-dialog.tsx";

const LEVELS = ["BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE", "NONE"].map((value) => ({
  value,
  title: value.toLowerCase().replace("_", ", "),
}));

interface Told {
  readonly versions: readonly Version[];
  readonly level: string;
}

export function SubjectPage({ subject, place }: { subject: string; place: Place }) {
  const told = useLoaded<Told>(`subject ${subject}`, async (signal) => ({
    versions: await versionsOf(subject, signal),
    level: await compatibilityOf(subject, signal),
  }));
  const [asks, setAsks] = useState<"version" | "delete" | "delete version">();
  const versions = told.value?.versions ?? [];
  const shown = versions.find(({ version }) => String(version) === place.query.get("version")) ?? versions.at(-1);
  const close = () => setAsks(undefined);
  const setLevel = async (level: string) => {
    await setCompatibility(subject, level).then(told.reload, (error: Error) => toast(error.message));
  };
  return (
    <div class="page long">
      <Head title={oneLine(subject)} from={{ title: "Schemas", href: at(["schemas"]) }}>
        <button type="button" class="button" data-new disabled={shown === undefined} onClick={() => setAsks("version")}>
          Register a version
        </button>
        <button type="button" class="button danger" onClick={() => setAsks("delete")}>
          Delete
        </button>
      </Head>
      <Shown loaded={told}>
        {({ level }) => (
          <>
            <div class="bar">
              <Select
                label="Version"
                value={String(shown?.version ?? "")}
                onChange={(version) => goInPlace(["schemas", subject], { version })}
                choices={[...versions].reverse().map(({ version, id }) => ({ value: String(version), title: `${version} (id ${id})` }))}
              />
              <Select label="New versions have to be" value={level} onChange={setLevel} choices={LEVELS} />
            </div>
            {shown === undefined ? null : (
              <VersionView shown={shown} before={versions[versions.indexOf(shown) - 1]} onDelete={() => setAsks("delete version")} />
            )}
          </>
        )}
      </Shown>
      {asks === "version" && shown !== undefined ? (
        <RegisterDialog
          given={{ subject, schemaType: shown.schemaType ?? "AVRO", schema: pretty(shown) }}
          onClose={close}
          onDone={told.reload}
        />
      ) : null}
      {asks === "delete" ? (
        <SecondLook
          title="Delete the subject"
          action="Delete subject"
          name={subject}
          run={() => deleteSubject(subject).then(() => go(["schemas"]))}
          onClose={close}
        >
          <p>All versions are marked as deleted. Messages that were written with them can still be read: their ids stay.</p>
        </SecondLook>
      ) : null}
      {asks === "delete version" && shown !== undefined ? (
        <SecondLook
          title={`Delete version ${shown.version}`}
          action="Delete version"
          run={() => deleteVersion(shown).then(told.reload)}
          onClose={close}
        >
          <p>It is marked as deleted; its id {shown.id} can still be read.</p>
        </SecondLook>
      ) : null}
    </div>
  );
}

function VersionView({ shown, before, onDelete }: { shown: Version; before: Version | undefined; onDelete: () => void }) {
  return (
    <>
      <Facts
        facts={[
          ["Version", shown.version],
          ["Id", shown.id],
          ["Format", (shown.schemaType ?? "AVRO").toLowerCase()],
          ["Refers to", oneLine((shown.references ?? []).map(({ subject, version }) => `${subject} ${version}`).join(", ")) || "nothing"],
        ]}
      />
      <div class="bar middle">
        <button type="button" class="button" onClick={() => copy(shown.schema, "Schema")}>
          Copy
        </button>
        <button type="button" class="button" onClick={onDelete}>
          Delete version
        </button>
      </div>
      {before === undefined ? null : (
        <>
          <h2>What differs from version {before.version}</h2>
          <pre class="value">
            {differences(pretty(before), pretty(shown)).map(({ text, mark }, index) => (
              <span key={`${index} ${mark}`} class={mark === "+" ? "good" : mark === "-" ? "bad" : "faint"}>
                {mark} {visible(text)}
                {"\n"}
              </span>
            ))}
          </pre>
        </>
      )}
      <h2>Schema</h2>
      <pre class="value">{visible(pretty(shown))}</pre>
    </>
  );
}

function pretty({ schema, schemaType = "AVRO" }: Version): string {
  return schemaType === "PROTOBUF" ? schema : prettyJson(schema);
}

// A new schema, or a new version: judged first, if one likes, by those that are there.

import { useState } from "preact/hooks";
import { Fault } from "../../ask/fault.ts";
import { incompatibilities, register } from "../../ask/schemas.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Do, LongText, Select, Text } from "../../parts/form.tsx";
import { oneLine } from "../../parts/format.ts";
import { toast } from "../../parts/toast.tsx";

export interface RegisterProps {
  /** Of a new version. */
  readonly given?: { readonly subject: string; readonly schemaType: string; readonly schema: string };
  readonly onClose: () => void;
  readonly onDone: (subject: string) => void;
}

const TYPES = [
  { value: "AVRO", title: "Avro" },
  { value: "JSON", title: "JSON Schema" },
  { value: "PROTOBUF", title: "Protobuf" },
];

export function RegisterDialog({ given, onClose, onDone }: RegisterProps) {
  const [subject, setSubject] = useState(given?.subject ?? "");
  const [schemaType, setType] = useState(given?.schemaType ?? "AVRO");
  const [schema, setSchema] = useState(given?.schema ?? "");
  const [verdict, setVerdict] = useState<readonly string[]>();
  const judge = async () => {
    if (subject === "") throw new Fault("Subject", "Name the subject first.");
    setVerdict(await incompatibilities(subject, { schemaType, schema }));
  };
  const run = async () => {
    const id = await register(subject, { schemaType, schema });
    toast(`Registered with id ${id}.`);
    onDone(subject);
  };
  return (
    <Dialog
      title={given === undefined ? "Register a schema" : "Register a version"}
      onClose={onClose}
      isBig
      action={{ title: "Register", run, isOff: subject === "" || schema === "" }}
    >
      <div class="fields two">
        <Text label="Subject" value={subject} onChange={setSubject} isMono placeholder="orders-value" />
        <Select label="Format" value={schemaType} onChange={setType} choices={TYPES} />
      </div>
      <LongText label="Schema" rows={14} value={schema} onChange={setSchema} />
      <div class="bar middle">
        <Do title="Judge compatibility" run={judge} isOff={schema === ""} />
        {verdict === undefined ? null : verdict.length === 0 ? (
          <span class="good">Compatible with what is there.</span>
        ) : (
          <span class="bad">Not compatible:</span>
        )}
      </div>
      {verdict?.map((sentence) => (
        <p key={sentence} class="note">
          {oneLine(sentence, 2000)}
        </p>
      ))}
    </Dialog>
  );
}

// New records: one, or a line of JSON each.

import { useState } from "preact/hooks";
import type { NewRecord } from "../../../http/api/shapes.ts";
import { Fault } from "../../ask/fault.ts";
import { produce } from "../../ask/records.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Check, LongText, Text } from "../../parts/form.tsx";
import { counted, oneLine } from "../../parts/format.ts";
import { toast } from "../../parts/toast.tsx";

export function ProduceDialog({ topic, onClose, onDone }: { topic: string; onClose: () => void; onDone: () => void }) {
  const [isMany, setMany] = useState(false);
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const [headers, setHeaders] = useState("");
  const [partition, setPartition] = useState("");
  const [isTombstone, setTombstone] = useState(false);
  const [lines, setLines] = useState("");
  const run = async () => {
    const one = {
      key: key === "" ? null : key,
      value: isTombstone ? null : value,
      headers: headersIn(headers),
      ...(partition === "" ? {} : { partition: Number(partition) }),
    };
    const produced = await produce(topic, isMany ? recordsIn(lines) : [one]);
    const [first] = produced;
    toast(
      produced.length === 1
        ? `Produced: partition ${first?.partition}, offset ${first?.offset}.`
        : `${counted(produced.length, "message")} produced.`,
    );
    onDone();
  };
  return (
    <Dialog title={`Produce to ${oneLine(topic)}`} onClose={onClose} isBig action={{ title: "Produce", run }}>
      {isMany ? (
        <LongText
          label="Records"
          rows={10}
          value={lines}
          onChange={setLines}
          hint='A line each: {"key":"a","value":"…"}; what is no such object is a value of its own.'
        />
      ) : (
        <>
          <LongText label="Value" value={value} onChange={setValue} rows={7} />
          <div class="fields two">
            <Text label="Key" value={key} onChange={setKey} placeholder="none" isMono />
            <Text label="Partition" type="number" value={partition} onChange={setPartition} placeholder="by the key" />
          </div>
          <LongText label="Headers" rows={2} value={headers} onChange={setHeaders} hint="One a line, as trace=1234." />
          <Check label="A tombstone: no value" isOn={isTombstone} onChange={setTombstone} />
        </>
      )}
      <Check label="Many at once" isOn={isMany} onChange={setMany} />
    </Dialog>
  );
}

function headersIn(text: string): { key: string; value: string }[] {
  return text.split("\n").flatMap((line) => {
    const at = line.indexOf("=");
    return at < 1 ? [] : [{ key: line.slice(0, at).trim(), value: line.slice(at + 1) }];
  });
}

function recordsIn(text: string): NewRecord[] {
  const records = text.split("\n").flatMap((line) => (line.trim() === "" ? [] : [recordIn(line)]));
  if (records.length === 0) throw new Fault("Nothing to produce", "Write a record a line.");
  return records;
}

function recordIn(line: string): NewRecord {
  try {
    const given = JSON.parse(line) as unknown;
    if (typeof given === "object" && given !== null && "value" in given) {
      const { key, value, headers } = given as {
        readonly key?: unknown;
        readonly value?: unknown;
        readonly headers?: NewRecord["headers"];
      };
      return { key: contentOf(key), value: contentOf(value), ...(Array.isArray(headers) ? { headers } : {}) };
    }
  } catch {
    return { value: line };
  }
  return { value: line };
}

/** Text and bytes as records are exported; anything else as its JSON. */
function contentOf(given: unknown): NewRecord["value"] {
  if (given === undefined || given === null) return null;
  if (typeof given === "string") return given;
  if (typeof given === "object" && "base64" in given && typeof given.base64 === "string") return { base64: given.base64 };
  if (typeof given === "object" && "text" in given && typeof given.text === "string") return { text: given.text };
  return JSON.stringify(given);
}

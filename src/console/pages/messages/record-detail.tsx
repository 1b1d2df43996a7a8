// One record, whole: its value as one likes to see it, its key and headers, and what the broker knows of it.

import { useState } from "preact/hooks";
import type { Content, StoredRecord } from "../../../http/api/shapes.ts";
import { isCut, produce, wholeRecord } from "../../ask/records.ts";
import { base64Of, bytesOf, hexOf } from "../../decode/content.ts";
import { prettyJson } from "../../decode/pretty-json.ts";
import type { Readable } from "../../decode/readable.ts";
import { Do, Select } from "../../parts/form.tsx";
import { lasted, sized, timed, visible, whole } from "../../parts/format.ts";
import { copy, toast } from "../../parts/toast.tsx";
import { Shown, Tag } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { at } from "../../shell/route.ts";
import { useReadable } from "./content-line.tsx";
import { again, kafkajsCode } from "./copies.ts";

export function RecordDetail({ topic, record, onClose }: { topic: string; record: StoredRecord; onClose: () => void }) {
  const loaded = useLoaded(`record ${topic} ${record.partition} ${record.offset}`, () =>
    isCut(record) ? wholeRecord(topic, record) : Promise.resolve(record),
  );
  return (
    <section class="panel detail" aria-label={`Record ${record.offset} of partition ${record.partition}`}>
      <div class="bar middle">
        <h2>
          Partition {record.partition}, offset {record.offset}
        </h2>
        <span class="spacer" />
        <button type="button" class="button plain" onClick={onClose}>
          Close
        </button>
      </div>
      <Shown loaded={loaded}>{(all) => <Whole topic={topic} record={all} />}</Shown>
    </section>
  );
}

function Whole({ topic, record }: { topic: string; record: StoredRecord }) {
  const send = async () => {
    const [sent] = await produce(topic, [again(record)]);
    toast(`Sent again: partition ${sent?.partition}, offset ${sent?.offset}.`);
  };
  return (
    <>
      {record.control === null ? (
        <>
          <Part title="Value" content={record.value} />
          <Part title="Key" content={record.key} />
          {record.headers.length === 0 ? null : <h3>Headers</h3>}
          {record.headers.map(({ key, value }, index) => (
            // Names may be there twice, and the order stays.
            <Part key={index} title={visible(key)} content={value} />
          ))}
          <div class="bar">
            <Do title="Copy as kafkajs" tone="plain" run={() => copy(kafkajsCode(topic, record), "Code")} />
            <Do title="Copy as JSON" tone="plain" run={() => copy(JSON.stringify(record, undefined, 2), "Record")} />
            <Do
              title="Copy link"
              tone="plain"
              run={() =>
                copy(
                  `${location.origin}/${at(["topics", topic, "messages"], { from: "offset", offset: record.offset, partition: record.partition })}`,
                  "Link",
                )
              }
            />
            <Do title="Send again" tone="plain" run={send} />
          </div>
        </>
      ) : (
        <p>
          <Tag>{record.control} marker</Tag> ends a transaction of producer {record.producer?.id}. Readers do not get it.
        </p>
      )}
      <Known record={record} />
    </>
  );
}

function Known({
  record: { timestamp, timestampType, sizeBytes, compression, leaderEpoch, producer, transaction },
}: {
  record: StoredRecord;
}) {
  const pairs: readonly (readonly [string, string])[] = [
    ["Time", `${timed(timestamp)} (${timestampType}), ${lasted(Date.now() - timestamp)} ago`],
    ["Size", `${sized(sizeBytes)}, in a batch ${compression === "none" ? "without compression" : `compressed with ${compression}`}`],
    ["Leader epoch", String(leaderEpoch)],
    ["Producer", producer === null ? "has no id" : `${producer.id}, epoch ${producer.epoch}, sequence ${producer.sequence}`],
    ["Transaction", transaction],
  ];
  return (
    <dl class="pairs">
      {pairs.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

const FORMS = ["auto", "text", "hex", "base64"].map((value) => ({ value, title: value }));

function Part({ title, content }: { title: string; content: Content | null }) {
  const readable = useReadable(content);
  const [form, setForm] = useState("auto");
  if (content === null)
    return (
      <div>
        <h3>{title}</h3>
        <span class="faint">{title === "Value" ? "null (tombstone)" : "null"}</span>
      </div>
    );
  const isHex = form === "hex" || (form === "auto" && readable.format === "bytes");
  const shown = isHex ? hexOf(bytesOf(content)) : inForm(content, form, readable);
  return (
    <div>
      <div class="bar middle">
        <h3>
          <bdi>{title}</bdi>
        </h3>
        <span class="count">
          {readable.format}
          {readable.schemaId === undefined ? "" : `, schema ${whole(readable.schemaId)}`}, {sized(content.sizeBytes)}
        </span>
        <span class="spacer" />
        <Select label={`${title} as`} isQuiet value={form} onChange={setForm} choices={FORMS} />
        <Do title="Copy" tone="plain" run={() => copy(shown, title)} />
      </div>
      {readable.problem === undefined ? null : <p class="note">{readable.problem}</p>}
      <pre class={isHex ? "value columns" : "value"}>
        <bdi>{visible(shown)}</bdi>
      </pre>
      {content.isCut ? <p class="note">This is the beginning of {sized(content.sizeBytes)}.</p> : null}
    </div>
  );
}

function inForm(content: Content, form: string, { format, text }: Readable): string {
  if (form === "text") return new TextDecoder().decode(bytesOf(content));
  if (form === "base64") return base64Of(bytesOf(content));
  return format === "text" ? text : prettyJson(text);
}

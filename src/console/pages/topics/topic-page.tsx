// One topic: its messages, its partitions, its settings, and who reads it.

import { useState } from "preact/hooks";
import { deleteTopic, purgeTopic, topicPartitions } from "../../ask/topics.ts";
import { SecondLook } from "../../parts/dialog.tsx";
import { counted, oneLine, whole } from "../../parts/format.ts";
import { toast } from "../../parts/toast.tsx";
import { Head, Tabs } from "../../parts/told.tsx";
import { at, go, type Place } from "../../shell/route.ts";
import { MessagesTab } from "../messages/messages-tab.tsx";
import { SettingsTable } from "../settings/settings-table.tsx";
import { PartitionsTab } from "./partitions-tab.tsx";
import { ReadersTab } from "./readers-tab.tsx";

const TABS = [
  ["messages", "Messages"],
  ["partitions", "Partitions"],
  ["settings", "Settings"],
  ["groups", "Groups"],
] as const;

export function TopicPage({ topic, place }: { topic: string; place: Place }) {
  const [, , tab = "messages"] = place.segments;
  const [isPurging, setPurging] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const purge = async () => {
    const partitions = await topicPartitions(topic);
    await purgeTopic(
      topic,
      partitions.map(({ partition }) => partition),
    );
    toast(`Records of ${topic} deleted.`);
    go(["topics", topic, "partitions"]);
  };
  const remove = async () => {
    await deleteTopic(topic);
    toast(`Topic ${topic} deleted.`);
    go(["topics"]);
  };
  return (
    <div class="page">
      <Head title={oneLine(topic)} from={{ title: "Topics", href: at(["topics"]) }}>
        <button type="button" class="button" onClick={() => setPurging(true)}>
          Purge
        </button>
        <button type="button" class="button danger" onClick={() => setDeleting(true)}>
          Delete
        </button>
      </Head>
      <Tabs label="Of the topic" tabs={TABS.map(([name, title]) => ({ title, href: at(["topics", topic, name]), isHere: name === tab }))} />
      {tab === "messages" ? <MessagesTab topic={topic} place={place} /> : null}
      {tab === "partitions" ? <PartitionsTab topic={topic} /> : null}
      {tab === "settings" ? <SettingsTable type={2} name={topic} /> : null}
      {tab === "groups" ? <ReadersTab topic={topic} /> : null}
      {isPurging ? (
        <SecondLook title="Delete all records" action="Delete records" name={topic} run={purge} onClose={() => setPurging(false)}>
          <WhatGoes topic={topic} />
          <p>The topic stays, and offsets go on where they are.</p>
        </SecondLook>
      ) : null}
      {isDeleting ? (
        <SecondLook title="Delete the topic" action="Delete topic" name={topic} run={remove} onClose={() => setDeleting(false)}>
          <WhatGoes topic={topic} />
          <p>Its settings go too. Offsets that groups have committed for it are lost.</p>
        </SecondLook>
      ) : null}
    </div>
  );
}

function WhatGoes({ topic }: { topic: string }) {
  const [text, setText] = useState<string>();
  if (text === undefined)
    topicPartitions(topic).then(
      (partitions) => {
        const records = partitions.reduce((total, { start = 0, end = 0 }) => total + end - start, 0);
        setText(`${whole(records)} records in ${counted(partitions.length, "partition")} will be gone.`);
      },
      () => setText("Its records will be gone."),
    );
  return <p>{text ?? "Its records will be gone."}</p>;
}

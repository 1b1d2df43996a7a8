// A new topic, with the settings that most ask for; others are altered on its page.

import { useState } from "preact/hooks";
import { createTopic } from "../../ask/topics.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { LongText, Select, Text } from "../../parts/form.tsx";
import { toast } from "../../parts/toast.tsx";
import { go } from "../../shell/route.ts";

export function CreateTopic({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [partitions, setPartitions] = useState("");
  const [replicas, setReplicas] = useState("");
  const [cleanup, setCleanup] = useState("");
  const [retention, setRetention] = useState("");
  const [others, setOthers] = useState("");
  const run = async () => {
    const configs = [...settingsIn(others), ...(cleanup === "" ? [] : [{ name: "cleanup.policy", value: cleanup }])];
    if (retention !== "") configs.push({ name: "retention.ms", value: String(Math.round(Number(retention) * 3_600_000)) });
    await createTopic({ name, numPartitions: Number(partitions || -1), replicationFactor: Number(replicas || -1), configs });
    toast(`Topic ${name} created.`);
    go(["topics", name]);
  };
  return (
    <Dialog title="Create a topic" onClose={onClose} action={{ title: "Create", run, isOff: name === "" }}>
      <Text label="Name" value={name} onChange={setName} isRequired isMono hint="Letters, digits, dots, underscores and hyphens." />
      <div class="fields two">
        <Text label="Partitions" type="number" value={partitions} onChange={setPartitions} placeholder="as the broker has it" />
        <Text label="Replicas" type="number" value={replicas} onChange={setReplicas} placeholder="as the broker has it" />
        <Select label="Cleanup" value={cleanup} onChange={setCleanup} choices={CLEANUPS} />
        <Text label="Retention in hours" type="number" value={retention} onChange={setRetention} placeholder="168" />
      </div>
      <LongText label="Other settings" rows={2} value={others} onChange={setOthers} hint="One a line, as max.message.bytes=2000000." />
    </Dialog>
  );
}

const CLEANUPS = [
  { value: "", title: "as the broker has it" },
  { value: "delete", title: "delete" },
  { value: "compact", title: "compact" },
  { value: "compact,delete", title: "compact and delete" },
];

function settingsIn(text: string): { name: string; value: string }[] {
  return text.split("\n").flatMap((line) => {
    const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value }];
  });
}

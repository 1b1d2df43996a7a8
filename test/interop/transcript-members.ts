// Members of groups beside a transcript: our own consumer in processes, which come and go by lines of it.
//
//   + one consume TOPIC --group G --protocol consumer    "one" is a member before the next line
//   + two kafka-console-share-consumer --topic T --group G   the same of a share group, once it has partitions
//   - one                                                it has left
//   + two streams TOPIC --group G                         of a streams group, by bare heartbeats

import { type ChildProcess, spawn } from "node:child_process";
import { type DescribedGroup, describeGroup, removeMembers } from "../../src/client/admin/groups.ts";
import { type DescribedShareGroup, describeShareGroup } from "../../src/client/admin/share-groups.ts";
import { describeStreamsGroup } from "../../src/client/admin/streams-groups.ts";
import { Brokers } from "../../src/client/brokers.ts";
import { Refusal } from "../../src/client/refusal.ts";
import { NODE, ROOT } from "./broker-under-test.ts";
import { stopChild, waitFor } from "./processes.ts";
import { StreamsGroupMember } from "./streams-group-member.ts";

interface Member {
  readonly child: ChildProcess;
  readonly group: string;
  readonly isSharing: boolean;
  readonly instance: string | undefined;
}

export class TranscriptMembers {
  readonly #bootstrap: string;
  readonly #members = new Map<string, Member>();
  readonly #streams = new Map<string, StreamsGroupMember>();
  /** Static members that went for a while: the group still counts them. */
  readonly #away: Member[] = [];

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap;
  }

  async join(name: string, args: readonly string[]): Promise<void> {
    if (args[0] === "streams") {
      const [, topic = "", , group = ""] = args;
      this.#streams.set(name, await StreamsGroupMember.join(this.#bootstrap, name, { topic, group }));
      return this.#streamsSettled(group);
    }
    const child = spawn(NODE, [`${ROOT}/scripts/odradek.cjs`, ...args, "--bootstrap-server", this.#bootstrap], { stdio: "ignore" });
    const optionOf = (option: string) => (args.includes(option) ? args[args.indexOf(option) + 1] : undefined);
    const isSharing = args[0] === "kafka-console-share-consumer";
    const member = { child, group: optionOf("--group") ?? "", isSharing, instance: optionOf("--group-instance-id") };
    this.#members.set(name, member);
    const awayAt = this.#away.findIndex(({ group, instance }) => group === member.group && instance === member.instance);
    if (awayAt >= 0) this.#away.splice(awayAt, 1);
    await this.#settled(member);
  }

  async leave(name: string): Promise<void> {
    const streams = this.#streams.get(name);
    if (streams !== undefined) {
      this.#streams.delete(name);
      await streams.leave();
      return this.#streamsSettled(streams.group);
    }
    const member = this.#members.get(name);
    if (member === undefined) throw new Error(`there is no member ${name}`);
    this.#members.delete(name);
    await stopChild(member.child);
    if (member.instance === undefined) await this.#settled(member);
    else this.#away.push(member);
  }

  /** Nobody is left, also of those who went for a while: the next transcript begins with what stays as it is. */
  async stop(): Promise<void> {
    for (const member of this.#streams.values()) await member.leave();
    this.#streams.clear();
    for (const { child } of this.#members.values()) await stopChild(child);
    const gone = [...this.#members.values(), ...this.#away].filter(({ instance }) => instance !== undefined);
    this.#members.clear();
    this.#away.length = 0;
    const brokers = new Brokers(this.#bootstrap);
    try {
      for (const { group, instance = "" } of gone) await removeMembers(brokers, group, [{ id: "", instanceId: instance }]);
    } finally {
      await brokers.close();
    }
  }

  async #streamsSettled(group: string): Promise<void> {
    const brokers = new Brokers(this.#bootstrap);
    const round = async () => {
      for (const member of this.#streams.values()) if (member.group === group) await member.beat();
      return (await describeStreamsGroup(brokers, group)).groupState;
    };
    try {
      await waitFor(`members of ${group} with their tasks`, round, (state) => state === "Stable" || state === "Empty");
    } finally {
      await brokers.close();
    }
  }

  /** Each has joined, and all have what they shall have. */
  async #settled({ group, isSharing }: Member): Promise<void> {
    const count = [...this.#members.values(), ...this.#away].filter((member) => member.group === group).length;
    const brokers = new Brokers(this.#bootstrap);
    const ask = async (): Promise<DescribedGroup | DescribedShareGroup | undefined> => {
      try {
        return await (isSharing ? describeShareGroup(brokers, group) : describeGroup(brokers, group));
      } catch (error) {
        if (error instanceof Refusal) return undefined;
        throw error;
      }
    };
    try {
      await waitFor(
        `${count} members of ${group}`,
        ask,
        (described) =>
          described !== undefined &&
          described.members.length === count &&
          ["Stable", "Empty"].includes(described.state) &&
          !(isSharing && described.members.some(({ assigned }) => assigned.length === 0)),
      );
    } finally {
      await brokers.close();
    }
  }
}

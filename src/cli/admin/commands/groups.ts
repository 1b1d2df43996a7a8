// `odradek groups`: list, describe with lag, delete, reset.

import type { Command } from "commander";
import { commitOffsets, committedOffsets, deleteGroup, describeGroup, listAllGroups } from "../../../client/admin/groups.ts";
import { OffsetSpec, offsetsAt } from "../../../client/admin/offsets.ts";
import { findTopic } from "../../../client/admin/topics.ts";
import { Refusal } from "../../../client/refusal.ts";
import { comparePartitions, nameOf } from "../../../client/topic-partition.ts";
import { CommandError, usageError } from "../../command-error.ts";
import { type Admin, type AdminOptions, group } from "../command-group.ts";
import { printRows } from "../table.ts";

export function addGroups(program: Command, { terminal, add }: Admin): void {
  const groups = group(program, "groups", "list, describe, reset and delete groups");
  add(groups, "list", async (brokers, { json }) => {
    const rows = (await listAllGroups(brokers)).map(({ id, type, protocolType, state }) => ({
      group: id,
      type,
      protocol: protocolType,
      state,
    }));
    printRows(terminal, rows, { isJson: json === true, nothing: "There are no groups." });
  }).description("print all groups");
  add(groups, "describe <group>", async (brokers, { json }, [id = ""]) => {
    const described = await describeGroup(brokers, id);
    const committed = (await committedOffsets(brokers, id)).sort(comparePartitions);
    const ends = await offsetsAt(brokers, committed, { timestamp: OffsetSpec.LATEST });
    const owners = new Map(described.members.flatMap((member) => member.assigned.map((partition) => [nameOf(partition), member] as const)));
    const rows = committed.map((entry) => {
      const end = ends.get(nameOf(entry));
      const endOffset = end === undefined || end instanceof Refusal ? null : end.offset;
      const owner = owners.get(nameOf(entry));
      const lag = endOffset === null ? null : endOffset - entry.offset;
      return {
        topic: entry.topic,
        partition: entry.partition,
        offset: entry.offset,
        end: endOffset,
        lag,
        member: owner?.id ?? null,
        host: owner?.host ?? null,
      };
    });
    if (json !== true) terminal.out(`${id}: ${described.state}, ${described.members.length} members\n`);
    printRows(terminal, rows, { isJson: json === true, nothing: `${id} has no offsets.` });
  }).description("print a group's offsets, lag and members");
  add(groups, "delete <group...>", async (brokers, _, ids) => {
    for (const id of ids) {
      await deleteGroup(brokers, id);
      terminal.out(`Deleted ${id}.\n`);
    }
  }).description("delete groups without members");
  add<AdminOptions & { readonly topic: string; readonly to: string }>(
    groups,
    "reset <group>",
    async (brokers, { topic, to }, [id = ""]) => {
      const state = await describeGroup(brokers, id).then(
        (described) => described.state,
        () => "Empty",
      );
      if (state !== "Empty" && state !== "Dead") throw new CommandError(`${id} has members (${state}); stop them first.`);
      const partitions = (await findTopic(brokers, topic)).partitions.map(({ index }) => ({ topic, partition: index }));
      const found = await offsetsAt(brokers, partitions, { timestamp: specOf(to) });
      const ends = await offsetsAt(brokers, partitions, { timestamp: OffsetSpec.LATEST });
      const offsets = partitions.map((partition) => {
        const at = found.get(nameOf(partition));
        const end = ends.get(nameOf(partition));
        if (at === undefined || at instanceof Refusal) throw at ?? new CommandError(`There is no offset for ${nameOf(partition)}.`);
        return { ...partition, offset: at.offset >= 0 || end === undefined || end instanceof Refusal ? at.offset : end.offset };
      });
      await commitOffsets(brokers, id, offsets);
      printRows(terminal, offsets, { isJson: false, nothing: `${topic} has no partitions.` });
    },
  )
    .description("set the offsets of a group without members")
    .requiredOption("-t, --topic <topic>", "the topic")
    .requiredOption("--to <where>", "earliest, latest or a time (2026-01-31T12:00)");
}

function specOf(text: string): number {
  if (text === "earliest") return OffsetSpec.EARLIEST;
  if (text === "latest") return OffsetSpec.LATEST;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw usageError(`--to ${text}: earliest, latest or a time is needed`);
  return time;
}

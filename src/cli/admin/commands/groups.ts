// `odradek groups`: list, describe with lag and members, remove members, delete, reset.

import type { Command } from "commander";
import { describeAnyGroup } from "../../../client/admin/any-group.ts";
import {
  commitOffsets,
  committedOffsets,
  type DescribedGroup,
  deleteGroup,
  type GroupMember,
  listAllGroups,
  removeMembers,
} from "../../../client/admin/groups.ts";
import { OffsetSpec, offsetsAt } from "../../../client/admin/offsets.ts";
import { alterShareOffsets, type DescribedShareGroup } from "../../../client/admin/share-groups.ts";
import { findTopic } from "../../../client/admin/topics.ts";
import type { Brokers } from "../../../client/brokers.ts";
import { Refusal } from "../../../client/refusal.ts";
import { comparePartitions, nameOf, type TopicPartition } from "../../../client/topic-partition.ts";
import { CommandError, usageError } from "../../command-error.ts";
import type { Terminal } from "../../terminal.ts";
import { type Admin, type AdminOptions, group } from "../command-group.ts";
import { printRows, type Row } from "../table.ts";
import { findShareGroup, shareMemberRows, shareOffsetRows, shareStateRow, shareSummary } from "./share-groups.ts";

export function addGroups(program: Command, { terminal, add }: Admin): void {
  const groups = group(program, "groups", "list, describe, reset and delete groups, remove members");
  add(groups, "list", async (brokers, { json }) => {
    const rows = (await listAllGroups(brokers)).map(({ id, type, protocolType, state }) => ({
      group: id,
      type,
      protocol: protocolType,
      state,
    }));
    printRows(terminal, rows, { isJson: json === true, nothing: "There are no groups." });
  }).description("print all groups");
  add<DescribeOptions>(groups, "describe <group>", async (brokers, { json, members, state }, [id = ""]) => {
    const sharing = await findShareGroup(brokers, id);
    if (sharing !== undefined)
      return describeSharing({ terminal, brokers }, sharing, {
        isJson: json === true,
        hasMembers: members === true,
        hasState: state === true,
      });
    const described = await describeAnyGroup(brokers, id);
    const isJson = json === true;
    if (state) return printRows(terminal, [stateRow(described)], { isJson, nothing: "" });
    if (!isJson) terminal.out(`${summaryOf(described)}\n`);
    if (members) return printRows(terminal, memberRows(described), { isJson, nothing: `${id} has no members.` });
    printRows(terminal, await offsetRows(brokers, described), { isJson, nothing: `${id} has no offsets.` });
  })
    .description("print a group's offsets and lag, with who reads them")
    .option("-m, --members", "print its members instead: what each reads and shall read")
    .option("-s, --state", "print its state instead");
  add(groups, "delete <group...>", async (brokers, _, ids) => {
    for (const id of ids) {
      await deleteGroup(brokers, id);
      terminal.out(`Deleted ${id}.\n`);
    }
  }).description("delete groups without members");
  add<AdminOptions & { readonly all?: boolean }>(groups, "remove <group> [member...]", async (brokers, { all }, [id = "", ...names]) => {
    if (all !== true && names.length === 0) throw usageError("Name members by their ids or instance ids, or all of them with --all.");
    const members = membersNamed(await describeAnyGroup(brokers, id), all === true ? undefined : names);
    for (const [name, refusal] of await removeMembers(brokers, id, members)) {
      if (refusal !== null) throw refusal;
      terminal.out(`Removed ${name}.\n`);
    }
  })
    .description("remove members by their ids or instance ids; who still runs joins again")
    .option("--all", "all of them");
  add<AdminOptions & { readonly topic: string; readonly to: string }>(
    groups,
    "reset <group>",
    async (brokers, { topic, to }, [id = ""]) => {
      const sharing = await findShareGroup(brokers, id);
      if (sharing !== undefined && sharing.members.length > 0)
        throw new CommandError(`${id} has members (${sharing.state}); stop them first.`);
      const state = await describeAnyGroup(brokers, id).then(
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
      await (sharing === undefined ? commitOffsets : alterShareOffsets)(brokers, id, offsets);
      printRows(terminal, offsets, { isJson: false, nothing: `${topic} has no partitions.` });
    },
  )
    .description("set the offsets of a group without members")
    .requiredOption("-t, --topic <topic>", "the topic")
    .requiredOption("--to <where>", "earliest, latest or a time (2026-01-31T12:00)");
}

async function describeSharing(
  { terminal, brokers }: { readonly terminal: Terminal; readonly brokers: Brokers },
  sharing: DescribedShareGroup,
  { isJson, hasMembers, hasState }: { readonly isJson: boolean; readonly hasMembers: boolean; readonly hasState: boolean },
): Promise<void> {
  if (hasState) return printRows(terminal, [shareStateRow(sharing)], { isJson, nothing: "" });
  if (!isJson) terminal.out(`${shareSummary(sharing)}\n`);
  if (hasMembers) return printRows(terminal, shareMemberRows(sharing), { isJson, nothing: `${sharing.id} has no members.` });
  printRows(terminal, await shareOffsetRows(brokers, sharing), { isJson, nothing: `${sharing.id} has read of no partition.` });
}

/** All where none are named. Raises CommandError for a name that no member has. */
function membersNamed({ id: groupId, members }: DescribedGroup, names: readonly string[] | undefined): readonly GroupMember[] {
  return (
    names?.map((name) => {
      const member = members.find(({ id, instanceId }) => id === name || instanceId === name);
      if (member === undefined) throw new CommandError(`${groupId} has no member ${name}.`);
      return member;
    }) ?? members
  );
}

interface DescribeOptions extends AdminOptions {
  readonly members?: boolean;
  readonly state?: boolean;
}

function summaryOf({ id, type, protocolType, state, members, epoch, assignor }: DescribedGroup): string {
  const kind = protocolType === "consumer" || protocolType === "" || protocolType === type ? type : `${type} of ${protocolType}`;
  const facts = [`${members.length} member${members.length === 1 ? "" : "s"}`];
  if (epoch !== undefined) facts.push(`epoch ${epoch}`);
  if (assignor !== "") facts.push(`assignor ${assignor}`);
  return `${id}: ${kind}, ${state}, ${facts.join(", ")}`;
}

function stateRow({ id, type, state, assignor, epoch, targetEpoch, members, coordinator }: DescribedGroup): Row {
  return {
    group: id,
    type,
    state,
    members: members.length,
    assignor: assignor === "" ? null : assignor,
    epoch: epoch ?? null,
    targetEpoch: targetEpoch ?? null,
    coordinator: coordinator.id,
  };
}

/** What members of the classic protocol shall read nobody but their leader knows; those of streams groups have tasks. */
function memberRows({ type, members }: DescribedGroup): Row[] {
  const ofBoth = ({ id, instanceId, clientId, host, assigned }: GroupMember) => ({
    member: id,
    instance: instanceId,
    client: clientId,
    host,
    assigned: partitionNames(assigned),
  });
  if (type === "classic") return members.map(ofBoth);
  if (type === "streams")
    return members.map((member) => ({
      member: member.id,
      client: member.clientId,
      host: member.host,
      active: [...(member.tasks?.active ?? [])],
      standby: [...(member.tasks?.standby ?? [])],
      target: [...(member.tasks?.target ?? [])],
      epoch: member.epoch ?? null,
    }));
  return members.map((member) => ({
    ...ofBoth(member),
    target: partitionNames(member.target ?? []),
    epoch: member.epoch ?? null,
    protocol: member.isUpgraded === undefined ? null : member.isUpgraded ? "consumer" : "classic",
    topics: member.subscribed,
  }));
}

function partitionNames(partitions: readonly TopicPartition[]): string[] {
  return partitions.toSorted(comparePartitions).map(nameOf);
}

/** Of all that has an offset or an owner. */
async function offsetRows(brokers: Brokers, { id, members }: DescribedGroup): Promise<Row[]> {
  const committed = new Map((await committedOffsets(brokers, id)).map((entry) => [nameOf(entry), entry]));
  const owners = new Map(members.flatMap((member) => member.assigned.map((partition) => [nameOf(partition), member] as const)));
  const assigned = members.flatMap((member) => [...member.assigned]);
  const all = [...new Map([...committed.values(), ...assigned].map((partition) => [nameOf(partition), partition])).values()];
  const ends = await offsetsAt(brokers, all, { timestamp: OffsetSpec.LATEST });
  return all.sort(comparePartitions).map(({ topic, partition }) => {
    const name = nameOf({ topic, partition });
    const offset = committed.get(name)?.offset ?? null;
    const found = ends.get(name);
    const end = found === undefined || found instanceof Refusal ? null : found.offset;
    const owner = owners.get(name);
    const lag = end === null || offset === null ? null : end - offset;
    return { topic, partition, offset, end, lag, member: owner?.id ?? null, host: owner?.host ?? null };
  });
}

function specOf(text: string): number {
  if (text === "earliest") return OffsetSpec.EARLIEST;
  if (text === "latest") return OffsetSpec.LATEST;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw usageError(`--to ${text}: earliest, latest or a time is needed`);
  return time;
}

// `kafka-share-groups`: list, describe (describe-share-groups.ts) and delete share groups, delete and reset where they start
// (share-group-offsets.ts).

import { Errors } from "../../../protocol/errors.ts";
import { inMapOrder, stringHash } from "../../base/java-order.ts";
import { deleteGroup, type ListedGroup, listAllGroups } from "../../client/admin/groups.ts";
import type { Brokers } from "../../client/brokers.ts";
import { ClientError } from "../../client/client-error.ts";
import { Refusal } from "../../client/refusal.ts";
import { cell, line } from "./columns.ts";
import { describeShareGroups } from "./describe-share-groups.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine, javaTrace, sentenceOf } from "./java-error.ts";
import { deleteStarts, resetStarts, SHARE_SCENARIOS } from "./share-group-offsets.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

const ACTIONS = ["list", "describe", "delete", "reset-offsets", "delete-offsets"] as const;
const STATES = ["Dead", "Empty", "Stable"] as const;

export const kafkaShareGroups: Tool = {
  purpose: "List, describe and delete share groups, and reset where they start.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "list", help: "print the names of share groups" },
    { name: "describe", help: "print starts (default), members or state of share groups" },
    { name: "delete", help: "delete share groups without members" },
    { name: "reset-offsets", help: "set where a share group without members starts" },
    { name: "delete-offsets", help: "forget what a share group without members has read of topics" },
    { name: "group", value: "name", help: "the share group; repeatable" },
    { name: "all-groups", help: "all share groups" },
    { name: "topic", value: "name[:partitions]", help: "the topic, with partitions a:0,1 if wanted; repeatable" },
    { name: "all-topics", help: "all topics that the share group has read of" },
    { name: "members", help: "with --describe: members and what they are assigned" },
    { name: "offsets", help: "with --describe: where the group starts in each partition, and its lag" },
    {
      name: "state",
      value: "states",
      isValueOptional: true,
      help: "with --describe: the group's state; with --list: show and filter states",
    },
    { name: "verbose", help: "with --describe: more columns" },
    { name: "timeout", value: "ms", isWhole: true, help: "accepted without effect" },
    { name: "execute", help: "with --reset-offsets: do it" },
    { name: "dry-run", help: "with --reset-offsets: show it only" },
    { name: "to-earliest", help: "start at the oldest record" },
    { name: "to-latest", help: "start at the end" },
    { name: "to-datetime", value: "time", help: "start at a time: YYYY-MM-DDThh:mm:ss.sss" },
  ],
  run: async (flags, io) => {
    checkFlags(flags);
    return withBrokers(flags, async (brokers) => {
      try {
        if (flags.has("list")) await list(brokers, flags, io);
        else if (flags.has("describe")) await describeShareGroups(brokers, await wantedShareGroups(brokers, flags), flags, io);
        else if (flags.has("delete")) await remove(brokers, flags, io);
        else if (flags.has("delete-offsets")) await deleteStarts(brokers, flags, io);
        else await resetStarts(brokers, flags, io);
      } catch (error) {
        if (error instanceof FlagError) throw error;
        io.out(`\nError: Executing share group command failed due to ${isMissingGroup(error) ? javaLine(error) : sentenceOf(error)}`);
        io.error(isMissingGroup(error) ? `java.util.concurrent.ExecutionException: ${javaLine(error)}` : javaTrace(error));
        return error instanceof ClientError ? 0 : 1;
      }
      return 0;
    });
  },
};

function isMissingGroup(error: unknown): boolean {
  return error instanceof Refusal && error.errorCode === Errors.GROUP_ID_NOT_FOUND;
}

function checkFlags(flags: Flags): void {
  if (flags.countOf(ACTIONS) === 0)
    throw new FlagError(`Command must include exactly one action: ${ACTIONS.map((action) => `--${action}`).join(", ")}.`);
  flags.need("bootstrap-server");
  if (flags.has("describe")) {
    if (!flags.has("group") && !flags.has("all-groups"))
      throw new FlagError("Option [describe] takes one of these options: [all-groups], [group]");
    if (flags.countOf(["members", "offsets", "state"]) > 1)
      throw new FlagError("Option [describe] takes at most one of these options: [members], [offsets], [state]");
  }
  if (flags.has("delete")) {
    if (!flags.has("group") && !flags.has("all-groups")) throw new FlagError("Option [delete] takes the options [group] or [all-groups]");
    if (flags.has("topic")) throw new FlagError("Option [delete] does not take the option: [topic]");
  }
  if (flags.has("reset-offsets")) checkReset(flags);
  if (flags.has("delete-offsets") && !(flags.has("group") && flags.has("topic")))
    throw new FlagError("Option [delete-offsets] takes the following options: [group], [topic]");
  if (flags.has("verbose") && !flags.has("describe"))
    throw new FlagError(
      'Exception in thread "main" joptsimple.UnavailableOptionException: Option(s) [verbose] are unavailable given other options on the command line',
      { isTerse: true },
    );
  flags.refuseWith("all-groups", ["group"]);
  flags.refuseWith("list", ["group", "all-groups", "topic"]);
  flags.refuseWith("describe", ["topic", "all-topics"]);
}

function checkReset(flags: Flags): void {
  if (flags.has("dry-run") && flags.has("execute"))
    throw new FlagError("Option [reset-offsets] only accepts one of [execute] and [dry-run]");
  if (!flags.has("dry-run") && !flags.has("execute"))
    throw new FlagError("Option [reset-offsets] takes the option: [execute] or [dry-run]");
  if (!flags.has("group")) throw new FlagError("Option [reset-offsets] takes the option: [group]");
  if (!flags.has("all-topics") && !flags.has("topic"))
    throw new FlagError("Option [reset-offsets] takes one of these options: [all-topics], [topic]");
  if (flags.countOf(SHARE_SCENARIOS) === 0)
    throw new FlagError("Option [reset-offsets] takes one of these options: [to-datetime], [to-earliest], [to-latest]");
  for (const scenario of SHARE_SCENARIOS)
    flags.refuseWith(
      scenario,
      SHARE_SCENARIOS.filter((other) => other !== scenario),
    );
}

function allShareGroups(brokers: Brokers, states: readonly string[] = []): Promise<ListedGroup[]> {
  return listAllGroups(brokers, { states, types: ["share"] });
}

async function wantedShareGroups(brokers: Brokers, flags: Flags): Promise<string[]> {
  const wanted = flags.has("all-groups") ? (await allShareGroups(brokers)).map(({ id }) => id) : flags.all("group");
  return [...new Set(wanted)].sort();
}

async function list(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const groups = inMapOrder(await allShareGroups(brokers, parseStates(flags.get("state"))), ({ id }) => stringHash(id));
  if (!flags.has("state")) {
    if (groups.length > 0) io.out(groups.map(({ id }) => id).join("\n"));
    return;
  }
  const width = Math.max(15, ...groups.map(({ id }) => id.length));
  io.out(line([cell("GROUP", width), "STATE"]));
  for (const { id, state } of groups) io.out(line([cell(id, width), state]));
}

function parseStates(given: string | undefined): string[] {
  if (given === undefined || given === "") return [];
  return given.split(",").map((text) => {
    const state = STATES.find((one) => one.toLowerCase() === text.trim().toLowerCase());
    if (state === undefined) throw new FlagError(`Invalid state list '${given}'. Valid states are: ${STATES.join(", ")}`);
    return state;
  });
}

async function remove(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const known = new Map((await allShareGroups(brokers)).map((group) => [group.id, group]));
  const deleted: string[] = [];
  const failed: string[] = [];
  const fail = (id: string, why: string) => failed.push(`\n* Group '${id}' could not be deleted due to: ${why}`);
  for (const id of inMapOrder(await wantedShareGroups(brokers, flags), stringHash)) {
    const group = known.get(id);
    if (group === undefined) fail(id, `java.lang.IllegalArgumentException: Group '${id}' is not a share group.`);
    else if (group.state !== "Empty" && group.state !== "Dead")
      fail(id, javaLine(new Refusal(Errors.NON_EMPTY_GROUP, `group ${id}`, `Share group '${id}' is not EMPTY.`)));
    else {
      try {
        await deleteGroup(brokers, id);
        deleted.push(`'${id}'`);
      } catch (error) {
        fail(id, javaLine(error));
      }
    }
  }
  if (failed.length === 0) io.out(`Deletion of requested share groups (${deleted.join(", ")}) was successful.`);
  else {
    io.out(`\nError: Deletion of some share groups failed:${failed.join("")}`);
    if (deleted.length > 0) io.out(`\nThese share groups were deleted successfully: ${deleted.join(", ")}`);
  }
}

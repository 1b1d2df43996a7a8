// Why a group is not stable: what its coordinator waits for, and what clients that would be members were refused. Why it has not consumed:
// goes from the topic over the group to each partition that is behind, and names the first cause that it finds at each.

import type { GroupMember, GroupOffset, GroupView } from "./group-kit.ts";
import type { FetchTrace } from "./observer.ts";
import type { WaitParts } from "./wait-parts.ts";

/** A consumer that waits for records asks again at least this often, by its defaults. */
const SILENT_AFTER_MS = 1000;
const MOST_PARTITIONS = 5;

export async function explainUnstable(parts: WaitParts, group: string): Promise<string> {
  const { groups } = parts;
  const { state, members } = await groups.get(group);
  if (state === "Unavailable") return unavailable(group);
  const first =
    state === "Dead"
      ? `There is no group ${group}. There are ${groups.list().join(", ") || "none"}.`
      : `It is ${state}, with ${members.length} members: ${members.map(({ id }) => id).join(", ") || "none"}.`;
  return told(first, ...groups.obstacles(group), ...refusals(parts, group));
}

export async function explainUndelivered(parts: WaitParts, group: string, topic?: string): Promise<string> {
  const { topics, groups } = parts;
  if (topic !== undefined) {
    if (topics.get(topic) === undefined)
      return `There is no topic ${topic}: nothing was produced to it. There are ${topics.list().join(", ") || "none"}.`;
    if (topics.partitions(topic).every((partition) => partition.highWatermark === 0)) return `Nothing was produced to ${topic}.`;
  }
  const found = await groups.get(group);
  if (found.state === "Dead") {
    const none = `There is no group ${group}: no consumer of it has joined or committed. There are ${groups.list().join(", ") || "none"}.`;
    return told(none, ...refusals(parts, group));
  }
  if (found.state === "Unavailable") return unavailable(group);
  const view = topic === undefined ? found : groups.withTopic(found, topic);
  const behind = await groups.unread(view);
  const lines = behind.slice(0, MOST_PARTITIONS).map((each) => `${each.topic}-${each.partition}: ${explainPartition(parts, view, each)}`);
  if (behind.length > MOST_PARTITIONS) lines.push(`… and ${behind.length - MOST_PARTITIONS} partitions more.`);
  return told(...explainGroup(parts, view), ...refusals(parts, group), ...lines);
}

function explainGroup({ topics, groups }: WaitParts, { id, state, members }: GroupView): string[] {
  if (members.length === 0) return [`Group ${id} has no members: its consumers have left, have died, or never joined.`];
  if (state !== "Stable") {
    const rebalancing = `Group ${id} is rebalancing (${state}); members: ${members.map(({ id: member }) => member).join(", ")}.`;
    return [rebalancing, ...groups.obstacles(id)];
  }
  const wanted = members.flatMap(subscribedTo);
  if (wanted.some((topic) => topics.get(topic) !== undefined)) return [];
  const asked = members.map(({ id: member, subscription: { topics: names, regex } }) => {
    const named = [names.join(", "), regex === null ? "" : `whatever matches ${regex}`].filter((each) => each !== "");
    return `member ${member} to ${named.join(" and ") || "nothing"}`;
  });
  return [
    `Nobody in group ${id} subscribes to a topic that there is: ${asked.join("; ")}. There are ${topics.list().join(", ") || "none"}.`,
  ];
}

function subscribedTo({ subscription: { topics, matched } }: GroupMember): string[] {
  return [...topics, ...matched];
}

function refusals({ observer, clock }: WaitParts, group: string): string[] {
  return observer.groups.refusalsOf(group).map(({ api, clientId, error, message, atMs }) => {
    const why = message === undefined ? error : `${error}: ${message}`;
    return `client ${clientId} was refused ${api} ${clock.now() - atMs} ms ago: ${why}`;
  });
}

function unavailable(group: string): string {
  return `The coordinator of group ${group} is not there, or still loading.`;
}

/** A line each. */
function told(...sentences: readonly string[]): string {
  return sentences
    .map((sentence) => (/[.!]$/.test(sentence) ? sentence : `${sentence}.`))
    .map(capitalized)
    .join("\n");
}

/** Partitions begin with the names of their topics, which stay as they are. */
function capitalized(sentence: string): string {
  return /^[a-z]+ /.test(sentence) ? sentence.charAt(0).toUpperCase() + sentence.slice(1) : sentence;
}

function explainPartition(parts: WaitParts, view: GroupView, behind: GroupOffset & { readonly next: number }): string {
  const { topics, observer, clock, node } = parts;
  const { topic, partition: index, committed, next } = behind;
  const partition = topics.partition(topic, index);
  if (partition === undefined) {
    const replicas = node.cluster.image.topicsByName.get(topic)?.partitions[index]?.replicas ?? [];
    return `nobody leads it; its replicas are on brokers ${replicas.join(", ")}, of which none is there.`;
  }
  const progress = `record ${next} is not committed (${committed === undefined ? "nothing was" : `committed up to ${committed}`}, the end is ${behind.end})`;
  const owner = view.members.find(({ assignment }) => assignment.some((each) => each.topic === topic && each.partitions.includes(index)));
  if (owner === undefined) return `${progress}; ${explainUnassigned(view.members, topic, index)}`;
  const who = `member ${owner.id} (client ${owner.clientId})`;
  const trace = observer.fetchesOf(topic, index).find(({ clientId }) => clientId === owner.clientId);
  if (trace === undefined) return `${progress}; ${who} is assigned it and has not asked for it: it may be paused.`;
  const isOpen = next >= partition.lastStableOffset;
  if (trace.isReadCommitted && isOpen && trace.offset <= next)
    return `${progress}; it belongs to a transaction that is still open, and ${who} reads committed records only.`;
  if (committed === undefined && trace.firstOffset > next)
    return `${progress}; ${who} began at offset ${trace.firstOffset}, past it: its offset was reset to the latest (fromBeginning, auto.offset.reset).`;
  if (trace.offset > next) return `${progress}; ${who} has fetched up to ${trace.offset}: it was delivered, and the commit is missing.`;
  return `${progress}; ${explainSilence(trace, who, clock.now())}`;
}

function explainSilence(trace: FetchTrace, who: string, nowMs: number): string {
  const silentMs = nowMs - trace.atMs;
  if (trace.isWaiting) return `${who} is asking for offset ${trace.offset} right now.`;
  if (silentMs < SILENT_AFTER_MS) return `${who} last asked for offset ${trace.offset}: it is being delivered, or handled.`;
  return `${who} has not asked for it for ${silentMs} ms: it is paused, or its handler is still busy.`;
}

function explainUnassigned(members: readonly GroupMember[], topic: string, index: number): string {
  const heir = members.find(({ target }) => target.some((each) => each.topic === topic && each.partitions.includes(index)));
  if (heir !== undefined) return `member ${heir.id} (client ${heir.clientId}) is to have it, and does not have it yet.`;
  const isWanted = members.length === 0 || members.some((member) => subscribedTo(member).includes(topic));
  return `no member is assigned it${isWanted ? "" : `, and none subscribes to ${topic}`}${assignments(members)}.`;
}

function assignments(members: readonly GroupMember[]): string {
  if (members.length === 0) return "";
  const told = members.map(
    ({ id, assignment }) =>
      `${id}: ${assignment.map(({ topic, partitions }) => `${topic} ${partitions.join(",")}`).join("; ") || "nothing"}`,
  );
  return ` (${told.join(" | ")})`;
}

// A group in which members of all libraries and both protocols come, leave, die and stand still, one after the other and without waiting for
// anything to settle, in an order that a seed decides, while records flow. Only the end is waited for.

import { setTimeout as sleep } from "node:timers/promises";
import { SeededChance } from "../../src/faults/seeded-chance.ts";
import type { GroupMember, GroupProtocol, MemberClient } from "./group-member.ts";
import { type GroupScene, SESSION_MS } from "./group-scene.ts";

const STEPS = 14;
const MOST_MEMBERS = 5;
const MOST_PAUSE_MS = 1500;

/** Gives the members that are there in the end. */
export async function storm(scene: GroupScene, seed: number, clients: readonly MemberClient[]): Promise<GroupMember[]> {
  const chance = new SeededChance(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(chance.next() * from.length)] as T;
  const members = [await join(scene, pick(clients), "consumer", 0)];
  for (let step = 1; step <= STEPS; step++) {
    const [what, who, protocol] = [chance.next(), pick(members), chance.next() < 0.7 ? "consumer" : "classic"] as const;
    const client = pick(clients);
    if (members.length === 1 || (what < 0.5 && members.length < MOST_MEMBERS)) members.push(await join(scene, client, protocol, step));
    else if (what < 0.75) await remove(members, who).leave();
    else if (what < 0.9 || !mayStandStill(who, members)) await remove(members, who).kill();
    else await standStill(who, chance.next());
    await sleep(chance.next() * MOST_PAUSE_MS);
  }
  return members;
}

function join(scene: GroupScene, client: MemberClient, protocol: GroupProtocol, step: number): Promise<GroupMember> {
  const options = protocol === "classic" ? ({ protocol, assignor: "range" } as const) : { protocol };
  return scene.join(client, `${step}-${client}-${protocol}`, options);
}

function remove(members: GroupMember[], member: GroupMember): GroupMember {
  members.splice(members.indexOf(member), 1);
  return member;
}

/**
 * franz-go commits in another's place when it wakes. A group whose last member of the consumer protocol is gone goes back to the classic
 * protocol, and ends that member when it wakes (consumer-protocol-upgrade.interop.ts).
 */
function mayStandStill(member: GroupMember, members: readonly GroupMember[]): boolean {
  const others = members.filter((other) => other !== member);
  const isLast = member.protocol === "consumer" && others.every(({ protocol }) => protocol === "classic");
  return member.client !== "franz-go" && (!isLast || others.length === 0);
}

/** Beyond its session, while nothing else is done: what it does not know may be anywhere in the storm before. */
async function standStill(member: GroupMember, more: number): Promise<void> {
  await member.stop();
  await sleep(SESSION_MS + 1000 + more * 1000);
  member.continue();
}

// Groups that go from the classic protocol to the consumer protocol and back, member by member, while records flow. Whatever the members are
// of, no partition has two owners at any instant, nothing is lost, and nothing is consumed twice that was committed (member-history.ts).

import { afterAll, describe } from "vitest";
import { compare } from "./compare.ts";
import type { ClassicAssignor, GroupMember, GroupProtocol } from "./group-member.ts";
import { CASTS, playOn } from "./group-play.ts";
import { GroupBrokers } from "./group-scene.ts";
import type { MemberEvent } from "./member-log.ts";
import { port } from "./port.ts";
import { waitFor } from "./processes.ts";

const brokers = new GroupBrokers("consumer-protocol-upgrade", { kafka: port(20792), odradek: port(20892) });
afterAll(() => brokers.stop());

/** "range" gives everything up whenever members share anew. With "cooperative-sticky" others than franz-go are refused, see below. */
const ASSIGNORS: Readonly<Record<string, ClassicAssignor>> = { "franz-go": "cooperative-sticky" };

describe.concurrent("groups on their way", () => {
  for (const cast of CASTS) {
    compare(`${cast.name}: a group is rolled to the consumer protocol and back while records flow`, async (broker) =>
      playOn(await brokers.of(broker), "upgrade", cast, async ({ scene, client, see }) => {
        let members: GroupMember[] = [];
        const assignor = ASSIGNORS[cast.name] ?? "range";
        const join = (index: number, protocol: GroupProtocol, name: string) =>
          scene.join(client(index), name, protocol === "classic" ? { protocol, assignor } : { protocol });
        for (const index of [0, 1, 2]) members.push(await join(index, "classic", `classic-${index}`));
        see("at first", [(await scene.spread(members)).shares, await scene.type()]);
        await scene.flow();
        for (const [round, protocol] of (["consumer", "classic"] as const).entries()) {
          for (const index of [0, 1, 2]) {
            const [next, ...others] = members;
            await next?.leave();
            members = [...others, await join(index, protocol, `${protocol}-${index}-${round}`)];
            see(`${index + 1} of ${protocol}`, [(await scene.spread(members)).shares, await scene.type()]);
            await scene.flow();
          }
        }
      }),
    );
  }

  for (const client of ["java", "librdkafka"] as const) {
    compare(`${client}: what a member of the consumer protocol is told by a group that shares by cooperative-sticky`, async (broker) =>
      playOn(await brokers.of(broker), "sticky", { name: client, clients: [client] }, async ({ scene, see }) => {
        const sticky = { protocol: "classic", assignor: "cooperative-sticky" } as const;
        const first = await scene.join(client, "first", sticky);
        await scene.spread([first]);
        const second = await scene.join(client, "second", sticky);
        await scene.spread([first, second]);
        await scene.flow();
        const newcomer = await scene.join(client, "newcomer");
        const told = async () => newcomer.events().find(({ event }) => event === "error" || event === "failed" || event === "assigned");
        const answer = await waitFor("what the newcomer is told", told, (event) => event !== undefined);
        const isRefused = answer !== undefined && "error" in answer;
        see("told", isRefused ? answer.error : "welcome");
        if (isRefused) await scene.dismiss(newcomer);
        see("type", [(await scene.spread(isRefused ? [first, second] : [first, second, newcomer])).shares, await scene.type()]);
        await scene.flow();
      }),
    );
  }

  for (const cast of CASTS.filter(({ clients }) => clients.length === 1)) {
    compare(`${cast.name}: a member stands still while its group goes back to the classic protocol, and is told`, async (broker) =>
      playOn(await brokers.of(broker), "asleep", cast, async ({ scene, client, see }) => {
        const classic = await scene.join(client(0), "classic", { protocol: "classic", assignor: "range" });
        await scene.spread([classic]);
        const member = await scene.join(client(0), "consumer");
        await scene.spread([classic, member]);
        await scene.flow();
        await member.stop();
        await scene.spread([classic]);
        see("meanwhile", await scene.type());
        const before = member.events().length;
        member.continue();
        const isTelling = ({ event }: MemberEvent) => event === "error" || event === "failed" || event === "assigned";
        const told = async () => member.events().slice(before).find(isTelling);
        const answer = await waitFor("what it is told", told, (event) => event !== undefined);
        const isRefused = answer !== undefined && "error" in answer;
        see("told", isRefused ? answer.error.replace(scene.group, "<group>") : "welcome");
        // franz-go joins again, and the group goes over once more.
        const isBack = !isRefused || client(0) === "franz-go";
        if (!isBack) scene.pardon(member);
        see("afterwards", [(await scene.spread(isBack ? [classic, member] : [classic])).shares, await scene.type()]);
        await scene.flow();
      }),
    );
  }

  compare("kafkajs: classic members with an assignor of their own, and members of the consumer protocol in between", async (broker) =>
    playOn(await brokers.of(broker), "between", { name: "kafkajs", clients: ["kafkajs", "java"] }, async ({ scene, see }) => {
      const first = await scene.join("kafkajs", "first", { protocol: "classic" });
      const second = await scene.join("kafkajs", "second", { protocol: "classic" });
      see("two of kafkajs", [(await scene.spread([first, second])).shares, await scene.type()]);
      await scene.flow();
      const third = await scene.join("java", "third");
      see("one of the consumer protocol", [(await scene.spread([first, second, third])).shares, await scene.type()]);
      await scene.flow();
      await first.leave();
      see("one of kafkajs left", [(await scene.spread([second, third])).shares, await scene.type()]);
      const fourth = await scene.join("kafkajs", "fourth", { protocol: "classic" });
      see("another of kafkajs", [(await scene.spread([second, third, fourth])).shares, await scene.type()]);
      await scene.flow();
      await third.leave();
      see("kafkajs alone again", [(await scene.spread([second, fourth])).shares, await scene.type()]);
      await scene.flow();
    }),
  );
});

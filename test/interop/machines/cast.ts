// Which clients work with a cluster in the scenario of a seed: each library has each part once in three seeds.

import { type ClassicAssignor, canBuildFranzGoMember, type GroupProtocol, type MemberClient } from "../group-member.ts";
import { LIBRARIES, type Library, type WriterOptions } from "./writer.ts";

/** A group whose members commit in transactions. */
export const TRANSFORMERS = "transformers";

/** kafkajs reads on for a moment when a rebalance has begun, where its coordinator was away: whose partitions are whose is not asked of it. */
export const KAFKAJS_READERS = "kafkajs-readers";

export interface Cast {
  readonly writers: readonly ({ readonly library: Library } & Pick<WriterOptions, "name" | "topic" | "partitions" | "transactionalId">)[];
  readonly members: readonly {
    readonly client: MemberClient;
    readonly name: string;
    readonly group: string;
    readonly protocol: GroupProtocol;
    readonly assignor?: ClassicAssignor;
    readonly output?: string;
    readonly transactionalId?: string;
    readonly sessionMs?: number;
  }[];
}

export interface Stage {
  readonly orders: readonly [topic: string, partitions: number];
  readonly ledger: readonly [topic: string, partitions: number];
  readonly copies: string;
}

export function castOf(seed: number, { orders, ledger, copies }: Stage): Cast {
  const [first, second, third] = [0, 1, 2].map((turn) => LIBRARIES[(seed + turn) % LIBRARIES.length]) as [Library, Library, Library];
  const [topic, partitions] = orders;
  /** In a group of their own, of which each protocol has its turn. */
  const further = (canBuildFranzGoMember() ? (["franz-go", "odradek"] as const) : (["odradek"] as const)).map((client) => {
    const protocol: GroupProtocol = seed % 2 === 0 ? "classic" : "consumer";
    return { client, name: `${client}-${protocol}`, group: "further-readers", protocol, assignor: "range" as const };
  });
  return {
    writers: [
      { library: first, name: `${first}-records`, topic, partitions },
      { library: second, name: `${second}-records`, topic, partitions },
      { library: third, name: `${third}-transactions`, topic: ledger[0], partitions: ledger[1], transactionalId: "ledger-writer" },
    ],
    members: [
      { client: "java", name: "java-classic", group: "classic-readers", protocol: "classic", assignor: "range" },
      { client: "librdkafka", name: "librdkafka-classic", group: "classic-readers", protocol: "classic", assignor: "range" },
      // Assigns in a way of its own. Where it gives up it begins anew as another member, and waits until the group has given up the first.
      { client: "kafkajs", name: "kafkajs-classic", group: KAFKAJS_READERS, protocol: "classic", sessionMs: 6000 },
      { client: "java", name: "java-consumer", group: "consumer-readers", protocol: "consumer" },
      { client: "librdkafka", name: "librdkafka-consumer", group: "consumer-readers", protocol: "consumer" },
      ...further,
      // Of librdkafka 2.16 it would stand still for good once the coordinator of its group was away, on Apache Kafka too (its issue 5511).
      {
        client: "java",
        name: "java-transformer",
        group: TRANSFORMERS,
        protocol: seed % 4 < 2 ? "consumer" : "classic",
        assignor: "range",
        output: copies,
        transactionalId: "transformer",
      },
    ],
  };
}

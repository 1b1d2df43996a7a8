import { afterAll, describe, expect, test } from "vitest";
import { hasPostgresReference } from "../../scripts/postgres-reference.ts";
import { kafkaUuid } from "../../src/diskless/postgres/topic-ids.ts";
import { Leader, newTopicId } from "../diskless/contracts/catalog-bench.ts";
import { upkeepContract } from "../diskless/contracts/upkeep-catalog.ts";
import { PostgresBench } from "./diskless-catalog-bench.ts";
import { port } from "./port.ts";
import { PostgresServer } from "./postgres-server.ts";

const PORT = port(20140);
const ROUNDS = 20;
const LOGS = 200;

describe.skipIf(!hasPostgresReference())("what upkeep sees of the catalog in PostgreSQL", () => {
  let server: PostgresServer | undefined;
  const started = async () => {
    server ??= await PostgresServer.start(PORT);
    return server;
  };
  afterAll(() => server?.stop());

  upkeepContract(async () => new PostgresBench(await started()));

  test("while rows of deleted logs go, each log is opened as itself", { timeout: 60_000 }, async () => {
    const bench = new PostgresBench(await started());
    const [leader, other] = [await Leader.join(bench), await Leader.join(bench)];
    const upkeep = bench.upkeep(other.incarnation);
    for (let round = 0; round < ROUNDS; round++) {
      const keys = Array.from({ length: LOGS }, () => ({ topicId: newTopicId(), partition: 0 }));
      const requests = keys.map((key, index) => ({ ...key, leaderEpoch: 100 + index }));
      await leader.catalog.open(requests.map((key) => ({ ...key, leaderEpoch: 0 })));
      await leader.catalog.deleteLogs(keys.filter((_, index) => index % 3 === 0));
      while (await upkeep.purgeDeletedLogs(1000));
      // The first notes since when, and none is young enough for the others.
      await upkeep.forgetDeletedLogs(60_000, 1000);
      const forgetting = Promise.all(Array.from({ length: 20 }, () => upkeep.forgetDeletedLogs(0, 5)));
      const outcomes = await leader.catalog.open(requests);
      await forgetting;
      const text = `
        SELECT l.log_id AS id, l.topic_id AS "topicId", l.leader_epoch AS epoch FROM odradek.log l WHERE l.log_id = ANY ($1)`;
      const ids = outcomes.flatMap((outcome) => (outcome.kind === "open" ? [outcome.logId] : []));
      const rows = await bench.query<{ id: number; topicId: string; epoch: number }>(text, [ids]);
      const found = new Map(rows.map(({ id, topicId, epoch }) => [id, `${kafkaUuid(topicId)} ${epoch}`]));
      for (const [index, outcome] of outcomes.entries())
        if (outcome.kind === "open") expect(found.get(outcome.logId)).toBe(`${keys[index]?.topicId} ${100 + index}`);
      expect(outcomes.length).toBe(LOGS);
    }
  });
});

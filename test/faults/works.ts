// After a fault everything can be done again: records are taken in every partition, offsets are committed, transactions run, those that were open
// can be ended, topics can be made; and a producer that sends again what it sent before it is told that this is there already.

import type { ProducerKnowledge, SentBatch } from "./knowledge.ts";
import type { Life } from "./life.ts";
import type { Promises } from "./loop.ts";

export async function checkWorks(life: Life, { isDurable }: Promises): Promise<void> {
  const { knowledge, broker } = life;
  if (isDurable) await checkProducers(life);
  for (const [name, { partitions }] of broker.node.cluster.image.topicsByName) {
    if (name.startsWith("__")) continue;
    for (const index of partitions.keys()) {
      await life.produce(name, index);
      const attempt = knowledge.partitions[`${name}-${index}`]?.attempts.at(-1);
      if (attempt?.outcome !== "acknowledged") throw new Error(`${name}-${index} takes no records any more`);
    }
  }
  const name = `after${knowledge.lastValue}`;
  await life.createTopic(name);
  if (knowledge.topics[name]?.state !== "there") throw new Error("no topic can be made any more");
  await life.commitOffset("after", name, knowledge.lastValue);
  const producer = await life.initProducer("after", name, "after");
  if (producer === undefined) throw new Error("no transactional id can be initialized any more");
  await life.transact(producer, "after", [0], "commit");
  if (knowledge.transactions.at(-1)?.end !== "committed") throw new Error("no transaction can be committed any more");
}

async function checkProducers(life: Life): Promise<void> {
  const { knowledge } = life;
  for (const [id, transaction] of knowledge.transactions.entries()) {
    if (transaction.end !== "open") continue;
    const producer = knowledge.producers[transaction.transactionalId];
    if (producer === undefined) continue;
    await life.endTransaction(producer, id, true);
    if (knowledge.transactions[id]?.end !== "committed") throw new Error(`transaction ${id}, which was open, cannot be committed`);
  }
  for (const [name, { last, waiting, ...producer }] of Object.entries(knowledge.producers)) {
    if (knowledge.topics[producer.topic]?.state !== "there") continue;
    await sendWaiting(life, producer, waiting);
    if (last === undefined || waiting.length > 0) continue;
    // What is of a transaction is checked by it: after its end nothing of it may be sent again.
    const attempts = knowledge.partitions[`${producer.topic}-${last.index}`]?.attempts ?? [];
    const before = attempts.find(({ value }) => value === last.value);
    if (before === undefined || before.transaction !== undefined) continue;
    const again = { ...before };
    const errorCode = await life.send({ ...producer, sequence: last.sequence }, last.index, again);
    if (errorCode !== 0 || again.offset !== last.offset)
      throw new Error(
        `${name} sends sequence ${last.sequence} again and is told error ${errorCode}, offset ${again.offset} instead of ${last.offset}`,
      );
  }
}

/** What nobody answered is sent again: what is acknowledged then is there, once. */
async function sendWaiting(
  life: Life,
  producer: Omit<ProducerKnowledge, "last" | "waiting">,
  waiting: readonly SentBatch[],
): Promise<void> {
  for (const { sequence, index, value } of waiting) {
    const attempt = life.knowledge.partitions[`${producer.topic}-${index}`]?.attempts.find((each) => each.value === value);
    if (attempt === undefined || attempt.transaction !== undefined) continue;
    const before = { ...attempt };
    await life.send({ ...producer, sequence }, index, attempt);
    // It is there, and too old for its offset to be known.
    if (attempt.outcome === "refused") Object.assign(attempt, before);
  }
}

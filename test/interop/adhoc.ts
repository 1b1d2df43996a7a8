import { ShareScene, shareBrokers } from "./share-scene.ts";
const brokers = shareBrokers("adhoc");
const own = await brokers.of({ name: "kafka" });
await ShareScene.run(own, "adhoc", {}, async (scene) => {
  const members = [] as [string, Awaited<ReturnType<typeof scene.openMortal>>][];
  for (const client of ["librdkafka", "franz-go"] as const) members.push([client, await scene.openMortal({}, client)]);
  await scene.send(10);
  for (const [name, { consumer }] of members) { const r = await consumer.poll(8000); await consumer.acknowledge("accept", r); console.log(name, r.length, await consumer.commit()); }
  await brokers.restart(own, "kill");
  for (let i = 0; i < 3; i++) for (const [name, { consumer }] of members) { const r = await consumer.poll(5000); await consumer.acknowledge("accept", r); console.log(name, r.length, await consumer.commit()); }
  for (const [name, { consumer, die }] of members) { const t = performance.now(); await Promise.race([consumer.close().then(() => console.log(name, "closed", performance.now() - t), (e) => console.log(name, "fail", e.message)), new Promise((r) => setTimeout(() => { console.log(name, "not within 40 s"); r(0); }, 40000).unref())]); die(); }
});
await brokers.stop();
process.exit(0);

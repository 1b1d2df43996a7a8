// Scenarios of the probe in which a producer uses up its epochs: tens of thousands of requests each.

import type { ProbeClient } from "./probe-client.ts";

export type Scenario = (probe: ProbeClient, id: string) => Promise<unknown>;

/** Takes half a minute on Kafka. */
export const slowScenarios: Readonly<Record<string, Scenario>> = {
  "the epochs of a producer are used up": async (probe, id) => {
    const observed: Record<string, unknown> = {};
    const { producer } = await probe.init(id);
    observed["first"] = await probe.describe(id);
    observed["nearly the last"] = await probe.initMany(id, 32_764);
    const last = await probe.init(id);
    observed["one before the last"] = last.told;
    observed["produced"] = await probe.produce(id, last.producer, { version: 12 });
    const ended = await probe.end(id, last.producer, true, 5);
    observed["commits"] = ended.told;
    observed["committed"] = await probe.settled(id);
    observed["produced with the last"] = await probe.produce(id, ended.producer, { version: 12, values: ["x"] });
    const renewed = await probe.end(id, ended.producer, true, 5);
    observed["commits with the last"] = renewed.told;
    observed["state"] = await probe.settled(id);
    observed["repeated"] = (await probe.end(id, ended.producer, true, 5)).told;
    observed["aborts instead"] = (await probe.end(id, ended.producer, false, 5)).told;
    observed["goes on as the old one"] = (await probe.init(id, { producer: ended.producer })).told;
    observed["produces as the old one"] = await probe.produce(id, ended.producer, { version: 12, sequence: 1 });
    observed["produces as the old one, older"] = await probe.produce(id, ended.producer, { version: 10, sequence: 1 });
    observed["produces as the old one elsewhere"] = await probe.produce(id, ended.producer, { version: 12, partition: 1 });
    observed["adds as the old one"] = await probe.add(id, ended.producer, [1]);
    observed["produces"] = await probe.produce(id, renewed.producer, { version: 12, values: ["y"] });
    observed["ends"] = (await probe.end(id, renewed.producer, false, 5)).told;
    observed["settled"] = await probe.settled(id);
    observed["read"] = await probe.read();
    observed["the first one"] = (await probe.end(id, producer, true, 5)).told;
    return observed;
  },

  "the epochs of a producer are used up while a transaction is open": async (probe, id) => {
    const observed: Record<string, unknown> = {};
    await probe.init(id);
    observed["nearly the last"] = await probe.initMany(id, 32_765);
    const last = await probe.init(id);
    observed["the last"] = last.told;
    observed["produced"] = await probe.produce(id, last.producer, { version: 12 });
    observed["fenced"] = (await probe.init(id)).told;
    observed["aborted"] = await probe.settled(id);
    observed["read"] = await probe.read();
    const renewed = await probe.initialized(id);
    observed["begins anew"] = renewed.told;
    observed["state"] = await probe.describe(id);
    observed["repeated"] = (await probe.init(id, { producer: last.producer })).told;
    return observed;
  },

  "the epochs of an older producer are used up": async (probe, id) => {
    const observed: Record<string, unknown> = {};
    await probe.init(id);
    observed["nearly the last"] = await probe.initMany(id, 32_765);
    const last = await probe.init(id);
    observed["the last"] = last.told;
    await probe.add(id, last.producer, [0]);
    observed["produced"] = await probe.produce(id, last.producer, { version: 10 });
    observed["ended"] = (await probe.end(id, last.producer, true, 4)).told;
    observed["settled"] = await probe.settled(id);
    const renewed = await probe.init(id, { producer: last.producer });
    observed["goes on"] = renewed.told;
    observed["repeated"] = (await probe.init(id, { producer: last.producer })).told;
    observed["goes on again"] = (await probe.init(id, { producer: renewed.producer })).told;
    observed["repeated too late"] = (await probe.init(id, { producer: last.producer })).told;
    return observed;
  },
};

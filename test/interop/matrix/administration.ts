// Administration: topics that come, grow, change and go; groups that are listed, described and deleted.

import type { Observation } from "../compare.ts";
import { eventually, KEPT_FOR_EVER, type Scenario } from "./bench.ts";
import { numbered } from "./records.ts";

const CONFIGS = ["cleanup.policy", "compression.type", "max.message.bytes", "retention.ms", "segment.bytes"];

export const ADMINISTRATION: Scenario = {
  title: "administration",
  needs: ["createTopic", "partitionCount", "deleteTopic"],
  async run(bench) {
    const process = await bench.start();
    const topic = bench.name;
    const attempt = bench.attempt.bind(bench, process);
    const settled = (wanted: number): Promise<Observation> =>
      eventually(
        () => attempt("partitionCount", { topic }),
        (answer) => answer === `{"answered":${wanted}}`,
      );
    const configs = (): Promise<Observation> => attempt("describeConfigs", { topic, names: CONFIGS });
    const observed: Record<string, Observation> = {};

    await process.call("createTopic", { topic, partitions: 2, configs: { ...KEPT_FOR_EVER, "cleanup.policy": "compact" } });
    await process.call("createTopic", { topic: `${topic}-other`, partitions: 1 });
    observed["created"] = await settled(2);
    observed["listed"] = await eventually(
      () => attempt("listTopics", { prefix: topic }),
      (answer) => answer.includes("-other") || answer.includes("lacks"),
    );
    observed["configs"] = await configs();
    observed["altered"] = await attempt("alterConfigs", { topic, configs: { "max.message.bytes": "20000", "retention.ms": "3600000" } });
    observed["configs after that"] = await eventually(configs, (answer) => answer.includes('"3600000"') || answer.includes("lacks"));
    observed["altered wrongly"] = await attempt("alterConfigs", { topic, configs: { "max.message.bytes": "many" } });
    observed["an unknown config"] = await attempt("alterConfigs", { topic, configs: { "no.such.setting": "1" } });
    observed["altered elsewhere"] = await attempt("alterConfigs", { topic: `${topic}-unknown`, configs: { "retention.ms": "1" } });
    observed["configs of an unknown topic"] = await attempt("describeConfigs", { topic: `${topic}-unknown`, names: CONFIGS });
    observed["grown"] = await attempt("addPartitions", { topic, partitions: 4 });
    if (bench.about.lacks.addPartitions === undefined) observed["partitions"] = await settled(4);
    observed["shrunk"] = await attempt("addPartitions", { topic, partitions: 1 });
    observed["grown elsewhere"] = await attempt("addPartitions", { topic: `${topic}-unknown`, partitions: 4 });

    const group = topic;
    observed["committed"] = await attempt("commit", { topic, group, offsets: [{ partition: 0, offset: 0 }] });
    observed["groups"] = await attempt("listGroups", { prefix: topic });
    observed["group"] = await attempt("describeGroup", { group });
    observed["group deleted"] = await attempt("deleteGroup", { group });
    observed["deleted again"] = await attempt("deleteGroup", { group });
    observed["deleted group"] = await attempt("describeGroup", { group });
    observed["groups in the end"] = await attempt("listGroups", { prefix: topic });

    await process.call("produce", { topic, records: numbered(5) });
    await process.call("deleteTopic", { topic });
    await eventually(
      () => attempt("partitionCount", { topic }),
      (answer) => answer.startsWith('{"refused"'),
    );
    observed["deleted topic"] = await attempt("deleteTopic", { topic });
    await process.call("createTopic", { topic, partitions: 3, configs: KEPT_FOR_EVER });
    observed["made again"] = await settled(3);
    observed["empty again"] = await eventually(
      () => attempt("watermarks", { topic, partitions: [0, 1, 2] }),
      // Some clients say -1 of a partition that has no leader yet.
      (answer) => !answer.startsWith('{"refused"') && !answer.includes(":-1"),
    );
    return observed;
  },
};

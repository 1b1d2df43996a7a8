// Making and deleting topics.

import { bool, int, javaClass } from "../setting.ts";

const honoured = true;

export const topicsSettings = {
  "alter.config.policy.class.name": javaClass(null, "Class that judges changes of settings."),
  "auto.create.topics.enable": bool(true, "Makes a topic when a client asks for the metadata of one that does not exist.", { honoured }),
  "create.topic.policy.class.name": javaClass(null, "Class that judges new topics."),
  "default.replication.factor": int(1, "Replication factor of topics made automatically or without a given one.", { honoured }),
  "delete.topic.enable": bool(true, "Lets clients delete topics.", { honoured }),
  "num.partitions": int(1, "Partitions of topics made automatically or without a given number.", { honoured, min: 1 }),
};

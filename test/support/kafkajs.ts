// How kafkajs is configured where brokers come and go while it works.

import { type KafkaConfig, logLevel } from "kafkajs";

const isTraced = process.env["CLIENTS_TRACED"] !== undefined;
const SPINS = "consumer not running, exiting";

/**
 * Silent (but with CLIENTS_TRACED), and able to disconnect at any time. When the brokers that it knows have changed, a consumer of kafkajs 2.2 ends its fetchers and
 * makes them anew, even where it was disconnected meanwhile; as it does not run, they ask for nothing, turn for ever, and leave no turn of
 * the event loop to anybody. On Apache Kafka it is the same. All that such a turn does is to tell the logger that the consumer does not
 * run: an error that is thrown there ends the fetchers, and the consumer is disconnected.
 */
export const QUIET: Pick<KafkaConfig, "logLevel" | "logCreator"> = {
  logLevel: logLevel.DEBUG,
  logCreator: () => (entry) => {
    if (isTraced) console.log(JSON.stringify(entry));
    if (entry.level === logLevel.DEBUG && entry.namespace === "Runner" && entry.log.message === SPINS) throw new Error(SPINS);
  },
};

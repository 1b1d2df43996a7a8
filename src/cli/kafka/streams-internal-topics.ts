// The internal topics of a streams group that `kafka-streams-groups` deletes: those of its topology that nobody else can have made.

import { describeStreamsGroup } from "../../client/admin/streams-groups.ts";
import type { Brokers } from "../../client/brokers.ts";
import type { Io } from "./tool.ts";

const ENDINGS = ["-changelog", "-repartition", "-subscription-registration-topic", "-subscription-response-topic"];
const FOREIGN_KEY_JOINS = /.-KTABLE-FK-JOIN-SUBSCRIPTION-(REGISTRATION|RESPONSE)-\d+-topic$/;

/** What does not look like one is named, and left. Raises Refusal for a group that is missing. */
export async function internalTopicsOf(brokers: Brokers, id: string, io: Io): Promise<string[]> {
  const { subtopologies } = await describeStreamsGroup(brokers, id);
  const sources = new Set(subtopologies.flatMap(({ sourceTopics }) => sourceTopics));
  const internal = subtopologies.flatMap(({ repartitionSourceTopics, stateChangelogTopics }) =>
    [...repartitionSourceTopics, ...stateChangelogTopics].map(({ name }) => name),
  );
  return internal.filter((name) => {
    if (sources.has(name)) return false;
    if (name.startsWith(`${id}-`) && (ENDINGS.some((ending) => name.endsWith(ending)) || FOREIGN_KEY_JOINS.test(name))) return true;
    io.out(`\nError: The internal topic '${name}' is not inferred as internal and thus will not be deleted with the group '${id}'.`);
    return false;
  });
}

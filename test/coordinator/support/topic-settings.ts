import { type TopicSettings, topicSettingTable } from "../../../src/config/topic-settings.ts";

/** Every setting of a topic at its default. */
export const topicSettings = Object.fromEntries(
  Object.entries(topicSettingTable).map(([name, { default: value }]) => [name, value]),
) as unknown as TopicSettings;

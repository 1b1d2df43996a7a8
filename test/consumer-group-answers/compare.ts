// What two brokers must have in common in a scenario: all of its course, its lines, or what it comes to whatever the steps were.

import type { Course } from "./play.ts";
import type { Scenario } from "./scenario.ts";

export function comparable({ compares }: Scenario, course: Course): Course {
  switch (compares) {
    case "course":
      return course;
    case "lines":
      return { ...course, records: [] };
    case "outcome":
      return outcomeOf(course);
  }
}

/** Without single heartbeats, epochs, and what expressions were last seen to stand for; of each key the record that stands in the end. */
function outcomeOf({ lines, records }: Course): Course {
  const lasting = new Map(records.map((record) => record.split(" = ")).map(([key = "", value = ""]) => [key, value]));
  return {
    lines: lines.filter((line) => !line.startsWith("ConsumerGroupHeartbeat ")).map(withoutEpochs),
    records: [...lasting].map(([key, value]) => withoutEpochs(`${key} = ${value}`).replace(SEEN_TOPICS, "$1<topics>")).sort(),
  };
}

const SEEN_TOPICS = /^(ConsumerGroupRegularExpression .*topics:)\[.*?\]/;

function withoutEpochs(line: string): string {
  return line.replace(/([eE]poch):-?\d+/g, "$1:<epoch>").replace(/@\d+/g, "@<epoch>");
}

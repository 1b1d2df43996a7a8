// What is asked of a share coordinator, one request after another, to be compared between brokers: each operation in each situation that it
// tells apart. `t` is a topic with two partitions, which is deleted in the end.

import * as messages from "../../protocol/messages/index.ts";
import type { Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";

/** Three updates to a snapshot, one partition, nothing by the clock. */
export const SETTINGS: Readonly<Record<string, string>> = {
  "share.coordinator.snapshot.update.records.per.snapshot": "3",
  "share.coordinator.state.topic.num.partitions": "1",
};

export interface Step {
  readonly api: Api;
  readonly version: number;
  readonly body: object;
}

type Fields = Readonly<Record<string, unknown>>;

const GROUP = "g";
const NO_TOPIC = "AAAAAAAAAAAAAAAAAAAAAA";
const AVAILABLE = 0;
const ACKNOWLEDGED = 2;
const ARCHIVED = 4;

export function steps(topicId: string): Step[] {
  const of = (api: unknown, version: number, fields: Fields, defaults: Fields): Step => {
    const { group = GROUP, topic = topicId, ...partition } = fields;
    const topics = [{ topicId: topic, partitions: [{ partition: 0, ...defaults, ...partition }] }];
    return { api: api as Api<Shape, Shape>, version, body: { groupId: group, topics } };
  };
  const initialize = (fields: Fields = {}) => of(messages.initializeShareGroupState, 0, fields, { stateEpoch: 1, startOffset: -1 });
  const read = (fields: Fields = {}) => of(messages.readShareGroupState, 0, fields, { leaderEpoch: 0 });
  const write = (fields: Fields = {}, version = 1) =>
    of(messages.writeShareGroupState, version, fields, {
      ...{ stateEpoch: 1, leaderEpoch: 0, startOffset: 0, stateBatches: [] },
      ...(version === 0 ? {} : { deliveryCompleteCount: 0 }),
    });
  const remove = (fields: Fields = {}) => of(messages.deleteShareGroupState, 0, fields, {});
  const summary = (fields: Fields = {}, version = 1) => of(messages.readShareGroupStateSummary, version, fields, { leaderEpoch: 0 });
  const all = (fields: Fields) => [initialize(fields), read(fields), write(fields), remove(fields), summary(fields)];
  return [
    ...[read(), write(), summary(), summary({}, 0), remove()],
    ...begun(initialize, read),
    ...changed(read, write, summary),
    ...begunAnew(initialize, read, write, summary),
    ...[remove(), remove(), read(), summary(), write(), initialize({ stateEpoch: 0, startOffset: 3 })],
    ...countedOn(initialize, write),
    ...[{ group: "" }, { partition: -1 }, { partition: 7 }, { topic: NO_TOPIC }].flatMap(all),
    ...all({}).map(({ api, version }) => ({ api, version, body: { groupId: GROUP, topics: [] } })),
    ...all({}).map(({ api, version }) => ({ api, version, body: { groupId: GROUP, topics: [{ topicId, partitions: [] }] } })),
  ];
}

type Make = (fields?: Fields, version?: number) => Step;

function begun(initialize: Make, read: Make): Step[] {
  return [
    ...[initialize(), initialize({ partition: 1, stateEpoch: 5, startOffset: 7 })],
    ...[read(), read({ leaderEpoch: 2 }), read({ leaderEpoch: 1 }), read({ leaderEpoch: -1 })],
  ];
}

function changed(read: Make, write: Make, summary: Make): Step[] {
  const batch = (firstOffset: number, lastOffset: number, deliveryState: number, deliveryCount: number) => ({
    ...{ firstOffset, lastOffset, deliveryState, deliveryCount },
  });
  const first = [batch(0, 9, ACKNOWLEDGED, 1), batch(10, 19, AVAILABLE, 1)];
  const overlapping = [batch(10, 14, ACKNOWLEDGED, 1), batch(12, 16, ARCHIVED, 2)];
  const neighbours = [batch(2, 4, AVAILABLE, 1), batch(5, 6, AVAILABLE, 1), batch(7, 7, ACKNOWLEDGED, 1)];
  const third = { leaderEpoch: 3 };
  return [
    write({ leaderEpoch: 1 }),
    write({ leaderEpoch: 2, stateBatches: first, deliveryCompleteCount: 10 }),
    ...[summary(), summary({ leaderEpoch: 9 }), read({ leaderEpoch: 2 })],
    // A newer leader that has not read: its epoch is not stored. Reading stores it, with the snapshot that is due.
    write({ ...third, startOffset: 10, stateBatches: [batch(10, 14, ACKNOWLEDGED, 1)], deliveryCompleteCount: 5 }),
    read(third),
    write({ ...third, startOffset: 10, stateBatches: overlapping, deliveryCompleteCount: 7 }),
    write({ ...third, startOffset: 12, stateBatches: [batch(17, 18, ARCHIVED, 2)], deliveryCompleteCount: 8 }),
    read(third),
    // Nothing is known of epochs, start and count.
    write({ leaderEpoch: -1, stateEpoch: -1, startOffset: -1, stateBatches: [batch(30, 31, AVAILABLE, 1)] }, 0),
    ...[write({ ...third, stateEpoch: 0 }), write({ ...third, stateEpoch: 9, startOffset: 13 }), summary()],
    // The start goes back.
    ...[write({ ...third, startOffset: 3, stateBatches: [batch(0, 9, AVAILABLE, 1)] }), read(third)],
    ...[write({ ...third, startOffset: -1, stateBatches: neighbours }), read(third)],
  ];
}

function begunAnew(initialize: Make, read: Make, write: Make, summary: Make): Step[] {
  return [
    ...[
      initialize({ stateEpoch: 0 }),
      initialize({ startOffset: 5 }),
      summary(),
      initialize({ stateEpoch: 3, startOffset: 50 }),
      summary(),
    ],
    // Leaders before the last that read stay fenced.
    ...[read({ leaderEpoch: 3 }), write({ stateEpoch: 3, startOffset: 50 }), read(), write({ leaderEpoch: 3, stateEpoch: 2 })],
  ];
}

/** What begins anew between updates counts for neither. */
function countedOn(initialize: Make, write: Make): Step[] {
  return [
    ...[write({ startOffset: 4 }), write({ startOffset: 5 }), initialize({ stateEpoch: 2, startOffset: 0 })],
    ...[write({ stateEpoch: 2, startOffset: 1 }), write({ stateEpoch: 2, startOffset: 2 }), write({ stateEpoch: 2, startOffset: 3 })],
    ...[write({ stateEpoch: 2, startOffset: 4, leaderEpoch: 5 }), write({ stateEpoch: 2, startOffset: 5, leaderEpoch: 6 })],
    write({ stateEpoch: 2, startOffset: 6, leaderEpoch: 7 }),
  ];
}

// The members of consumer groups that the benchmark brings along: they do what clients do, and what they call stable is.

import { expect, onTestFinished, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { decodeRequest, encodeResponse } from "../../protocol/headers.ts";
import { consumerGroupHeartbeat as api } from "../../protocol/messages/68-consumer-group-heartbeat.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { ConsumerGroup } from "../../scripts/bench/consumer-group.ts";
import { ConsumerMember } from "../../scripts/bench/consumer-member.ts";
import { findCoordinator } from "../../scripts/bench/coordinator.ts";
import { FrameSocket } from "../../scripts/bench/frame-socket.ts";
import { HeartbeatLane } from "../../scripts/bench/heartbeat-lane.ts";
import { RhythmicMember } from "../../scripts/bench/rhythmic-member.ts";
import { startBroker } from "../../src/index.ts";

const TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAQ";
const owned = (...partitions: number[]) => [{ topicId: TOPIC_ID, partitions }];

function said(member: ConsumerMember): DecodedMessage<typeof api.request> {
  return decodeRequest(member.nextRequest().subarray(4)).body as DecodedMessage<typeof api.request>;
}

type Told = Partial<EncodableMessage<typeof api.response>>;

function answer(member: ConsumerMember, told: Told = {}) {
  const base = { errorCode: Errors.NONE, memberId: member.memberId, memberEpoch: member.memberEpoch, heartbeatIntervalMs: 5000 };
  return member.answered(Buffer.concat(encodeResponse(api, 1, 1, { ...base, ...told })).subarray(4));
}

const assigned = (...partitions: number[]): Told => ({
  assignment: { topicPartitions: partitions.length > 0 ? owned(...partitions) : [] },
});

test("a member joins with all that it is, acknowledges at once what it is told, and then says nothing but that it lives", () => {
  const member = new ConsumerMember("group", ["topic"]);
  expect(said(member)).toMatchObject({ memberEpoch: 0, subscribedTopicNames: ["topic"], topicPartitions: [] });
  expect(answer(member, { memberEpoch: 3, ...assigned(1, 2) })).toBe("at once");
  expect(member).toMatchObject({ memberEpoch: 3, heartbeatIntervalMs: 5000, isSettled: false });
  expect(said(member)).toMatchObject({ memberEpoch: 3, subscribedTopicNames: null, topicPartitions: owned(1, 2) });
  expect(answer(member)).toBe("by the interval");
  expect(member).toMatchObject({ isSettled: true, ownedCount: 2 });
  expect(said(member)).toMatchObject({ memberEpoch: 3, subscribedTopicNames: null, topicPartitions: null });
});

test("a member that is told that it has nothing yet has nothing to acknowledge", () => {
  const member = new ConsumerMember("group", ["topic"]);
  said(member);
  expect(answer(member, { memberEpoch: 1, ...assigned() })).toBe("by the interval");
  expect(said(member)).toMatchObject({ memberEpoch: 1, topicPartitions: null });
});

test("a stable member that is told of other partitions acknowledges them, and not that which stays the same", () => {
  const member = new ConsumerMember("group", ["topic"]);
  said(member);
  answer(member, { memberEpoch: 1, ...assigned(1, 2) });
  said(member);
  expect(answer(member, assigned(2, 1))).toBe("by the interval");
  said(member);
  expect(answer(member, { memberEpoch: 1, ...assigned(1) })).toBe("at once");
  expect(said(member)).toMatchObject({ topicPartitions: owned(1) });
  expect(answer(member, { memberEpoch: 2 })).toBe("by the interval");
  expect(member).toMatchObject({ memberEpoch: 2, isSettled: true });
});

test("a member takes over the interval that it is told last", () => {
  const member = new ConsumerMember("group", ["topic"]);
  said(member);
  answer(member, { memberEpoch: 1, ...assigned(), heartbeatIntervalMs: 50 });
  said(member);
  expect(answer(member, { heartbeatIntervalMs: 70 })).toBe("by the interval");
  expect(member.heartbeatIntervalMs).toBe(70);
});

test("a member waits for its coordinator, and for nothing else that is wrong", () => {
  const member = new ConsumerMember("group", ["topic"]);
  said(member);
  expect(answer(member, { errorCode: Errors.COORDINATOR_LOAD_IN_PROGRESS })).toBe("soon");
  expect(said(member)).toMatchObject({ memberEpoch: 0, topicPartitions: [] });
  expect(() => answer(member, { errorCode: Errors.FENCED_MEMBER_EPOCH })).toThrow("FENCED_MEMBER_EPOCH");
});

test("a group is stable when all have acknowledged an even share, and knows of a partition with two owners", () => {
  const members = ["a", "b"].map((group) => new ConsumerMember(group, ["topic"]));
  const group = new ConsumerGroup(4);
  for (const member of members) group.add(member);
  const tell = (index: number, told: Told) => {
    const member = members[index];
    if (member === undefined) throw new Error("no such member");
    said(member);
    answer(member, told);
    group.changed(member);
  };
  tell(0, { memberEpoch: 1, ...assigned(0, 1, 2, 3) });
  tell(0, {});
  tell(1, { memberEpoch: 1, ...assigned() });
  expect(group.isStable()).toBe(false);
  tell(0, assigned(0, 1));
  tell(1, assigned(1, 3));
  expect(group.isStable()).toBe(false);
  tell(0, {});
  expect(group.isStable()).toBe(false);
  tell(1, {});
  expect(group.isStable()).toBe(true);
  expect(() => group.checkOwners()).toThrow("two owners");
});

test("members of a broker's group become stable, and heartbeat as fast as they are answered", { timeout: 30_000 }, async () => {
  await using broker = await startBroker({
    topics: [{ name: "topic", partitions: 6 }],
    settings: { "group.consumer.assignment.interval.ms": 0 },
  });
  const at = { host: "127.0.0.1", port: broker.port };
  const socket = await FrameSocket.connect(at);
  await findCoordinator(socket, "group");
  socket.close();
  const errors: unknown[] = [];
  const group = new ConsumerGroup(6);
  const connecting = ["a", "b", "c"].map(() =>
    RhythmicMember.connect(at, new ConsumerMember("group", ["topic"]), group, (error) => errors.push(error)),
  );
  const members = await Promise.all(connecting);
  onTestFinished(() => {
    for (const member of members) member.pause();
  });
  for (const member of members) member.send();
  await group.untilStable();
  group.checkOwners();
  await expect.poll(() => group.hasOneEpoch()).toBe(true);
  expect(members.map(({ member }) => member.ownedCount)).toEqual([2, 2, 2]);

  for (const member of members) member.pause();
  const heartbeats = members.map(({ member }) => member.heartbeat());
  const lane = await HeartbeatLane.connect(at, heartbeats);
  await new Promise<void>((done, fail) => {
    let answered = 0;
    lane.start(() => {
      if (++answered === 100 * members.length) done();
    }, fail);
  });
  await lane.end();
  await Promise.all(members.map((member) => member.leave()));
  expect(errors).toEqual([]);
});

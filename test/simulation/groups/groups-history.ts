// One history of groups of the consumer protocol: members that come, go, die and are slow, topics that change, a coordinator that crashes and
// moves. Then nothing changes any more, and each group must come to rest in bounded time with every partition at one member. In the end a
// coordinator that loads a copy of the disk answers the same requests as the one that is there.

import type { FailureKind } from "../../support/failing-filesystem.ts";
import { Dice, Scheduler } from "../scheduler.ts";
import { PARTITIONS } from "./broker-process.ts";
import { expectFetchable, expectTwin } from "./groups-end.ts";
import { GroupsWorld } from "./groups-world.ts";
import { Ledger } from "./ledger.ts";
import { SimulatedMember, type Subscription } from "./member.ts";

export type GroupsSummary = Readonly<Record<string, number>>;

/** Of the event loop: a log that is made durable takes more than one. */
const TURNS = 6;
const SESSION_MS = 10_000;
const DISCONNECTED_MS = 1000;
const LONGEST_HISTORY_MS = 20 * 60_000;
/** Silent members are removed by then, slow ones have given up, targets have been computed, and everybody has been heard a few times. */
const REST_MS = 60_000;
/** Topics with more partitions than are assigned while a member waits. */
const LARGE = 5100;

/** Throws when something does not hold. */
export async function runGroupsHistory(seed: number): Promise<GroupsSummary> {
  const scheduler = new Scheduler(TURNS);
  const history = new GroupsHistory(seed, scheduler);
  const running = history.run();
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  running.then(done, done);
  await scheduler.run(() => isDone, LONGEST_HISTORY_MS);
  return running;
}

class GroupsHistory {
  readonly #dice: Dice;
  readonly #scheduler: Scheduler;
  readonly #world: GroupsWorld;
  readonly #ledger: Ledger;
  readonly #members: SimulatedMember[] = [];
  readonly #isLarge: boolean;

  constructor(seed: number, scheduler: Scheduler) {
    this.#dice = new Dice(seed);
    this.#scheduler = scheduler;
    const dice = this.#dice;
    this.#isLarge = dice.chance(0.03);
    const disconnectedMs = dice.pick([DISCONNECTED_MS, DISCONNECTED_MS, -1]);
    this.#world = new GroupsWorld({
      scheduler,
      dice,
      failure: dice.pick<FailureKind>(["crash", "crash", "power", "fail"]),
      isSlow: this.#isLarge || dice.chance(0.2),
      groupIds: ["g", "h", "k"].slice(0, this.#isLarge ? 1 : dice.between(1, 3)),
      settings: {
        "group.consumer.min.session.timeout.ms": SESSION_MS,
        "group.consumer.session.timeout.ms": SESSION_MS,
        "group.consumer.min.heartbeat.interval.ms": 500,
        "group.consumer.heartbeat.interval.ms": dice.pick([500, 2000, 3000]),
        "group.consumer.min.assignment.interval.ms": 0,
        "group.consumer.assignment.interval.ms": dice.pick([0, 300, 1000]),
        "odradek.group.disconnected.member.timeout.ms": disconnectedMs,
        "odradek.group.consumer.change.heartbeat.interval.ms": dice.pick([200, 200, -1]),
      },
    });
    this.#ledger = new Ledger(this.#world, {
      sessionMs: SESSION_MS,
      disconnectedMs: disconnectedMs < 0 ? Number.POSITIVE_INFINITY : disconnectedMs,
    });
  }

  async run(): Promise<GroupsSummary> {
    const world = this.#world;
    await world.start();
    for (const name of ["a-1", "a-2", "b-1"]) world.changeTopics((topics) => topics.create(name, this.#dice.between(1, 6)), name);
    if (this.#isLarge) world.changeTopics((topics) => topics.create("a-large", LARGE), "a-large");
    for (const groupId of world.options.groupIds) for (let count = this.#dice.between(1, 4); count > 0; count--) this.#join(groupId);
    world.lossChance = this.#dice.pick([0, 0.02, 0.1]);
    const endMs = world.nowMs + (this.#isLarge ? 15_000 : this.#dice.pick([10_000, 30_000, 90_000]));
    while (world.nowMs < endMs) {
      await this.#scheduler.sleep(this.#dice.between(0, 1500));
      this.#throwFailure();
      await this.#act();
    }
    await this.#rest();
    await expectFetchable(world, this.#ledger);
    const seen = this.#live().map(({ groupId, memberId, instanceId, epoch, owned }) => ({
      groupId,
      memberId,
      instanceId,
      epoch,
      owned: [...owned],
    }));
    for (const member of this.#members) member.isOver = true;
    // What is on its way arrives.
    await this.#scheduler.sleep(50);
    await expectTwin(world, seen);
    this.#throwFailure();
    return { ...this.#ledger.counts, lives: world.lives, moves: world.moves, large: this.#isLarge ? 1 : 0, histories: 1 };
  }

  // ---- what happens

  async #act(): Promise<void> {
    const { options } = this.#world;
    const groupId = this.#dice.pick(options.groupIds);
    const live = this.#live().filter((member) => member.groupId === groupId);
    const member = live.length === 0 ? undefined : this.#dice.pick(live);
    switch (this.#dice.between(0, 13)) {
      case 0:
      case 1:
        if (live.length < 6) this.#join(groupId);
        return;
      case 2:
        if (member !== undefined) this.#leave(member);
        return;
      case 3:
        member?.die(this.#dice.chance(0.7));
        if (member !== undefined && member.instanceId !== null && this.#dice.chance(0.7)) this.#join(groupId, member);
        return;
      case 4:
        member?.subscribe(this.#subscription());
        return;
      case 5:
        member?.freeze(this.#dice.pick([500, 3000, 9000, 15_000]));
        return;
      case 6:
        member?.loseConnection();
        return;
      case 7:
      case 8:
        this.#changeTopic();
        return;
      case 9:
        await this.#move();
        return;
      case 10:
        this.#world.planFailure(this.#dice.pick([1, 5, 40]));
        return;
      case 11:
        if (options.failure === "fail") return;
        this.#world.kill();
        return await this.#revive();
      case 12:
        void this.#world.process?.compact();
        return;
      default:
        if (this.#world.hasCrashed) {
          this.#world.kill();
          await this.#revive();
        }
    }
  }

  async #revive(isSafe = false): Promise<void> {
    await this.#scheduler.sleep(this.#dice.pick([0, 10, 500, 3000]));
    await this.#world.start({ isSafe });
  }

  async #move(): Promise<void> {
    const index = this.#dice.between(0, PARTITIONS - 1);
    this.#world.resign(index);
    await this.#scheduler.sleep(this.#dice.pick([0, 0, 5, 300]));
    this.#world.elect(index);
  }

  #changeTopic(): void {
    const { topics } = this.#world;
    const name = this.#dice.pick(["a-1", "a-2", "a-3", "b-1", "b-2"]);
    const count = topics.view.partitionCount(name);
    if (count === undefined) {
      this.#world.changeTopics((all) => all.create(name, this.#dice.between(1, 6)), name);
    } else if (this.#dice.chance(0.6)) {
      this.#world.changeTopics((all) => all.grow(name, count + this.#dice.between(1, 3)), name);
    } else {
      this.#ledger.topicDeleted(topics.view.idOf(name) ?? "");
      this.#world.changeTopics((all) => all.delete(name), name);
    }
  }

  #subscription(): Subscription {
    if (this.#isLarge)
      return this.#dice.pick([
        { names: ["a-large"], regex: null },
        { names: ["a-large", "a-1"], regex: null },
      ]);
    if (this.#dice.chance(0.3)) return { names: null, regex: this.#dice.pick(["a-.*", ".*-1", "b-.*"]) };
    const names = ["a-1", "a-2", "a-3", "b-1", "b-2"].filter(() => this.#dice.chance(0.5));
    return { names: names.length === 0 ? ["a-1"] : names, regex: this.#dice.chance(0.1) ? "b-.*" : null };
  }

  /** @param former a static member whose place it is to take */
  #join(groupId: string, former?: SimulatedMember): void {
    const dice = this.#dice;
    const name = `${groupId}${this.#members.length}`;
    const rebalanceTimeoutMs = dice.pick([2000, 5000]);
    const member = new SimulatedMember({
      world: this.#world,
      ledger: this.#ledger,
      groupId,
      name,
      instanceId: former?.instanceId ?? (dice.chance(0.3) ? `instance-${name}` : null),
      subscription: former !== undefined && dice.chance(0.7) ? former.subscription : this.#subscription(),
      assignor: dice.pick([null, null, "range", "uniform"]),
      rebalanceTimeoutMs,
      // Some take longer than they may.
      revocationMs: dice.pick([0, 100, 1000, rebalanceTimeoutMs * 2, LONGEST_HISTORY_MS]),
      saysEarly: dice.chance(0.3),
      commits: dice.chance(0.7),
    });
    this.#members.push(member);
    this.#world.supervise(member.run());
  }

  #leave(member: SimulatedMember): void {
    const isForAWhile = member.instanceId !== null && this.#dice.chance(0.7);
    this.#world.supervise(member.leave(isForAWhile));
    if (!isForAWhile || this.#dice.chance(0.2)) return;
    const delayMs = this.#dice.pick([0, 100, 4000, 12_000]);
    this.#scheduler.after(delayMs, () => this.#join(member.groupId, member));
  }

  #live(): SimulatedMember[] {
    return this.#members.filter(({ isOver }) => !isOver);
  }

  #throwFailure(): void {
    if (this.#world.failure !== undefined) throw this.#world.failure;
  }

  // ---- how it ends

  /** Nothing changes any more; throws when a group has not come to rest by then. */
  async #rest(): Promise<void> {
    const world = this.#world;
    if (this.#dice.chance(0.5) || !world.heal()) {
      world.kill();
      await world.start({ isSafe: true });
    }
    world.lossChance = 0;
    const untilMs = world.nowMs + REST_MS;
    // Those who were to come back have, and nobody is frozen any more.
    await this.#scheduler.sleep(16_000);
    for (;;) {
      await this.#scheduler.sleep(500);
      this.#throwFailure();
      const fault = this.#fault();
      if (fault === undefined) return;
      if (world.nowMs > untilMs) throw new Error(`${fault}, ${REST_MS} ms after the last change`);
    }
  }

  #fault(): string | undefined {
    for (const groupId of this.#world.options.groupIds) {
      const live = this.#live().filter((member) => member.groupId === groupId);
      const group = this.#world.groupOf(groupId);
      if (live.length > 0 && group?.state !== "Stable") return `${groupId} is ${group?.state}`;
      if (group !== undefined && group.members.size !== live.length)
        return `${groupId} has ${group.members.size} members of ${live.length}`;
      if (group !== undefined) this.#ledger.checkHolders(group);
      const wanted = this.#world.topics.partitionsOf(new Set(live.flatMap((member) => this.#topicsOf(member))));
      const owned = live.flatMap((member) => [...member.owned]);
      if (wanted.sort().join() !== owned.sort().join()) return `${groupId} has ${owned.join()} of ${wanted.join()}`;
      for (const member of live) {
        const own = new Set(this.#world.topics.partitionsOf(this.#topicsOf(member)));
        const foreign = [...member.owned].find((partition) => !own.has(partition));
        if (foreign !== undefined) return `${member.name} has ${foreign}, which it does not subscribe to`;
      }
    }
    return undefined;
  }

  #topicsOf({ subscription: { names, regex } }: SimulatedMember): string[] {
    const pattern = regex === null ? undefined : new RegExp(`^(?:${regex})$`);
    return this.#world.topics.names().filter((name) => names?.includes(name) === true || pattern?.test(name) === true);
  }
}

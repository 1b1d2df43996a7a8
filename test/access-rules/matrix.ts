// Every request in every situation, sent to a broker that has an authorizer, and what it answered. Run on Apache Kafka the answers are facts
// (scripts/record-access-rules.ts), run on ours they must be the same (test/security/access-rules.test.ts).

import { decodeResponse } from "../../protocol/headers.ts";
import { apiVersions } from "../../protocol/messages/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { logIn } from "./login.ts";
import { type Fact, normalise } from "./normalise.ts";
import type { Probe } from "./probe.ts";
import { CLUSTER_PROBES } from "./probes-cluster.ts";
import { DATA_PROBES } from "./probes-data.ts";
import { GROUP_PROBES } from "./probes-groups.ts";
import { SHARE_GROUP_PROBES } from "./probes-share-groups.ts";
import { STREAMS_PROBES } from "./probes-streams.ts";
import { Scene } from "./scene.ts";
import { SetUp } from "./set-up.ts";
import { ADMIN, PHASES, type Phase, type Policy, SITUATIONS, type Situation, userOf } from "./situations.ts";

/** First those that make nothing: what they list stays short. */
export const PROBES: readonly Probe[] = [
  ...DATA_PROBES,
  ...GROUP_PROBES,
  ...STREAMS_PROBES,
  ...CLUSTER_PROBES,
  ...SHARE_GROUP_PROBES,
].toSorted((a, b) => Math.sign(a.fresh.length) - Math.sign(b.fresh.length));
/** In versions that Kafka 4 does not serve; its words for refusals are others than those of Kafka 3. */
export const OLD_PROBES: readonly Probe[] = PROBES.flatMap((probe) =>
  probe.oldVersions.length === 0 ? [] : [{ ...probe, versions: probe.oldVersions, leavesOut: [...probe.leavesOut, "errorMessage"] }],
);

const DEADLINE_MS = 10_000;
export const CLOSED = "closed";
const UNANSWERED = "unanswered";
/** The request has no answer, and the next one has. */
const SILENCE = "silence";

export interface Place {
  /** Of a listener SASL_PLAINTEXT on 127.0.0.1 that knows USERS by PLAIN. */
  readonly port: number;
  readonly policy: Policy;
  readonly settleMs?: number;
}

/** `probe`, version and situation, and what each of its requests was answered. */
export interface Cell {
  readonly probe: string;
  readonly version: number;
  readonly situation: string;
  readonly answers: readonly Fact[];
}

interface Sending {
  readonly version: number;
  readonly situation: Situation;
  readonly scene: Scene;
}

export class Matrix {
  readonly #place: Place;
  readonly #clients = new Map<string, RawClient>();
  readonly #setUp: SetUp;
  readonly #shared = Scene.shared();
  readonly cells: Cell[] = [];

  private constructor(place: Place, admin: RawClient) {
    this.#place = place;
    this.#clients.set(ADMIN, admin);
    this.#setUp = new SetUp(admin, place.settleMs ?? 0);
  }

  static async run(place: Place, probes: readonly Probe[]): Promise<readonly Cell[]> {
    const matrix = new Matrix(place, await logIn(place.port, ADMIN));
    try {
      await matrix.#setUp.coordinators();
      await matrix.#setUp.scenes([matrix.#shared], ["topics", "groups", "transactions"]);
      await matrix.#setUp.furnish(matrix.#shared);
      for (const [index, probe] of probes.entries()) await matrix.#probe(probe, index);
      return matrix.cells;
    } finally {
      for (const client of matrix.#clients.values()) client.close();
    }
  }

  async #probe(probe: Probe, index: number): Promise<void> {
    const sendings = this.#sendings(probe, index);
    const own = sendings.filter(({ scene }) => scene !== this.#shared);
    await this.#setUp.scenes(
      own.map(({ scene }) => scene),
      probe.fresh,
    );
    for (const phase of PHASES) {
      const rules = sendings.flatMap((sending) => rulesFor(probe, sending, phase));
      await this.#setUp.makeRules(rules);
      for (const sending of sendings) {
        if (isBeforeWithdrawal(sending.situation, phase)) await this.#send(probe, sending, `${sending.situation.name}, before`);
        if (sending.situation.phase === phase) await this.#send(probe, sending, sending.situation.name);
      }
      await this.#setUp.dropRules();
    }
  }

  #sendings(probe: Probe, index: number): Sending[] {
    const needs = probe.needs(this.#shared);
    const here = SITUATIONS.filter(({ policy, concerns }) => policy === this.#place.policy && concerns?.(needs) !== false);
    return probe.versions.flatMap((version) =>
      here.map((situation) => {
        const name = `p${index}v${version}s${SITUATIONS.indexOf(situation)}`;
        return { version, situation, scene: probe.fresh.length === 0 ? this.#shared : this.#shared.withOwn(name, probe.fresh) };
      }),
    );
  }

  async #send(probe: Probe, { version, situation, scene }: Sending, name: string): Promise<void> {
    const answers: Fact[] = [];
    const user = situation.sender === "nobody" ? undefined : userOf(situation);
    for (const request of probe.requests(scene, version)) {
      const client = await this.#client(user);
      client.send(probe.api, version, request);
      if (probe.isSilent) client.send(apiVersions, 0, {});
      const frame = await next(client);
      if (probe.isSilent && typeof frame !== "string") {
        answers.push(SILENCE);
        continue;
      }
      if (frame === CLOSED || frame === UNANSWERED) {
        answers.push(frame);
        this.#forget(user, client);
        continue;
      }
      const { body } = decodeResponse(probe.api, version, frame);
      answers.push(normalise(body, { scene, user, leavesOut: probe.leavesOut }));
      if (user === undefined) client.close();
    }
    this.cells.push({ probe: probe.name, version, situation: name, answers });
  }

  async #client(user: string | undefined): Promise<RawClient> {
    if (user === undefined) return RawClient.connect(this.#place.port);
    const known = this.#clients.get(user);
    if (known !== undefined) return known;
    const client = await logIn(this.#place.port, user);
    this.#clients.set(user, client);
    return client;
  }

  #forget(user: string | undefined, client: RawClient): void {
    client.close();
    if (user !== undefined) this.#clients.delete(user);
  }
}

function rulesFor(probe: Probe, { situation, scene }: Sending, phase: Phase) {
  const isNow = situation.isWithdrawn === true ? phase === "rules" : phase === situation.phase;
  return isNow ? situation.rules(probe.needs(scene), `User:${userOf(situation)}`) : [];
}

function isBeforeWithdrawal({ isWithdrawn }: Situation, phase: Phase): boolean {
  return isWithdrawn === true && phase === "rules";
}

async function next(client: RawClient): Promise<Buffer | typeof CLOSED | typeof UNANSWERED> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof UNANSWERED>((resolve) => {
    timer = setTimeout(() => resolve(UNANSWERED), DEADLINE_MS);
  });
  const frame = await Promise.race([client.next(), late]);
  clearTimeout(timer);
  return frame ?? CLOSED;
}

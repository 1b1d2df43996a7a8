// A round of the fuzzer: a broker on a fresh folder, strangers at its doors, a neighbour beside them. Then the broker is stopped, strange records
// are written into its internal topics (strange-segments.ts), it is started again on that, the neighbour looks whether everything is there, and
// the last strangers of the round come in.
//
// In rounds of administrators strangers may do everything, also what takes the neighbour its peace (delete its topics, set its quotas): he is
// not there then, all else is held to the same.

import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiVersions } from "../../protocol/messages/index.ts";
import type { Versions } from "../../protocol/schema/versions.ts";
import { nodeFilesystem } from "../../src/base/node-filesystem.ts";
import { RawClient } from "../support/raw-client.ts";
import type { Account } from "./account.ts";
import { BrokerUnderTest } from "./broker-under-test.ts";
import { Chance } from "./chance.ts";
import { Knocker } from "./knocker.ts";
import { NEIGHBOUR, Neighbour } from "./neighbour.ts";
import { Persona, TopicIds } from "./persona.ts";
import { Recently } from "./recently.ts";
import type { NextRequest } from "./requests.ts";
import { writeStrangeRecords } from "./strange-segments.ts";
import { Stranger } from "./stranger.ts";

export interface RoundOptions {
  readonly seed: number;
  /** From 0 on. Connections are numbered over all rounds, so that each is the same whatever the others did. */
  readonly number: number;
  /** At most; the round ends before where it has had all its connections. */
  readonly requests: number;
  readonly account: Account;
  /** Only this connection, if given. */
  readonly only?: number | undefined;
}

const CONNECTIONS_A_ROUND = 4000;
/** Those of them who come when the broker has started again. */
const LATE_CONNECTIONS = 200;
/** Of so many rounds one is of administrators. */
const ADMINISTRATORS_EVERY = 4;

export function roundOf(connection: number): number {
  return Math.floor(connection / CONNECTIONS_A_ROUND);
}

/** Connections at a time. */
const STRANGERS = 40;
const MOST_COMPLAINTS = 20;
const KNOCK_ONE_IN = 12;
/** Processor time of a turn; the issue of a broker that does one thing at a time. */
const LONGEST_TURN_MS = 100;
/**
 * What the pages of settings allow: of answers that nobody takes 128 MiB and a quarter, two batches that are judged with a window of 128 MiB each, and
 * 256 MiB for everything that V8 keeps, over a process that has just begun.
 */
export const MOST_RESIDENT_BYTES = 800 * 1024 * 1024;

/** Gives how many requests were sent. */
export async function runRound(options: RoundOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "odradek-fuzz-"));
  try {
    return await new Round(options, join(folder, "data")).run();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class Round {
  readonly #options: RoundOptions;
  readonly #data: string;
  readonly #recently = new Recently();
  readonly #topicIds = new TopicIds();
  #connection: number;
  #requests = 0;

  constructor(options: RoundOptions, data: string) {
    this.#options = options;
    this.#data = data;
    this.#connection = options.number * CONNECTIONS_A_ROUND;
  }

  get #isOfAdministrators(): boolean {
    return (this.#options.number + 1) % ADMINISTRATORS_EVERY === 0;
  }

  async run(): Promise<number> {
    const { account, seed } = this.#options;
    const { broker, ports } = await this.#start();
    const neighbour = this.#isOfAdministrators ? undefined : await Neighbour.start({ port: ports.sasl, hasLogin: true, account });
    const end = this.#connection + CONNECTIONS_A_ROUND;
    await this.#letStrangersIn(broker, ports, end - LATE_CONNECTIONS);
    await neighbour?.stop();
    await this.#end(broker);
    if (!broker.hasStopped) return this.#requests;
    const chance = new Chance(seed, this.#connection);
    const persona = new Persona(chance, this.#topicIds);
    account.count("strange batches in internal topics", writeStrangeRecords(nodeFilesystem, this.#data, { persona, chance }));
    const again = await this.#start();
    await neighbour?.verify({ port: again.ports.sasl, hasLogin: true, account });
    await this.#letStrangersIn(again.broker, again.ports, end);
    await this.#end(again.broker);
    return this.#requests;
  }

  async #start(): Promise<{ broker: BrokerUnderTest; ports: Ports }> {
    const ports = await freePorts();
    const broker = await BrokerUnderTest.start({
      data: this.#data,
      args: brokerArguments(ports, this.#isOfAdministrators),
      account: this.#options.account,
      longTurn: (turn) => {
        if (turn.cpuMs <= LONGEST_TURN_MS) return;
        const about = this.#recently.between(turn.endedMs - turn.wallMs, turn.endedMs);
        this.#options.account.complain({ what: `a turn took ${turn.cpuMs.toFixed(0)} ms of processor time; asked then:\n${about}` });
      },
    });
    return { broker, ports };
  }

  async #end(broker: BrokerUnderTest): Promise<void> {
    const { account } = this.#options;
    const measured = await broker.measure();
    if (measured !== undefined) {
      account.most("longest turn in ms of processor time", measured.longestTurnMs);
      account.most("most memory in MiB", measured.mostResidentBytes / 1024 / 1024);
      if (measured.mostResidentBytes > MOST_RESIDENT_BYTES)
        account.complain({ what: `the broker had ${(measured.mostResidentBytes / 1024 / 1024).toFixed(0)} MiB of memory` });
    }
    await broker.stop();
  }

  /** Those up to the connection `end`. */
  async #letStrangersIn(broker: BrokerUnderTest, ports: Ports, end: number): Promise<void> {
    const served = await servedVersions(ports.plain);
    const { only, requests, account } = this.#options;
    const mayGoOn = () => broker.isRunning && this.#requests < requests && account.complaints.length < MOST_COMPLAINTS;
    const door = async () => {
      while (mayGoOn() && this.#connection < end) {
        const number = this.#connection++;
        if (only === undefined || only === number) await this.#visit(number, { broker, ports, served });
      }
    };
    await Promise.all(Array.from({ length: STRANGERS }, door));
  }

  async #visit(number: number, at: { broker: BrokerUnderTest; ports: Ports; served: ReadonlyMap<number, Versions> }): Promise<void> {
    const { seed, account } = this.#options;
    const common = {
      seed,
      number,
      account,
      topicIds: this.#topicIds,
      served: at.served,
      sending: (request: NextRequest, connection: number) => {
        this.#requests++;
        this.#recently.add(request, connection);
      },
    };
    const isKnock = new Chance(seed, number).oneIn(KNOCK_ONE_IN);
    const reasonOf = (listener: string, from: number) => at.broker.reasonOf(listener, from);
    if (isKnock) await new Knocker({ ...common, ports: at.ports, reasonOf }).run();
    else await new Stranger({ ...common, port: at.ports.plain, reasonOf: (from) => reasonOf("PLAINTEXT", from) }).run();
  }
}

interface Ports {
  readonly plain: number;
  readonly sasl: number;
  readonly tls: number;
  readonly saslTls: number;
}

function brokerArguments({ plain, sasl, tls, saslTls }: Ports, asAdministrators: boolean): string[] {
  const at = (protocol: string, port: number) => `${protocol}://127.0.0.1:${port}`;
  const listeners = [at("PLAINTEXT", plain), at("SASL_PLAINTEXT", sasl), at("SSL", tls), at("SASL_SSL", saslTls)].join(",");
  const users = [`${NEIGHBOUR.user}:${NEIGHBOUR.password}`, "fuzz:fuzz"];
  const rules = ["User:neighbour allow all", ...["User:ANONYMOUS", "User:fuzz"].flatMap((who) => rulesOf(who, asAdministrators))];
  const mechanisms = "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512";
  return [
    ...["--tls", "--set", `listeners=${listeners}`, "--set", mechanisms],
    // A login that fails is answered late by default, and strangers would wait most of their time.
    ...["--set", "connection.failed.authentication.delay.ms=0"],
    ...users.flatMap((user) => ["--user", user]),
    ...rules.flatMap((rule) => ["--acl", rule]),
  ];
}

/** Strangers may do what they like with what is not the neighbour's, and nothing to the cluster. */
function rulesOf(who: string, asAdministrator: boolean): string[] {
  if (asAdministrator) return [`${who} allow all`];
  const allowed = ["topic *", "group *", "transactional-id *", "user *", "delegation-token *"];
  return [
    ...allowed.map((what) => `${who} allow all ${what}`),
    ...["topic neighbour*", "group neighbour*", "transactional-id neighbour*"].map((what) => `${who} deny all ${what}`),
    `${who} deny write,delete,alter,alter-configs topic __*`,
    `${who} allow create,describe,describe-configs,idempotent-write cluster`,
  ];
}

async function freePorts(): Promise<Ports> {
  const [plain = 0, sasl = 0, tls = 0, saslTls = 0] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  return { plain, sasl, tls, saslTls };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function servedVersions(port: number): Promise<ReadonlyMap<number, Versions>> {
  const client = await RawClient.connect(port);
  const answer = await client.call(apiVersions, 0, {});
  client.close();
  return new Map(answer?.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { lowest: minVersion, highest: maxVersion }]));
}

// Brokers whose clients have to log in, over TLS and without, shared by the scenarios of a file. Users of SCRAM are made by Kafka's own tool.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { certificatePath, tlsSettings } from "../support/certificates.ts";
import { type BrokerName, type BrokerUnderTest, CACHE, KAFKA_REFERENCE, type RunningBroker, startBroker } from "./broker-under-test.ts";
import { runOrThrow } from "./processes.ts";

export const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
export type Mechanism = (typeof MECHANISMS)[number];
export const PASSWORD = "alice-secret";
export const SESSION_MS = 2000;
export const AUTHORITY = certificatePath("ca.pem");

/** By which a client comes. */
export const PROTOCOLS = ["SASL_PLAINTEXT", "SASL_SSL"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

const PLAIN_LINE = `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="x" user_alice="${PASSWORD}" user_bob="${PASSWORD}";`;
const SCRAM_LINE = "org.apache.kafka.common.security.scram.ScramLoginModule required;";

/** Beside the listener without a login, which is for tools that make users and topics. */
const LISTENERS = {
  login: { protocol: "SASL_PLAINTEXT", after: 2 },
  secure: { protocol: "SASL_SSL", after: 3 },
  short: { protocol: "SASL_PLAINTEXT", after: 4 },
  short_secure: { protocol: "SASL_SSL", after: 5 },
} as const;

type ListenerName = keyof typeof LISTENERS;
const NAMES = Object.keys(LISTENERS) as ListenerName[];

export interface SecuredBroker extends BrokerUnderTest {
  /** Where a client logs in. */
  readonly login: Readonly<Record<Protocol, string>>;
  /** Likewise, with sessions of SESSION_MS. */
  readonly short: Readonly<Record<Protocol, string>>;
}

export class SecuredBrokers {
  readonly #ports: Readonly<Record<BrokerName, number>>;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #running = new Map<BrokerName, Promise<RunningBroker>>();

  /** @param more settings of all of them */
  constructor(ports: Readonly<Record<BrokerName, number>>, more: Readonly<Record<string, string>> = {}) {
    this.#ports = ports;
    this.#settings = more;
  }

  /** Knows alice by each mechanism and bob by PLAIN, and has the topic. */
  async of(name: BrokerName, topic: string): Promise<SecuredBroker> {
    const running = this.#running.get(name) ?? this.#start(name, topic);
    this.#running.set(name, running);
    const broker = await running;
    const at = (listener: ListenerName) => `localhost:${this.#ports[name] + LISTENERS[listener].after}`;
    return {
      ...broker,
      login: { SASL_PLAINTEXT: at("login"), SASL_SSL: at("secure") },
      short: { SASL_PLAINTEXT: at("short"), SASL_SSL: at("short_secure") },
    };
  }

  async stop(): Promise<void> {
    for (const running of this.#running.values()) await running.then((broker) => broker.stop());
  }

  async #start(name: BrokerName, topic: string): Promise<RunningBroker> {
    const port = this.#ports[name];
    const dataFolder = join(CACHE, "data", `secured-${name}`);
    rmSync(dataFolder, { recursive: true, force: true });
    const broker = await startBroker(name, { port, dataFolder, settings: { ...settings(port), ...this.#settings } });
    const tool = (...args: string[]) => runOrThrow(KAFKA_REFERENCE, ["tool", ...args]);
    const alice = ["--alter", "--entity-type", "users", "--entity-name", "alice", "--add-config"];
    for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"]) {
      const credential = `${mechanism}=[iterations=4096,password=${PASSWORD}]`;
      await tool("configs", "--bootstrap-server", broker.bootstrap, ...alice, credential);
    }
    await tool("topics", "--bootstrap-server", broker.bootstrap, "--create", "--topic", topic);
    return broker;
  }
}

function settings(port: number): Record<string, string> {
  const clients = [
    `PLAINTEXT://127.0.0.1:${port}`,
    ...NAMES.map((name) => `${name.toUpperCase()}://localhost:${port + LISTENERS[name].after}`),
  ].join(",");
  const protocols = NAMES.map((name) => `${name.toUpperCase()}:${LISTENERS[name].protocol}`);
  return {
    listeners: `${clients},CONTROLLER://127.0.0.1:${port + 1}`,
    "advertised.listeners": clients,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": ["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT", ...protocols].join(","),
    "sasl.enabled.mechanisms": MECHANISMS.join(","),
    "listener.name.short.connections.max.reauth.ms": `${SESSION_MS}`,
    "listener.name.short_secure.connections.max.reauth.ms": `${SESSION_MS}`,
    ...tlsSettings("secure"),
    ...tlsSettings("short_secure"),
    ...Object.fromEntries(NAMES.flatMap((name) => MECHANISMS.map((mechanism) => jaasSetting(name, mechanism)))),
  };
}

function jaasSetting(listener: ListenerName, mechanism: Mechanism): [string, string] {
  return [`listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`, mechanism === "PLAIN" ? PLAIN_LINE : SCRAM_LINE];
}

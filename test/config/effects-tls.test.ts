// What the settings of TLS do, on whole brokers. What is refused of key and trust stores is in ../security/stores.test.ts; who gets in, and
// under which name, in ../server/tls.test.ts. A title begins with the settings that it is about; messages are Kafka 4.3.1's.

import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { ConnectionOptions } from "node:tls";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { describeCluster, describeConfigs, incrementalAlterConfigs, metadata } from "../../protocol/messages/index.ts";
import { startBroker } from "../../src/index.ts";
import { BROKER } from "../support/asking-broker.ts";
import { certificatePath, certificateText, connectTls, STORE_PASSWORD, TRUSTED, tlsSettings } from "../support/certificates.ts";
import { RawClient } from "../support/raw-client.ts";
import { type BenchOptions, EffectBench } from "./effect-bench.ts";

const LISTENERS = "PLAINTEXT://127.0.0.1:0,SECURE://localhost:0";
const MAP = "PLAINTEXT:PLAINTEXT,SECURE:SSL,OTHER:SSL";

function start(settings: Readonly<Record<string, string>> = {}, more: BenchOptions = {}): Promise<EffectBench> {
  const own = { listeners: LISTENERS, "listener.security.protocol.map": MAP };
  return EffectBench.start({ ...more, settings: { ...own, ...tlsSettings("SECURE"), ...settings } });
}

function portOf({ node }: EffectBench, listener = "SECURE"): number {
  return node.broker.services.cluster.image.brokers.get(1)?.endpoints.find((endpoint) => endpoint.listener === listener)?.port ?? 0;
}

async function alter({ asking }: EffectBench, values: Readonly<Record<string, string | null>>, resourceName = "1"): Promise<string | null> {
  const configs = Object.entries(values).map(([name, value]) => ({ name, configOperation: value === null ? 1 : 0, value }));
  const resources = [{ resourceType: BROKER, resourceName, configs }];
  const answer = await asking.ask(incrementalAlterConfigs, { resources, validateOnly: false });
  return answer.responses[0]?.errorMessage ?? null;
}

/** The kind of key that a listener shows: "rsa", or "ec" of the renewed certificate. */
async function shown(port: number): Promise<string | undefined> {
  const socket = await connectTls(port);
  const type = socket.getPeerX509Certificate()?.publicKey.asymmetricKeyType;
  socket.destroy();
  return type;
}

function wrapped(reason: string): string {
  return `Invalid value org.apache.kafka.common.config.ConfigException: Validation of dynamic config update of SSLFactory failed: ${reason} for configuration Invalid dynamic configuration`;
}

test("ssl.keystore.type, ssl.keystore.location, ssl.keystore.password: a listener speaks TLS, and its clients are told of it and no other", async () => {
  await using bench = await start();
  const port = portOf(bench);
  const client = RawClient.over(await connectTls(port));
  const told = await client.call(metadata, 9, { topics: [], allowAutoTopicCreation: false });
  expect(told?.brokers).toMatchObject([{ nodeId: 1, port }]);
  expect((await client.call(describeCluster, 0, { includeClusterAuthorizedOperations: false }))?.brokers).toMatchObject([{ port }]);
  client.close();
});

test("ssl.keystore.key, ssl.keystore.certificate.chain, ssl.key.password, ssl.truststore.certificates: all of TLS may be in the settings, for all listeners at once", async () => {
  const settings = {
    listeners: "SSL://localhost:0",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.key": certificateText("broker-encrypted.key"),
    "ssl.key.password": STORE_PASSWORD,
    "ssl.keystore.certificate.chain": certificateText("broker.pem"),
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": certificateText("ca.pem"),
    "ssl.client.auth": "required",
  };
  await using broker = await startBroker({ settings });
  const client = RawClient.over(await connectTls(broker.port, { as: "client" }));
  expect(await client.call(metadata, 9, { topics: [], allowAutoTopicCreation: false })).toMatchObject({ brokers: [{ port: broker.port }] });
  client.close();
});

test("odradek.tls: a listener without a key store shows a certificate of the folder's own authority, for the hosts that clients are told", async () => {
  const data = mkdtempSync(join(tmpdir(), "odradek-effects-tls-"));
  onTestFinished(() => rmSync(data, { recursive: true }));
  const settings = { listeners: "SSL://127.0.0.1:0", "advertised.listeners": "SSL://kafka.example:9093" };
  const start = () => startBroker({ data, tls: true, settings });
  const names = async (port: number, options: ConnectionOptions) => {
    const socket = await connectTls(port, options);
    const certificate = socket.getPeerX509Certificate();
    socket.destroy();
    return certificate;
  };
  let serialNumber: string | undefined;
  const ca = () => readFileSync(join(data, "ca.pem"));
  for (const _ of ["first start", "second start"]) {
    await using broker = await start();
    const issued = await names(broker.port, { ca: ca() });
    expect(["localhost", "kafka.example", hostname()].map((host) => issued?.checkHost(host))).not.toContain(undefined);
    expect(issued?.checkIP("127.0.0.1")).toBeDefined();
    expect(issued?.serialNumber).not.toBe(serialNumber);
    serialNumber = issued?.serialNumber;
  }
  rmSync(join(data, "ca.key"));
  await expect(start()).rejects.toThrow("ca.pem is there and its key");
});

test("odradek.tls: where listeners say that nothing speaks TLS the start is refused", async () => {
  const start = startBroker({ tls: true, settings: { listeners: "PLAINTEXT://localhost:0" } });
  await expect(start).rejects.toThrow("odradek.tls: none of the listeners (PLAINTEXT://localhost:0) speaks TLS");
});

test("odradek.tls: a key store of one's own comes first, a listener's as that of all", async () => {
  const settings = { listeners: "SSL://localhost:0,OWN://localhost:0", "listener.security.protocol.map": "SSL:SSL,OWN:SSL" };
  await using bench = await EffectBench.start({ settings: { ...settings, "odradek.tls": "true", ...tlsSettings("OWN") } });
  expect(await shown(portOf(bench, "OWN"))).toBe("rsa");
  await expect(shown(portOf(bench, "SSL"))).rejects.toThrow("self-signed");
  const ofAll = {
    "ssl.keystore.type": "PKCS12",
    "ssl.keystore.location": certificatePath("broker.p12"),
    "ssl.keystore.password": STORE_PASSWORD,
  };
  await using broker = await startBroker({ tls: true, settings: ofAll });
  expect(() => broker.tls).toThrow("without tls");
  expect(await shown(broker.port)).toBe("rsa");
});

test("ssl.keystore.location: without a listener that speaks TLS, what Node has for it is not loaded", async () => {
  const program = `
    const { startBroker } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, "../../src/index.ts")).href)});
    const broker = await startBroker();
    console.log(JSON.stringify(process.moduleLoadList.filter((name) => /\\btls\\b/.test(name))));
    await broker.stop();`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  expect(JSON.parse(stdout)).toEqual([]);
});

test("ssl.keystore.location: a broker does not start with what it cannot use, and leaves no port taken", async () => {
  await expect(start(tlsSettings("SECURE", { "ssl.keystore.location": "/nowhere" }))).rejects.toThrow(
    "listener.name.secure.ssl.keystore.location: /nowhere is not there",
  );
});

test("ssl.client.auth, ssl.truststore.type, ssl.truststore.location, ssl.truststore.password, ssl.principal.mapping.rules: a client is called by its certificate", async () => {
  const settings = {
    "ssl.client.auth": "required",
    "ssl.truststore.type": "PKCS12",
    "ssl.truststore.location": certificatePath("trust.p12"),
    "ssl.truststore.password": STORE_PASSWORD,
    "ssl.principal.mapping.rules": "RULE:^CN=(.*?),OU=Clients.*$/$1/U,DEFAULT",
  };
  await using bench = await start(tlsSettings("SECURE", settings));
  const names: string[] = [];
  bench.node.broker.interceptors.add({
    defers: false,
    intercept: ({ context }, proceed) => {
      names.push(context.connection.principal);
      return proceed();
    },
  });
  const client = RawClient.over(await connectTls(portOf(bench), { as: "client" }));
  await client.call(metadata, 9, { topics: [], allowAutoTopicCreation: false });
  client.close();
  expect(names).toEqual(["User:ALICE"]);
});

test.each(["TLSv1.2", "TLSv1.3"])("ssl.enabled.protocols: %s alone is spoken where it alone is enabled", async (version) => {
  await using bench = await start(tlsSettings("SECURE", { "ssl.enabled.protocols": version }));
  const socket = await connectTls(portOf(bench));
  expect(socket.getProtocol()).toBe(version);
  socket.destroy();
  const other = version === "TLSv1.2" ? { minVersion: "TLSv1.3" as const } : { maxVersion: "TLSv1.2" as const };
  await expect(connectTls(portOf(bench), other)).rejects.toThrow(/alert/i);
});

test("ssl.enabled.protocols: a version that is not offered is refused at the start", async () => {
  const settings = tlsSettings("SECURE", { "ssl.enabled.protocols": "TLSv1.1,TLSv1.2" });
  await expect(start(settings)).rejects.toThrow(
    "listener.name.secure.ssl.enabled.protocols: TLSv1.1 is not offered; there are TLSv1.2 and TLSv1.3",
  );
});

test("ssl.cipher.suites: only those are used, under the names that Java has for them", async () => {
  const suites = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_AES_128_GCM_SHA256";
  await using bench = await start(tlsSettings("SECURE", { "ssl.cipher.suites": suites }));
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    const socket = await connectTls(portOf(bench), { maxVersion });
    expect(suites.split(",")).toContain(socket.getCipher().standardName);
    socket.destroy();
  }
  await expect(start(tlsSettings("SECURE", { "ssl.cipher.suites": "TLS_FOO" }))).rejects.toThrow("there is no cipher suite TLS_FOO");
});

test("ssl.keystore.location: a key store that is altered holds for connections that come then, and those that are there go on", async () => {
  await using bench = await start();
  const port = portOf(bench);
  const before = RawClient.over(await connectTls(port));
  expect(await shown(port)).toBe("rsa");
  const name = "listener.name.secure.ssl.keystore.location";
  expect(await alter(bench, { [name]: certificatePath("broker-renewed.p12") })).toBeNull();
  await expect.poll(() => shown(port)).toBe("ec");
  expect(await before.call(metadata, 9, { topics: [], allowAutoTopicCreation: false })).toBeDefined();
  expect(await alter(bench, { [name]: null })).toBeNull();
  await expect.poll(() => shown(port)).toBe("rsa");
  before.close();
});

test("ssl.keystore.location: a file that has changed is read again when the setting is given again as it is", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "odradek-tls-")), "broker.p12");
  copyFileSync(certificatePath("broker.p12"), path);
  await using bench = await start(tlsSettings("SECURE", { "ssl.keystore.location": path }));
  copyFileSync(certificatePath("broker-renewed.p12"), path);
  expect(await shown(portOf(bench))).toBe("rsa");
  expect(await alter(bench, { "listener.name.secure.ssl.keystore.location": path })).toBeNull();
  await expect.poll(() => shown(portOf(bench))).toBe("ec");
});

const STRANGER = {
  "listener.name.secure.ssl.keystore.type": "PEM",
  "listener.name.secure.ssl.keystore.key": certificateText("stranger.key"),
  "listener.name.secure.ssl.keystore.certificate.chain": certificateText("stranger.pem"),
};

test("ssl.allow.dn.changes, ssl.allow.san.changes: a key store of another name takes the place of one only where that is allowed", async () => {
  const inline = {
    "ssl.keystore.type": "PEM",
    "ssl.keystore.key": certificateText("broker.key"),
    "ssl.keystore.certificate.chain": certificateText("broker.pem"),
  };
  const own = Object.fromEntries(Object.entries(inline).map(([name, value]) => [`listener.name.secure.${name}`, value]));
  const start = (more: Readonly<Record<string, string>>) =>
    EffectBench.start({
      settings: { listeners: LISTENERS, "listener.security.protocol.map": MAP, ...own, ...more },
    });
  await using strict = await start({});
  expect(await alter(strict, STRANGER)).toBe(
    wrapped("Keystore DistinguishedName does not match:  existing={DN=CN=localhost,O=Odradek\\, Inc.,C=DE}, new={DN=CN=stranger}"),
  );
  const client = {
    "listener.name.secure.ssl.keystore.key": certificateText("client.key"),
    "listener.name.secure.ssl.keystore.certificate.chain": certificateText("client.pem"),
  };
  await using named = await start({ "ssl.allow.dn.changes": "true" });
  expect(await alter(named, client)).toMatch(/Keystore SubjectAltNames do not match/);
  await using free = await start({ "ssl.allow.dn.changes": "true", "ssl.allow.san.changes": "true" });
  expect(await alter(free, client)).toBeNull();
});

test.each<[string, Readonly<Record<string, string>>, string]>([
  [
    "a file that is not there",
    { "listener.name.secure.ssl.keystore.location": "/nowhere" },
    wrapped("listener.name.secure.ssl.keystore.location: /nowhere is not there"),
  ],
  [
    "a wrong password",
    { "listener.name.secure.ssl.keystore.password": "wrong" },
    wrapped(
      `listener.name.secure.ssl.keystore.password: ${certificatePath("broker.p12")} cannot be opened with the password that is given`,
    ),
  ],
  [
    "a trust store that is none",
    { "listener.name.secure.ssl.truststore.type": "PEM", "listener.name.secure.ssl.truststore.location": certificatePath("trust.p12") },
    wrapped(
      `listener.name.secure.ssl.truststore.location: ${certificatePath("trust.p12")} is not PEM; set ssl.truststore.type to what it is`,
    ),
  ],
  [
    "a key store for all listeners",
    { "ssl.keystore.location": "/x" },
    "These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.keystore.location]",
  ],
  [
    "what all listeners have in common",
    { "ssl.client.auth": "required" },
    "Invalid value org.apache.kafka.common.config.ConfigException: Configs cannot be updated dynamically for existing listener ListenerName(SECURE), restart broker or create a new listener for update for configuration Invalid dynamic configuration",
  ],
  [
    "a listener that cannot speak TLS",
    { listeners: `${LISTENERS},OTHER://localhost:0` },
    wrapped(
      'ssl.keystore.location: listener OTHER speaks TLS and needs a key and a certificate; set listener.name.other.ssl.keystore.type and listener.name.other.ssl.keystore.location, or the same without "listener.name.other." for all listeners',
    ),
  ],
])("ssl.keystore.location, ssl.truststore.location: altering to %s is refused", async (_, values, message) => {
  await using bench = await start();
  expect(await alter(bench, values)).toBe(message);
  expect(await shown(portOf(bench))).toBe("rsa");
});

test("listeners, ssl.keystore.location: a listener that speaks TLS may come while the broker runs", async () => {
  await using bench = await start();
  expect(await alter(bench, { listeners: `${LISTENERS},OTHER://localhost:0`, ...tlsSettings("OTHER", TRUSTED) })).toBeNull();
  await expect.poll(() => portOf(bench, "OTHER")).toBeGreaterThan(0);
  expect(await shown(portOf(bench, "OTHER"))).toBe("rsa");
});

test("ssl.keystore.password: what is given for a listener is described, and no secret", async () => {
  await using bench = await start();
  const { results } = await bench.asking.ask(describeConfigs, {
    resources: [{ resourceType: BROKER, resourceName: "1", configurationKeys: null }],
    includeSynonyms: true,
    includeDocumentation: false,
  });
  const found = results[0]?.configs.filter(({ name }) => name.startsWith("listener.name."));
  const path = certificatePath("broker.p12");
  expect(found).toMatchObject([
    {
      name: "listener.name.secure.ssl.keystore.type",
      value: "PKCS12",
      configSource: 4,
      isSensitive: false,
      synonyms: [{}, { name: "ssl.keystore.type", value: "JKS", source: 5 }],
    },
    { name: "listener.name.secure.ssl.keystore.location", value: path, isSensitive: false },
    { name: "listener.name.secure.ssl.keystore.password", value: null, isSensitive: true },
  ]);
});

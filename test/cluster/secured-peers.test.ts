// Brokers that reach each other over listeners which speak TLS and ask for logins: what they need for that, on which listener they do it, and
// what somebody in between gets.

import { createServer, connect as openPlain, type Socket } from "node:net";
import tls from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { apiVersions, describeClientQuotas, writeTxnMarkers } from "../../protocol/messages/index.ts";
import type { Broker } from "../../src/broker/broker.ts";
import { Connection } from "../../src/client/connection.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { openNode, type RunningNode } from "../../src/node.ts";
import { certificateText, connectTls, TRUSTED, tlsSettings } from "../support/certificates.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const PLAIN_LINE = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="secret";';
/** Settings of the listener SSL, with a certificate that nobody signed but itself. */
function strangersSettings(more: Readonly<Record<string, string>> = {}): SettingInputs {
  const settings = {
    "ssl.keystore.type": "PEM",
    "ssl.keystore.key": certificateText("stranger.key"),
    "ssl.keystore.certificate.chain": certificateText("stranger.pem"),
    ...more,
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`listener.name.ssl.${name}`, value]));
}

/** Two brokers. */
async function start(settings: SettingInputs, lines: RecordedLine[] = []): Promise<RunningNode> {
  const place = (id: number) => ({ config: brokerConfig({ argument: { ...settings, "node.id": id } }), host: "localhost", port: 0 });
  const node = await openNode({ ...place(1), others: [place(2)], data: "memory", topics: [], logger: recordingLogger(lines) });
  onTestFinished(() => node.stop());
  return node;
}

function broker(node: RunningNode, id: number): Broker {
  const found = node.brokers.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no broker ${id}`);
  return found;
}

/** How broker 2 sees broker 1 when it is asked by it; `undefined` when it is not reached. */
async function seen(node: RunningNode): Promise<{ readonly brokerId: number | undefined; readonly listener: string } | undefined> {
  let found: { readonly brokerId: number | undefined; readonly listener: string } | undefined;
  const remove = broker(node, 2).interceptors.add({
    defers: false,
    intercept: ({ handler, context: { connection } }, proceed) => {
      if (handler.api.key === apiVersions.key) found = { brokerId: connection.brokerId, listener: connection.listenerName };
      return proceed();
    },
  });
  const answer = await broker(node, 1).services.peers.call(2, apiVersions, 0, {});
  remove();
  return answer === undefined ? undefined : found;
}

const ASKING = { "sasl.enabled.mechanisms": "PLAIN", "sasl.jaas.config": PLAIN_LINE };

describe("brokers reach each other, and prove who they are", () => {
  test.each<[string, string, SettingInputs]>([
    ["where all speak TLS", "SSL", tlsSettings("SSL")],
    ["where all speak TLS and ask for a login", "SASL_SSL", { ...tlsSettings("SASL_SSL"), ...ASKING }],
    ["where all ask for a login", "SASL_PLAINTEXT", ASKING],
    ["over the older version of TLS", "SSL", tlsSettings("SSL", { "ssl.enabled.protocols": "TLSv1.2" })],
    ["with a certificate that nobody knows, and that is expected of nobody", "SSL", strangersSettings()],
    ["where everybody is asked for a certificate", "SSL", tlsSettings("SSL", { ...TRUSTED, "ssl.client.auth": "required" })],
    [
      "where a certificate is welcome, and their own is not trusted",
      "SSL",
      strangersSettings({ ...TRUSTED, "ssl.client.auth": "requested" }),
    ],
  ])("%s", async (_, listener, settings) => {
    const node = await start({ listeners: `${listener}://localhost:0`, ...settings });
    expect(await seen(node)).toEqual({ brokerId: 1, listener });
  });

  test("and may do what brokers do, where rules let clients do nothing", async () => {
    const authorizer = { "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer" };
    const node = await start({ listeners: "SASL_SSL://localhost:0", ...tlsSettings("SASL_SSL"), ...ASKING, ...authorizer });
    const marked = await broker(node, 1).services.peers.call(2, writeTxnMarkers, 1, { markers: [] });
    const described = await broker(node, 1).services.peers.call(2, describeClientQuotas, 1, { components: [], strict: false });
    expect([marked?.markers, described?.errorCode]).toEqual([[], Errors.NONE]);
    const address = { host: "localhost", port: broker(node, 2).port };
    const tls = { context: { ca: certificateText("ca.pem") }, checks: "host" } as const;
    const login = { mechanism: "PLAIN", user: "alice", password: "secret" } as const;
    const client = await Connection.open(address, { access: { tls, login } });
    onTestFinished(() => client.close());
    expect((await client.send(describeClientQuotas, 1, { components: [], strict: false })).errorCode).toBe(
      Errors.CLUSTER_AUTHORIZATION_FAILED,
    );
  });

  const MAP = "PLAINTEXT:PLAINTEXT,INSIDE:SASL_SSL,SSL:SSL";
  test.each<[string, SettingInputs, string]>([
    ["that inter.broker.listener.name names", { "inter.broker.listener.name": "inside" }, "INSIDE"],
    ["that is called as security.inter.broker.protocol says", { "security.inter.broker.protocol": "SSL" }, "SSL"],
    ["without TLS, where none is named", {}, "PLAINTEXT"],
  ])("on the listener %s", async (_, settings, listener) => {
    const listeners = "SSL://localhost:0,INSIDE://localhost:0,PLAINTEXT://localhost:0";
    const both = { ...tlsSettings("SSL"), ...tlsSettings("INSIDE"), ...ASKING };
    const node = await start({ listeners, "listener.security.protocol.map": MAP, ...both, ...settings });
    expect(await seen(node)).toEqual({ brokerId: 1, listener });
  });

  test("not, where everybody is asked for a certificate and their own is not trusted: the start says so", async () => {
    const settings = strangersSettings({ ...TRUSTED, "ssl.client.auth": "required" });
    await expect(start({ listeners: "SSL://localhost:0", ...settings })).rejects.toThrow(
      "listener.name.ssl.ssl.truststore.location: brokers and workers reach each other on listener SSL, which asks them for a certificate: it has to trust its own",
    );
  });
});

describe("somebody between two brokers", () => {
  const LISTENERS = { listeners: "SSL://localhost:0,PLAINTEXT://localhost:0", "inter.broker.listener.name": "SSL", ...tlsSettings("SSL") };

  /** Lets broker 1 find at the place of broker 2 whoever passes on what comes. */
  async function put(node: RunningNode, between: (incoming: Socket) => void): Promise<void> {
    const server = createServer(between);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const others = node.cluster.image.brokers.get(2)?.endpoints.filter(({ listener }) => listener !== "SSL") ?? [];
    const endpoints = [{ listener: "SSL", host: "127.0.0.1", port }, ...others];
    await node.cluster.transact(() => ({ changes: [{ type: "brokerEndpoints", id: 2, endpoints }], result: undefined }));
  }

  const portOf = (node: RunningNode, listener: string) =>
    node.cluster.image.brokers.get(2)?.endpoints.find((endpoint) => endpoint.listener === listener)?.port ?? 0;

  function join(one: Socket, other: Socket): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      from.pipe(to);
      from.on("error", () => to.destroy());
    }
  }

  /** What he does who has a certificate of his own, and reads what passes. */
  function terminate(incoming: Socket, key: string): tls.TLSSocket {
    const options = { isServer: true, key: certificateText(`${key}.key`), cert: certificateText(`${key}.pem`) };
    return new tls.TLSSocket(incoming, options);
  }

  test("may pass on bytes that he cannot read", async () => {
    const node = await start(LISTENERS);
    const port = portOf(node, "SSL");
    await put(node, (incoming) => join(incoming, openPlain(port, "localhost")));
    expect(await seen(node)).toEqual({ brokerId: 1, listener: "SSL" });
  });

  test.each<[string, string, version: tls.SecureVersion]>([
    ["a certificate of his own", "stranger", "TLSv1.3"],
    ["a certificate of his own, in the older version of TLS", "stranger", "TLSv1.2"],
    ["the brokers' own certificate and key", "broker", "TLSv1.3"],
  ])("is not taken for one of them with %s, though he passes on every word", async (_, key, maxVersion) => {
    const lines: RecordedLine[] = [];
    const node = await start(LISTENERS, lines);
    const port = portOf(node, "SSL");
    await put(node, (incoming) => {
      const callee = connectTls(port, { maxVersion });
      const caller = terminate(incoming, key);
      void callee.then((socket) => join(caller, socket));
    });
    expect(await seen(node)).toBeUndefined();
    expect(reasons(lines)).toEqual(["it says that it is a broker of this cluster, and does not prove it"]);
  });

  test("cannot pass on to a listener without TLS what was proved over TLS", async () => {
    const lines: RecordedLine[] = [];
    const node = await start(LISTENERS, lines);
    const port = portOf(node, "PLAINTEXT");
    await put(node, (incoming) => join(terminate(incoming, "stranger"), openPlain(port, "localhost")));
    expect(await seen(node)).toBeUndefined();
    expect(reasons(lines)).toEqual(["it says that it is a broker of this cluster, and does not prove it"]);
  });
});

function reasons(lines: readonly RecordedLine[]): unknown[] {
  return lines.filter(({ message }) => message === "closed a connection").map(({ facts }) => facts["reason"]);
}

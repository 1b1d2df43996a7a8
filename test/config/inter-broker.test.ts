// On which listener brokers reach each other, and what Kafka 4.3.1 refuses to start with, in its words.

import { expect, test } from "vitest";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { interBrokerListener } from "../../src/config/inter-broker.ts";
import { SettingError } from "../../src/config/setting.ts";

const NAME = "inter.broker.listener.name";
const PROTOCOL = "security.inter.broker.protocol";
const MECHANISM = "sasl.mechanism.inter.broker.protocol";
const MAP = { "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,INTERNAL:SASL_PLAINTEXT,UNUSED:SSL" };

const config = (argument: SettingInputs) => brokerConfig({ argument: { ...MAP, ...argument } });

test.each<[string, SettingInputs, string | undefined]>([
  ["named, in whatever case", { listeners: "SSL://:1,INTERNAL://:2", [NAME]: "internal" }, "INTERNAL"],
  ["called as the protocol", { listeners: "INTERNAL://:1,SSL://:2", [PROTOCOL]: "SSL" }, "SSL"],
  ["PLAINTEXT, which Kafka has by default", { listeners: "INTERNAL://:1,PLAINTEXT://:2" }, "PLAINTEXT"],
  ["another without TLS", { listeners: "SSL://:1,INTERNAL://:2" }, "INTERNAL"],
  ["one with TLS, where there is no other", { listeners: "SSL://:1" }, "SSL"],
  ["none of the controller's", { listeners: "CONTROLLER://:1,SSL://:2", "controller.listener.names": "CONTROLLER" }, "SSL"],
])("brokers reach each other on the listener that is %s", (_, settings, listener) => {
  expect(interBrokerListener(config(settings))).toBe(listener);
});

const LISTENERS = { listeners: "PLAINTEXT://:1,INTERNAL://:2", "sasl.enabled.mechanisms": "PLAIN" };
test.each<[string, SettingInputs, setting: string, message: string]>([
  [
    "both names are set",
    { ...LISTENERS, [NAME]: "INTERNAL", [PROTOCOL]: "PLAINTEXT" },
    NAME,
    `Only one of ${NAME} and ${PROTOCOL} should be set.`,
  ],
  [
    "nothing is known of the listener",
    { ...LISTENERS, [NAME]: "NOPE" },
    NAME,
    `Listener with name NOPE defined in ${NAME} not found in listener.security.protocol.map.`,
  ],
  [
    "the listener is not open",
    { ...LISTENERS, [NAME]: "UNUSED" },
    NAME,
    `${NAME} must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are PLAINTEXT,INTERNAL`,
  ],
  [
    "the listener is not advertised",
    { ...LISTENERS, "advertised.listeners": "PLAINTEXT://h:1", [NAME]: "INTERNAL" },
    NAME,
    `${NAME} must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are PLAINTEXT`,
  ],
  [
    "the listener is the controller's",
    { ...LISTENERS, listeners: "PLAINTEXT://:1,CONTROLLER://:3", "controller.listener.names": "CONTROLLER", [NAME]: "CONTROLLER" },
    NAME,
    `${NAME} must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are PLAINTEXT`,
  ],
  [
    "no listener is called as the protocol",
    { ...LISTENERS, [PROTOCOL]: "SSL" },
    PROTOCOL,
    `${NAME} must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are PLAINTEXT,INTERNAL`,
  ],
  [
    "the mechanism is not enabled",
    { ...LISTENERS, [NAME]: "INTERNAL", [MECHANISM]: "SCRAM-SHA-256" },
    MECHANISM,
    `${MECHANISM} must be included in sasl.enabled.mechanisms when SASL is used for inter-broker communication`,
  ],
])("a broker does not start where %s", (_, settings, setting, message) => {
  expect(() => config(settings)).toThrow(SettingError);
  expect(() => config(settings)).toThrow(expect.objectContaining({ setting, message }));
});

test.each<[string, SettingInputs]>([
  [
    "the mechanism is enabled on the listener alone",
    { [NAME]: "INTERNAL", [MECHANISM]: "SCRAM-SHA-256", "listener.name.internal.sasl.enabled.mechanisms": "SCRAM-SHA-256" },
  ],
  ["nobody logs in on the listener", { [NAME]: "PLAINTEXT", [MECHANISM]: "SCRAM-SHA-256" }],
  ["users may log in by all mechanisms", { [NAME]: "INTERNAL", [MECHANISM]: "SCRAM-SHA-256", "odradek.users": '{"alice":"secret"}' }],
  ["no mechanism is named, since brokers need none", { [NAME]: "INTERNAL" }],
])("a broker starts where %s", (_, settings) => {
  expect(() => config({ ...LISTENERS, ...settings })).not.toThrow();
});

// Key and trust stores of every type, and what is said of those that cannot be used: one sentence that begins with the setting to blame.

import { describe, expect, test } from "vitest";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { SettingError } from "../../src/config/setting.ts";
import { readTrustStore } from "../../src/security/stores.ts";
import { ListenerTlsSettings } from "../../src/security/tls-settings.ts";
import { readStores } from "../../src/security/tls-terms.ts";
import { certificatePath, certificateText, STORE_PASSWORD } from "../support/certificates.ts";

const NOW_MS = Date.parse("2027-06-01");
const YEAR_MS = 366 * 86_400_000;

const readKeyStore = (from: ListenerTlsSettings, nowMs: number) => readStores(from, nowMs).keyStore;

function settings(argument: SettingInputs): ListenerTlsSettings {
  return new ListenerTlsSettings(brokerConfig({ argument }), "SECURE");
}

const at = certificatePath;
const PEM = { "ssl.keystore.type": "PEM" };
const INLINE = {
  ...PEM,
  "ssl.keystore.key": certificateText("broker.key"),
  "ssl.keystore.certificate.chain": certificateText("broker.pem") + certificateText("ca.pem"),
};
const P12 = { "ssl.keystore.type": "PKCS12", "ssl.keystore.location": at("broker.p12"), "ssl.keystore.password": STORE_PASSWORD };

describe("a key store", () => {
  test.each<[string, SettingInputs]>([
    ["PKCS12", P12],
    ["the type that Kafka has by default, of a file that is PKCS12, as keytool writes it", { ...P12, "ssl.keystore.type": "JKS" }],
    ["text in the settings", INLINE],
    [
      "text with an encrypted key",
      { ...INLINE, "ssl.keystore.key": certificateText("broker-encrypted.key"), "ssl.key.password": STORE_PASSWORD },
    ],
  ])("of %s gives the key, and its certificate with those above it", (_, given) => {
    const { key, chain } = readKeyStore(settings(given), NOW_MS);
    expect(chain.map(({ subject }) => subject.split("\n").at(-1))).toEqual(["CN=localhost", "CN=Test CA"]);
    expect(chain[0].checkPrivateKey(key)).toBe(true);
  });

  test("of the listener goes before that of all listeners", () => {
    const own = settings({ ...P12, "ssl.keystore.location": "/nowhere", "listener.name.secure.ssl.keystore.location": at("broker.p12") });
    expect(readKeyStore(own, NOW_MS).chain).toHaveLength(2);
  });

  test.each<[string, SettingInputs, string]>([
    [
      "none",
      {},
      "ssl.keystore.location: listener SECURE speaks TLS and needs a key and a certificate; set listener.name.secure.ssl.keystore.type",
    ],
    ["a file that is not there", { ...P12, "ssl.keystore.location": "/nowhere.p12" }, "ssl.keystore.location: /nowhere.p12 is not there"],
    [
      "a folder",
      { ...P12, "ssl.keystore.location": import.meta.dirname },
      `ssl.keystore.location: ${import.meta.dirname} cannot be read (EISDIR)`,
    ],
    ["a wrong password", { ...P12, "ssl.keystore.password": "wrong" }, "cannot be opened with the password that is given"],
    ["no password", { ...P12, "ssl.keystore.password": undefined }, "ssl.keystore.password: the password of"],
    ["a type that is none", { ...P12, "ssl.keystore.type": "FOO" }, "ssl.keystore.type: a store of type FOO cannot be read"],
    ["PEM for PKCS12", { ...P12, "ssl.keystore.location": at("broker.pem") }, "is PEM; set ssl.keystore.type=PEM"],
    ["PKCS12 for PEM", { ...PEM, "ssl.keystore.location": at("broker.p12") }, "is not PEM; set ssl.keystore.type to what it is"],
    ["Java's old format", { ...P12, "ssl.keystore.location": at("broker.jks") }, "convert it: keytool -importkeystore -srckeystore"],
    ["no store at all", { ...P12, "ssl.keystore.location": at("../stores.test.ts") }, "is no PKCS12 store, or a damaged one"],
    ["certificates without a key", { ...PEM, "ssl.keystore.location": at("broker.pem") }, "broker.pem has no private key"],
    [
      "a key without certificates",
      { ...PEM, "ssl.keystore.location": at("broker.key") },
      "broker.key has no certificate of the private key",
    ],
    [
      "a key of another certificate",
      { ...INLINE, "ssl.keystore.key": certificateText("client.key") },
      "ssl.keystore.certificate.chain: none of the certificates in the setting fits the private key",
    ],
    [
      "a password where there is none",
      { ...PEM, "ssl.keystore.location": at("broker.pem"), "ssl.keystore.password": "x" },
      "a PEM file has no password",
    ],
    [
      "an encrypted key without its password",
      { ...INLINE, "ssl.keystore.key": certificateText("broker-encrypted.key") },
      "ssl.key.password: the private key is encrypted, and its password is not given",
    ],
    [
      "an encrypted key with another password",
      { ...INLINE, "ssl.keystore.key": certificateText("broker-encrypted.key"), "ssl.key.password": "wrong" },
      "ssl.key.password: the private key cannot be opened with the password that is given",
    ],
    ["a key that is none", { ...INLINE, "ssl.keystore.key": "no key" }, "ssl.keystore.key: the private key cannot be read"],
    ["a key alone", { ...INLINE, "ssl.keystore.certificate.chain": undefined }, "ssl.keystore.certificate.chain: ssl.keystore.key is set"],
    ["text and a file", { ...INLINE, "ssl.keystore.location": "/x" }, "ssl.keystore.key: ssl.keystore.location is set too"],
    ["text of another type", { ...INLINE, "ssl.keystore.type": "PKCS12" }, "go with ssl.keystore.type=PEM only"],
  ])("is refused: %s", (_, given, sentence) => {
    const read = () => readKeyStore(settings(given), NOW_MS);
    expect(read).toThrow(SettingError);
    expect(read).toThrow(sentence);
  });

  test("is refused where its certificate is not valid at the time, and the sentence says since when", () => {
    expect(() => readKeyStore(settings(P12), NOW_MS + 120 * YEAR_MS)).toThrow(/broker\.p12 has expired on 21\d\d-\d\d-\d\d; put a new one/);
    expect(() => readKeyStore(settings(P12), NOW_MS - 20 * YEAR_MS)).toThrow(/is valid from 20\d\d-\d\d-\d\d on only/);
  });

  test("that is refused names where the setting was given", () => {
    const file = new Map([["ssl.keystore.location", { value: "/nowhere", place: "in server.properties, line 3" }]]);
    const read = () => readKeyStore(new ListenerTlsSettings(brokerConfig({ file }), "SECURE"), NOW_MS);
    expect(read).toThrow(expect.objectContaining({ setting: "ssl.keystore.location", place: "in server.properties, line 3" }));
  });

  test("is never quoted: no sentence holds its password or its key", () => {
    const read = () => readKeyStore(settings({ ...P12, "ssl.keystore.password": "hunter2" }), NOW_MS);
    expect(read).toThrow(expect.objectContaining({ message: expect.not.stringContaining("hunter2") }));
  });

  test("that is damaged anywhere is refused, and nothing worse", () => {
    const { readFileSync, writeFileSync, mkdtempSync } = process.getBuiltinModule("node:fs");
    const path = `${mkdtempSync(`${process.getBuiltinModule("node:os").tmpdir()}/odradek-stores-`)}/cut.p12`;
    const whole = readFileSync(at("trust.p12"));
    for (let size = 0; size < whole.length; size += 37) {
      writeFileSync(path, whole.subarray(0, size));
      const given = settings({ "ssl.truststore.location": path, "ssl.truststore.password": STORE_PASSWORD });
      expect(() => readTrustStore(given)).toThrow(SettingError);
    }
  });
});

describe("a trust store", () => {
  test.each<[string, SettingInputs]>([
    [
      "PKCS12 as keytool makes it, without a key",
      { "ssl.truststore.location": at("trust.p12"), "ssl.truststore.password": STORE_PASSWORD },
    ],
    ["a PEM file", { "ssl.truststore.type": "PEM", "ssl.truststore.location": at("ca.pem") }],
    ["text in the settings", { "ssl.truststore.type": "PEM", "ssl.truststore.certificates": certificateText("ca.pem") }],
  ])("of %s gives its certificates", (_, given) => {
    expect(readTrustStore(settings(given))?.map(({ subject }) => subject)).toEqual(["O=Odradek\nCN=Test CA"]);
  });

  test("need not be", () => {
    expect(readTrustStore(settings({}))).toBeUndefined();
  });

  test("without certificates is refused", () => {
    const given = { "ssl.truststore.type": "PEM", "ssl.truststore.location": at("broker.key") };
    expect(() => readTrustStore(settings(given))).toThrow("ssl.truststore.location: the trust store has no certificates");
  });
});

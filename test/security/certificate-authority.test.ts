// Certificates of our own, read by OpenSSL as Node has it: what is in them, whom they name, and how the authority is kept. That clients of all
// kinds take them is in ../interop/security-page.interop.ts.

import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { nodeFilesystem } from "../../src/base/node-filesystem.ts";
import { systemRandom as random } from "../../src/base/random.ts";
import { AUTHORITY_FILE, AUTHORITY_KEY_FILE, CertificateAuthority } from "../../src/security/certificate-authority.ts";
import { objectIdentifier, readDer } from "../../src/security/der.ts";
import { addressBytes, identifier, integer, time } from "../../src/security/der-writer.ts";
import { certificateText } from "../support/certificates.ts";

const NOW = Date.UTC(2031, 4, 6);
const DAY_MS = 24 * 60 * 60 * 1000;

test("a broker's certificate holds for all of its hosts and for no other, and its authority is the only one that vouches for it", () => {
  const authority = CertificateAuthority.make({ random, nowMs: NOW });
  const ca = new X509Certificate(authority.certificate);
  const broker = new X509Certificate(authority.forBroker(["localhost", "kafka_1", "Büro.example", "127.0.0.1", "::1"], NOW).cert);
  expect(["localhost", "kafka_1", "xn--bro-hoa.example"].map((host) => broker.checkHost(host))).not.toContain(undefined);
  expect(["127.0.0.1", "::1"].map((address) => broker.checkIP(address))).not.toContain(undefined);
  expect([broker.checkHost("example.org"), broker.checkIP("127.0.0.2"), broker.checkIP("::2")]).toEqual([undefined, undefined, undefined]);
  expect([ca.ca, broker.ca]).toEqual([true, false]);
  expect([ca.checkIssued(ca), broker.checkIssued(ca), ca.checkIssued(broker)]).toEqual([true, true, false]);
  expect([ca.verify(ca.publicKey), broker.verify(ca.publicKey)]).toEqual([true, true]);
  const other = new X509Certificate(CertificateAuthority.make({ random, nowMs: NOW }).certificate);
  expect([broker.checkIssued(other), broker.verify(other.publicKey)]).toEqual([false, false]);
  expect(broker.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
});

test("a client's certificate is for its name, and no two of the same name are the same", () => {
  const authority = CertificateAuthority.make({ random, nowMs: NOW });
  const [one, two] = ["alice", "alice"].map((name) => new X509Certificate(authority.forClient(name, NOW).cert));
  expect([one?.subject, one?.keyUsage, one?.subjectAltName]).toEqual(["CN=alice", ["1.3.6.1.5.5.7.3.2"], undefined]);
  expect(one?.serialNumber).not.toBe(two?.serialNumber);
  expect(one?.publicKey.equals(two?.publicKey ?? one.publicKey)).toBe(false);
});

test("certificates begin before now, for clients whose clocks are behind, and none outlives its authority", () => {
  const authority = CertificateAuthority.make({ random, nowMs: NOW });
  const ca = new X509Certificate(authority.certificate);
  const validity = (nowMs: number) => {
    const { validFromDate, validToDate } = new X509Certificate(authority.forBroker(["localhost"], nowMs).cert);
    return [validFromDate.getTime() - nowMs, validToDate.getTime() - nowMs].map((ms) => ms / DAY_MS);
  };
  expect(validity(NOW)).toEqual([-1, 800]);
  const late = NOW + 3600 * DAY_MS;
  expect(validity(late)).toEqual([-1, (ca.validToDate.getTime() - late) / DAY_MS]);
});

test("an authority is made once for a folder, and its key is for nobody else to read", () => {
  const folder = mkdtempSync(join(tmpdir(), "odradek-authority-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const made = CertificateAuthority.inFolder(nodeFilesystem, folder, { random, nowMs: NOW });
  const again = CertificateAuthority.inFolder(nodeFilesystem, folder, { random, nowMs: NOW + DAY_MS });
  expect(again.certificate).toBe(made.certificate);
  const broker = new X509Certificate(again.forBroker(["localhost"], NOW).cert);
  expect(broker.verify(new X509Certificate(made.certificate).publicKey)).toBe(true);
  if (process.platform !== "win32") expect(statSync(join(folder, AUTHORITY_KEY_FILE)).mode & 0o777).toBe(0o600);
});

test("an authority whose time is over gives way to a new one", () => {
  const filesystem = new MemoryFilesystem();
  const authority = (nowMs: number) => CertificateAuthority.inFolder(filesystem, "", { random, nowMs }).certificate;
  const made = authority(NOW);
  expect(authority(NOW + 3648 * DAY_MS)).toBe(made);
  const next = authority(NOW + 3650 * DAY_MS);
  expect(next).not.toBe(made);
  expect(authority(NOW + 3650 * DAY_MS)).toBe(next);
});

test.each([
  ["the key is gone", AUTHORITY_KEY_FILE, undefined, `/${AUTHORITY_FILE} is there and its key /${AUTHORITY_KEY_FILE} is not`],
  ["the key is another one's", AUTHORITY_KEY_FILE, certificateText("client.key"), `/${AUTHORITY_KEY_FILE} is not the key of`],
  ["the key is none", AUTHORITY_KEY_FILE, "secret text", `/${AUTHORITY_KEY_FILE} cannot be read`],
  ["the certificate is none", AUTHORITY_FILE, "text", `/${AUTHORITY_FILE} cannot be read`],
])("where %s it is said which file is to blame and what to do, and nothing of what is in it", (_, file, content, message) => {
  const filesystem = new MemoryFilesystem();
  CertificateAuthority.inFolder(filesystem, "", { random, nowMs: NOW });
  filesystem.remove(`/${file}`);
  if (content !== undefined) filesystem.replaceFile(`/${file}`, content);
  const open = () => CertificateAuthority.inFolder(filesystem, "", { random, nowMs: NOW });
  expect(open).toThrow(message);
  expect(open).toThrow("bring both back, or remove both");
  expect(open).not.toThrow("secret text");
});

test("an authority of a strange kind of key is refused", () => {
  const filesystem = new MemoryFilesystem();
  for (const [file, name] of [
    [AUTHORITY_FILE, "broker.pem"],
    [AUTHORITY_KEY_FILE, "broker.key"],
  ] as const)
    filesystem.replaceFile(`/${file}`, certificateText(name));
  const open = () => CertificateAuthority.inFolder(filesystem, "", { random, nowMs: Date.now() });
  expect(open).toThrow(`/${AUTHORITY_KEY_FILE} is no key of the curve P-256`);
});

test("what DER has several forms for is written in the right one", () => {
  expect(integer(Buffer.from([0x7f])).toString("hex")).toBe("02017f");
  expect(integer(Buffer.from([0x80])).toString("hex")).toBe("02020080");
  expect(readDer(time(Date.UTC(2049, 11, 31, 23, 59, 59))).content.toString()).toBe("491231235959Z");
  expect(readDer(time(Date.UTC(2050, 0, 1))).content.toString()).toBe("20500101000000Z");
  expect(addressBytes("::ffff:1.2.3.4")?.toString("hex")).toBe("00000000000000000000ffff01020304");
  expect(addressBytes("fe80::1%eth0")).toBeUndefined();
  expect(addressBytes("1.2.3")).toBeUndefined();
});

test("every address and every identifier is written so that it reads as it was", () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const groups = addressBytes(address)?.toString("hex").match(/.{4}/g)?.join(":") ?? "";
      expect(new URL(`http://[${groups}]`).hostname).toBe(new URL(`http://[${address}]`).hostname);
    }),
  );
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 2), fc.nat(39), fc.array(fc.nat()), (root, first, others) => {
      const text = [root, first, ...others].join(".");
      expect(objectIdentifier(readDer(identifier(text)))).toBe(text);
    }),
  );
});

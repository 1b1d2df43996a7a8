// Makes the certificates that tests use, anew: node scripts/test-certificates.mjs. Needs openssl and keytool. They live for a hundred years;
// their keys guard nothing.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../test/security/certificates");
const DAYS = "36500";
const PASSWORD = "secret";
const NOTE = "Made by scripts/test-certificates.mjs for tests: this key is public and guards nothing.\n";

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

/** @param {string[]} args */
function openssl(...args) {
  execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}

/** @param {string[]} args */
function keytool(...args) {
  execFileSync("keytool", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
const RSA = ["-newkey", "rsa:2048"];
const LOCAL = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1";

/** @param {{ name: string, subject: string, key: string[], more?: string[] }} wanted */
function selfSigned({ name, subject, key, more = [] }) {
  const out = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
  openssl("req", "-x509", ...key, "-noenc", "-utf8", "-days", DAYS, "-subj", subject, ...more, ...out);
}

/** @param {{ name: string, subject: string, key: string[], more?: string[] }} wanted */
function signed({ name, subject, key, more = [] }) {
  const out = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
  const issuer = ["-CA", "ca.pem", "-CAkey", "ca.key"];
  openssl("req", "-x509", ...issuer, ...key, "-noenc", "-utf8", "-days", DAYS, "-subj", subject, ...more, ...out);
}

const LEAF = ["-addext", "basicConstraints=critical,CA:FALSE"];
selfSigned({ name: "ca", subject: "/O=Odradek/CN=Test CA", key: EC });
signed({ name: "broker", subject: "/C=DE/O=Odradek, Inc./CN=localhost", key: RSA, more: [...LEAF, "-addext", LOCAL] });
signed({ name: "broker-renewed", subject: "/C=DE/O=Odradek, Inc./CN=localhost", key: EC, more: [...LEAF, "-addext", LOCAL] });
signed({ name: "client", subject: "/C=DE/O=Odradek/OU=Clients/CN=alice", key: EC, more: LEAF });
selfSigned({ name: "stranger", subject: "/CN=stranger", key: EC, more: ["-addext", LOCAL] });
/** Subjects whose names Java prints in ways of its own; see distinguished-name.test.ts. */
const SUBJECTS = [
  "/DC=org/DC=example/UID=u1/CN=#sharp",
  "/CN=Grüße/ST=Bayern/L=Nürnberg/street=Weg 1/title=Dr",
  "/CN= lead and trail /emailAddress=a@b.c/serialNumber=77",
  "/O=y/CN=alice+OU=x",
  '/C=DE/O=Odradek, Inc./OU=Te"st;<x>/CN=eq=ual',
];
for (const [index, subject] of SUBJECTS.entries()) selfSigned({ name: `subject-${index}`, subject, key: EC, more: ["-multivalue-rdn"] });

/** @param {string} name */
function store(name) {
  const out = ["-out", `${name}.p12`, "-passout", `pass:${PASSWORD}`];
  openssl("pkcs12", "-export", "-in", `${name}.pem`, "-inkey", `${name}.key`, "-certfile", "ca.pem", "-name", "broker", ...out);
}
store("broker");
store("broker-renewed");
const trust = ["-noprompt", "-alias", "ca", "-file", "ca.pem", "-keystore", "trust.p12", "-storetype", "PKCS12", "-storepass", PASSWORD];
keytool("-importcert", ...trust);
const from = ["-srckeystore", "broker.p12", "-srcstoretype", "PKCS12", "-srcstorepass", PASSWORD];
keytool("-importkeystore", ...from, "-destkeystore", "broker.jks", "-deststoretype", "JKS", "-deststorepass", PASSWORD);
openssl("pkcs8", "-topk8", "-in", "broker.key", "-out", "broker-encrypted.key", "-passout", `pass:${PASSWORD}`);

for (const name of ["ca", "broker", "broker-renewed", "client", "stranger", "broker-encrypted"]) {
  const path = join(folder, `${name}.key`);
  writeFileSync(path, NOTE + readFileSync(path, "utf8"));
}
for (const index of SUBJECTS.keys()) rmSync(join(folder, `subject-${index}.key`));

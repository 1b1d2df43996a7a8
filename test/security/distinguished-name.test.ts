import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { MalformedDer } from "../../src/security/der.ts";
import { subjectOf } from "../../src/security/distinguished-name.ts";
import { certificateText } from "../support/certificates.ts";

function subject(name: string): string {
  return subjectOf(new X509Certificate(certificateText(`${name}.pem`)).raw);
}

describe("a subject's name", () => {
  test.each([
    ["the last part comes first, and commas are escaped", "broker", "CN=localhost,O=Odradek\\, Inc.,C=DE"],
    ["domains and users have names of their own, and a number sign is escaped", "subject-0", "CN=\\#sharp,UID=u1,DC=example,DC=org"],
    [
      "letters stay as they are, and what has no name in RFC 2253 is a number and bytes",
      "subject-1",
      "2.5.4.12=#0c024472,STREET=Weg 1,L=Nürnberg,ST=Bayern,CN=Grüße",
    ],
    ["spaces at the ends are escaped", "subject-2", "2.5.4.5=#13023737,1.2.840.113549.1.9.1=#16056140622e63,CN=\\ lead and trail\\ "],
    ["a part of several attributes has a plus", "subject-3", "OU=x+CN=alice,O=y"],
    ["all that RFC 2253 has a meaning for is escaped", "subject-4", 'CN=eq\\=ual,OU=Te\\"st\\;\\<x\\>,O=Odradek\\, Inc.,C=DE'],
  ])("is what Java prints: %s", (_, name, printed) => {
    expect(subject(name)).toBe(printed);
  });

  test("of a certificate that is cut off anywhere is an error that is foreseen", () => {
    const { raw } = new X509Certificate(certificateText("client.pem"));
    for (let size = 0; size < raw.length; size++) expect(() => subjectOf(raw.subarray(0, size))).toThrow(MalformedDer);
  });
});

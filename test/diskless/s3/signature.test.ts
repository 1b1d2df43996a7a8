// The signatures of the examples in AWS's documentation of Signature Version 4 for S3.

import { describe, expect, test } from "vitest";
import { encoded, RequestSigner, sha256 } from "../../../src/diskless/s3/signature.ts";

const keys = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", sessionToken: undefined };
const timeMs = Date.UTC(2013, 4, 24);
const host = "examplebucket.s3.amazonaws.com";
const nothing = sha256([]);

describe("a signature is that of the documentation", () => {
  const cases = [
    {
      title: "of a GET with a range",
      request: { method: "GET", path: "/test.txt", query: {}, headers: { range: "bytes=0-9" }, payloadHash: nothing },
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    },
    {
      title: "of a PUT with headers and an encoded path",
      request: {
        method: "PUT",
        path: `/${encoded("test$file.text")}`,
        query: {},
        headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
        payloadHash: sha256(["Welcome to Amazon S3."]),
      },
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    },
    {
      title: "of a query without a value",
      request: { method: "GET", path: "/", query: { lifecycle: "" }, headers: {}, payloadHash: nothing },
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    },
    {
      title: "of a list",
      request: { method: "GET", path: "/", query: { prefix: "J", "max-keys": "2" }, headers: {}, payloadHash: nothing },
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    },
  ];
  for (const { title, request, signature } of cases) {
    test(title, () => {
      const headers = new RequestSigner("us-east-1", "s3").sign({ ...request, host }, keys, timeMs);
      expect(headers["authorization"]).toContain(`Signature=${signature}`);
      expect(headers["authorization"]).toContain("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request");
      expect(headers).toMatchObject({ host, "x-amz-date": "20130524T000000Z" });
    });
  }
});

test("the key of another day or secret is made anew, and a session's token is signed with it", () => {
  const signer = new RequestSigner("us-east-1", "s3");
  const request = { method: "GET", path: "/a", query: {}, headers: {}, payloadHash: nothing, host };
  const signed = (over: Partial<typeof keys>, atMs: number) => signer.sign(request, { ...keys, ...over }, atMs)["authorization"];
  const first = signed({}, timeMs);
  expect(signed({}, timeMs + 86_400_000)).not.toBe(first);
  expect(signed({ secretAccessKey: "another" }, timeMs)).not.toBe(first);
  expect(signed({}, timeMs)).toBe(first);
  const withToken = signer.sign(request, { ...keys, sessionToken: "token" }, timeMs);
  expect(withToken["x-amz-security-token"]).toBe("token");
  expect(withToken["authorization"]).toContain("x-amz-date;x-amz-security-token,");
});

// Which host and path a bucket has.

import { expect, test } from "vitest";
import { BucketLocation, type LocationOptions } from "../../../src/diskless/s3/location.ts";

const at = (options: Partial<LocationOptions>) => {
  const location = new BucketLocation({ location: "s3://bucket/pre/fix", region: "eu-north-1", endpoint: undefined, ...options });
  return `${location.origin.origin} ${location.bucketPath} ${location.pathOf("o/1+")}`;
};

test("in AWS the bucket is in the name of the host, unless it has dots", () => {
  expect(at({})).toBe("https://bucket.s3.eu-north-1.amazonaws.com / /pre/fix/o/1%2B");
  expect(at({ region: "cn-north-1" })).toBe("https://bucket.s3.cn-north-1.amazonaws.com.cn / /pre/fix/o/1%2B");
  expect(at({ location: "s3://my.bucket" })).toBe("https://s3.eu-north-1.amazonaws.com /my.bucket /my.bucket/o/1%2B");
  expect(at({ isPathStyle: true })).toBe("https://s3.eu-north-1.amazonaws.com /bucket /bucket/pre/fix/o/1%2B");
});

test("elsewhere it is in the path, unless told otherwise", () => {
  expect(at({ endpoint: "http://store:9000", region: undefined })).toBe("http://store:9000 /bucket /bucket/pre/fix/o/1%2B");
  expect(at({ endpoint: "https://store/s3/", location: "s3://bucket/" })).toBe("https://store /s3/bucket /s3/bucket/o/1%2B");
  expect(at({ endpoint: "https://store", isPathStyle: false })).toBe("https://bucket.store / /pre/fix/o/1%2B");
  expect(at({ endpoint: "http://[::1]:9000", location: "s3://bucket" })).toBe("http://[::1]:9000 /bucket /bucket/o/1%2B");
});

test("what is not said as it must be is refused with a sentence", () => {
  expect(() => at({ region: undefined })).toThrow("In which region the bucket bucket is must be said: by AWS_REGION, or in the profile.");
  for (const location of ["bucket", "http://bucket", "s3://", "s3:///a", "s3://b/../c", "s3://b//c", "s3://b?x"]) {
    expect(() => at({ location }), location).toThrow("does not say where objects are");
  }
  for (const endpoint of ["store:9000", "ftp://store", "http://user:secret@store", "https://store?x=1"]) {
    expect(() => at({ endpoint }), endpoint).toThrow("is no endpoint of an object store");
  }
});

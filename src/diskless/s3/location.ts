// Where a bucket is: `s3://bucket/prefix`, and which host and path that is. Without an endpoint it is that of the region in AWS, which has
// the bucket in its host name; other stores are asked with the bucket in the path, unless told otherwise.

import { ObjectStoreError } from "../../base/object-store.ts";
import { encoded } from "./signature.ts";

export interface LocationOptions {
  /** "s3://bucket/prefix", with or without a slash at the end. */
  readonly location: string;
  readonly region: string | undefined;
  /** "https://store.example:9000". */
  readonly endpoint: string | undefined;
  /** Whether the bucket is in the path rather than in the host name. */
  readonly isPathStyle?: boolean | undefined;
}

/** Of stores that have no regions. */
const DEFAULT_REGION = "us-east-1";

export class BucketLocation {
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  readonly region: string;
  /** Of the server to connect to: scheme, host and port. */
  readonly origin: URL;
  readonly host: string;
  /** What stands before the key in the path. */
  readonly #base: string;

  constructor(options: LocationOptions) {
    const { bucket, prefix } = parsed(options.location);
    this.bucket = bucket;
    this.prefix = prefix;
    if (options.region === undefined && options.endpoint === undefined) {
      throw new ObjectStoreError("REFUSED", `In which region the bucket ${bucket} is must be said: by AWS_REGION, or in the profile.`);
    }
    this.region = options.region ?? DEFAULT_REGION;
    const endpoint = parsedEndpoint(options.endpoint ?? `https://s3.${this.region}.${domainOf(this.region)}`);
    // A certificate for *.host does not cover a bucket with dots in its name.
    const isPathStyle = options.isPathStyle ?? (options.endpoint !== undefined || bucket.includes("."));
    this.origin = new URL(isPathStyle ? endpoint.origin : `${endpoint.protocol}//${bucket}.${endpoint.host}`);
    this.host = this.origin.host;
    this.#base = `${endpoint.pathname.replace(/\/+$/, "")}/${isPathStyle ? `${encoded(bucket)}/` : ""}`;
  }

  /** Of the bucket itself, encoded. */
  get bucketPath(): string {
    return this.#base === "/" ? "/" : this.#base.replace(/\/$/, "");
  }

  /** Of a key under the prefix, encoded. */
  pathOf(key: string): string {
    return this.#base + encoded(this.prefix + key).replaceAll("%2F", "/");
  }

  /** For people: which bucket, where. */
  toString(): string {
    return `bucket ${this.bucket} at ${this.origin.origin}`;
  }
}

/** AWS's, for a region. */
export function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

function parsed(location: string): { readonly bucket: string; readonly prefix: string } {
  const match = /^s3:\/\/([A-Za-z0-9][A-Za-z0-9._-]*)(?:\/(.*))?$/.exec(location);
  const [, bucket, path = ""] = match ?? [];
  const elements = path.replace(/\/$/, "").split("/");
  if (bucket === undefined || (path !== "" && elements.some((element) => element === "" || element === "." || element === ".."))) {
    throw new ObjectStoreError("REFUSED", `"${location}" does not say where objects are: s3://bucket, or s3://bucket/prefix.`);
  }
  return { bucket, prefix: path === "" ? "" : `${elements.join("/")}/` };
}

function parsedEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.username !== "") {
    throw new ObjectStoreError("REFUSED", `"${endpoint}" is no endpoint of an object store: https://host, with a port where it has one.`);
  }
  return url;
}

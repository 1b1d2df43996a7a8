// The API under /api as a client asks it.

export interface Answer {
  readonly status: number;
  /** Looked into as it comes. */
  readonly body: ReturnType<typeof JSON.parse>;
}

/** @param user "name:password" */
export async function askApi(url: string, path: string, { body, user, method }: AskOptions = {}): Promise<Answer> {
  const headers = {
    ...(user === undefined ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  const init = {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await fetch(`${url}/api/${path}`, init);
  const text = await response.text();
  const isLines = response.headers.get("content-type") === "application/x-ndjson";
  return {
    status: response.status,
    body: isLines
      ? text
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line))
      : JSON.parse(text),
  };
}

interface AskOptions {
  readonly body?: unknown;
  readonly user?: string;
  readonly method?: string;
}

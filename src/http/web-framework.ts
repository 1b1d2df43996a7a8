// What others have made of HTTP, in one place: the build keeps it in a file beside the broker, which is read when somebody first speaks HTTP.

export { toJsonSchema } from "@valibot/to-json-schema";
export { Hono } from "hono";
export { bodyLimit } from "hono/body-limit";
export * as valibot from "valibot";

// Fetches that find nothing are answered soon, whatever the client asks for: some clients (kafkajs) wait for an open Fetch before they
// disconnect, and a test would spend seconds there.

import type { Interceptor } from "../server/interceptors.ts";

const FETCH_KEY = 1;

export function shortFetches(longestMs: number): Interceptor {
  return {
    defers: false,
    intercept({ handler, request }, proceed) {
      const isLong = handler.api.key === FETCH_KEY && Number(request["maxWaitMs"]) > longestMs;
      return isLong ? proceed({ ...request, maxWaitMs: longestMs }) : proceed();
    },
  };
}

// Whether this machine has IPv6: a broker on localhost does without where it has none.

import net from "node:net";

export function hasIpv6(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "::1", port: 0 }, () => server.close(() => resolve(true)));
  });
}

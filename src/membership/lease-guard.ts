// A broker without its lease says nothing: others may lead by now what it believes it leads, and its answers may be of the past. The connection
// ends instead, and the client turns to another broker. Looked at when a request comes, and again before its answer goes out: in between
// this process may have slept for a day.
//
// What a broker asks itself does not pass here. It needs not: what it stores is refused where the leader epochs are (diskless/catalog.ts).

import { CloseConnection } from "../api/handler.ts";
import type { Interceptor, LaterReply } from "../server/interceptors.ts";

export function leaseGuard(isHeld: () => boolean): Interceptor {
  const check = () => {
    if (!isHeld()) throw new CloseConnection("the lease of this broker is over");
  };
  const checked = <Reply>(reply: Reply): Reply => {
    check();
    return reply;
  };
  return {
    defers: false,
    intercept: (_, proceed): LaterReply => {
      check();
      const reply = proceed();
      return reply instanceof Promise ? reply.then(checked) : checked(reply);
    },
  };
}

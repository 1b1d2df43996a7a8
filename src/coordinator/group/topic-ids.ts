// The topics that members subscribe to, by id: what assignors ask for.

import type { Subscriber, Subscriptions } from "./subscriptions.ts";
import type { TopicsView } from "./topics-view.ts";

/** Topics that do not exist are left out. Members of the same subscription share one set. */
export function topicIdsOfMembers(subscriptions: Subscriptions, topics: TopicsView): (member: Subscriber) => ReadonlySet<string> {
  const known = new Map<string, ReadonlySet<string>>();
  return (member) => {
    const key = `${member.topicRegex ?? ""}\n${member.topicNames.join()}`;
    const shared = known.get(key);
    if (shared !== undefined) return shared;
    const ids = new Set<string>();
    for (const name of subscriptions.topicsOf(member)) {
      const id = topics.idOf(name);
      if (id !== undefined) ids.add(id);
    }
    known.set(key, ids);
    return ids;
  };
}

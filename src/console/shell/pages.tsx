// The pages, in the order of the navigation.

import type { ComponentChildren } from "preact";
import type { Overview } from "../../http/api/shapes.ts";
import { GroupPage } from "../pages/groups/group-page.tsx";
import { GroupsPage } from "../pages/groups/groups-page.tsx";
import { TopicPage } from "../pages/topics/topic-page.tsx";
import { TopicsPage } from "../pages/topics/topics-page.tsx";
import type { Place } from "./route.ts";

export interface PageProps {
  readonly place: Place;
  /** Undefined until it is known. */
  readonly overview: Overview | undefined;
}

export interface PageEntry {
  /** First segment of its addresses. */
  readonly name: string;
  readonly title: string;
  /** With a line before it. */
  readonly isApart?: boolean;
  /** A part of the API that it needs. */
  readonly needs?: Overview["serves"][number];
  readonly render: (props: PageProps) => ComponentChildren;
}

export const pages: readonly PageEntry[] = [
  {
    name: "topics",
    title: "Topics",
    render: ({ place }) => {
      const [, topic] = place.segments;
      return topic === undefined ? <TopicsPage place={place} /> : <TopicPage key={topic} topic={topic} place={place} />;
    },
  },
  {
    name: "groups",
    title: "Groups",
    render: ({ place }) => {
      const [, group] = place.segments;
      return group === undefined ? <GroupsPage place={place} /> : <GroupPage key={group} id={group} place={place} />;
    },
  },
];

// The pages, in the order of the navigation.

import type { ComponentChildren } from "preact";
import type { Overview } from "../../http/api/shapes.ts";
import { AccessPage } from "../pages/access/access-page.tsx";
import { ClientsPage } from "../pages/clients/clients-page.tsx";
import { ExplainPage } from "../pages/explain/explain-page.tsx";
import { FaultsPage } from "../pages/faults/faults-page.tsx";
import { GroupPage } from "../pages/groups/group-page.tsx";
import { GroupsPage } from "../pages/groups/groups-page.tsx";
import { SchemasPage } from "../pages/schemas/schemas-page.tsx";
import { SettingsPage } from "../pages/settings/settings-page.tsx";
import { TopicPage } from "../pages/topics/topic-page.tsx";
import { TopicsPage } from "../pages/topics/topics-page.tsx";
import { TransactionsPage } from "../pages/transactions/transactions-page.tsx";
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
    render: ({ place, overview }) => {
      const [, group] = place.segments;
      return group === undefined ? <GroupsPage place={place} /> : <GroupPage key={group} id={group} place={place} overview={overview} />;
    },
  },
  { name: "schemas", title: "Schemas", render: ({ place }) => <SchemasPage place={place} /> },
  {
    name: "clients",
    title: "Clients",
    isApart: true,
    needs: "clients",
    render: ({ place, overview }) => <ClientsPage place={place} overview={overview} />,
  },
  { name: "transactions", title: "Transactions", render: ({ place }) => <TransactionsPage place={place} /> },
  { name: "explain", title: "Explain", needs: "explain", render: ({ place }) => <ExplainPage place={place} /> },
  { name: "access", title: "Users and rules", isApart: true, render: ({ place }) => <AccessPage place={place} /> },
  { name: "settings", title: "Settings", render: ({ place, overview }) => <SettingsPage place={place} overview={overview} /> },
  { name: "faults", title: "Faults", needs: "faults", render: () => <FaultsPage /> },
];

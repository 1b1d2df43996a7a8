// Who may come in, what each may do, and how much.

import { Head, Tabs } from "../../parts/told.tsx";
import { at, type Place } from "../../shell/route.ts";
import { QuotasTab } from "./quotas-tab.tsx";
import { RulesTab } from "./rules-tab.tsx";
import { UsersTab } from "./users-tab.tsx";

const TABS = [
  ["users", "Users"],
  ["rules", "Rules"],
  ["quotas", "Quotas"],
] as const;

export function AccessPage({ place }: { place: Place }) {
  const [, tab = "users"] = place.segments;
  return (
    <div class="page">
      <Head title="Users, rules, quotas" />
      <Tabs label="Of access" tabs={TABS.map(([name, title]) => ({ title, href: at(["access", name]), isHere: name === tab }))} />
      {tab === "users" ? <UsersTab /> : tab === "rules" ? <RulesTab /> : <QuotasTab />}
    </div>
  );
}

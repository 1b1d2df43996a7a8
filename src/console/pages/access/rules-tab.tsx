// Access rules: who may do what with which resources.

import { useMemo, useState } from "preact/hooks";
import { addRule, listRules, OPERATIONS, PATTERNS, PERMISSIONS, RESOURCES, type Rule, removeRule } from "../../ask/access.ts";
import { Dialog, SecondLook } from "../../parts/dialog.tsx";
import { Select, Text } from "../../parts/form.tsx";
import { counted, oneLine } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Empty, Shown, Tag } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { choicesOf, nameIn } from "./codes.ts";

export function RulesTab() {
  const rules = useLoaded("rules", listRules);
  const [filter, setFilter] = useState("");
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Rule>();
  const rows = useMemo(
    () => (rules.value ?? []).filter((rule) => sentenceOf(rule).toLowerCase().includes(filter.toLowerCase())),
    [rules.value, filter],
  );
  return (
    <>
      <div class="bar">
        <Text label="Filter" value={filter} onChange={setFilter} isFilter grows />
        <span class="count">{counted(rows.length, "rule")}</span>
        <button type="button" class="button main" data-new onClick={() => setAdding(true)}>
          Add a rule
        </button>
      </div>
      <Shown loaded={rules}>
        {() =>
          rows.length === 0 ? (
            <Empty title="There is no rule to show">
              <p>Without a rule for a resource nobody may use it but super.users, unless allow.everyone.if.no.acl.found says otherwise.</p>
            </Empty>
          ) : (
            <Table label="Rules" columns={columns(setRemoving)} rows={rows} keyOf={sentenceOf} />
          )
        }
      </Shown>
      {isAdding ? <RuleDialog onClose={() => setAdding(false)} onDone={rules.reload} /> : null}
      {removing === undefined ? null : (
        <SecondLook
          title="Remove the rule"
          action="Remove"
          run={() => removeRule(removing).then(rules.reload)}
          onClose={() => setRemoving(undefined)}
        >
          <p>
            <bdi>{oneLine(sentenceOf(removing))}</bdi>
          </p>
        </SecondLook>
      )}
    </>
  );
}

function sentenceOf({ principal, host, operation, permissionType, resourceType, resourceName, patternType }: Rule): string {
  const who = `${principal} from ${host}`;
  return `${nameIn(PERMISSIONS, permissionType)} ${who} ${nameIn(OPERATIONS, operation)} ${nameIn(RESOURCES, resourceType)} ${nameIn(PATTERNS, patternType)} ${resourceName}`;
}

function columns(onRemove: (rule: Rule) => void): readonly Column<Rule>[] {
  return [
    { title: "Principal", by: ({ principal }) => principal, cell: ({ principal }) => <bdi>{oneLine(principal)}</bdi> },
    {
      title: "Permission",
      width: "96px",
      isWide: true,
      cell: ({ permissionType }) => <Tag tone={permissionType === 2 ? "bad" : "good"}>{nameIn(PERMISSIONS, permissionType)}</Tag>,
    },
    { title: "Operation", width: "130px", by: ({ operation }) => operation, cell: ({ operation }) => nameIn(OPERATIONS, operation) },
    {
      title: "Resource",
      width: "120px",
      isWide: true,
      by: ({ resourceType }) => resourceType,
      cell: ({ resourceType }) => nameIn(RESOURCES, resourceType),
    },
    {
      title: "Name",
      by: ({ resourceName }) => resourceName,
      cell: ({ resourceName, patternType }) => <bdi>{oneLine(patternType === 4 ? `${resourceName}…` : resourceName)}</bdi>,
    },
    { title: "Host", width: "110px", isWide: true, cell: ({ host }) => oneLine(host) },
    {
      title: "",
      width: "90px",
      cell: (rule) => (
        <button type="button" class="button plain" onClick={() => onRemove(rule)}>
          Remove
        </button>
      ),
    },
  ];
}

function RuleDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [principal, setPrincipal] = useState("User:");
  const [host, setHost] = useState("*");
  const [permission, setPermission] = useState("3");
  const [operation, setOperation] = useState("3");
  const [resource, setResource] = useState("2");
  const [pattern, setPattern] = useState("3");
  const [name, setName] = useState("");
  const run = async () => {
    const resourceName = resource === "4" ? "kafka-cluster" : name;
    await addRule({
      principal,
      host,
      permissionType: Number(permission),
      operation: Number(operation),
      resourceType: Number(resource),
      resourceName,
      patternType: Number(pattern),
    });
    onDone();
  };
  return (
    <Dialog
      title="Add a rule"
      onClose={onClose}
      action={{ title: "Add", run, isOff: principal === "" || (name === "" && resource !== "4") }}
    >
      <div class="fields two">
        <Text label="Principal" value={principal} onChange={setPrincipal} hint="User:name, or User:* for all." />
        <Text label="Host" value={host} onChange={setHost} hint="An address, or * for all." />
        <Select label="Permission" value={permission} onChange={setPermission} choices={choicesOf(PERMISSIONS)} />
        <Select label="Operation" value={operation} onChange={setOperation} choices={choicesOf(OPERATIONS)} />
        <Select label="Resource" value={resource} onChange={setResource} choices={choicesOf(RESOURCES)} />
        <Select label="Names" value={pattern} onChange={setPattern} choices={choicesOf(PATTERNS)} />
      </div>
      {resource === "4" ? null : <Text label="Name" value={name} onChange={setName} hint="* for all, where names are literal." />}
    </Dialog>
  );
}

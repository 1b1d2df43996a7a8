// Users with passwords, as SCRAM has them.

import { useState } from "preact/hooks";
import { listUsers, MECHANISMS, removeUser, setPassword, type UserRow } from "../../ask/access.ts";
import { Dialog, SecondLook } from "../../parts/dialog.tsx";
import { Select, Text } from "../../parts/form.tsx";
import { counted, oneLine, whole } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Empty, Shown } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { choicesOf, nameIn } from "./codes.ts";

export function UsersTab() {
  const users = useLoaded("users", listUsers);
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<UserRow>();
  const columns: readonly Column<UserRow>[] = [
    { title: "User", by: ({ name }) => name, cell: ({ name }) => <bdi>{oneLine(name)}</bdi> },
    { title: "Mechanism", by: ({ mechanism }) => mechanism, cell: ({ mechanism }) => nameIn(MECHANISMS, mechanism) },
    { title: "Iterations", width: "110px", isNumber: true, isWide: true, cell: ({ iterations }) => whole(iterations) },
    {
      title: "",
      width: "90px",
      cell: (user) => (
        <button type="button" class="button plain" onClick={() => setRemoving(user)}>
          Remove
        </button>
      ),
    },
  ];
  return (
    <>
      <div class="bar middle">
        <span class="count">{users.value === undefined ? "" : counted(users.value.length, "password")}</span>
        <span class="spacer" />
        <button type="button" class="button main" data-new onClick={() => setAdding(true)}>
          Set a password
        </button>
      </div>
      <Shown loaded={users}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="There are no users with passwords">
              <p>
                Set one here. It is asked for where a listener has SASL: start the broker with a listener of SASL_PLAINTEXT or SASL_SSL and
                sasl.enabled.mechanisms=SCRAM-SHA-512.
              </p>
            </Empty>
          ) : (
            <Table label="Users" columns={columns} rows={rows} keyOf={({ name, mechanism }) => `${mechanism} ${name}`} />
          )
        }
      </Shown>
      {isAdding ? <PasswordDialog onClose={() => setAdding(false)} onDone={users.reload} /> : null}
      {removing === undefined ? null : (
        <SecondLook
          title="Remove the password"
          action="Remove"
          run={() => removeUser(removing).then(users.reload)}
          onClose={() => setRemoving(undefined)}
        >
          <p>
            <bdi>{oneLine(removing.name)}</bdi> cannot log in by {nameIn(MECHANISMS, removing.mechanism)} any more. Connections that are
            open stay until they have to log in again.
          </p>
        </SecondLook>
      )}
    </>
  );
}

function PasswordDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [name, setName] = useState("");
  const [mechanism, setMechanism] = useState("2");
  const [password, setNewPassword] = useState("");
  const run = async () => {
    await setPassword(name, Number(mechanism), password);
    onDone();
  };
  return (
    <Dialog title="Set a password" onClose={onClose} action={{ title: "Set", run, isOff: name === "" || password === "" }}>
      <Text label="User" value={name} onChange={setName} isRequired />
      <Select label="Mechanism" value={mechanism} onChange={setMechanism} choices={choicesOf(MECHANISMS)} />
      <Text
        label="Password"
        type="password"
        value={password}
        onChange={setNewPassword}
        hint="Hashed with a salt here; the broker never gets the password itself."
      />
    </Dialog>
  );
}

// How a group came to rebalance: why each time, whom it waited for, and what keeps it from being stable now.

import type { Rebalances } from "../../../http/api/shapes.ts";
import { askJson, pathOf } from "../../ask/http.ts";
import { counted, lasted, oneLine, timed } from "../../parts/format.ts";
import { Empty, Shown, Tag } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";

export function RebalancesTab({ id }: { id: string }) {
  const told = useLoaded(`rebalances ${id}`, (signal) => askJson<Rebalances>(pathOf("api", "groups", id, "rebalances"), { signal }), {
    everyMs: 2000,
  });
  return (
    <Shown loaded={told}>
      {({ obstacles, rebalances, nowMs }) => (
        <>
          {obstacles.map((obstacle) => (
            <p key={obstacle} class="note">
              {obstacle}
            </p>
          ))}
          {rebalances.length === 0 ? (
            <Empty title="No rebalance has been seen">
              <p>The group has not rebalanced since its broker started to coordinate it.</p>
            </Empty>
          ) : (
            <ol class="timeline" aria-label="Rebalances, the newest first">
              {rebalances.map((rebalance) => (
                <One key={`${rebalance.epoch} ${rebalance.beganMs}`} rebalance={rebalance} nowMs={nowMs} />
              ))}
            </ol>
          )}
        </>
      )}
    </Shown>
  );
}

function One({ rebalance, nowMs }: { rebalance: Rebalances["rebalances"][number]; nowMs: number }) {
  const { epoch, beganMs, endedMs, reasons, waitedFor, memberCount } = rebalance;
  return (
    <li>
      <div class="bar middle">
        <strong>Epoch {epoch}</strong>
        <span class="faint">{timed(beganMs)}</span>
        {endedMs === null ? <Tag tone="warn">goes on for {lasted(nowMs - beganMs)}</Tag> : <Tag>{lasted(endedMs - beganMs)}</Tag>}
        <span class="faint">{counted(memberCount, "member")}</span>
      </div>
      <ul>
        {reasons.map(({ atMs, text, kind, memberId }) => (
          <li key={`${atMs} ${kind} ${memberId}`}>{oneLine(text)}</li>
        ))}
        {waitedFor.map(({ memberId, text }) => (
          <li key={`waited ${memberId}`} class="warn">
            {oneLine(text)}
          </li>
        ))}
      </ul>
    </li>
  );
}

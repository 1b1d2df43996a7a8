// Why a group is not stable, and why it has not got a record.

import type { Explanation } from "../../../http/api/shapes.ts";
import { listGroups } from "../../ask/groups.ts";
import { askJson } from "../../ask/http.ts";
import { topicNames } from "../../ask/topics.ts";
import { Text } from "../../parts/form.tsx";
import { oneLine } from "../../parts/format.ts";
import { Empty, Head, Shown } from "../../parts/told.tsx";
import { useLoaded } from "../../shell/loaded.ts";
import { at, goInPlace, type Place } from "../../shell/route.ts";

interface Choices {
  readonly groups: readonly string[];
  readonly topics: readonly string[];
}

export function ExplainPage({ place }: { place: Place }) {
  const choices = useLoaded<Choices>("groups and topics", async (signal) => {
    const [groups, topics] = await Promise.all([listGroups(signal), topicNames(signal)]);
    return { groups: groups.map(({ id }) => id).sort(), topics };
  });
  const group = place.query.get("group") ?? choices.value?.groups[0] ?? "";
  const topic = place.query.get("topic") ?? "";
  const show = (query: { group?: string; topic?: string }) => goInPlace(["explain"], { group, topic, ...query });
  return (
    <div class="page">
      <Head title="Explain" />
      <p class="faint">Why a group is not stable, and why it has not got what is in its topics.</p>
      <Shown loaded={choices}>
        {({ groups, topics }) =>
          groups.length === 0 && group === "" ? (
            <Empty title="There are no groups to explain">
              <a href={at(["groups"])}>Groups</a>
            </Empty>
          ) : (
            <>
              <div class="bar">
                <Text label="Group" value={group} onChange={(value) => show({ group: value })} suggestions={groups} isLazy isFilter grows />
                <Text
                  label="Topic"
                  value={topic}
                  onChange={(value) => show({ topic: value })}
                  suggestions={topics}
                  placeholder="all that it reads"
                  isLazy
                  grows
                />
              </div>
              {group === "" ? null : <Answer group={group} topic={topic} />}
            </>
          )
        }
      </Shown>
    </div>
  );
}

function Answer({ group, topic }: { group: string; topic: string }) {
  const told = useLoaded(
    `explain ${group} ${topic}`,
    (signal) => askJson<Explanation>("/api/explain", { query: { group, topic: topic || undefined }, signal }),
    { everyMs: 3000 },
  );
  return (
    <Shown loaded={told}>
      {({ unstable, undelivered }) => (
        <>
          <Sentences title="Stability" sentences={unstable} otherwise="The group is stable." />
          <Sentences title="Records" sentences={undelivered} otherwise="It has got all that is there." />
          <p>
            <a href={at(["groups", group])}>Look at the group</a>
          </p>
        </>
      )}
    </Shown>
  );
}

function Sentences({ title, sentences, otherwise }: { title: string; sentences: readonly string[]; otherwise: string }) {
  return (
    <section class="panel" aria-label={title}>
      <h2>{title}</h2>
      {sentences.length === 0 ? (
        <p class="good">{otherwise}</p>
      ) : (
        sentences.map((sentence) => <p key={sentence}>{oneLine(sentence, 2000)}</p>)
      )}
    </section>
  );
}

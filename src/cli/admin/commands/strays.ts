// `odradek strays list|adopt|delete`: partitions in a data folder that belong to no topic, and `odradek repair`: a data folder whose metadata
// journal is damaged. They work on the folder itself, while no broker uses it.

import { resolve } from "node:path";
import type { Command } from "commander";
import type { StrayFolder } from "../../../log/stray-folders.ts";
import { usageError } from "../../command-error.ts";
import { type AdoptedTopic, inDataFolder } from "../../data-folder.ts";
import type { Terminal } from "../../terminal.ts";
import { type Admin, group } from "../command-group.ts";
import { printRows } from "../table.ts";

interface FolderArguments {
  readonly data: string;
  readonly json?: boolean;
}

interface AdoptArguments extends FolderArguments {
  readonly fill?: boolean;
}

const DEFAULT_DATA = ".odradek";

export function addStrays(program: Command, { terminal }: Admin): void {
  const strays = group(program, "strays", "partitions in a data folder that belong to no topic; no broker may be using it");
  onFolder(strays, "list")
    .description("show them")
    .action(({ data, json }: FolderArguments) =>
      inDataFolder(resolve(data), (folder) =>
        printRows(terminal, folder.strays.map(strayRow), { isJson: json === true, nothing: `There are no strays in ${resolve(data)}.` }),
      ),
    );
  onFolder(strays, "adopt <topic...>")
    .description("make their topics known again, with their ids and all of their records; of two with one name give the id or the folders")
    .option("--fill", "partitions that are missing will be empty")
    .action((words: readonly string[], { data, json, fill }: AdoptArguments) =>
      inDataFolder(resolve(data), async (folder) => {
        const adopted = await folder.adopt(chosen(folder.strays, words), { isFilling: fill === true });
        if (json) terminal.out(`${JSON.stringify(adopted)}\n`);
        else sayAdopted(terminal, adopted);
      }),
    );
  onFolder(strays, "delete <topic...>")
    .description("delete them with their records; a topic's name, its id, or folders")
    .action((words: readonly string[], { data, json }: FolderArguments) =>
      inDataFolder(resolve(data), (folder) => {
        const deleted = chosen(folder.strays, words);
        folder.deleteStrays(deleted);
        printRows(terminal, deleted.map(strayRow), { isJson: json === true, nothing: "" });
      }),
    );
}

export function addRepair(program: Command, { terminal }: Admin): void {
  onFolder(program, "repair")
    .description("make a damaged or missing metadata journal anew from what can be read of it and from the folders of partitions")
    .action(({ data, json }: FolderArguments) =>
      inDataFolder(resolve(data), (folder) => {
        const repair = folder.repair();
        if (json) terminal.out(`${JSON.stringify(repair ?? null)}\n`);
        else if (repair === undefined) terminal.out("The metadata journal is whole; nothing was changed.\n");
        else {
          const { kept, lostUnits, adopted, refused } = repair;
          const lost = lostUnits === 1 ? "1 change" : `${lostUnits} changes`;
          const where = kept === undefined ? "" : `; the damaged one is kept as ${kept}`;
          terminal.out(`The metadata journal was made anew without ${lost} that could not be read${where}.\n`);
          terminal.out("Settings and other metadata that were in them are lost: look through them.\n");
          sayAdopted(terminal, adopted);
          for (const { name, fault } of refused) terminal.out(`${name} is kept as strays: ${fault}.\n`);
        }
      }),
    );
}

function onFolder(parent: Command, usage: string): Command {
  return parent
    .command(usage)
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .option("-d, --data <folder>", "folder of the data", DEFAULT_DATA)
    .option("--json", "print JSON");
}

function strayRow({ topic, partition, topicId, sizeBytes, folder }: StrayFolder) {
  return { topic, partition, id: topicId ?? null, bytes: sizeBytes, folder };
}

/** Raises a usage error for a word that is nothing of a stray. */
function chosen(strays: readonly StrayFolder[], words: readonly string[]): readonly StrayFolder[] {
  const isCalled = ({ topic, topicId, folder }: StrayFolder, word: string) => word === topic || word === topicId || word === folder;
  for (const word of words) {
    if (strays.some((stray) => isCalled(stray, word))) continue;
    const names = [...new Set(strays.map(({ topic }) => topic))];
    throw usageError(`${word} is no stray; ${names.length === 0 ? "there are none" : `there are ${names.join(", ")}`}`);
  }
  return strays.filter((stray) => words.some((word) => isCalled(stray, word)));
}

function sayAdopted(terminal: Terminal, adopted: readonly AdoptedTopic[]): void {
  for (const { name, id, partitions } of adopted)
    terminal.out(`Adopted ${partitions} ${partitions === 1 ? "partition" : "partitions"} of ${name}, with the id ${id}.\n`);
  if (adopted.length > 0)
    terminal.out(
      "Their settings are not known: topics keep all records until retention.ms, retention.bytes and cleanup.policy are set anew.\n",
    );
}

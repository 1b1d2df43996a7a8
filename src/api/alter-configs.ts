// AlterConfigs (key 33). Replaces all that is set on a resource: what is not listed falls back to its default.

import { alterConfigs as alterConfigsApi } from "../../protocol/messages/index.ts";
import { type AlterAnswer, type AlterWish, alterAnswer, alterSettings, REPEATED_RESOURCE, repeatedResources } from "./alter-settings.ts";
import { configResourceKey } from "./config-resource.ts";
import { serve } from "./handler.ts";

export const alterConfigs = serve(
  alterConfigsApi,
  "0-2",
  ["ALTER_CONFIGS TOPIC", "ALTER_CONFIGS CLUSTER", "ALTER_CONFIGS GROUP"],
  async (services, { resources, validateOnly }) => {
    const repeated = repeatedResources(resources);
    const once = resources.filter((resource) => !repeated.has(configResourceKey(resource)));
    const wishes = once.map((resource): AlterWish => {
      const nullNames = resource.configs.filter(({ value }) => value === null).map(({ name }) => name);
      return {
        ...resource,
        nullNames,
        newValues: () => Object.fromEntries(resource.configs.map(({ name, value }) => [name, value ?? ""])),
      };
    });
    const answers = await alterSettings(services, wishes, validateOnly);
    const refused = resources
      .filter((resource) => repeated.has(configResourceKey(resource)))
      .map((resource): AlterAnswer => alterAnswer(resource, REPEATED_RESOURCE));
    return { responses: [...refused, ...answers] };
  },
);

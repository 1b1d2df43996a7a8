// AlterConfigs (key 33). Replaces all that is set on a resource: what is not listed falls back to its default.

import { alterConfigs as alterConfigsApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import { ALTER_NEEDS, type AlterWish, alterAccess, alterAnswer, alterSettings, refusedResources } from "./alter-settings.ts";
import { serve } from "./handler.ts";

type Resource = DecodedMessage<typeof alterConfigsApi.request>["resources"][number];

export const alterConfigs = serve(alterConfigsApi, "0-2", ALTER_NEEDS, async (services, { resources, validateOnly }, { access }) => {
  const permits = alterAccess(access);
  const refused = refusedResources(resources, permits);
  const wishes = resources.filter((resource) => !refused.has(resource)).map(wishOf);
  const answers = await alterSettings(services, wishes, validateOnly);
  return { responses: [...Array.from(refused, ([resource, refusal]) => alterAnswer(resource, refusal)), ...answers] };
});

function wishOf(resource: Resource): AlterWish {
  const nullNames = resource.configs.filter(({ value }) => value === null).map(({ name }) => name);
  return {
    ...resource,
    nullNames,
    newValues: () => Object.fromEntries(resource.configs.map(({ name, value }) => [name, value ?? ""])),
  };
}

// What is at "/": for who comes with a browser a page that says what there is, for a client of a schema registry the empty object with which
// one answers there.

import { VERSION } from "../base/version.ts";
import type { BrokerView } from "./broker-view.ts";
import { type Route, route } from "./route.ts";
import { valibot as v } from "./web-framework.ts";

export function frontPage(view: BrokerView, routes: readonly Route[]): Route {
  return route({
    path: "/",
    summary: "A page for people, or an empty object",
    query: v.object({}),
    answers: { 200: { is: "A page where text/html is asked for, else an empty object.", type: "text/html" } },
    answer: ({ accept }) => {
      if (!/(?:^|,)\s*text\/html/i.test(accept)) return Response.json({});
      return new Response(page(view, routes), { headers: { "content-type": "text/html; charset=utf-8" } });
    },
  });
}

function page({ services: { brokerId, cluster } }: BrokerView, routes: readonly Route[]): string {
  const rows = routes.map(({ path, summary }) => `<dt><a href="${escaped(path)}">${escaped(path)}</a></dt><dd>${escaped(summary)}</dd>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Odradek, broker ${brokerId}</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
dt { font-family: ui-monospace, monospace; margin-top: 1rem; }
dd { margin: 0; }
</style>
</head>
<body>
<main>
<h1>Odradek ${escaped(VERSION)}</h1>
<p>Broker ${brokerId} of cluster ${escaped(cluster.image.clusterId)}. Kafka clients use this address; by HTTP there is:</p>
<dl>
${rows.join("\n")}
</dl>
</main>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

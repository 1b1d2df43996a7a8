// What is at "/": the console for who comes with a browser, for a client of a schema registry the empty object with which one answers there. Beside
// it, the console's files.

import { ConsoleFiles } from "./console-files.ts";
import { type Route, route } from "./route.ts";
import { valibot as v } from "./web-framework.ts";

export function frontPage(): readonly Route[] {
  const files = new ConsoleFiles();
  const page = route({
    path: "/",
    summary: "The console, or an empty object",
    query: v.object({}),
    answers: { 200: { is: "The console where text/html is asked for, else an empty object.", type: "text/html" } },
    answer: ({ accept, acceptEncoding }) => (/(?:^|,)\s*text\/html/i.test(accept) ? files.page({ acceptEncoding }) : Response.json({})),
  });
  const file = route({
    path: "/console/{file}",
    summary: "A file of the console",
    query: v.object({}),
    params: v.object({ file: v.string() }),
    answers: { 200: { is: "Whole, by a name that has a hash of it.", type: "text/javascript" } },
    answer: ({ params, acceptEncoding }) => files.file(params.file, { acceptEncoding }),
  });
  return [page, file];
}

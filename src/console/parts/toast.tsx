// Short news at the edge of the page, which go by themselves.

import { useEffect, useState } from "preact/hooks";

const SHOWN_MS = 4000;
const MOST = 4;

interface News {
  readonly id: number;
  readonly text: string;
}

let newest = 0;
let tell: ((news: News) => void) | undefined;

export function toast(text: string): void {
  newest += 1;
  tell?.({ id: newest, text });
}

export function Toasts() {
  const [shown, setShown] = useState<readonly News[]>([]);
  useEffect(() => {
    tell = (news) => {
      setShown((old) => [...old.slice(-MOST + 1), news]);
      setTimeout(() => setShown((old) => old.filter(({ id }) => id !== news.id)), SHOWN_MS);
    };
    return () => {
      tell = undefined;
    };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text }) => (
        <div key={id} class="toast">
          {text}
        </div>
      ))}
    </div>
  );
}

export async function copy(text: string, what: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  toast(`${what} copied.`);
}

/** As a file that the browser saves. */
export function save(text: string, name: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

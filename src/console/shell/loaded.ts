// What a page shows, as it is loaded: at first, when it is asked for again, and from time to time while somebody looks.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Fault, faultOf } from "../ask/fault.ts";

/** What takes long is asked for less often: it has one part in so many of the time. */
const SHARE = 20;

export interface Loaded<T> {
  /** The last that came, also while there is a fault. */
  readonly value: T | undefined;
  readonly fault: Fault | undefined;
  readonly reload: () => void;
}

/** @param what names what is loaded: when it changes, the old is forgotten */
export function useLoaded<T>(
  what: string,
  load: (signal: AbortSignal) => Promise<T>,
  { everyMs }: { readonly everyMs?: number } = {},
): Loaded<T> {
  const [state, setState] = useState<{ readonly what: string; readonly value?: T; readonly fault?: Fault }>({ what });
  const [turn, setTurn] = useState(0);
  const current = useRef(load);
  current.current = load;
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let beganMs = 0;
    const next = () => {
      const tookMs = performance.now() - beganMs;
      if (everyMs !== undefined && !abort.signal.aborted) timer = setTimeout(run, Math.max(everyMs, SHARE * tookMs));
    };
    const run = () => {
      beganMs = performance.now();
      if (document.hidden) return next();
      current
        .current(abort.signal)
        .then((value) => setState({ what, value }))
        .catch((error: unknown) => {
          const fault = faultOf(error);
          if (!abort.signal.aborted) setState((old) => (old.what === what ? { ...old, fault } : { what, fault }));
        })
        .finally(next);
    };
    run();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [what, turn, everyMs]);
  const reload = useCallback(() => setTurn((old) => old + 1), []);
  return state.what === what ? { value: state.value, fault: state.fault, reload } : { value: undefined, fault: undefined, reload };
}

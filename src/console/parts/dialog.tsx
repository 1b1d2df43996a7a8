// A dialog over the page: the browser's own, which keeps the focus and closes with Escape. One that does something shows what fails, and closes
// when it is done; one that destroys something asks for a second look.

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Fault } from "../ask/fault.ts";
import { Text, useAction } from "./form.tsx";
import { FaultNote } from "./told.tsx";

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly isBig?: boolean;
  readonly children: ComponentChildren;
  /** What it does; without, it only shows. */
  readonly action?: {
    readonly title: string;
    readonly run: () => Promise<unknown> | unknown;
    readonly isDanger?: boolean;
    readonly isOff?: boolean;
  };
}

export function Dialog({ title, onClose, isBig = false, children, action }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [fault, setFault] = useState<Fault>();
  const { isBusy, start } = useAction(async () => {
    setFault(undefined);
    await action?.run();
    onClose();
  }, setFault);
  // Before the next key is pressed, which is its own already.
  useLayoutEffect(() => {
    const opened = box.current;
    opened?.showModal();
    const first = opened?.querySelector<HTMLElement>("[data-first], .dialog :is(input, select, textarea)");
    first?.focus();
    return () => opened?.close();
  }, []);
  return (
    <dialog ref={box} class={isBig ? "big" : ""} aria-labelledby={id} onCancel={onClose}>
      <form
        class="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (action !== undefined && action.isOff !== true && !isBusy) void start();
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
        {fault === undefined ? null : <FaultNote fault={fault} />}
        <div class="ends">
          <button type="button" class="button" onClick={onClose}>
            {action === undefined ? "Close" : "Cancel"}
          </button>
          {action === undefined ? null : (
            <button
              type="submit"
              class={`button ${action.isDanger === true ? "danger" : "main"}`}
              disabled={isBusy || action.isOff === true}
            >
              {action.title}
            </button>
          )}
        </div>
      </form>
    </dialog>
  );
}

export interface SecondLookProps {
  readonly title: string;
  /** What will be gone. */
  readonly children: ComponentChildren;
  /** Has to be typed first. */
  readonly name?: string;
  readonly action: string;
  readonly run: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Before something is destroyed. */
export function SecondLook({ title, children, name, action, run, onClose }: SecondLookProps) {
  const [typed, setTyped] = useState("");
  return (
    <Dialog title={title} onClose={onClose} action={{ title: action, run, isDanger: true, isOff: name !== undefined && typed !== name }}>
      {children}
      {name === undefined ? null : <Text label="Type its name to go on" value={typed} onChange={setTyped} placeholder={name} isMono />}
    </Dialog>
  );
}

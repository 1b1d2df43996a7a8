// Fields with their labels, and buttons that do something and say that they are at it.

import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { type Fault, faultOf } from "../ask/fault.ts";
import { toast } from "./toast.tsx";

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  /** In the rest of its row. */
  readonly grows?: boolean;
  /** Its label is only for who cannot see where it stands. */
  readonly isQuiet?: boolean;
}

export interface TextProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: "text" | "number" | "password" | "datetime-local";
  readonly placeholder?: string;
  readonly isRequired?: boolean;
  /** "/" goes there. */
  readonly isFilter?: boolean;
  readonly isMono?: boolean;
  /** Changes when it is left, or with Enter, not with each key. */
  readonly isLazy?: boolean;
  /** Offered while one types. */
  readonly suggestions?: readonly string[];
}

const MOST_SUGGESTIONS = 50;

export function Text({ label, hint, grows, value, onChange, type = "text", ...more }: TextProps) {
  const { placeholder, isRequired = false, isFilter = false, isMono = false, isLazy = false, suggestions } = more;
  const id = useId();
  const changed = ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => onChange(currentTarget.value);
  return (
    <Field id={id} label={label} hint={hint} grows={grows}>
      <input
        id={id}
        type={type as "text"}
        value={value}
        class={isMono ? "mono" : undefined}
        placeholder={placeholder}
        required={isRequired}
        autocomplete="off"
        spellcheck={false}
        step={type === "datetime-local" ? "1" : undefined}
        data-filter={isFilter ? "" : undefined}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        list={suggestions === undefined ? undefined : `${id}-list`}
        {...(isLazy ? { onChange: changed } : { onInput: changed })}
      />
      {suggestions === undefined ? null : (
        <datalist id={`${id}-list`}>
          {suggestions.slice(0, MOST_SUGGESTIONS).map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
    </Field>
  );
}

export function LongText({
  label,
  hint,
  value,
  onChange,
  rows = 6,
}: FieldProps & { value: string; onChange: (value: string) => void; rows?: number }) {
  const id = useId();
  return (
    <Field id={id} label={label} hint={hint}>
      <textarea id={id} rows={rows} value={value} spellcheck={false} onInput={({ currentTarget }) => onChange(currentTarget.value)} />
    </Field>
  );
}

export interface Choice {
  readonly value: string;
  readonly title: string;
}

export function Select({
  label,
  hint,
  isQuiet,
  value,
  onChange,
  choices,
}: FieldProps & { value: string; onChange: (value: string) => void; choices: readonly Choice[] }) {
  const id = useId();
  return (
    <Field id={id} label={label} hint={hint} isQuiet={isQuiet}>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.title}
          </option>
        ))}
      </select>
    </Field>
  );
}

export function Check({ label, isOn, onChange }: { label: string; isOn: boolean; onChange: (isOn: boolean) => void }) {
  const id = useId();
  return (
    <span class="check">
      <input id={id} type="checkbox" checked={isOn} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
      <label for={id}>{label}</label>
    </span>
  );
}

interface FrameProps {
  readonly id: string;
  readonly label: string;
  readonly hint: string | undefined;
  readonly grows?: boolean | undefined;
  readonly isQuiet?: boolean | undefined;
  readonly children: ComponentChildren;
}

function Field({ id, label, hint, grows, isQuiet, children }: FrameProps) {
  return (
    <div class={grows === true ? "field grow" : "field"}>
      <label for={id} class={isQuiet === true ? "hidden" : undefined}>
        {label}
      </label>
      {children}
      {hint === undefined ? null : (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}

export interface DoProps {
  readonly title: string;
  readonly tone?: "main" | "danger" | "plain";
  readonly isOff?: boolean;
  readonly run: () => Promise<unknown> | unknown;
  /** "n" presses it. */
  readonly isNew?: boolean;
}

/** A button; what fails is said in a toast. */
export function Do({ title, tone, isOff = false, run, isNew }: DoProps) {
  const { isBusy, start } = useAction(run, (fault) => toast(`${fault.title}: ${fault.message}`));
  return (
    <button
      type="button"
      class={`button ${tone ?? ""}`}
      disabled={isOff || isBusy}
      onClick={start}
      data-new={isNew === true ? "" : undefined}
    >
      {title}
    </button>
  );
}

/** One run at a time. */
export function useAction(run: () => Promise<unknown> | unknown, failed: (fault: Fault) => void) {
  const [isBusy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    try {
      await run();
    } catch (error) {
      failed(faultOf(error));
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, start };
}

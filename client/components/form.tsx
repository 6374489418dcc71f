"use client";

import {
  type ComponentProps,
  type ReactNode,
  createContext,
  useContext,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { keepDraft, restoreDraft } from "@/lib/draft";
import { type Problem, problemOf } from "@/lib/problem";
import { formValues } from "@/lib/form-values";
import styles from "./form.module.css";
import { SessionEnded } from "./session-ended";

const FormState = createContext<{ fields: Problem["fields"]; isSending: boolean }>({
  fields: {},
  isSending: false,
});

type FormProps = Omit<ComponentProps<"form">, "onSubmit"> & {
  /** Rejects with the API's error; the input stays. */
  onSend: (values: Record<string, string>) => Promise<void>;
  /** The error of a form that was sent without JavaScript. */
  initialProblem?: Problem;
  /** Replaces the API's error. */
  explain?: (problem: Problem) => Problem;
  /** Names the form, so that its input survives signing in again after the session has ended. */
  draft?: string;
};

/** A form that sends to the API, and shows its errors on their fields. */
export function Form({
  onSend,
  initialProblem,
  explain = (problem) => problem,
  draft,
  children,
  ...attributes
}: FormProps) {
  const [problem, setProblem] = useState(initialProblem && explain(initialProblem));
  const [isSending, setIsSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    if (problem) form.current?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert]")?.focus();
  }, [problem]);

  useEffect(() => {
    if (draft && form.current) restoreDraft(draft, form.current);
  }, [draft]);

  async function send(data: FormData): Promise<void> {
    setProblem(undefined);
    setIsSending(true);
    const values = formValues(data);
    try {
      await onSend(values);
    } catch (error) {
      const newProblem = explain(problemOf(error));
      if (draft && newProblem.code === "not-signed-in") keepDraft(draft, values);
      setProblem(newProblem);
    }
    setIsSending(false);
  }

  return (
    <form
      {...attributes}
      ref={form}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isSending) void send(new FormData(event.currentTarget));
      }}
    >
      <FormState value={{ fields: problem?.fields ?? {}, isSending }}>
        {problem?.message && (
          <p role="alert" tabIndex={-1} className="notice bad">
            {problem.code === "not-signed-in" ? (
              <SessionEnded toDo={draft ? "to continue; your input has been saved." : "and try again."} />
            ) : (
              problem.message
            )}
          </p>
        )}
        {children}
      </FormState>
    </form>
  );
}

type FieldProps = ComponentProps<"input"> & { name: string; label: string; hint?: ReactNode };

export function Field({ label, hint, ...attributes }: FieldProps) {
  const error = useContext(FormState).fields[attributes.name];
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {hint && <small id={`${id}-hint`}>{hint}</small>}
      <input
        {...attributes}
        id={id}
        aria-invalid={Boolean(error)}
        aria-describedby={described || undefined}
      />
      {error && (
        <span id={`${id}-error`} className={styles.error}>
          {error}
        </span>
      )}
    </div>
  );
}

export const EmailField = ({ defaultValue }: { defaultValue: string | undefined }) => (
  <Field name="email" type="email" label="Email" defaultValue={defaultValue} autoComplete="email" required />
);

/** With the rules of the API. */
export const NewPasswordField = ({ name, label }: { name: string; label: string }) => (
  <Field
    name={name}
    type="password"
    label={label}
    hint="8 to 128 characters"
    autoComplete="new-password"
    minLength={8}
    required
  />
);

export const CurrentPasswordField = ({ label }: { label: string }) => (
  <Field name="password" type="password" label={label} autoComplete="current-password" required />
);

interface SubmitButtonProps {
  children: ReactNode;
  /** Label while the form, or what follows it, is being sent. */
  sending: string;
  isSending?: boolean;
  className?: string;
}

export function SubmitButton({
  children,
  sending,
  isSending = false,
  className = "primary",
}: SubmitButtonProps) {
  const isBusy = useContext(FormState).isSending || isSending;
  return (
    <button className={`button ${className}`} aria-disabled={isBusy}>
      {isBusy ? sending : children}
    </button>
  );
}

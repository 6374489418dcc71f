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
import { type Problem, problemOf } from "@/lib/problem";
import { textsOf } from "@/lib/texts-of";
import styles from "./form.module.css";

const FormState = createContext<{ fields: Problem["fields"]; isSending: boolean }>({
  fields: {},
  isSending: false,
});

type FormProps = Omit<ComponentProps<"form">, "onSubmit"> & {
  /** Rejects with what the API says; what was typed stays. */
  onSend: (values: Record<string, string>) => Promise<void>;
  /** What was refused before the page came to life. */
  refused?: Problem;
};

/** A form that sends to the API, and shows what it refuses on the fields that are to blame. */
export function Form({ onSend, refused, children, ...attributes }: FormProps) {
  const [problem, setProblem] = useState<Problem | undefined>(refused);
  const [isSending, setIsSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    if (problem) form.current?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert]")?.focus();
  }, [problem]);

  async function send(data: FormData): Promise<void> {
    setProblem(undefined);
    setIsSending(true);
    try {
      await onSend(textsOf(data));
    } catch (error) {
      setProblem(problemOf(error));
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
            {problem.message}
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

interface SubmitButtonProps {
  children: ReactNode;
  /** Its words while the form, or what comes after it, is on its way. */
  sending: string;
  isSending?: boolean;
}

export function SubmitButton({ children, sending, isSending = false }: SubmitButtonProps) {
  const isBusy = useContext(FormState).isSending || isSending;
  return (
    <button className="button primary" aria-disabled={isBusy}>
      {isBusy ? sending : children}
    </button>
  );
}

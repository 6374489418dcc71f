"use client";

import { type ReactNode, useId, useRef, useState } from "react";
import { type Problem, problemOf } from "@/lib/problem";
import { SessionEnded } from "./session-ended";

interface ActionButtonProps {
  children: ReactNode;
  /** Label while the action runs. */
  working: string;
  /** Asks the user to confirm an action that cannot be undone. */
  confirm?: { question: string; yes: string; no: string };
  className?: string;
  /** Hides the button when false, but keeps its last error. */
  isPossible?: boolean;
  /** Rejects with the API's error. */
  act: () => Promise<void>;
  /** Replaces the API's message. */
  explain?: (problem: Problem) => ReactNode;
}

export function ActionButton({
  children,
  working,
  confirm,
  className = "",
  isPossible = true,
  act,
  explain,
}: ActionButtonProps) {
  const [problem, setProblem] = useState<Problem>();
  const [isWorking, setIsWorking] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const question = useId();

  async function run(): Promise<void> {
    if (isWorking) return;
    setProblem(undefined);
    setIsWorking(true);
    try {
      await act();
    } catch (error) {
      setProblem(problemOf(error));
    }
    setIsWorking(false);
  }

  return (
    <>
      {isPossible && (
        <button
          type="button"
          className={`button ${className}`}
          aria-disabled={isWorking}
          onClick={() => (confirm ? dialog.current?.showModal() : void run())}
        >
          {isWorking ? working : children}
        </button>
      )}
      {confirm && (
        <dialog ref={dialog} aria-labelledby={question}>
          <form method="dialog">
            <p id={question}>{confirm.question}</p>
            <div className="row">
              <button className="button danger" onClick={() => void run()}>
                {confirm.yes}
              </button>
              <button className="button" autoFocus>
                {confirm.no}
              </button>
            </div>
          </form>
        </dialog>
      )}
      {problem && (
        <div role="alert" className="notice bad">
          {problem.code === "not-signed-in" ? (
            <SessionEnded toDo="and try again." />
          ) : (
            (explain?.(problem) ?? problem.message)
          )}
        </div>
      )}
    </>
  );
}

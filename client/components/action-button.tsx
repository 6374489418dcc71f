"use client";

import { type ReactNode, useId, useRef, useState } from "react";
import { type Problem, problemOf } from "@/lib/problem";
import { SessionEnded } from "./session-ended";

interface ActionButtonProps {
  children: ReactNode;
  /** The button's words while it works. */
  working: string;
  /** What cannot be undone is asked first. */
  confirm?: { question: string; yes: string; no: string };
  look?: string;
  /** Without it there is no button; what was refused stays said. */
  isPossible?: boolean;
  /** Does it; rejects with what the API says. */
  act: () => Promise<void>;
  /** What to say and where to go on, in place of the API's own words. */
  explain?: (problem: Problem) => ReactNode;
}

export function ActionButton({
  children,
  working,
  confirm,
  look = "",
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
          className={`button ${look}`}
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
            <SessionEnded goOn=" and try again." />
          ) : (
            (explain?.(problem) ?? problem.message)
          )}
        </div>
      )}
    </>
  );
}

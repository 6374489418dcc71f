"use client";

import axios from "axios";
import { useEffect, useId, useRef } from "react";
import { ActionButton } from "./action-button";

interface ChallengeProps {
  clientSecret: string;
  onEnd: () => void;
}

/** The sandbox's 3-D Secure: what a bank's page would ask. */
export function ChallengeWithTestCard({ clientSecret, onEnd }: ChallengeProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);

  const answer = (event: string) => async () => {
    await axios.post("/test-cards/three-d-secure", { clientSecret, event });
    dialog.current?.close();
  };

  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={onEnd}>
      <div className="stack">
        <h2 id={title}>3-D Secure (test)</h2>
        <p>With a real card, your bank would ask you here to confirm the payment.</p>
        <ActionButton className="primary" working="Confirming…" act={answer("pass-challenge")}>
          Confirm payment
        </ActionButton>
        <ActionButton working="Rejecting…" act={answer("fail-challenge")}>
          Reject payment
        </ActionButton>
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Close without responding
        </button>
      </div>
    </dialog>
  );
}

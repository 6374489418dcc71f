"use client";

import { useState } from "react";
import { buildClient } from "@/lib/build-client";
import { ActionButton } from "./action-button";

/** For a user whose email is not verified. */
export function SendVerificationButton() {
  const [isSent, setIsSent] = useState(false);

  async function send(): Promise<void> {
    await buildClient().post("/api/users/verification", {});
    setIsSent(true);
  }

  return (
    <>
      <ActionButton act={send} working="Sending …" isPossible={!isSent}>
        Send the mail again
      </ActionButton>
      {isSent && <p role="status">A mail with a new link is on its way.</p>}
    </>
  );
}

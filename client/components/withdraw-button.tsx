"use client";

import { useRouter } from "next/navigation";
import { buildClient } from "@/lib/build-client";
import { ActionButton } from "./action-button";

export function WithdrawButton({ ticketId }: { ticketId: string }) {
  const router = useRouter();
  return (
    <ActionButton
      working="Withdrawing …"
      confirm={{
        question: "Withdraw this ticket from sale? It cannot be put back; you would have to list it anew.",
        yes: "Withdraw it",
        no: "Keep it on sale",
      }}
      act={async () => {
        await buildClient()
          .delete(`/api/tickets/${ticketId}`)
          .finally(() => router.refresh());
      }}
    >
      Withdraw
    </ActionButton>
  );
}

"use client";

import { useRouter } from "next/navigation";
import { buildClient } from "@/lib/build-client";
import { ActionButton } from "./action-button";

export function CancelButton({ orderId }: { orderId: string }) {
  const router = useRouter();
  return (
    <ActionButton
      working="Cancelling …"
      confirm={{
        question: "Cancel this order? The ticket goes back to the others at once.",
        yes: "Cancel the order",
        no: "Keep it",
      }}
      act={async () => {
        await buildClient()
          .delete(`/api/orders/${orderId}`)
          .finally(() => router.refresh());
      }}
    >
      Cancel the order
    </ActionButton>
  );
}

import { DeleteButton } from "./delete-button";

const confirm = {
  question: "Cancel this order? The ticket becomes available to others immediately.",
  yes: "Cancel order",
  no: "Keep order",
};

export function CancelButton({ orderId }: { orderId: string }) {
  return (
    <DeleteButton path={`/api/orders/${orderId}`} working="Cancelling…" confirm={confirm}>
      Cancel order
    </DeleteButton>
  );
}

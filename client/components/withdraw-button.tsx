import { DeleteButton } from "./delete-button";

const confirm = {
  question: "Withdraw this ticket from sale? This cannot be undone; you would have to list it again.",
  yes: "Withdraw ticket",
  no: "Keep it on sale",
};

export function WithdrawButton({ ticketId }: { ticketId: string }) {
  return (
    <DeleteButton path={`/api/tickets/${ticketId}`} working="Withdrawing…" confirm={confirm}>
      Withdraw
    </DeleteButton>
  );
}

import { Money } from "./money";

/** The label of a payment form's button. */
export const PayLabel = ({ isPaying, price }: { isPaying: boolean; price: number }) =>
  isPaying ? (
    "Confirming your payment…"
  ) : (
    <>
      Pay <Money amount={price} />
    </>
  );

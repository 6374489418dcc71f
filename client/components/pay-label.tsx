import { Money } from "./money";

/** What the button of a payment form says. */
export const PayLabel = ({ isPaying, price }: { isPaying: boolean; price: number }) =>
  isPaying ? (
    "Confirming your payment …"
  ) : (
    <>
      Pay <Money amount={price} />
    </>
  );

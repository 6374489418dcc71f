import type { ReactNode } from "react";

// Left out of the package's own types.
declare module "react-stripe-checkout" {
  interface StripeCheckoutProps {
    disabled?: boolean;
    children?: ReactNode;
  }
}

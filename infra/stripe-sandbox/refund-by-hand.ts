/**
 * As an operator refunds part of a charge in Stripe's dashboard.
 * @param sandbox its address
 * @param amount in the currency's smallest unit
 * @throws when the sandbox rejects it, as for more than what is left of the charge
 */
export async function refundByHand(sandbox: string, charge: string, amount: number): Promise<void> {
  const response = await fetch(`${sandbox}/v1/refunds`, {
    method: "POST",
    headers: { authorization: "Bearer sk_test_dashboard" },
    body: new URLSearchParams({ charge, amount: String(amount) }),
  });
  if (!response.ok) throw new Error(`The sandbox rejected the refund: ${await response.text()}`);
}

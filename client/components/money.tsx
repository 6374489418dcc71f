"use client";

import { createContext, useContext } from "react";

/** The currency in which cards are charged. */
export const Currency = createContext("usd");

export function Money({ amount }: { amount: number }) {
  return new Intl.NumberFormat("en-US", { style: "currency", currency: useContext(Currency) }).format(amount);
}

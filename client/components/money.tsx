"use client";

import { createContext, useContext } from "react";
import { formatMoney } from "@/lib/money";

/** The currency in which cards are charged. */
export const Currency = createContext("usd");

export function Money({ amount }: { amount: number }) {
  return formatMoney(amount, useContext(Currency));
}

"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { buildClient } from "@/lib/build-client";
import { parsePrice } from "@/lib/price";
import { InputError, statusOf } from "@/lib/problem";
import type { Ticket } from "@/lib/types";
import { neverResolves } from "@/lib/never-resolves";
import { Field, Form, SubmitButton } from "./form";
import { Money } from "./money";

/** Lists a ticket, or edits a listed one. */
export function TicketForm({ ticket, currency }: { ticket?: Ticket; currency: string }) {
  const router = useRouter();
  const [shown, setShown] = useState(ticket);
  const [typedPrice, setTypedPrice] = useState<string>();
  const [isTouched, setIsTouched] = useState(false);

  const isOutdated = ticket?.version !== shown?.version;
  if (isOutdated && !isTouched) setShown(ticket);

  async function save({ title, price: typed = "" }: Record<string, string>): Promise<void> {
    const price = parsePrice(typed, currency);
    if ("problem" in price) throw new InputError({ price: price.problem });
    const client = buildClient();
    const { data } = shown
      ? await client
          .put<Ticket>(`/api/tickets/${shown.id}`, { title, price: price.amount, version: shown.version })
          .catch((error: unknown) => {
            if (statusOf(error) === 409) router.refresh(); // another rejection would replace what was typed
            throw error;
          })
      : await client.post<Ticket>("/api/tickets", { title, price: price.amount });
    router.push(`/tickets/${data.id}`);
    await neverResolves();
  }

  const price = typedPrice === undefined ? undefined : parsePrice(typedPrice, currency);
  return (
    <>
      {ticket && isOutdated && isTouched && (
        <div role="status" className="notice">
          <p>
            This ticket has changed since you opened it. It is now “{ticket.title}” for{" "}
            <Money amount={ticket.price} />.
          </p>
          <button
            type="button"
            className="button small"
            onClick={() => {
              setIsTouched(false);
              setTypedPrice(undefined);
            }}
          >
            Load the latest version
          </button>
        </div>
      )}
      <Form
        key={shown?.version}
        onSend={save}
        onInput={() => setIsTouched(true)}
        draft={shown ? `ticket ${shown.id}` : "a new ticket"}
      >
        <Field
          name="title"
          label="Title"
          hint="What, when and where. Buyers search for these words."
          defaultValue={shown?.title}
          required
          autoComplete="off"
        />
        <Field
          name="price"
          label={`Price in ${currency.toUpperCase()}`}
          inputMode="decimal"
          defaultValue={shown?.price.toFixed(2)}
          required
          autoComplete="off"
          onChange={(event) => setTypedPrice(event.target.value)}
        />
        <output className="quiet">
          {price && "amount" in price && (
            <>
              Your ticket will be listed for <Money amount={price.amount} />.
            </>
          )}
          {price && "problem" in price && typedPrice && price.problem}
        </output>
        <SubmitButton sending="Saving…">{shown ? "Save changes" : "List ticket"}</SubmitButton>
        <noscript>
          <p className="notice bad">Selling requires JavaScript, which is turned off in this browser.</p>
        </noscript>
      </Form>
    </>
  );
}

"use client";

import { useRouter } from "next/navigation";
import { buildClient } from "@/lib/build-client";
import type { Ticket } from "@/lib/types";
import { untilGone } from "@/lib/until-gone";
import { Field, Form, SubmitButton } from "./form";

/** Lists a ticket, or changes one that is listed. */
export function TicketForm({ ticket, currency }: { ticket?: Ticket; currency: string }) {
  const router = useRouter();

  async function save({ title, price }: Record<string, string>): Promise<void> {
    const input = { title, price: Number(price) };
    const client = buildClient();
    const { data } = ticket
      ? await client.put<Ticket>(`/api/tickets/${ticket.id}`, input)
      : await client.post<Ticket>("/api/tickets", input);
    router.push(`/tickets/${data.id}`);
    await untilGone();
  }

  return (
    <Form onSend={save}>
      <Field
        name="title"
        label="Title"
        hint="What it is for, when and where: this is what people search."
        defaultValue={ticket?.title}
        required
        maxLength={200}
        autoComplete="off"
      />
      <Field
        name="price"
        label={`Price in ${currency.toUpperCase()}`}
        type="number"
        inputMode="decimal"
        min="0.5"
        max="999999.99"
        step="0.01"
        defaultValue={ticket?.price.toFixed(2)}
        required
        autoComplete="off"
      />
      <SubmitButton sending="Saving …">{ticket ? "Save the changes" : "Put it on sale"}</SubmitButton>
      <noscript>
        <p className="notice bad">Selling needs JavaScript, which this browser does not run.</p>
      </noscript>
    </Form>
  );
}

"use client";

import { useRouter } from "next/navigation";
import { buildClient } from "@/lib/build-client";
import { Field, Form, SubmitButton } from "./form";

export function BanForm({ userId }: { userId: string }) {
  const router = useRouter();

  async function ban({ reason }: Record<string, string>): Promise<void> {
    await buildClient()
      .post(`/api/users/${userId}/ban`, { reason })
      .finally(() => router.refresh()); // the page may be outdated, whatever the error
  }

  return (
    <Form onSend={ban}>
      <p>
        A banned user is signed out everywhere. Reservations that are not paid yet are cancelled, and listings
        are withdrawn. Ending the ban does not undo this.
      </p>
      <Field
        name="reason"
        label="Reason"
        hint="Shown to administrators only."
        required
        maxLength={500}
        autoComplete="off"
      />
      <SubmitButton sending="Banning…">Ban this user</SubmitButton>
    </Form>
  );
}

"use client";

import { buildClient } from "@/lib/build-client";
import type { Problem } from "@/lib/problem";
import { neverResolves } from "@/lib/never-resolves";
import { CurrentPasswordField, EmailField, Form, NewPasswordField, SubmitButton } from "./form";

interface SessionFormProps {
  intent: "signin" | "signup";
  /** A path of this site to continue at. */
  next: string;
  /** The error, and the email that was typed, of a form that was sent without JavaScript. */
  failed?: { problem: Problem; email: string };
}

/** Signs in or up through the API; without JavaScript, through `/auth/session`. */
export function SessionForm({ intent, next, failed }: SessionFormProps) {
  const isNew = intent === "signup";

  async function send({ email, password }: Record<string, string>): Promise<void> {
    await buildClient().post(`/api/users/${intent}`, { email, password });
    window.location.assign(next); // a document load: every page may look different now
    await neverResolves();
  }

  return (
    <Form onSend={send} initialProblem={failed?.problem} method="post" action="/auth/session">
      <input type="hidden" name="intent" value={intent} />
      <input type="hidden" name="next" value={next} />
      <EmailField defaultValue={failed?.email} />
      {isNew ? (
        <NewPasswordField name="password" label="Password" />
      ) : (
        <CurrentPasswordField label="Password" />
      )}
      <SubmitButton sending={isNew ? "Signing up…" : "Signing in…"}>
        {isNew ? "Sign up" : "Sign in"}
      </SubmitButton>
    </Form>
  );
}

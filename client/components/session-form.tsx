"use client";

import { buildClient } from "@/lib/build-client";
import type { Problem } from "@/lib/problem";
import { neverResolves } from "@/lib/never-resolves";
import { Field, Form, SubmitButton } from "./form";

interface SessionFormProps {
  intent: "signin" | "signup";
  /** A path of this site, to go on to. */
  next: string;
  /** What was refused, and for which e-mail, when the form was sent without JavaScript. */
  refused?: { problem: Problem; email: string };
}

/** Signs in or up by the API itself; without JavaScript, by way of this site's server. */
export function SessionForm({ intent, next, refused }: SessionFormProps) {
  const isNew = intent === "signup";

  async function send({ email, password }: Record<string, string>): Promise<void> {
    await buildClient().post(`/api/users/${intent}`, { email, password });
    window.location.assign(next); // everything on every page may look different now
    await neverResolves();
  }

  return (
    <Form onSend={send} refused={refused?.problem} method="post" action="/auth/session">
      <input type="hidden" name="intent" value={intent} />
      <input type="hidden" name="next" value={next} />
      <Field
        name="email"
        type="email"
        label="Email"
        defaultValue={refused?.email}
        autoComplete="email"
        required
      />
      <Field
        name="password"
        type="password"
        label="Password"
        hint={isNew && "8 to 128 characters"}
        autoComplete={isNew ? "new-password" : "current-password"}
        minLength={isNew ? 8 : undefined}
        required
      />
      <SubmitButton sending={isNew ? "Signing up …" : "Signing in …"}>
        {isNew ? "Sign up" : "Sign in"}
      </SubmitButton>
    </Form>
  );
}

"use client";

import { buildClient } from "@/lib/build-client";
import { neverResolves } from "@/lib/never-resolves";
import type { Problem } from "@/lib/problem";
import { EmailField, Form, NewPasswordField, SubmitButton } from "./form";

const form = { method: "post", action: "/auth/recovery" } as const;

interface ForgotPasswordFormProps {
  /** The error, and the email that was typed, of a form that was sent without JavaScript. */
  failed?: { problem: Problem; email: string };
}

export function ForgotPasswordForm({ failed }: ForgotPasswordFormProps) {
  async function send({ email }: Record<string, string>): Promise<void> {
    await buildClient().post("/api/users/password-reset", { email });
    window.location.assign("/forgot-password?sent");
    await neverResolves();
  }

  return (
    <Form {...form} onSend={send} initialProblem={failed?.problem}>
      <input type="hidden" name="intent" value="forgot" />
      <EmailField defaultValue={failed?.email} />
      <SubmitButton sending="Sending…">Send reset link</SubmitButton>
    </Form>
  );
}

interface ResetPasswordFormProps {
  token: string;
  failed?: Problem;
}

export function ResetPasswordForm({ token, failed }: ResetPasswordFormProps) {
  async function send({ password }: Record<string, string>): Promise<void> {
    await buildClient().post("/api/users/password-reset/confirm", { token, password });
    window.location.assign("/auth/signin?reset");
    await neverResolves();
  }

  return (
    <Form {...form} onSend={send} initialProblem={failed}>
      <input type="hidden" name="intent" value="reset" />
      <input type="hidden" name="token" value={token} />
      <NewPasswordField name="password" label="New password" />
      <SubmitButton sending="Saving…">Save new password</SubmitButton>
    </Form>
  );
}

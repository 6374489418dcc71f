"use client";

import type { ReactNode } from "react";
import { type AccountIntent, accountRequest, afterRequest } from "@/lib/account-request";
import { buildClient } from "@/lib/build-client";
import { neverResolves } from "@/lib/never-resolves";
import type { Problem } from "@/lib/problem";
import { Form } from "./form";

interface AccountFormProps {
  intent: AccountIntent;
  /** The error of a form that was sent without JavaScript. */
  failed?: Problem;
  children: ReactNode;
}

/** Changes the user's own account through the API; without JavaScript, through `/auth/account`. */
export function AccountForm({ intent, failed, children }: AccountFormProps) {
  async function send(values: Record<string, string>): Promise<void> {
    await buildClient().request(accountRequest(intent, values));
    window.location.assign(afterRequest(intent));
    await neverResolves();
  }

  return (
    <Form method="post" action="/auth/account" onSend={send} initialProblem={failed} explain={explain}>
      <input type="hidden" name="intent" value={intent} />
      {children}
    </Form>
  );
}

/** The API's message also names the email, which these forms do not ask for. */
function explain(problem: Problem): Problem {
  if (problem.code !== "invalid-credentials") return problem;
  return { code: problem.code, fields: { password: "Incorrect password" } };
}

import type { AxiosRequestConfig } from "axios";

type Values = Record<string, string>;

const requests = {
  verification: () => ({ method: "post", url: "/api/users/verification", data: {} }),
  password: ({ password, newPassword }) => ({
    method: "post",
    url: "/api/users/password",
    data: { password, newPassword },
  }),
  deletion: ({ password }) => ({ method: "post", url: "/api/users/deletion", data: { password } }),
  sessions: () => ({ method: "delete", url: "/api/users/sessions" }),
} satisfies Record<string, (values: Values) => AxiosRequestConfig>;

/** What a form about the user's own account changes. */
export type AccountIntent = keyof typeof requests;

export const isAccountIntent = (intent: string): intent is AccountIntent => Object.hasOwn(requests, intent);

/** The request that such a form sends, from the browser or, without JavaScript, from this server. */
export const accountRequest = (intent: AccountIntent, values: Values): AxiosRequestConfig =>
  requests[intent](values);

/** The page after the request has succeeded. */
export const afterRequest = (intent: AccountIntent): string => `/account?done=${intent}`;

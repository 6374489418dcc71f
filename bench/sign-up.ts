import { randomUUID } from "node:crypto";
import { Client, bodyOf } from "../e2e/client";

export interface User {
  id: string;
  cookie: string;
}

const atOnce = 8;

export async function signUp(url: string, count: number): Promise<User[]> {
  const users: User[] = [];
  let left = count;
  const signUpInLoop = async () => {
    while (left-- > 0) {
      const client = new Client(url);
      const email = `${randomUUID()}@example.com`;
      const { id } = await bodyOf(client.signUp({ email, password: "correct horse" }));
      users.push({ id, cookie: client.cookie });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, signUpInLoop));
  return users;
}

/** Returns the users in turn, over and over. */
export function roundRobin(users: User[]): () => User {
  let turn = 0;
  return () => {
    const user = users[turn++ % users.length];
    if (!user) throw new Error("There are no users");
    return user;
  };
}

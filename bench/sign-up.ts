import { randomUUID } from "node:crypto";
import { Client, bodyOf } from "../e2e/client";

export interface Person {
  id: string;
  cookie: string;
}

const atOnce = 8;

export async function signUp(url: string, count: number): Promise<Person[]> {
  const people: Person[] = [];
  let left = count;
  const signUpInLoop = async () => {
    while (left-- > 0) {
      const client = new Client(url);
      const email = `${randomUUID()}@example.com`;
      const { id } = await bodyOf(client.signUp({ email, password: "correct horse" }));
      people.push({ id, cookie: client.cookie });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, signUpInLoop));
  return people;
}

/** Gives one after the other, again and again. */
export function inTurn(people: Person[]): () => Person {
  let turn = 0;
  return () => {
    const person = people[turn++ % people.length];
    if (!person) throw new Error("There is nobody");
    return person;
  };
}

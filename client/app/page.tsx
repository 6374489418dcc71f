import { headers } from "next/headers";
export default async function Home() {
  await headers();
  return <h1>Tickets</h1>;
}

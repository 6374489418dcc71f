import type { Metadata } from "next";
import Link from "next/link";
import { Unavailable } from "@/components/unavailable";
import { DateTime } from "@/components/date-time";
import { List, ListItem } from "@/components/list";
import { Money } from "@/components/money";
import { Pager } from "@/components/pager";
import { one } from "@/lib/query";
import { mustBeSignedIn, read } from "@/lib/server";
import type { Sale } from "@/lib/types";

export const metadata: Metadata = { title: "My sales", robots: { index: false } };

const path = "/listings/sales";

export default async function SalesPage({ searchParams }: PageProps<"/listings/sales">) {
  const { cursor } = one(await searchParams);
  await mustBeSignedIn(path);
  const response = await read<Sale[]>("/api/orders/sales", { query: { cursor, limit: 24 }, path });
  return (
    <div className="stack">
      <h1>My sales</h1>
      {!response && <Unavailable what="Your sales" />}
      {response?.body.length === 0 && (
        <div className="panel">
          <h2>No sales yet</h2>
          <p>
            <Link className="button" href="/listings">
              My listings
            </Link>
          </p>
        </div>
      )}
      <List label="My sales">
        {response?.body.map(({ id, ticket, createdAt }) => (
          <ListItem
            key={id}
            title={<Link href={`/tickets/${ticket.id}`}>{ticket.title}</Link>}
            facts={
              <>
                <Money amount={ticket.price} /> · ordered <DateTime iso={createdAt} /> · order{" "}
                <code>{id}</code>
              </>
            }
            badge={null}
          />
        ))}
      </List>
      <Pager path={path} query={{ cursor }} nextPage={response?.nextPage} />
    </div>
  );
}

import type { Metadata } from "next";
import Link from "next/link";
import { SearchForm } from "@/components/search-form";

export const metadata: Metadata = { title: "Nothing here", robots: { index: false } };

export default function NotFoundPage() {
  return (
    <div className="stack">
      <h1>There is nothing here</h1>
      <p className="lead">
        It may have moved, it may belong to somebody else, or there was never such a page. What were you
        looking for?
      </p>
      <SearchForm />
      <p>
        <Link href="/">See all tickets</Link>
      </p>
    </div>
  );
}

import type { Metadata } from "next";
import Link from "next/link";
import { SearchForm } from "@/components/search-form";

export const metadata: Metadata = { title: "Page not found", robots: { index: false } };

export default function NotFoundPage() {
  return (
    <div className="stack">
      <h1>Page not found</h1>
      <p className="lead">The page does not exist, or you do not have access to it. Try a search.</p>
      <SearchForm />
      <p>
        <Link href="/">See all tickets</Link>
      </p>
    </div>
  );
}

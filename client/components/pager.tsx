import Link from "next/link";

interface PagerProps {
  path: string;
  /** The query of this page. */
  query: Record<string, string | undefined>;
  /** The query of the next page, as the API returned it. */
  nextPage?: string;
}

/** Each page has its own URL, so that Back and sharing work. */
export function Pager({ path, query, nextPage }: PagerProps) {
  if (!nextPage && !query.cursor) return null;
  const { cursor: _cursor, ...first } = query;
  const cursor = new URLSearchParams(nextPage).get("cursor");
  const hrefOf = (pageQuery: typeof query) => {
    const given = Object.entries(pageQuery).filter((pair): pair is [string, string] => Boolean(pair[1]));
    return given.length > 0 ? `${path}?${new URLSearchParams(given).toString()}` : path;
  };
  return (
    <nav aria-label="Pagination" className="row">
      {query.cursor && (
        <Link className="button" href={hrefOf(first)}>
          First page
        </Link>
      )}
      {cursor && (
        <Link className="button" href={hrefOf({ ...first, cursor })}>
          Next page
        </Link>
      )}
    </nav>
  );
}

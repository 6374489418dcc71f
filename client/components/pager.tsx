import Link from "next/link";

interface PagerProps {
  path: string;
  /** What this page was asked for. */
  query: Record<string, string | undefined>;
  /** What the next page is asked for, as the API says it. */
  nextPage?: string;
}

/** Pages have addresses, so that Back and sharing work. */
export function Pager({ path, query, nextPage }: PagerProps) {
  if (!nextPage && !query.cursor) return null;
  const { cursor: _cursor, ...first } = query;
  const cursor = new URLSearchParams(nextPage).get("cursor");
  const hrefOf = (pageQuery: typeof query) => {
    const given = Object.entries(pageQuery).filter((pair): pair is [string, string] => Boolean(pair[1]));
    return given.length > 0 ? `${path}?${new URLSearchParams(given).toString()}` : path;
  };
  return (
    <nav aria-label="Pages" className="row">
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

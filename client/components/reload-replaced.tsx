import { headers } from "next/headers";

/**
 * While a deployment replaces processes of one version by the next, a page of one may ask the other for its scripts and style
 * sheets, which that one does not have. Such a page is loaded again, with growing pauses, until it is whole; later than
 * that, after five failures, it stays as it is. Inline, because it must work when no other script does.
 */
export async function ReloadReplaced() {
  const [, nonce] = /'nonce-(\w+)'/.exec((await headers()).get("content-security-policy") ?? "") ?? [];
  // Browsers hide the nonce from scripts, so React finds another one there.
  return <script nonce={nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: script }} />;
}

// React puts style sheets before this script, which waits for them: one that failed has no sheet by then.
const script = `(() => {
  const key = "failed-loads";
  let hasFailed = false;
  const check = (element) => {
    if (hasFailed || !String(element.src || element.href).includes("/_next/static/")) return;
    hasFailed = true;
    const failures = Number(sessionStorage.getItem(key)) + 1;
    if (failures > 5) return;
    sessionStorage.setItem(key, failures);
    setTimeout(() => location.reload(), failures * 500);
  };
  addEventListener("error", ({ target }) => check(target), true);
  for (const link of document.querySelectorAll("link[rel=stylesheet]")) if (!link.sheet) check(link);
  addEventListener("load", () => hasFailed || sessionStorage.removeItem(key));
})();`;

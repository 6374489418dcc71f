import { headers } from "next/headers";

/**
 * During a deployment, a page of one version may request its scripts and style sheets from a server of another version,
 * which does not have them. The page then reloads, with growing pauses, at most five times. The script is inline, because
 * it must work when no other script has loaded.
 */
export async function ReloadReplaced() {
  const [, nonce] = /'nonce-(\w+)'/.exec((await headers()).get("content-security-policy") ?? "") ?? [];
  // Browsers hide the nonce attribute from scripts, so it never matches at hydration.
  return <script nonce={nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: script }} />;
}

// React puts style sheets before this script, which waits for them: one that failed to load has no rules by then, and in
// some browsers no `sheet`.
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
  for (const link of document.querySelectorAll("link[rel=stylesheet]")) if (!link.sheet?.cssRules.length) check(link);
  addEventListener("load", () => hasFailed || sessionStorage.removeItem(key));
})();`;

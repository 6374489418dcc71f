import { randomUUID } from "node:crypto";
import { bodyOf, newUser, type Ticket } from "../client";
import { orderOf, ticketOnSale } from "../setup";
import { dataFolder } from "../data-folder";
import { eventually } from "../../common/src/testing/eventually";
import { outgoing } from "../outgoing";
import { stackFile } from "../stack";

const hostileTitle = `Jazz </script><script>alert(1)</script> "at" the <b>Boathouse</b> & 'more'`;
let available: Ticket;
let sold: Ticket;

beforeAll(async () => {
  const [seller, buyer] = [await newUser("seller"), await newUser("buyer")];
  available = await ticketOnSale(seller, { title: `${hostileTitle} ${randomUUID()}`, price: 48 });
  sold = await ticketOnSale(seller, { title: "Hamlet, stalls" });
  await bodyOf(buyer.pay(await orderOf(buyer, sold)));
  await eventually(async () => expect(await bodyOf(buyer.ticket(sold))).toMatchObject({ status: "sold" }));
});

const urlOf = (path: string) => new URL(path, stackFile().url).href;

async function get(path: string) {
  const response = await fetch(urlOf(path));
  return { status: response.status, headers: response.headers, html: await response.text() };
}

const plainText = (html: string) =>
  html
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#x27;", "'")
    .replaceAll("&amp;", "&");

/** The content of a meta element, by its name or property. */
function meta(html: string, name: string): string | undefined {
  const content = new RegExp(`<meta (?:name|property)="${name}" content="([^"]*)"`).exec(html)?.[1];
  return content === undefined ? undefined : plainText(content);
}

function offer(html: string): unknown {
  return JSON.parse(/<script type="application\/ld\+json">(.*?)<\/script>/s.exec(html)?.[1] ?? "null");
}

it("renders tickets into the HTML", async () => {
  const { html } = await get("/");
  expect(html).toContain(`href="/tickets/${available.id}"`);
  expect(meta(html, "robots")).toBeUndefined();
  expect(html).toContain(`<link rel="canonical" href="${stackFile().url}"`);
  expect(html).toMatch(/<title>EventHive: [^<]+<\/title>/);
});

it("describes a ticket in metadata, with its title escaped", async () => {
  const path = `/tickets/${available.id}`;
  const { html } = await get(path);
  expect(html).not.toContain("<script>alert(1)");
  expect(html).not.toContain("<b>Boathouse");
  expect(plainText(/<title>(.*?)<\/title>/.exec(html)?.[1] ?? "")).toBe(`${available.title} · EventHive`);
  expect(meta(html, "description")).toBe(`${available.title}: available on EventHive.`);
  expect(meta(html, "og:title")).toBe(available.title);
  expect(meta(html, "og:url")).toBe(urlOf(path));
  expect(meta(html, "robots")).toBeUndefined();
  expect(html).toContain(`<link rel="canonical" href="${urlOf(path)}"`);
  expect(offer(html)).toMatchObject({
    "@type": "Offer",
    name: available.title,
    price: "48.00",
    priceCurrency: "USD",
    availability: "https://schema.org/InStock",
    url: urlOf(path),
  });
});

it("marks a sold ticket", async () => {
  const { html } = await get(`/tickets/${sold.id}`);
  expect(offer(html)).toMatchObject({ availability: "https://schema.org/SoldOut" });
  expect(meta(html, "description")).toContain("sold");
});

it.each(["the marketplace", "a ticket"])("has a preview image of %s", async (what) => {
  const { html } = await get(what === "a ticket" ? `/tickets/${available.id}` : "/");
  const response = await fetch(String(meta(html, "og:image")));
  expect(response.headers.get("content-type")).toBe("image/png");
  const png = Buffer.from(await response.arrayBuffer());
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1200, 630]);
  expect(meta(html, "og:image:alt")).toBeTruthy();
});

it.each([
  ["joined emoji", "🎸 night 👩‍👩‍👧‍👦 🇩🇪 👍🏽 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿"],
  ["Hebrew", "הופעה של שלמה ארצי, 12.5"],
  ["Arabic", "حفلة موسيقية في القاهرة 2026"],
  ["Thai", "คอนเสิร์ตที่กรุงเทพฯ"],
  ["Devanagari", "संगीत समारोह दिल्ली में"],
  ["Japanese", "東京ドームコンサート夜の部"],
  ["Chinese", "北京音乐会"],
  ["Korean", "서울 콘서트 표"],
  ["Bengali", "বাংলা গান"],
  ["unassigned characters", "x \u{1f8ff} \u0378 \ue000"],
])("has a preview image of a title in %s, without outgoing requests", async (_, title) => {
  const { id } = await bodyOf((await newUser("seller")).sell(title, 20));
  const response = await fetch(urlOf(`/tickets/${id}/opengraph-image`));
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "image/png"]);
  expect(outgoing(dataFolder())).toEqual([]);
});

it.each([
  "/auth/signin",
  "/auth/signup",
  "/auth/signout",
  "/forgot-password",
  "/reset-password",
  "/verify-email",
  "/?q=jazz",
])("does not index %s", async (path) => {
  const { status, html } = await get(path);
  expect([status, meta(html, "robots")]).toEqual([200, "noindex"]);
});

it.each([
  "/account",
  "/account/delete",
  "/admin",
  "/orders",
  "/listings",
  "/listings/sales",
  "/tickets/new",
  "/orders/000000000000000000000000",
])("redirects from %s to the sign-in page, with a way back", async (path) => {
  const response = await fetch(urlOf(path), { redirect: "manual" });
  expect([response.status, response.headers.get("location")]).toEqual([
    307,
    `/auth/signin?${new URLSearchParams({ next: path }).toString()}`,
  ]);
});

it.each(["/nowhere", "/tickets/000000000000000000000000", "/tickets/1"])(
  "responds to %s with 404",
  async (path) => {
    const { status, html } = await get(path);
    expect([status, meta(html, "robots")]).toEqual([404, "noindex"]);
  },
);

it("has a robots.txt and a sitemap", async () => {
  const { html: robots } = await get("/robots.txt");
  expect(robots).toContain(`Sitemap: ${urlOf("/sitemap.xml")}`);
  expect(robots).toContain("Allow: /api/docs");
  for (const path of ["/account", "/admin", "/api/", "/orders", "/listings"])
    expect(robots).toContain(`Disallow: ${path}`);
  const { html: sitemap } = await get("/sitemap.xml");
  expect(sitemap).toContain(`<loc>${urlOf(`/tickets/${available.id}`)}</loc>`);
});

it.each([
  ["/favicon.ico", "image/x-icon"],
  ["/icon.svg", "image/svg+xml"],
  ["/apple-touch-icon.png", "image/png"],
  ["/apple-touch-icon-precomposed.png", "image/png"],
  ["/icon-192.png", "image/png"],
  ["/icon-512.png", "image/png"],
  ["/manifest.webmanifest", "application/manifest+json"],
  ["/robots.txt", "text/plain"],
  ["/sitemap.xml", "application/xml"],
])("has %s, which browsers and phones request by default", async (path, type) => {
  const { status, headers } = await get(path);
  expect([status, headers.get("content-type")]).toEqual([200, expect.stringContaining(type)]);
});

it("links its icons, including the one for a phone's home screen", async () => {
  const { html } = await get("/");
  expect(html).toMatch(/<link rel="icon" href="\/icon\.svg/);
  expect(html).toContain('<link rel="apple-touch-icon" href="/apple-touch-icon.png"/>');
});

it.each(["/", "/ticket", "/nowhere"])("allows only scripts with the response's nonce on %s", async (path) => {
  const address = path === "/ticket" ? `/tickets/${available.id}` : path;
  const [first, second] = [await get(address), await get(address)];
  const nonces = [first, second].map(
    ({ headers }) => /'nonce-(\w+)'/.exec(headers.get("content-security-policy") ?? "")?.[1],
  );
  expect(new Set(nonces)).toHaveProperty("size", 2);
  const scripts = first.html.match(/<script(?! type="application\/ld\+json")[^>]*>/g) ?? [];
  expect(scripts.length).toBeGreaterThan(1);
  expect(scripts.filter((script) => !script.includes(`nonce="${nonces[0]}"`))).toEqual([]);
  expect(first.html).not.toMatch(/<[^>]* style="|<style|<[^>]* on\w+="/);
});

it("sets security headers", async () => {
  const { headers } = await get("/");
  const policy = headers.get("content-security-policy");
  for (const rule of ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"])
    expect(policy).toContain(rule);
  expect(policy).not.toContain("unsafe");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("strict-origin-when-cross-origin");
  expect(headers.get("strict-transport-security")).toContain("max-age=");
  expect(headers.get("x-powered-by")).toBeNull();
});

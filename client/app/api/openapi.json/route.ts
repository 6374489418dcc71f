import document from "@/lib/api/openapi.json";

export const dynamic = "force-static";

export const GET = (): Response => Response.json(document);

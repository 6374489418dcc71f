import document from "@eventhive/common/asyncapi.json";

export const dynamic = "force-static";

export const GET = (): Response => Response.json(document);

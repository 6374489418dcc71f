import { settings, url } from "@eventhive/common";

export const config = settings({ REDIS_URL: url() });

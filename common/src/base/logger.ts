import { pino } from "pino";
import { currentContext } from "./context";

/**
 * JSON lines on stdout. Each carries the request, event and trace it belongs to; never secrets, tokens or emails.
 * @example
 * logger.info({ ticketId: ticket.id }, "ticket withdrawn");
 */
export const logger = pino({
  level: process.env.LOG_LEVEL ?? "info",
  base: undefined,
  mixin: () => ({ ...currentContext() }),
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (level) => ({ level }) },
});

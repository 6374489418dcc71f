import { isDeepStrictEqual } from "node:util";
import type { Request, RequestHandler, Response } from "express";
import type { SandboxFault, Faults } from "./faults";
import type { StoredResponse, Ledger } from "./ledger";
import type { Read } from "./reads";
import { type ErrorBody, StripeError, invalidRequest } from "./stripe-error";
import type { Done, Work } from "./writes";

const daySeconds = 24 * 60 * 60;

export interface Timing {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Runs `work` after this many milliseconds. */
  later: (milliseconds: number, work: () => void) => void;
}

/** Responds to requests: applies faults, and executes POSTs once per idempotency key. */
export function requestHandlers(ledger: Ledger, faults: Faults, { now, later }: Timing) {
  const running = new Set<string>();
  const nowSeconds = () => Math.floor(now() / 1000);

  const get =
    (read: Read): RequestHandler<{ id: string }> =>
    async (req, res) => {
      const fault = faults.take("read");
      if (fault?.kind === "fail") throw outage(fault.status);
      await faults.delay(fault);
      send(res, { status: 200, body: read(ledger, req) }, fault);
    };

  const post =
    (operation: SandboxFault["operation"], work: Work): RequestHandler =>
    async (req, res) => {
      const fault = faults.take(operation);
      if (fault?.kind === "fail" && fault.beforeWork) throw outage(fault.status);
      if (fault?.kind === "lose" && fault.beforeWork) return void res.destroy();
      const key = req.get("Idempotency-Key");
      if (fault?.kind === "refuse") throw captureRefused();
      if (key && running.has(key)) throw keyInUse(key);
      if (key) running.add(key);
      if (fault?.kind === "late") {
        res.destroy();
        later(fault.milliseconds, () => doLate(work, req, key));
        return;
      }
      try {
        await faults.delay(fault);
        const kept = key ? firstResponse(key, req) : undefined;
        if (kept) res.set("Idempotent-Replayed", "true");
        send(res, kept ?? carryOut(withFault(work, fault), req, key, fault?.kind === "processing"), fault);
      } finally {
        if (key) running.delete(key);
      }
    };

  function doLate(work: Work, req: Request, key: string | undefined): void {
    try {
      if (!key || !firstResponse(key, req)) carryOut(work, req, key);
    } catch (error) {
      if (!(error instanceof StripeError)) throw error; // a rejected request; the connection is already closed
    } finally {
      if (key) running.delete(key);
    }
  }

  function firstResponse(key: string, { path, body }: Request): StoredResponse | undefined {
    const kept = ledger.responses.get(key);
    if (!kept || kept.created + daySeconds <= nowSeconds()) return undefined; // Stripe forgets keys after a day
    if (kept.path !== path || !isDeepStrictEqual(kept.parameters, body)) throw keyMisused(key);
    return kept;
  }

  // There is no await between reading the ledger and writing it, so no other request can interleave.
  function carryOut(work: Work, req: Request, key: string | undefined, isProcessing = false): Done {
    const { path, body: parameters } = req;
    const created = nowSeconds();
    const done = work(ledger, parameters, created, { id: String(req.params.id ?? ""), isProcessing });
    const { status, body, changes } = done;
    ledger.write({ ...changes, answer: key ? { key, path, parameters, status, body, created } : undefined });
    return done;
  }

  return { get, post };
}

function send(res: Response, { status, body }: Omit<Done, "changes">, fault: SandboxFault | undefined): void {
  if (fault?.kind === "lose") res.destroy();
  else res.status(status).json(body);
}

const outageBody = (status: number): ErrorBody =>
  status === 429
    ? { type: "invalid_request_error", code: "rate_limit", message: "Request rate limit exceeded" }
    : { type: "api_error", message: "An unknown error occurred" };
const outage = (status: number) => new StripeError(status, outageBody(status));

/** Executes the work, or throws an error before or after it. */
function withFault(work: Work, fault: SandboxFault | undefined): Work {
  if (fault?.kind !== "fail") return work;
  const { status, afterWork } = fault;
  const response = { status, body: { error: outageBody(status) } };
  return (...request) => ({ ...response, changes: afterWork ? work(...request).changes : {} });
}

const captureRefused = () =>
  invalidRequest("This charge has expired for capture.", { code: "charge_expired_for_capture" });

const keyInUse = (key: string) =>
  new StripeError(409, {
    type: "idempotency_error",
    code: "idempotency_key_in_use",
    message: `Another request with the idempotency key ${key} is still running`,
  });

const keyMisused = (key: string) =>
  new StripeError(400, {
    type: "idempotency_error",
    message: `The idempotency key ${key} was first used for another endpoint or with other parameters`,
  });

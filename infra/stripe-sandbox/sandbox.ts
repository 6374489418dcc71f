import express, { type ErrorRequestHandler, type RequestHandler } from "express";
import { type Timing, requestHandlers } from "./request-handlers";
import { Faults } from "./faults";
import { Ledger } from "./ledger";

import { challengeEndedPage, applyIntentEvent, challengePage } from "./intent-events";
import { cancelIntent, captureIntent, confirmIntent } from "./intent-requests";
import { createIntent, intentById } from "./intents";
import { createConfirmationToken, createPaymentMethod, findConfirmationToken } from "./payment-methods";
import {
  chargeById,
  findCharge,
  findIntent,
  listCharges,
  listDisputes,
  listIntents,
  listRefunds,
} from "./reads";
import { StripeError, invalidRequest } from "./stripe-error";
import { Webhooks } from "./webhooks";
import { createCharge, createRefund, createToken, disputeOf } from "./writes";

interface SandboxOptions extends Partial<Timing> {
  /** Stores the ledger, so that a kill loses nothing. If missing, the ledger is kept in memory. */
  dataFolder?: string;
  /** The endpoint of webhooks, as in `POST /sandbox/webhooks`. */
  webhook?: object | undefined;
}

const systemLater: Timing["later"] = (milliseconds, work) => void setTimeout(work, milliseconds).unref();

/** The part of Stripe's HTTP API that payments uses, with fault injection. */
export function createSandbox({
  dataFolder,
  webhook,
  // oxlint-disable-next-line no-restricted-properties -- the sandbox does not depend on common
  now = Date.now,
  later = systemLater,
}: SandboxOptions = {}) {
  const ledger = new Ledger(dataFolder, now);
  const faults = new Faults();
  const webhooks = new Webhooks(now, later);
  if (webhook) webhooks.register(webhook);
  ledger.onIntent = (intent) => webhooks.notify(intent);
  const { get, post } = requestHandlers(ledger, faults, { now, later });

  const stripe = express.Router();
  stripe.use(requireKey, express.urlencoded({ extended: true }));
  stripe.post("/tokens", post("token", createToken));
  stripe.post("/charges", post("charge", createCharge));
  stripe.get("/charges", get(listCharges));
  stripe.get("/charges/:id", get(findCharge));
  stripe.post("/refunds", post("refund", createRefund));
  stripe.get("/refunds", get(listRefunds));
  stripe.get("/disputes", get(listDisputes));
  stripe.post("/payment_methods", post("payment-method", createPaymentMethod));
  stripe.post("/test_helpers/confirmation_tokens", post("confirmation-token", createConfirmationToken));
  stripe.get("/confirmation_tokens/:id", get(findConfirmationToken));
  stripe.post("/payment_intents", post("intent", createIntent));
  stripe.get("/payment_intents", get(listIntents));
  stripe.get("/payment_intents/:id", get(findIntent));
  stripe.post("/payment_intents/:id/confirm", post("confirm", confirmIntent));
  stripe.post("/payment_intents/:id/capture", post("capture", captureIntent));
  stripe.post("/payment_intents/:id/cancel", post("cancel", cancelIntent));
  stripe.use(unknownUrl);

  const app = express();
  app.get("/readyz", (_req, res) => void res.send("ready"));
  app.get("/sandbox/ledger", (_req, res) => {
    const [charges, refunds, intents] = [ledger.charges, ledger.refunds, ledger.intents];
    res.json({
      charges: [...charges.values()],
      refunds: [...refunds.values()],
      intents: [...intents.values()],
    });
  });
  app.post("/sandbox/webhooks", express.json(), ({ body }, res) => {
    webhooks.register(body);
    res.sendStatus(204);
  });
  app.post("/sandbox/charges/:id/dispute", ({ params: { id } }, res) => {
    const changes = disputeOf(chargeById(ledger, id), Math.floor(now() / 1000));
    ledger.write(changes);
    res.json(changes.dispute);
  });
  app.post("/sandbox/intents/:id", express.json(), ({ params: { id }, body }, res) => {
    res.json(applyIntentEvent(ledger, id, body, Math.floor(now() / 1000)));
  });
  app.get("/sandbox/challenges/:id", ({ params: { id } }, res) => {
    res.send(challengePage(intentById(ledger, id)));
  });
  app.post("/sandbox/challenges/:id", express.urlencoded(), ({ params: { id }, body }, res) => {
    applyIntentEvent(ledger, id, body, Math.floor(now() / 1000));
    res.send(challengeEndedPage);
  });
  app.post("/sandbox/faults", express.json(), (req, res) => void res.status(201).json(faults.add(req.body)));
  app.delete("/sandbox/faults", ({ query: { operation } }, res) => {
    faults.clear(typeof operation === "string" ? operation : undefined);
    res.sendStatus(204);
  });
  app.use("/v1", stripe);
  app.use(sendError);

  return { app, ledger, faults };
}

// Browsers create tokens with the publishable key. Everything else requires the secret key.
const requireKey: RequestHandler = (req, _res, next) => {
  const pattern = req.path === "/tokens" ? /^Bearer [ps]k_test_./ : /^Bearer sk_test_./;
  if (!pattern.test(req.get("Authorization") ?? ""))
    throw invalidRequest("Invalid API Key provided", {}, 401);
  next();
};

const unknownUrl: RequestHandler = ({ method, originalUrl }) => {
  throw invalidRequest(`Unrecognized request URL (${method}: ${originalUrl}).`, {}, 404);
};

const sendError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (!(error instanceof StripeError)) return next(error);
  res.status(error.status).json({ error: error.body });
};

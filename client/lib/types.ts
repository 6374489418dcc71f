import type { components } from "./api/types";

// What services respond with, from their OpenAPI documents.
type Schemas = components["schemas"];

export type Ticket = Schemas["Ticket"];
/** As its seller sees it. */
export type Listing = Schemas["ListedTicket"];
export type Order = Schemas["Order"];
export type Sale = Schemas["Sale"];
export type Payment = Schemas["ListedPayment"];
/** One that is not decided yet. */
export type PendingPayment = Schemas["PendingPayment"];
export type User = Schemas["Account"];
export type CurrentUser = Schemas["CurrentUser"];
export type Verification = Schemas["Verification"];
/** As administrators see it. */
export type ManagedUser = Schemas["ManagedUser"];
export type ErrorBody = Schemas["Error"];

import { definitions } from "../e2e/simulation/definitions";
import "../auth/src/index";
import "../expiration/src/index";
import "../orders/src/index";
import "../payments/src/index";
import "../tickets/src/index";

/** The definitions of all services, none of which is running. */
export { definitions };

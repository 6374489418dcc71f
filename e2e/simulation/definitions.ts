import { onStartService } from "../../common/src/service/service";
import type { ServiceDefinition } from "../../common/src/service/service-definition";

/** The definitions that the entry files of the services, imported after this module, pass to `startService`. */
export const definitions: ServiceDefinition[] = [];
onStartService((definition) => definitions.push(definition));

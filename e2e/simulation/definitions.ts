import { onStartService } from "../../common/src/service/service";
import type { ServiceDefinition } from "../../common/src/service/service-definition";

/** What the services' entry files, imported after this, would have run. */
export const definitions: ServiceDefinition[] = [];
onStartService((definition) => definitions.push(definition));

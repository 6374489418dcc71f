/** The package's main file also loads some 600 polyfills, which would be a third of the modules of a service. */
declare module "mongoose-update-if-current/lib/version-occ-plugin" {
  import type { Schema } from "mongoose";
  export function versionOCCPlugin(schema: Schema): void;
}

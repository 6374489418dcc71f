/** Parameters with which Node.js runs TypeScript, and @eventhive/common from its sources. */
export const fromSource = ["--conditions=@eventhive/source", "--require", "tsx/cjs"];

import { endpoint, signOut as closeSession } from "@eventhive/common";
import { z } from "zod";

export const signOut = endpoint(
  {
    id: "signOut",
    summary: "Sign out",
    responses: {
      200: {
        description: "The session cookie is cleared",
        body: z.object({}).meta({ examples: [{}] }),
        headers: ["Set-Cookie"],
      },
    },
  },
  (req, res) => {
    closeSession(req);
    res.json({});
  },
);

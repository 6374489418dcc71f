import { createApp } from "@eventhive/common";
import { currentUser } from "./routes/current-user";
import { signIn } from "./routes/sign-in";
import { signOut } from "./routes/sign-out";
import { signUp } from "./routes/sign-up";

export const app = createApp(
  (api) => {
    api.post("/api/users/signup", signUp);
    api.post("/api/users/signin", signIn);
    api.post("/api/users/signout", signOut);
    api.get("/api/users/currentuser", currentUser);
  },
  { openApi: { title: "Users and sessions", path: "/api/users/openapi.json" } },
);

import { createApp } from "@eventhive/common";
import { access } from "./access";
import { banUser } from "./routes/ban-user";
import { changePassword } from "./routes/change-password";
import { confirmVerification } from "./routes/confirm-verification";
import { currentUser } from "./routes/current-user";
import { deleteAccount } from "./routes/delete-account";
import { endSessions } from "./routes/end-sessions";
import { findUsers } from "./routes/find-users";
import { requestPasswordReset } from "./routes/request-password-reset";
import { requestVerification } from "./routes/request-verification";
import { resetPassword } from "./routes/reset-password";
import { showVerification } from "./routes/show-verification";
import { signIn } from "./routes/sign-in";
import { signOut } from "./routes/sign-out";
import { signUp } from "./routes/sign-up";
import { unbanUser } from "./routes/unban-user";

export const app = createApp(
  (api) => {
    api.post("/api/users/signup", signUp);
    api.post("/api/users/signin", signIn);
    api.post("/api/users/signout", signOut);
    api.get("/api/users/currentuser", currentUser);
    api.delete("/api/users/sessions", endSessions);
    api.post("/api/users/password", changePassword);
    api.get("/api/users/verification", showVerification);
    api.post("/api/users/verification", requestVerification);
    api.post("/api/users/verification/confirm", confirmVerification);
    api.post("/api/users/password-reset", requestPasswordReset);
    api.post("/api/users/password-reset/confirm", resetPassword);
    api.post("/api/users/deletion", deleteAccount);
    api.get("/api/users", findUsers);
    api.post("/api/users/:userId/ban", banUser);
    api.delete("/api/users/:userId/ban", unbanUser);
  },
  { access, openApi: { title: "Users and sessions", path: "/api/users/openapi.json" } },
);

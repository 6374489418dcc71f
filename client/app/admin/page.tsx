import type { Metadata } from "next";
import { BanForm } from "@/components/ban-form";
import { Badge } from "@/components/badge";
import { DateTime } from "@/components/date-time";
import { DeleteButton } from "@/components/delete-button";
import { FindUserForm } from "@/components/find-user-form";
import { Unavailable } from "@/components/unavailable";
import { one } from "@/lib/query";
import { currentUser, mustBeSignedIn, read } from "@/lib/server";
import type { ManagedUser } from "@/lib/types";

export const metadata: Metadata = { title: "Users", robots: { index: false } };

const path = "/admin";

const endBan = {
  question: "End the ban? The user will be able to sign in again.",
  yes: "End the ban",
  no: "Keep the ban",
};

/** For administrators; a page that does not exist for everyone else. */
export default async function AdminPage({ searchParams }: PageProps<"/admin">) {
  const { email } = one(await searchParams);
  await mustBeSignedIn(path);
  // Without a search, the administrator's own account: auth decides who is one.
  const own = (await currentUser())?.email;
  const response = await read<ManagedUser[]>("/api/users", { query: { email: email?.trim() || own }, path });
  return (
    <div className="stack">
      <h1>Users</h1>
      <FindUserForm email={email} />
      {!response && <Unavailable what="Accounts" />}
      {email && response?.body.length === 0 && (
        <div className="panel">
          <h2>No account found</h2>
          <p>No account uses “{email}”. Enter the full address; case does not matter.</p>
        </div>
      )}
      {email && response?.body.map((user) => <Account key={user.id} user={user} />)}
    </div>
  );
}

function Account({ user: { id, email, createdAt, banned, banChanges } }: { user: ManagedUser }) {
  return (
    <section className="panel stack">
      <div className="row">
        <h2>{email}</h2>
        <Badge {...(banned ? { tone: "bad", text: "Banned" } : { tone: "good", text: "Active" })} />
      </div>
      <p className="quiet">
        Signed up <DateTime iso={createdAt} /> · <code>{id}</code>
      </p>
      {banned ? (
        <div>
          <DeleteButton path={`/api/users/${id}/ban`} working="Ending the ban…" confirm={endBan}>
            End the ban
          </DeleteButton>
        </div>
      ) : (
        <BanForm userId={id} />
      )}
      {banChanges.length > 0 && (
        <>
          <h3>History</h3>
          <ul>
            {banChanges.toReversed().map(({ banned: isBan, at, by, reason }) => (
              <li key={at}>
                <DateTime iso={at} />: {isBan ? `banned by ${by}` : `ban ended by ${by}`}
                {reason && ` (${reason})`}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** The pages that links in emails lead to. Their `token` moves from the URL to this cookie before they are shown. */
export const linkPages: readonly string[] = ["/verify-email", "/reset-password"];

export const linkCookie = "link";

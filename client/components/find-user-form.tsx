import styles from "./search-form.module.css";

/** Works without JavaScript. */
export function FindUserForm({ email }: { email?: string }) {
  return (
    <search>
      <form action="/admin" className={styles.form}>
        <label className={styles.words}>
          <span className="visually-hidden">User’s email</span>
          <input
            type="search"
            name="email"
            defaultValue={email}
            placeholder="User’s email"
            maxLength={320}
            required
          />
        </label>
        <button className="button strong">Find</button>
      </form>
    </search>
  );
}

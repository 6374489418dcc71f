import styles from "./search-form.module.css";

const sortOrders = { newest: "Newest first", price: "Price: low to high", "-price": "Price: high to low" };

export function SearchForm({ q, sort }: { q?: string; sort?: string }) {
  return (
    <search>
      <form action="/" className={styles.form}>
        <label className={styles.words}>
          <span className="visually-hidden">Search tickets</span>
          <input type="search" name="q" defaultValue={q} placeholder="Search tickets" maxLength={200} />
        </label>
        <label>
          <span className="visually-hidden">Sort by</span>
          <select name="sort" defaultValue={sort ?? "newest"}>
            {Object.entries(sortOrders).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button className="button strong">Search</button>
      </form>
    </search>
  );
}

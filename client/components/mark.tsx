/** EventHive's mark: a ticket's notch in a cell of the hive. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" focusable="false">
      <path fill="var(--honey)" d="M16 1 29 8.5v15L16 31 3 23.5v-15z" />
      <path fill="var(--on-honey)" d="M9 11.5h14v3a1.8 1.8 0 0 0 0 3.6v3H9v-3a1.8 1.8 0 0 0 0-3.6z" />
    </svg>
  );
}

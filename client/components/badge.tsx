import styles from "./badge.module.css";

export type Tone = "good" | "wait" | "bad" | "quiet";

export interface Label {
  tone: Tone;
  /** What it means, in a word or two: never by colour alone. */
  text: string;
}

export function Badge({ tone, text }: Label) {
  return <span className={`${styles.badge} ${styles[tone]}`}>{text}</span>;
}

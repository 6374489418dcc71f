import styles from "./badge.module.css";

export type Tone = "good" | "wait" | "bad" | "quiet";

export interface Label {
  tone: Tone;
  /** One or two words that carry the meaning of the colour. */
  text: string;
}

export function Badge({ tone, text }: Label) {
  return <span className={`${styles.badge} ${styles[tone]}`}>{text}</span>;
}

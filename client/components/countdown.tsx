"use client";

import { useEffect, useRef, useState } from "react";
import { buildClient } from "@/lib/build-client";
import type { Order } from "@/lib/types";
import { clockFace, durationInWords } from "@/lib/words";
import { Polling } from "./live";
import styles from "./countdown.module.css";

/** Often enough to be no more than a blink late. */
const tickIntervalMs = 200;
const spokenAt = [30, 10];

interface CountdownProps {
  orderId: string;
  /** As the server saw it when it rendered the page. */
  secondsLeft: number;
}

/**
 * Counts down on the clock of orders, whatever the browser's own says: it asks how much is left, and measures from
 * there with a clock that nobody can set.
 */
export function Countdown({ orderId, secondsLeft }: CountdownProps) {
  const atFirst = useRef(secondsLeft);
  const [left, setLeft] = useState(secondsLeft);
  const [spoken, setSpoken] = useState("");

  useEffect(() => {
    let endsAt = performance.now() + atFirst.current * 1000;
    let shown = atFirst.current;

    async function askTheServer(): Promise<void> {
      const askedAt = performance.now(); // the answer is older than its arrival: rather a little less than too much
      const { data, headers } = await buildClient().get<Order>(`/api/orders/${orderId}`);
      endsAt = askedAt + Date.parse(data.expiresAt) - Number(headers["x-server-time"]);
    }

    function tick(): void {
      const now = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
      if (now === shown) return;
      const passed = spokenAt.find((mark) => now <= mark && mark < shown);
      shown = now;
      setLeft(now);
      if (passed) setSpoken(`${durationInWords(passed)} left to pay`);
      if (now === 0) setSpoken("Your time is up");
    }

    // When orders is away, the time that came with the page has to do. A page that slept has missed some.
    const ask = () => void askTheServer().catch(() => undefined);
    ask();
    document.addEventListener("visibilitychange", ask);
    const timer = setInterval(tick, tickIntervalMs);
    return () => {
      document.removeEventListener("visibilitychange", ask);
      clearInterval(timer);
    };
  }, [orderId]);

  const tone = left <= 10 ? styles.last : "";
  return (
    <div>
      <p className={`${styles.clock} ${tone}`}>
        <span role="timer" aria-label="Time left to pay">
          {clockFace(left)}
        </span>{" "}
        <span className={styles.unit}>left to pay</span>
      </p>
      <p role="status" className="visually-hidden">
        {spoken}
      </p>
      {left === 0 && <Polling firstMs={500} />}
    </div>
  );
}

"use client";

import { useEffect, useRef, useState } from "react";
import { buildClient } from "@/lib/build-client";
import type { Order } from "@/lib/types";
import { clockFace, durationInWords } from "@/lib/words";
import { Polling } from "./live";
import styles from "./countdown.module.css";

const tickIntervalMs = 200;
const announcedAtSeconds = [30, 10];

interface CountdownProps {
  orderId: string;
  /** When the server rendered the page. */
  secondsLeft: number;
}

/**
 * Counts down on the clock of orders, independent of the browser's clock: it fetches the time left, and measures from
 * there with the monotonic clock.
 */
export function Countdown({ orderId, secondsLeft }: CountdownProps) {
  const initialSeconds = useRef(secondsLeft);
  const [left, setLeft] = useState(secondsLeft);
  const [announcement, setAnnouncement] = useState("");

  useEffect(() => {
    let endsAt = performance.now() + initialSeconds.current * 1000;
    let shown = initialSeconds.current;

    async function syncWithServer(): Promise<void> {
      const sentAt = performance.now(); // from the request, not the response: too little time left is safer than too much
      const { data, headers } = await buildClient().get<Order>(`/api/orders/${orderId}`);
      endsAt = sentAt + Date.parse(data.expiresAt) - Number(headers["x-server-time"]);
    }

    function tick(): void {
      const now = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
      if (now === shown) return;
      const passed = announcedAtSeconds.find((mark) => now <= mark && mark < shown);
      shown = now;
      setLeft(now);
      if (passed) setAnnouncement(`${durationInWords(passed)} left to pay`);
      if (now === 0) setAnnouncement("Your time is up");
    }

    // While orders is unavailable, the time that came with the page is used. Timers stop while a device sleeps: sync again.
    const sync = () => void syncWithServer().catch(() => undefined);
    sync();
    document.addEventListener("visibilitychange", sync);
    const timer = setInterval(tick, tickIntervalMs);
    return () => {
      document.removeEventListener("visibilitychange", sync);
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
        {announcement}
      </p>
      {left === 0 && <Polling firstMs={500} />}
    </div>
  );
}

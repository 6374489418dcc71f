import { ImageResponse } from "next/og";

export const posterSize = { width: 1200, height: 630 };

/** What a link to EventHive looks like where it is shared. */
export function poster(title: string, note: string): ImageResponse {
  return new ImageResponse(
    <div
      style={{
        display: "flex",
        flexDirection: "column",
        justifyContent: "space-between",
        width: "100%",
        height: "100%",
        padding: 80,
        background: "#f4b223",
        color: "#2a1e02",
      }}
    >
      <div style={{ display: "flex", alignItems: "center", gap: 24, fontSize: 44 }}>
        <svg viewBox="0 0 32 32" width="72" height="72">
          <path fill="#2a1e02" d="M16 1 29 8.5v15L16 31 3 23.5v-15z" />
          <path fill="#f4b223" d="M9 11.5h14v3a1.8 1.8 0 0 0 0 3.6v3H9v-3a1.8 1.8 0 0 0 0-3.6z" />
        </svg>
        EventHive
      </div>
      <div style={{ display: "flex", fontSize: title.length > 60 ? 60 : 84, lineHeight: 1.15 }}>{title}</div>
      <div style={{ display: "flex", fontSize: 44 }}>{note}</div>
    </div>,
    posterSize,
  );
}

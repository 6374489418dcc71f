import type { MetadataRoute } from "next";

/** Gives browsers that install the site its icons. */
export default function manifest(): MetadataRoute.Manifest {
  return {
    name: "EventHive",
    short_name: "EventHive",
    description: "Tickets, person to person",
    start_url: "/",
    display: "browser",
    background_color: "#fffdf9",
    theme_color: "#fffdf9",
    icons: [
      { src: "/icon.svg", sizes: "any", type: "image/svg+xml" },
      { src: "/icon-192.png", sizes: "192x192", type: "image/png" },
      { src: "/icon-512.png", sizes: "512x512", type: "image/png" },
    ],
  };
}

"use client";

import { useRouter } from "next/navigation";
import type { ComponentProps } from "react";
import { buildClient } from "@/lib/build-client";
import { ActionButton } from "./action-button";

type DeleteButtonProps = Pick<ComponentProps<typeof ActionButton>, "children" | "working" | "confirm"> & {
  /** The API path to send DELETE to. */
  path: string;
};

/** Sends DELETE, then renders the page again, even after an error: it may be outdated. */
export function DeleteButton({ path, ...button }: DeleteButtonProps) {
  const router = useRouter();
  const act = async () => {
    await buildClient()
      .delete(path)
      .finally(() => router.refresh());
  };
  return <ActionButton {...button} act={act} />;
}

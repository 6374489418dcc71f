"use client";

import { useRouter } from "next/navigation";
import type { ComponentProps } from "react";
import { buildClient } from "@/lib/build-client";
import { ActionButton } from "./action-button";

type DeleteButtonProps = Pick<ComponentProps<typeof ActionButton>, "children" | "working" | "confirm"> & {
  /** Of the API. */
  path: string;
};

/** Ends what is at the path, and shows the page as it is then, refused or not. */
export function DeleteButton({ path, ...look }: DeleteButtonProps) {
  const router = useRouter();
  const act = async () => {
    await buildClient()
      .delete(path)
      .finally(() => router.refresh());
  };
  return <ActionButton {...look} act={act} />;
}

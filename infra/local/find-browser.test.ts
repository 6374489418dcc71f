import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findBrowser } from "./find-browser";
import { afterwards } from "./testing";
import { temporaryFolder } from "../jest/temporary-folder";

it("prefers the browser of CHROMIUM over those on the PATH", async () => {
  const named = program("my-browser", "echo 1.0");
  setVariable("PATH", `${program("chromium", "echo 2.0").folder}:${process.env.PATH}`);
  setVariable("CHROMIUM", named.path);
  expect(await findBrowser()).toBe(named.path);
});

it("does not fall back to another browser if that of CHROMIUM does not run", async () => {
  const { path } = program("my-browser", "exit 1");
  setVariable("CHROMIUM", path);
  await expect(findBrowser()).rejects.toThrow(`CHROMIUM is set to ${path}, which cannot be started`);
});

it("finds a working browser on the PATH under any of its names", async () => {
  const stub = program("chromium", "echo this is only a hint how to install it >&2; exit 1");
  const chrome = program("google-chrome", "echo 2.0");
  setVariable("PATH", `${stub.folder}:${chrome.folder}`);
  setVariable("CHROMIUM", "");
  expect(await findBrowser()).toBe(chrome.path);
});

it("prefers a shell without a window, which costs less, to the whole browser", async () => {
  const whole = program("chromium", "echo 1.0");
  const shell = program("chromium-headless-shell", "echo 1.0");
  setVariable("PATH", `${whole.folder}:${shell.folder}`);
  setVariable("CHROMIUM", "");
  expect(await findBrowser()).toBe(shell.path);
});

function program(name: string, script: string): { folder: string; path: string } {
  const folder = temporaryFolder("browser");
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return { folder, path };
}

function setVariable(name: "CHROMIUM" | "PATH", value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  afterwards(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

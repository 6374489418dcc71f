import "./environment";
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { numberFrom } from "../argument";
import { findMongod } from "../../infra/local/servers";
import { type Case, storyNamed } from "./cases";
import { Exploration, type Figures } from "./explore";
import { type Fault, faults } from "./round-robin";
import { startServers } from "./servers";
import { basicStories, inWords, storyOf } from "./stories";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    seed: { type: "string" },
    story: { type: "string" },
    kill: { type: "string" },
    hold: { type: "string" },
    "hold-long": { type: "string" },
    "time-out": { type: "string" },
    "time-out-late": { type: "string" },
  },
});

/** The one history that the arguments name, with all that happens in it. */
async function repeat(): Promise<boolean> {
  const servers = await startServers();
  try {
    const what = caseOfArguments();
    const { history, problems } = await new Exploration(servers).tryOut(what);
    console.log([inWords(what.story), "", ...history.log, "", ...problems].join("\n"));
    return problems.length === 0;
  } finally {
    await servers.stop();
  }
}

function caseOfArguments(): Case {
  const { seed, story } = values;
  if (seed) {
    const number = numberFrom("seed", seed, { whole: true });
    return { seed: number, story: story ? JSON.parse(story) : storyOf(number) };
  }
  const named = faults.flatMap((what): Fault[] => {
    const at = values[what];
    return at === undefined ? [] : [{ what, at: numberFrom(what, at, { whole: true }) }];
  });
  return { story: storyNamed(story ?? ""), fault: named[0] };
}

/** As many as there are cores, each with a part of the histories. */
async function explore(): Promise<boolean> {
  await findMongod();
  const workers = Math.min(4, availableParallelism());
  const firstSeed = Math.floor(Math.random() * 1_000_000);
  const end = Date.now() + numberFrom("minutes", values.minutes) * 60_000;
  const ended = await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      const child = fork(join(__dirname, "worker.ts"), [worker, workers, firstSeed, end].map(String), {
        execArgv: ["--conditions=@eventhive/source", "--import", "tsx"],
      });
      const figures: Figures[] = [];
      child.on("message", (message: Figures) => figures.push(message));
      const [code] = await once(child, "exit");
      return { code, figures };
    }),
  );
  const figures = ended.flatMap((each) => each.figures);
  const sum = (name: keyof Figures) => figures.reduce((total, each) => total + each[name], 0);
  console.log(`${sum("histories")} histories of ${sum("steps")} steps, each ending with I1 to I14:
  ${sum("firstKills")} kills: one at every failpoint of each of ${Object.keys(basicStories).length} stories
  ${sum("otherFaults")} of the other ${sum("allOtherFaults")} single faults: later kills, and timeouts of and waits around each read and write
  ${sum("generated")} generated stories of several people, from seed ${firstSeed}
In them: ${sum("kills")} kills, ${sum("lostAnswers")} answers lost, ${sum("redeliveries")} redeliveries, ${sum("overtakings")} events that overtook a newer one`);
  return ended.every(({ code }) => code === 0);
}

const run = (values.seed ?? values.story) ? repeat : explore;
run().then(
  (isWell) => process.exit(isWell ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

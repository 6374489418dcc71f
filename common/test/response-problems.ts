let problems: string[] = [];

/** Lets the present test fail. */
export const reportProblem = (problem: string): void => void problems.push(problem);

// Programs outside of Jest report problems in another way.
if ("afterEach" in globalThis)
  afterEach(() => {
    const found = problems;
    problems = [];
    if (found.length > 0) throw new Error(`Not as documented:\n${found.join("\n")}`);
  });

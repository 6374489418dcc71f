jest.setTimeout(30_000); // a busy machine is no failure

// A test that makes noise hides something: an error that nobody expected fails it.
beforeEach(() => {
  console.error = (...complaint: unknown[]) => {
    throw new Error(`Unexpected console.error: ${complaint.join(" ")}`);
  };
});

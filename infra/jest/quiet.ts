jest.setTimeout(30_000); // a busy machine is no failure

// An unexpected console.error fails the test.
beforeEach(() => {
  console.error = (...complaint: unknown[]) => {
    throw new Error(`Unexpected console.error: ${complaint.join(" ")}`);
  };
});

jest.setTimeout(120_000); // a busy machine is no failure, and `eventually` reports first

// An unexpected console.error fails the test.
beforeEach(() => {
  console.error = (...complaint: unknown[]) => {
    throw new Error(`Unexpected console.error: ${complaint.join(" ")}`);
  };
});

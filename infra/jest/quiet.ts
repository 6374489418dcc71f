jest.setTimeout(120_000); // tolerates a busy machine; `eventually` fails earlier, with a better message

// An unexpected console.error fails the test.
beforeEach(() => {
  console.error = (...complaint: unknown[]) => {
    throw new Error(`Unexpected console.error: ${complaint.join(" ")}`);
  };
});

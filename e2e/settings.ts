jest.setTimeout(120_000); // reservations and restarts take time

process.env.LOG_LEVEL = "silent"; // for our modules that run in the test process

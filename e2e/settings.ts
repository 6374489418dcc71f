jest.setTimeout(120_000); // users, reservations and restarts take their time

process.env.LOG_LEVEL = "silent"; // of the modules of ours that run in the process of a test

//! Bad input and bad weather at the command: one clear error, the exit code, nothing lost.

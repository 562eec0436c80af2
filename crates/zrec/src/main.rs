//! The command: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser as _;
use zrec::args::Zrec;

fn main() -> ExitCode {
    // Usage errors are errors like others: 1, not clap's 2, which means "found something" here.
    let arguments = match Zrec::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = u8::from(error.use_stderr());
            // A closed pipe is no reason to panic.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    ExitCode::from(zrec::command::run(arguments))
}

//! The command `assize`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main().into()
}

//! The thin binary: parses the command line, calls one function per command, prints errors well.

fn main() -> std::process::ExitCode {
    packyard::cli::main()
}

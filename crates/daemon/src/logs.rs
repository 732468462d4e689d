//! Takes how the log is to look; sets it up. Never logs.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line.
    Json,
}

/// Ours from `info` on, and what warns of the others. The SDK warns each time that a role is refused: that is a gap, of which we say once
/// that it is there.
const USUAL: &str = "warn,aws_config=error,vpc_mirror=info";

/// Sends the log to standard error. `RUST_LOG` chooses what is logged; ours from `info` on unless it says otherwise.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        // A line is of one place at most: its span alone says which.
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).init(),
    }
}

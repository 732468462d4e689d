//! Takes what a command has to say; writes it to standard output: for a person, in colours where a terminal shows them, or as JSON.
//! Never writes anything of its own.

use std::io::{ErrorKind, IsTerminal, Write};

use clap::ValueEnum;
use mirror_core::report::{Text, Tone};
use serde::Serialize;

/// For whom a command writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people: aligned columns, in colours on a terminal unless NO_COLOR is set.
    #[default]
    Text,
    /// For programs: one JSON document, whose fields docs/commands.md names.
    Json,
}

/// Writes a report.
///
/// # Errors
///
/// When it cannot be written.
pub fn show<T: Serialize>(output: Output, report: &T, text: impl FnOnce(&T) -> Text) -> anyhow::Result<()> {
    match output {
        Output::Text => print(&coloured(&text(report), colours(&std::io::stdout()))),
        Output::Json => print(&format!("{}\n", serde_json::to_string_pretty(report)?)),
    }
}

/// Writes to standard output. A reader who goes away early, as `head` does, has read what it wanted.
///
/// # Errors
///
/// When it cannot be written otherwise.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Whether a stream shows colours: a terminal that can, whose user has not said no. Source: https://no-color.org, which asks to look
/// only whether NO_COLOR is set and not empty.
pub fn colours(stream: &impl IsTerminal) -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !unwanted && !dumb
}

/// The text with the escape sequences of its colours, or without. Source: ECMA-48, "SGR - Select Graphic Rendition".
pub fn coloured(text: &Text, colours: bool) -> String {
    if !colours {
        return text.to_string();
    }
    let code = |tone| match tone {
        Tone::Plain => None,
        Tone::Strong => Some("1"),
        Tone::Good => Some("32"),
        Tone::Change => Some("33"),
        Tone::Bad => Some("31"),
        Tone::Faint => Some("2"),
    };
    let span = |(tone, words): (Tone, &str)| match code(tone) {
        Some(code) if !words.is_empty() => format!("\u{1b}[{code}m{words}\u{1b}[0m"),
        _ => words.to_owned(),
    };
    text.spans().map(span).collect()
}

#[cfg(test)]
mod tests {
    use mirror_core::report::Checked;

    use super::*;

    #[test]
    fn words_are_coloured_by_their_tone_and_plain_without_colours() {
        let text = Checked::of("p.yaml", None).text(None);
        assert_eq!(coloured(&text, true), "\u{1b}[32mp.yaml: ok\u{1b}[0m\n");
        assert_eq!(coloured(&text, false), "p.yaml: ok\n");
    }
}
